import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../clock/index.ts';
import { type OutputLine, RuntimeError } from '../../runtime/index.ts';
import { followOutput } from './follow-output.ts';

const never = new AbortController().signal;
const line = (text: string, timeMs: number): OutputLine => ({ stream: 'stdout', text, timeMs });
const brokenOff = new RuntimeError('EngineUnavailable', 'broke off', 'it was read too slowly');

/**
 * A container and its log; each `output` ends, or breaks off after so many lines. Attached, a line is `skewMs` earlier than in
 * the log, from which it takes `stallMs` to come.
 */
class Logged {
  readonly clock = new VirtualClock(100_000);
  readonly asked: string[] = [];
  readonly #log: readonly OutputLine[];
  readonly #breaks: (number | RuntimeError)[];
  readonly #skewMs: number;
  readonly #stallMs: number;

  constructor(
    log: readonly OutputLine[],
    breaks: readonly (number | RuntimeError)[],
    { skewMs = 0, stallMs = 0 } = {},
  ) {
    this.#log = log;
    this.#breaks = [...breaks];
    this.#skewMs = skewMs;
    this.#stallMs = stallMs;
  }

  async *output(_: string, from: 'start' | { readonly sinceMs: number }): AsyncGenerator<OutputLine> {
    const sinceMs = from === 'start' ? 0 : from.sinceMs;
    this.asked.push(`live after ${sinceMs}`);
    const most = this.#breaks.shift();
    if (most instanceof RuntimeError) throw most;
    if (most === undefined) yield* this.#slowly(sinceMs);
    else {
      for (const each of this.#after(sinceMs).slice(0, most))
        yield { ...each, timeMs: each.timeMs - this.#skewMs };
      throw brokenOff;
    }
  }

  async *pastOutput(_: string, sinceMs: number): AsyncGenerator<OutputLine> {
    this.asked.push(`past after ${sinceMs}`);
    yield* this.#slowly(sinceMs);
  }

  async *#slowly(sinceMs: number): AsyncGenerator<OutputLine> {
    for (const each of this.#after(sinceMs)) {
      if (this.#stallMs > 0) await this.clock.sleep(this.#stallMs, never);
      yield each;
    }
  }

  #after(sinceMs: number): readonly OutputLine[] {
    return this.#log.filter(({ timeMs }) => timeMs > sinceMs);
  }

  async read(sinceMs = 0): Promise<readonly string[]> {
    const found: string[] = [];
    const reading = (async () => {
      for await (const { text } of followOutput({ runtime: this, clock: this.clock }, 'c', sinceMs, never))
        found.push(text);
    })();
    let isDone = false;
    reading.then(
      () => {
        isDone = true;
      },
      () => {
        isDone = true;
      },
    );
    while (!isDone) await this.clock.advance(100);
    await reading;
    return found;
  }
}

describe('output that is followed', () => {
  const numbered = Array.from({ length: 50 }, (_, n) => line(n % 5 === 0 ? '' : `line ${n}`, 90_000 + n));

  it('goes on by the log where it broke off, with each line once, empty ones too', async () => {
    for (const at of [1, 5, 6, 21, 36, 49, 50]) {
      const logged = new Logged(numbered, [at]);
      expect(await logged.read(), `broken off after ${at}`).toEqual(numbered.map(({ text }) => text));
      expect(logged.asked.map((asked) => asked.split(' ')[0])).toEqual(['live', 'past', 'live']);
      expect(logged.clock.pendingTimers).toBe(0);
    }
  });

  it('tells no line twice, be the Engine slow to read its log and its times later than ours', async () => {
    for (const at of [1, 6, 36, 50]) {
      const logged = new Logged(numbered, [at], { skewMs: 20, stallMs: 3_000 });
      expect(await logged.read(), `broken off after ${at}`).toEqual(numbered.map(({ text }) => text));
    }
  });

  it('reads nothing back from before it was asked for', async () => {
    const logged = new Logged(numbered, [10]);
    expect(await logged.read(90_019)).toEqual(numbered.slice(20).map(({ text }) => text));
    expect(logged.asked).toEqual(['live after 90019', 'past after 90019', 'live after 90019']);
  });

  it('waits for an Engine that is away, unless nothing was read yet', async () => {
    const away = new RuntimeError('EngineUnavailable', 'away', 'away');
    const logged = new Logged(numbered, [10, away, away]);
    expect(await logged.read()).toEqual(numbered.map(({ text }) => text));
    await expect(new Logged(numbered, [away]).read()).rejects.toThrow('away');
    const gone = new RuntimeError('Unsupported', 'no such container', 'no such container');
    await expect(new Logged(numbered, [10, gone]).read()).rejects.toThrow('no such container');
  });
});
