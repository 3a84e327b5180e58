import { unlessAborted } from '../../../clock/index.ts';
import type { Image, Runtime } from '../../../runtime/index.ts';

/** Who an image's own files know: `/etc/passwd` and `/etc/group` (passwd(5), group(5)). */
export interface Accounts {
  readonly users: readonly { readonly name: string; readonly uid: number; readonly gid: number }[];
  readonly groups: readonly {
    readonly name: string;
    readonly gid: number;
    readonly members: readonly string[];
  }[];
}

/** Lines that make no sense are left out, as engines do. */
export function readAccounts(passwd: string, group: string): Accounts {
  return {
    users: linesOf(passwd).flatMap(([name = '', , uid = '', gid = '']) =>
      isId(uid) && isId(gid) ? [{ name, uid: Number(uid), gid: Number(gid) }] : [],
    ),
    groups: linesOf(group).flatMap(([name = '', , gid = '', members = '']) =>
      isId(gid) ? [{ name, gid: Number(gid), members: members.split(',').filter(Boolean) }] : [],
    ),
  };
}

const linesOf = (file: string): readonly (readonly string[])[] =>
  file.split('\n').map((line) => line.trim().split(':'));

const isId = (text: string): boolean => /^\d{1,10}$/.test(text);

const mostKept = 1_000;

/** The accounts of images, each read once: what an id names never changes. */
export class ImageAccounts {
  readonly #runtime: Pick<Runtime, 'readImageFiles'>;
  readonly #kept = new Map<string, Promise<Accounts>>();

  constructor(runtime: Pick<Runtime, 'readImageFiles'>) {
    this.#runtime = runtime;
  }

  /** @throws {RuntimeError} the image is not there any more, or the engine is away; what the signal says. */
  of({ id }: Pick<Image, 'id'>, signal: AbortSignal): Promise<Accounts> {
    const kept = this.#kept.get(id);
    if (kept !== undefined) return unlessAborted(kept, signal);
    const read = this.#read(id);
    this.#kept.set(id, read);
    read.catch(() => this.#kept.delete(id));
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > mostKept && oldest !== undefined) this.#kept.delete(oldest);
    return unlessAborted(read, signal);
  }

  async #read(id: string): Promise<Accounts> {
    const files = await this.#runtime.readImageFiles(id, ['/etc/passwd', '/etc/group']);
    return readAccounts(files.get('/etc/passwd') ?? '', files.get('/etc/group') ?? '');
  }
}
