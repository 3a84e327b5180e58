import type { Clock } from '../../clock/index.ts';
import { Fields } from '../fields.ts';
import type { OutputLine } from '../runtime.ts';
import { type Attachment, attach } from './attachment.ts';
import type { EngineApi } from './engine-api.ts';
import { failed } from './failures.ts';
import { readLog } from './log-entries.ts';
import { lineOf, resume } from './resume.ts';

/** How far the Engine's clock may be off from ours: a rounding on the same machine, anything short of absurd elsewhere. */
const clockSlackMs = { sameMachine: 2, otherMachine: 30_000 };

/**
 * What containers say, by attachment. The Engine is never asked to follow its log: files that rotate meanwhile lose
 * lines. The Engine writes to an attachment before the container may go on, so nothing is lost, and whoever reads too
 * slowly holds the container.
 */
export class Outputs {
  readonly #api: EngineApi;
  readonly #clock: Clock;
  readonly #slackMs: number;
  /** By container name: attachments under way or open. */
  readonly #attachments = new Map<string, Set<Promise<Attachment>>>();

  constructor(api: EngineApi, clock: Clock, isSameMachine: boolean) {
    this.#api = api;
    this.#clock = clock;
    this.#slackMs = isSameMachine ? clockSlackMs.sameMachine : clockSlackMs.otherMachine;
  }

  /** Resolves when every attachment asked for has been made, so that a start loses nothing. */
  async attached(name: string): Promise<void> {
    await Promise.allSettled(this.#attachments.get(name) ?? []);
  }

  /** The container is gone: its attachments end. */
  async end(name: string): Promise<void> {
    for (const result of await Promise.allSettled(this.#attachments.get(name) ?? [])) {
      if (result.status === 'fulfilled') result.value.close();
    }
  }

  /** @throws {RuntimeError} `EngineUnavailable` when the Engine went away under it: read back from the last line. */
  lines(
    name: string,
    from: 'start' | { readonly sinceMs: number },
    signal: AbortSignal,
  ): AsyncIterable<OutputLine> {
    if (from !== 'start') return this.#readSince(name, from.sinceMs, signal);
    // Begun now and not with the first line asked for: the container may be started in between.
    return this.#readFromStart(name, this.#attach(name, 'next-exit', signal), signal);
  }

  /** What the Engine's log holds, and no more. @throws {RuntimeError} */
  async *past(name: string, sinceMs: number, signal: AbortSignal): AsyncGenerator<OutputLine, void> {
    try {
      const inspected = await this.#inspect(name, signal);
      const isTerminal = inspected.object('Config').flag('Tty');
      const id = inspected.text('Id') ?? name;
      for await (const entry of readLog(this.#api, id, isTerminal, nanosAfter(sinceMs), true, signal))
        yield lineOf(entry);
    } catch (error) {
      if (!signal.aborted)
        throw failed(`Cannot read the output of container '${name}'`, 'Unsupported', error);
    }
  }

  async *#readFromStart(
    name: string,
    opening: Promise<Attachment>,
    signal: AbortSignal,
  ): AsyncGenerator<OutputLine, void> {
    try {
      using attachment = await opening;
      yield* attachment.lines();
    } catch (error) {
      if (!signal.aborted)
        throw failed(`Cannot read the output of container '${name}'`, 'Unsupported', error);
    }
  }

  async *#readSince(name: string, sinceMs: number, signal: AbortSignal): AsyncGenerator<OutputLine, void> {
    try {
      const inspected = await this.#inspect(name, signal);
      const id = inspected.text('Id') ?? name;
      const isTerminal = inspected.object('Config').flag('Tty');
      const sinceNanos = nanosAfter(sinceMs);
      const state = inspected.object('State');
      if (!state.flag('Running') && state.text('Status') !== 'created') {
        for await (const entry of readLog(this.#api, id, isTerminal, sinceNanos, true, signal))
          yield lineOf(entry);
        return;
      }
      const condition = state.flag('Running') ? 'not-running' : 'next-exit';
      const attachedAfterMs = this.#clock.now() - this.#slackMs;
      using attachment = await this.#attach(name, condition, signal);
      const read = (fromNanos: bigint, isFinal: boolean) =>
        readLog(this.#api, id, isTerminal, fromNanos, isFinal, signal);
      yield* resume(attachment, read, sinceNanos, attachedAfterMs, this.#clock, signal);
    } catch (error) {
      if (!signal.aborted)
        throw failed(`Cannot read the output of container '${name}'`, 'Unsupported', error);
    }
  }

  #attach(name: string, condition: 'next-exit' | 'not-running', signal: AbortSignal): Promise<Attachment> {
    const making = this.#inspect(name, signal).then((inspected) =>
      attach(this.#api, inspected, condition, this.#clock, signal),
    );
    const all = this.#attachments.get(name) ?? new Set();
    this.#attachments.set(name, all.add(making));
    const forget = (): void => {
      all.delete(making);
      if (all.size === 0 && this.#attachments.get(name) === all) this.#attachments.delete(name);
    };
    making.then((attachment) => attachment.closed.then(forget), forget);
    return making;
  }

  async #inspect(name: string, signal: AbortSignal): Promise<Fields> {
    return new Fields(
      await this.#api.json('GET', `/containers/${encodeURIComponent(name)}/json`, { signal }),
    );
  }
}

const nanosAfter = (ms: number): bigint => BigInt(Math.trunc(ms) + 1) * 1_000_000n;
