import { appendFileSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What nodes have logged and nobody has stored yet: a file for each node, in a folder of its load balancer. */
export class Spool {
  readonly #directory: string;
  readonly #bytes = new Map<string, number>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** @returns how many bytes a node has now. @throws what the file system says. */
  append(balancerId: string, interfaceId: string, text: string): number {
    const path = this.path(balancerId, interfaceId);
    const before = this.#bytes.get(path) ?? sizeOf(path);
    if (before === 0) mkdirSync(join(this.#directory, balancerId), { recursive: true, mode: 0o700 });
    appendFileSync(path, text, { mode: 0o600 });
    const bytes = before + Buffer.byteLength(text);
    this.#bytes.set(path, bytes);
    return bytes;
  }

  /** Of its node's file, which may not be there. */
  path(balancerId: string, interfaceId: string): string {
    return join(this.#directory, balancerId, `${interfaceId}.log`);
  }

  /** The file is somewhere else now. */
  forget(balancerId: string, interfaceId: string): void {
    this.#bytes.delete(this.path(balancerId, interfaceId));
  }

  balancerIds(): readonly string[] {
    return list(this.#directory);
  }

  /** Those that have something. */
  interfaceIds(balancerId: string): readonly string[] {
    return list(join(this.#directory, balancerId)).map((name) => name.replace(/\.log$/, ''));
  }

  remove(balancerId: string): void {
    rmSync(join(this.#directory, balancerId), { recursive: true, force: true });
  }
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
