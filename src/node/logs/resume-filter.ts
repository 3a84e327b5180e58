import type { OutputLine, OutputStream } from '../../runtime/index.ts';
import { hashOf } from './log-events.ts';
import { type LogPosition, marginMs, type StreamPosition } from './position.ts';

/**
 * How much of a stream an attachment may have told that the engine has yet to write to its log: what fits its pipe (moby,
 * `pkg/ioutils/bytespipe.go`: 1 MB) and some more.
 */
const mostBehindBytes = 1_500_000;

/**
 * Lets through what comes after a position: what follows the lines it ends with, and not what is later, as long as there are
 * such lines, for the engine may have stamped them later than whoever was attached. What may be known or may be new is
 * held back. Where the same line repeats, as in a ticker, lines written in the very instant of the break may be left out,
 * or come twice; where the engine's log has been rotated since, time decides.
 */
export class ResumeFilter {
  readonly #streams: Readonly<Record<OutputStream, StreamFilter>>;

  /** @param options `knowsEmptyLines`: the position knows them too. What is shipped has none. */
  constructor(position: LogPosition, { knowsEmptyLines = false } = {}) {
    this.#streams = {
      stdout: new StreamFilter(position.stdout, knowsEmptyLines),
      stderr: new StreamFilter(position.stderr, knowsEmptyLines),
    };
  }

  /** What lines are held back for: the known ones to come again, or to come at all. */
  get awaits(): 'again' | 'at all' | undefined {
    const { stdout, stderr } = this.#streams;
    if (!stdout.holds && !stderr.holds) return undefined;
    return (stdout.holds && stdout.hasFound) || (stderr.holds && stderr.hasFound) ? 'again' : 'at all';
  }

  push(line: OutputLine): readonly OutputLine[] {
    return this.#streams[line.stream].push(line);
  }

  /** Of the streams whose known lines have come, what was held back after them. */
  releaseFound(): readonly OutputLine[] {
    return this.#release(({ hasFound }) => hasFound);
  }

  /** Nothing older will come: all that was held back. */
  settle(): readonly OutputLine[] {
    return this.#release(() => true);
  }

  #release(isMeant: (stream: StreamFilter) => boolean): readonly OutputLine[] {
    const streams = Object.values(this.#streams).filter(isMeant);
    return streams.flatMap((stream) => stream.release()).sort((a, b) => a.timeMs - b.timeMs);
  }
}

class StreamFilter {
  readonly #timeMs: number;
  readonly #tail: readonly string[];
  readonly #knowsEmptyLines: boolean;
  /** Of the lines that were read, the digests of the last; as many as the position knows. */
  readonly #recent: string[] = [];
  /** Whether the last lines known have come; the first of them may be from before what is read. */
  #found: 'no' | 'in part' | 'whole' = 'no';
  #isSettled: boolean;
  #held: OutputLine[] = [];
  #heldBytes = 0;

  constructor(position: StreamPosition | undefined, knowsEmptyLines: boolean) {
    this.#timeMs = position?.timeMs ?? 0;
    this.#tail = position?.tail ?? [];
    this.#knowsEmptyLines = knowsEmptyLines;
    // What has said nothing yet has said nothing that is known.
    this.#isSettled = this.#tail.length === 0;
  }

  get holds(): boolean {
    return this.#held.length > 0;
  }

  get hasFound(): boolean {
    return this.#found !== 'no';
  }

  push(line: OutputLine): readonly OutputLine[] {
    if (this.#isSettled) return [line];
    const isLater = line.timeMs > this.#timeMs;
    if (line.timeMs > this.#timeMs + marginMs || (isLater && this.#found === 'whole'))
      return [...this.release(), line];
    if (this.#isEnd(line)) this.#letGo();
    else if (isLater || this.hasFound) this.#hold(line);
    return this.#heldBytes > mostBehindBytes ? this.release() : [];
  }

  release(): readonly OutputLine[] {
    this.#isSettled = true;
    return this.#letGo();
  }

  /** Whether the lines end with this one as the position does. */
  #isEnd(line: OutputLine): boolean {
    if (line.text === '' && !this.#knowsEmptyLines) return false;
    this.#recent.push(hashOf(line));
    if (this.#recent.length > this.#tail.length) this.#recent.shift();
    const skipped = this.#tail.length - this.#recent.length;
    if (this.#recent.some((hash, index) => hash !== this.#tail[skipped + index])) return false;
    this.#found = skipped === 0 ? 'whole' : 'in part';
    return true;
  }

  #hold(line: OutputLine): void {
    this.#held.push(line);
    this.#heldBytes += Buffer.byteLength(line.text) + 1;
  }

  #letGo(): readonly OutputLine[] {
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    return held;
  }
}
