import type { Clock } from '../../clock/index.ts';
import type { Log } from '../../log.ts';

export interface LogLine {
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly message: string;
}

/** Lines that wait to be written; what is more is lost, and counted. */
const maxWaitingBytes = 8 * 1024 * 1024;
/** Of one write, as PutLogEvents has it. */
const maxBatchLines = 10_000;
const maxBatchBytes = 1024 * 1024;
const lineBytes = 26;
const writeEveryMs = 1_000;

/** A stream of CloudWatch Logs that a control plane writes: in batches, never holding up whoever has something to say. */
export class LogStream implements AsyncDisposable {
  readonly #write: (lines: readonly LogLine[]) => Promise<void>;
  readonly #clock: Clock;
  readonly #log: Log;
  #waiting: LogLine[] = [];
  #bytes = 0;
  #lost = 0;
  #timer: Disposable | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(parts: {
    readonly write: (lines: readonly LogLine[]) => Promise<void>;
    readonly clock: Clock;
    readonly log: Log;
  }) {
    this.#write = parts.write;
    this.#clock = parts.clock;
    this.#log = parts.log;
  }

  push(message: string): void {
    const bytes = message.length + lineBytes;
    if (this.#bytes + bytes > maxWaitingBytes) {
      this.#lost++;
      return;
    }
    this.#bytes += bytes;
    this.#waiting.push({ timestamp: this.#clock.now(), message });
    this.#timer ??= this.#clock.after(writeEveryMs, () => {
      this.#timer = undefined;
      this.#writing = this.#writing.then(() => this.#flush());
    });
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#nextBatch();
      try {
        await this.#write(batch);
      } catch (error) {
        this.#log.warn('Logs of a Kubernetes control plane could not be written', {
          error,
          lines: batch.length,
        });
      }
    }
    if (this.#lost === 0) return;
    this.#log.warn('Logs of a Kubernetes control plane were lost: more was said than written', {
      lines: this.#lost,
    });
    this.#lost = 0;
  }

  #nextBatch(): readonly LogLine[] {
    let [count, bytes] = [0, 0];
    for (const { message } of this.#waiting) {
      const own = message.length + lineBytes;
      if (count > 0 && (count >= maxBatchLines || bytes + own > maxBatchBytes)) break;
      count++;
      bytes += own;
    }
    this.#bytes -= bytes;
    return this.#waiting.splice(0, count);
  }

  /** What was said is written first. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    await this.#writing;
    await this.#flush();
  }
}
