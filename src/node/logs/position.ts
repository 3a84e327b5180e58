import type { OutputLine } from '../../runtime/index.ts';
import { parseJson, Reader } from '../reading.ts';
import { hashOf, tailLength } from './log-events.ts';

/**
 * How far a container's output has been shipped: the time of the last line and digests of the last lines. Times
 * alone would not do: an attached line carries the time at which the agent read it, the engine's log the time at
 * which the engine did. So after a restart the agent reads back a little more than it needs and looks for the
 * lines it knows. Where the same line repeats, as in a ticker, lines written in the very instant of the crash may
 * be left out; where the engine's log has been rotated since, shipping goes on by time.
 */
export interface LogPosition {
  readonly timeMs: number;
  readonly tail: readonly string[];
}

/** How far before the position the read-back begins. */
const marginMs = 5_000;

export const readBackFrom = (position: LogPosition | undefined): number =>
  position === undefined ? 0 : Math.max(0, position.timeMs - marginMs);

export function advance(
  position: LogPosition | undefined,
  timeMs: number,
  hashes: readonly string[],
): LogPosition {
  return {
    timeMs: Math.max(timeMs, position?.timeMs ?? 0),
    tail: [...(position?.tail ?? []), ...hashes].slice(-tailLength),
  };
}

/** Lets through what comes after a position. */
export class ResumeFilter {
  readonly #position: LogPosition;
  readonly #knowsEmptyLines: boolean;
  /** Of the lines before a newer one, the digests of the last; as many as the position knows. */
  readonly #recent: string[] = [];
  /** Lines after the last ones known; undefined: those have not come yet. */
  #held: OutputLine[] | undefined;
  #isSettled = false;

  /** @param options `knowsEmptyLines`: the position knows them too. What is shipped has none. */
  constructor(position: LogPosition, { knowsEmptyLines = false } = {}) {
    this.#position = position;
    this.#knowsEmptyLines = knowsEmptyLines;
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  push(line: OutputLine): readonly OutputLine[] {
    if (this.#isSettled) return [line];
    if (line.timeMs > this.#position.timeMs) return [...this.settle(), line];
    if (line.text === '' && !this.#knowsEmptyLines) return [];
    const { tail } = this.#position;
    this.#recent.push(hashOf(line));
    if (this.#recent.length > tail.length) this.#recent.shift();
    if (this.#isKnown()) this.#held = [];
    else this.#held?.push(line);
    return [];
  }

  /** Nothing older will come: the lines held back after the last one known. */
  settle(): readonly OutputLine[] {
    this.#isSettled = true;
    const held = this.#held ?? [];
    this.#held = undefined;
    return held;
  }

  /** Whether the lines end as the position does. */
  #isKnown(): boolean {
    const { tail } = this.#position;
    const skipped = tail.length - this.#recent.length;
    return tail.length > 0 && this.#recent.every((hash, index) => hash === tail[skipped + index]);
  }
}

export function readPosition(text: string | undefined): LogPosition | undefined {
  if (text === undefined) return undefined;
  const reader = new Reader(parseJson(text), 'log position');
  return { timeMs: reader.number('timeMs'), tail: reader.optionalStrings('tail') ?? [] };
}
