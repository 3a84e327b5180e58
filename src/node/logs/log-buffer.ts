import { batchLength, type LogEvent } from './log-events.ts';

/** Blocking mode holds a few batches; the container's output waits beyond that. */
const blockingBufferBytes = 4 * 1_048_576;

/** What an event takes in memory beside its text: the objects, the hashes, its place in the queue. */
export const eventMemoryBytes = 300;

/** Events between a container's output and CloudWatch Logs, bounded by the driver's `mode`. */
export class LogBuffer {
  readonly #isNonBlocking: boolean;
  readonly #limitBytes: number;
  #events: LogEvent[] = [];
  /** Of their texts. */
  #bytes = 0;
  #dropped = 0;

  constructor(options: { readonly isNonBlocking: boolean; readonly bufferBytes: number }) {
    this.#isNonBlocking = options.isNonBlocking;
    this.#limitBytes = options.isNonBlocking ? options.bufferBytes : blockingBufferBytes;
  }

  get isEmpty(): boolean {
    return this.#events.length === 0;
  }

  /** In blocking mode: the output has to wait. */
  get isFull(): boolean {
    return !this.#isNonBlocking && this.#heldBytes >= this.#limitBytes;
  }

  /** There is enough for a batch, or too little room for more: no use in waiting. */
  get hasFullBatch(): boolean {
    const isHalfFull = this.#heldBytes >= this.#limitBytes / 2;
    return isHalfFull || this.#bytes >= 1_000_000 || this.#events.length >= 10_000;
  }

  /** What the limit is held against: short lines cost far more than their text. */
  get #heldBytes(): number {
    return this.#bytes + this.#events.length * eventMemoryBytes;
  }

  /** Non-blocking and full, it drops the new event, as the Engine's ring buffer does. */
  add(event: LogEvent): void {
    const neededBytes = this.#heldBytes + event.bytes + eventMemoryBytes;
    const isTooMuch = this.#isNonBlocking && neededBytes > this.#limitBytes && !this.isEmpty;
    if (isTooMuch) {
      this.#dropped += 1;
      const last = this.#events.pop();
      // The position moves past what was dropped together with its neighbour.
      if (last) {
        const hashes = [...last.hashes, ...event.hashes].slice(-32);
        this.#events.push({ ...last, hashes, lastLineMs: event.lastLineMs });
      }
      return;
    }
    this.#events.push(event);
    this.#bytes += event.bytes;
  }

  /** The next batch stays in the buffer until `remove`. */
  nextBatch(): readonly LogEvent[] {
    return this.#events.slice(0, batchLength(this.#events));
  }

  remove(batch: readonly LogEvent[]): void {
    this.#events = this.#events.slice(batch.length);
    this.#bytes -= batch.reduce((sum, event) => sum + event.bytes, 0);
  }

  /** Events dropped since the last call. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }
}
