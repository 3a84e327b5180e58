import { LineSplitter, type OutputStream } from '../line-splitter.ts';
import type { OutputLine } from '../runtime.ts';

/** Lines kept for whoever comes later; readers that are there get all. */
const keptLines = 10_000;

/**
 * What a simulated container has said. Readers hold a place in it, so that reading back and going on live are the
 * same thing.
 */
export class SimLog {
  readonly #splitters: Readonly<Record<OutputStream, LineSplitter>>;
  readonly #readers = new Set<{ place: number }>();
  #lines: OutputLine[] = [];
  /** Place of the first line kept. */
  #firstPlace = 0;
  #wake = Promise.withResolvers<void>();

  constructor(isTerminal: boolean) {
    this.#splitters = { stdout: new LineSplitter(isTerminal), stderr: new LineSplitter(isTerminal) };
  }

  write(stream: OutputStream, text: string, timeMs: number): void {
    this.#add(stream, this.#splitters[stream].push(Buffer.from(text)), timeMs);
  }

  /** The process has ended: what it began to say is a line, and readers look whether they are done. */
  endRun(timeMs: number): void {
    this.#add('stdout', this.#splitters.stdout.finish(), timeMs);
    this.#add('stderr', this.#splitters.stderr.finish(), timeMs);
    this.wake();
  }

  wake(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  /**
   * Lines later than `sinceMs` (undefined: those said from this call on) until `isDone`, which is asked when there is
   * nothing left to read.
   */
  read(sinceMs: number | undefined, isDone: () => boolean): AsyncGenerator<OutputLine, void> {
    const end = this.#firstPlace + this.#lines.length;
    const first = sinceMs === undefined ? -1 : this.#lines.findIndex((line) => line.timeMs > sinceMs);
    const reader = { place: first < 0 ? end : this.#firstPlace + first };
    this.#readers.add(reader);
    return this.#readOn(reader, isDone);
  }

  async *#readOn(reader: { place: number }, isDone: () => boolean): AsyncGenerator<OutputLine, void> {
    try {
      for (;;) {
        const line = this.#lines[reader.place - this.#firstPlace];
        if (line !== undefined) {
          reader.place += 1;
          yield line;
        } else if (isDone()) return;
        else await this.#wake.promise;
      }
    } finally {
      this.#readers.delete(reader);
    }
  }

  #add(stream: OutputStream, texts: readonly string[], timeMs: number): void {
    if (texts.length === 0) return;
    for (const text of texts) this.#lines.push({ stream, text, timeMs });
    if (this.#lines.length > 2 * keptLines) this.#forget();
    this.wake();
  }

  #forget(): void {
    const wanted = Math.min(...[...this.#readers].map(({ place }) => place), Number.POSITIVE_INFINITY);
    const count = Math.min(this.#lines.length - keptLines, wanted - this.#firstPlace);
    if (count < keptLines) return;
    this.#lines = this.#lines.slice(count);
    this.#firstPlace += count;
  }
}
