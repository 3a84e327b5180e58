import { expect, it } from 'vitest';
import { VirtualClock } from '../../clock/index.ts';
import type { OutputLine } from '../../runtime/index.ts';
import { hashOf } from './log-events.ts';
import { newLines } from './new-lines.ts';
import { ResumeFilter } from './resume-filter.ts';

const line = (text: string, timeMs: number): OutputLine => ({ stream: 'stdout', text, timeMs });
const position = { stdout: { timeMs: 10, tail: ['a', 'b'].map((text) => hashOf(line(text, 0))) } };
const never = new AbortController().signal;

it('lines that may be known are told after a second in which nothing came, and later ones at once', async () => {
  const clock = new VirtualClock(0);
  const more = Promise.withResolvers<void>();
  const told: string[] = [];
  const reading = (async () => {
    const open = async function* () {
      yield* ['x', 'a', 'b', 'c'].map((text) => line(text, 9));
      await more.promise;
      yield line('d', 10);
    };
    for await (const { text } of newLines(open, new ResumeFilter(position), clock, never)) told.push(text);
  })();
  await clock.advance(999);
  expect(told).toEqual([]);
  await clock.advance(1);
  expect(told).toEqual(['c']);
  more.resolve();
  await reading;
  expect(told).toEqual(['c', 'd']);
  expect(clock.pendingTimers).toBe(0);
});

it('silence does not stand for the known lines; later ones without them are told after five seconds in which nothing came', async () => {
  const clock = new VirtualClock(0);
  const [known, more] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const told: string[] = [];
  const reading = (async () => {
    const open = async function* () {
      yield line('x', 9);
      await known.promise;
      yield* ['a', 'b', 'c'].map((text) => line(text, 11));
      await more.promise;
    };
    for await (const { text } of newLines(open, new ResumeFilter(position), clock, never)) told.push(text);
  })();
  await clock.advance(60_000);
  expect(told).toEqual([]);
  known.resolve();
  await clock.advance(0);
  expect(told).toEqual(['c']);
  more.resolve();
  await reading;

  const quiet = Promise.withResolvers<void>();
  const later: string[] = [];
  const rotated = (async () => {
    const open = async function* () {
      yield line('d', 11);
      await quiet.promise;
    };
    for await (const { text } of newLines(open, new ResumeFilter(position), clock, never)) later.push(text);
  })();
  await clock.advance(4_999);
  expect(later).toEqual([]);
  await clock.advance(1);
  expect(later).toEqual(['d']);
  quiet.resolve();
  await rotated;
  expect(clock.pendingTimers).toBe(0);
});

it('whoever leaves while a line is awaited ends the output', async () => {
  const clock = new VirtualClock(0);
  let hasEnded = false;
  const open = async function* (signal: AbortSignal) {
    try {
      yield* ['a', 'b', 'c'].map((text) => line(text, 9));
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    } finally {
      hasEnded = true;
    }
  };
  const leaving = (async () => {
    for await (const { text } of newLines(open, new ResumeFilter(position), clock, never)) return text;
    return undefined;
  })();
  await clock.advance(1_000);
  expect(await leaving).toBe('c');
  expect(hasEnded).toBe(true);
  expect(clock.pendingTimers).toBe(0);
});
