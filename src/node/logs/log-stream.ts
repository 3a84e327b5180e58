import type { Clock, Random } from '../../clock/index.ts';
import { BackOff, isPassing } from '../back-off.ts';
import { StepError } from '../tasks/failures.ts';
import { type LogsApi, nameOf } from './cloudwatch-logs.ts';
import type { LogEvent } from './log-events.ts';

/** Attempts at making the stream before its container is given up: a few seconds. */
const createAttempts = 6;

/** One log stream: made before its container starts, filled in batches. */
export class LogStream {
  readonly #group: string;
  readonly #stream: string;
  readonly #createsGroup: boolean;
  readonly #api: () => Promise<LogsApi>;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(options: {
    readonly group: string;
    readonly stream: string;
    readonly createsGroup: boolean;
    readonly clock: Clock;
    readonly random: Random;
    api(): Promise<LogsApi>;
  }) {
    this.#group = options.group;
    this.#stream = options.stream;
    this.#createsGroup = options.createsGroup;
    this.#api = options.api;
    this.#clock = options.clock;
    this.#random = options.random;
  }

  get name(): string {
    return `${this.#group}/${this.#stream}`;
  }

  /** @throws {StepError} in the words with which the Engine's own driver fails a start. */
  async create(signal: AbortSignal): Promise<void> {
    const backOff = new BackOff({ leastMs: 200, mostMs: 2_000 }, this.#random);
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.createOnce(signal);
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (attempt === createAttempts || !isPassing(error)) {
          const words = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
          throw new StepError(
            `CannotStartContainerError: Error response from daemon: failed to initialize logging driver: failed to create Cloudwatch log stream: ${words}`,
            { cause: error },
          );
        }
        await this.#clock.sleep(backOff.nextDelayMs(), signal);
      }
    }
  }

  /** @returns how many events the service would not take. @throws what the service answered. */
  async put(events: readonly LogEvent[], signal: AbortSignal): Promise<number> {
    const chronological = events.toSorted((a, b) => a.timeMs - b.timeMs);
    const api = await this.#api();
    try {
      return await api.putLogEvents(this.#group, this.#stream, chronological, signal);
    } catch (error) {
      if (nameOf(error) !== 'ResourceNotFoundException') throw error;
      // Someone deleted it under a running container.
      await this.createOnce(signal);
      return api.putLogEvents(this.#group, this.#stream, chronological, signal);
    }
  }

  /** One attempt; a stream that is there already is success. @throws what the service answered. */
  async createOnce(signal: AbortSignal): Promise<void> {
    const api = await this.#api();
    try {
      await api.createLogStream(this.#group, this.#stream, signal);
    } catch (error) {
      if (nameOf(error) === 'ResourceAlreadyExistsException') return;
      if (nameOf(error) !== 'ResourceNotFoundException' || !this.#createsGroup) throw error;
      await api.createLogGroup(this.#group, signal).catch((failure) => {
        if (nameOf(failure) !== 'ResourceAlreadyExistsException') throw failure;
      });
      await api.createLogStream(this.#group, this.#stream, signal);
    }
  }
}
