import { describe, expect } from 'vitest';
import { deadlineMs, type Words } from './conformance-words.ts';
import { longLineBytes, manyLines, tooManyLines, trickledLines, workloads } from './conformance-workloads.ts';
import type { OutputLine } from './runtime.ts';

/** What containers say. */
export function describeOutput(words: Words): void {
  const { check, make, start, exited, collect, hear, texts, never } = words;
  describe('output', () => {
    check('keeps stdout and stderr apart, empty lines and a last line without its newline', async () => {
      const lines = await hear(workloads.says);
      expect(texts(lines, 'stdout')).toEqual(['to stdout', '', 'no newline']);
      expect(texts(lines, 'stderr')).toEqual(['to stderr']);
      for (const { timeMs } of lines)
        expect(Math.abs(words.under.clock.now() - timeMs)).toBeLessThan(deadlineMs);
    });

    check('loses nothing of much output when attached from the start', async () => {
      const spec = await make(workloads.saysMuch);
      const output = words.runtime.output(spec.name, 'start', never);
      // The Engine answers nothing of a container that ends while it waits for whoever reads its output.
      const heard = (async () => {
        let next = 0;
        for await (const { text } of output) {
          if (text !== String(next)) expect(text).toBe(String(next));
          next += 1;
        }
        return next;
      })();
      await words.runtime.startContainer(spec.name);
      expect(await heard).toBe(manyLines);
    });

    check('a container whose output nobody reads goes on and ends all the same', async () => {
      const spec = await make(workloads.saysTooMuch);
      const unread = words.runtime.output(spec.name, 'start', never)[Symbol.asyncIterator]();
      const first = unread.next();
      await words.runtime.startContainer(spec.name);
      expect((await first).value?.text).toBe('0');
      await exited(spec.name);
      // What has come in time is there, and the rest is told of.
      let next = 1;
      try {
        for (let line = await unread.next(); !line.done; line = await unread.next(), next += 1)
          if (line.value.text !== String(next)) expect(line.value.text).toBe(String(next));
        expect(next).toBe(tooManyLines);
      } catch (error) {
        expect(error).toMatchObject({ code: 'EngineUnavailable', detail: 'it was read too slowly' });
      }
      let last = '';
      for await (const { text } of words.runtime.pastOutput(spec.name, 0, never)) last = text;
      expect(last).toBe(String(tooManyLines - 1));
    });

    check('splits lines that are too long', async () => {
      const lines = await hear(workloads.saysLong);
      const lengths = lines.map((line) => line.text.length);
      expect(lengths).toEqual([256 * 1024, longLineBytes - 256 * 1024, 5]);
    });

    check('reads back what an exited container said', async () => {
      const spec = await start(workloads.says);
      await exited(spec.name);
      const lines = await collect(words.runtime.output(spec.name, { sinceMs: 0 }, never));
      expect(texts(lines, 'stdout')).toEqual(['to stdout', '', 'no newline']);
      expect(texts(lines, 'stderr')).toEqual(['to stderr']);
      const last = Math.max(...lines.map((line) => line.timeMs));
      expect(await collect(words.runtime.output(spec.name, { sinceMs: last }, never))).toEqual([]);
    });

    check('reads what a container that runs has said so far, and no more', async () => {
      const spec = await start(workloads.polite);
      const beganMs = words.under.clock.monotonic();
      let past: OutputLine[] = [];
      while (past.length === 0 && words.under.clock.monotonic() - beganMs < deadlineMs)
        past = await collect(words.runtime.pastOutput(spec.name, 0, never));
      expect(past.map(({ text }) => text)).toEqual(['ready']);
      const last = past[0]?.timeMs ?? 0;
      expect(await collect(words.runtime.pastOutput(spec.name, last, never))).toEqual([]);
    });

    check('reads back and goes on live without a gap or a double', async () => {
      const spec = await start(workloads.trickles);
      const expected = Array.from({ length: trickledLines }, (_, line) => `line ${line}`);
      const readers: Promise<OutputLine[]>[] = [];
      await using other = await words.under.open();
      for (let reader = 0; reader < 6; reader += 1) {
        readers.push(collect((reader % 2 ? other : words.runtime).output(spec.name, { sinceMs: 0 }, never)));
        await words.under.clock.sleep(60);
      }
      expect((await words.runtime.inspectContainer(spec.name))?.status.state).toBe('running');
      await words.runtime.exec(spec.name, ['touch', '/tmp/on'], { timeoutMs: deadlineMs });
      for (const lines of await Promise.all(readers)) {
        const heard = lines.map((line) => line.text);
        const wrong = heard.findIndex((text, place) => text !== expected[place]);
        expect(heard.slice(Math.max(0, wrong - 2), wrong + 3)).toEqual(
          wrong < 0 ? heard.slice(0, 2) : expected.slice(Math.max(0, wrong - 2), wrong + 3),
        );
        expect(heard).toHaveLength(trickledLines);
      }
    });

    check('hears a container’s second run too', async () => {
      const spec = await make(workloads.says);
      for (let run = 0; run < 2; run += 1) {
        const lines = collect(words.runtime.output(spec.name, 'start', never));
        await words.runtime.startContainer(spec.name);
        expect(texts(await lines, 'stderr')).toEqual(['to stderr']);
        await exited(spec.name);
      }
    });

    check('ends when the signal aborts, and when the container is removed', async () => {
      const spec = await start(workloads.polite);
      const stop = new AbortController();
      const aborted = collect(words.runtime.output(spec.name, { sinceMs: 0 }, stop.signal));
      const removed = collect(words.runtime.output(spec.name, { sinceMs: 0 }, never));
      await words.runtime.stats(spec.name);
      stop.abort();
      await aborted;
      await words.runtime.removeContainer(spec.name);
      await removed;
    });

    check('hears a terminal as one stream of plain lines', async () => {
      const lines = await hear(workloads.says, { pseudoTerminal: true });
      expect(lines.every((line) => line.stream === 'stdout')).toBe(true);
      expect(lines.map((line) => line.text)).toEqual(['to stdout', 'to stderr', '', 'no newline']);
    });
  });
}
