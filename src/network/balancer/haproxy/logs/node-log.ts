import type { LogEntry } from '../../../../balancing/index.ts';
import type { Clock } from '../../../../clock/index.ts';
import type { WantedNode } from '../../node-proxy.ts';
import type { Generation } from '../generation.ts';
import { readEntry } from './entries.ts';
import { LogReader } from './log-reader.ts';

export interface NodeLogOptions {
  readonly logged: (entries: readonly LogEntry[]) => void;
  readonly clock: Clock;
}

/** What the processes of a node log: the current one, and those that only finish what they have. */
export class NodeLog implements AsyncDisposable {
  readonly #options: NodeLogOptions;
  /** By the number of the generation. */
  readonly #readers = new Map<number, LogReader>();
  readonly #ending = new Set<Promise<void>>();
  #wanted: WantedNode | undefined;

  constructor(options: NodeLogOptions) {
    this.#options = options;
  }

  /** Reads what a process logs, if it does. Again is success. */
  follow(generation: Generation, wanted: WantedNode): void {
    this.#wanted = wanted;
    const number = generation.process.generation;
    if (!wanted.plan.attributes.isLogged || this.#readers.has(number)) return;
    const told = (lines: readonly string[]): void => this.#tell(lines);
    this.#readers.set(number, new LogReader({ generation, told, clock: this.#options.clock }));
  }

  /** A process takes nothing new from now on. */
  retire(generation: Generation): void {
    const number = generation.process.generation;
    const reader = this.#readers.get(number);
    if (reader === undefined) return;
    const ending = reader.endWhenSilent().finally(() => {
      this.#readers.delete(number);
      this.#ending.delete(ending);
    });
    this.#ending.add(ending);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#readers.values()].map((reader) => reader[Symbol.asyncDispose]()));
    await Promise.all(this.#ending);
    this.#readers.clear();
  }

  #tell(lines: readonly string[]): void {
    const wanted = this.#wanted;
    if (wanted === undefined) return;
    const entries = lines.flatMap((line) => readEntry(line, wanted) ?? []);
    if (entries.length > 0) this.#options.logged(entries);
  }
}
