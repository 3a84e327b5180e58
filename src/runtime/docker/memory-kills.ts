import { closeSync, constants, openSync, readSync } from 'node:fs';

/** A record has at most 8 KiB (`CONSOLE_EXT_LOG_MAX` in kernel/printk); read whole, or not at all. */
const recordBytes = 16_384;
/** Read at once before others have a turn. */
const recordsPerTurn = 256;
/** Containers that are remembered. */
const mostKnown = 1_000;

/**
 * Containers in which the kernel has killed for memory, by its own log: the Engine misses some on a machine that is busy, where
 * the container's cgroup has gone before anybody was told (containerd 1.6, 4 of 120). Of many kills in five seconds the kernel
 * tells ten.
 */
export class MemoryKills implements Disposable {
  readonly #path: string;
  readonly #known = new Set<string>();
  /** Undefined: not open yet; 'none': it can't be read here. */
  #log: number | 'none' | undefined;
  #reading: Promise<void> | undefined;
  #rest = '';

  /** @param path Where the kernel's log is read, a record at a time. */
  constructor(path = '/dev/kmsg') {
    this.#path = path;
  }

  /** @param runtimeId The Engine's id of a container that has ended. */
  async has(runtimeId: string): Promise<boolean> {
    if (this.#known.has(runtimeId)) return true;
    // What is being read may have begun before the container's end.
    await this.#reading;
    this.#reading ??= this.#readOn().finally(() => {
      this.#reading = undefined;
    });
    await this.#reading;
    return this.#known.has(runtimeId);
  }

  [Symbol.dispose](): void {
    if (typeof this.#log === 'number') closeSync(this.#log);
    this.#log = 'none';
  }

  async #readOn(): Promise<void> {
    this.#log ??= this.#open();
    const buffer = Buffer.alloc(recordBytes);
    for (let records = 1; typeof this.#log === 'number'; records++) {
      const text = nextRecord(this.#log, buffer);
      if (text === undefined) return;
      this.#take(text);
      if (records % recordsPerTurn === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #open(): number | 'none' {
    try {
      return openSync(this.#path, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch {
      return 'none';
    }
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const id = killedIn(line);
      if (id === undefined) continue;
      this.#known.add(id);
      const [oldest] = this.#known;
      if (this.#known.size > mostKnown && oldest !== undefined) this.#known.delete(oldest);
    }
  }
}

/** Of `6,1017,28149240752,-;oom-kill:constraint=…,task_memcg=/catamaran/<task>/<container>,task=tail,…`: the container. */
export function killedIn(line: string): string | undefined {
  const [, cgroup = ''] = /;oom-kill:.*,task_memcg=([^,]*)/.exec(line) ?? [];
  return cgroup.match(/[0-9a-f]{64}/g)?.at(-1);
}

/** Undefined: there is no more for now. */
function nextRecord(log: number, buffer: Buffer): string | undefined {
  for (;;) {
    try {
      const bytes = readSync(log, buffer);
      return bytes === 0 ? undefined : buffer.toString('utf8', 0, bytes);
    } catch (error) {
      // What was not read in time has been overwritten: the next is the oldest that is there.
      if ((error as NodeJS.ErrnoException).code !== 'EPIPE') return undefined;
    }
  }
}
