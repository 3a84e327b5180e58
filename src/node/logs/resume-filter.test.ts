import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OutputLine } from '../../runtime/index.ts';
import { hashOf, LineGrouper } from './log-events.ts';
import { advance, type LogPosition } from './position.ts';
import { ResumeFilter } from './resume-filter.ts';

const line = (text: string, timeMs: number, stream: OutputLine['stream'] = 'stdout'): OutputLine => ({
  ...{ stream, text, timeMs },
});

const positionAfter = (lines: readonly OutputLine[], skewMs = 0): LogPosition =>
  lines
    .flatMap((each) => new LineGrouper().push({ ...each, timeMs: each.timeMs + skewMs }))
    .reduce<LogPosition>((position, { lastLineMs, hashes }) => advance(position, lastLineMs, hashes), {});

const resume = (position: LogPosition, lines: readonly OutputLine[]) => {
  const filter = new ResumeFilter(position);
  return [...lines.flatMap((each) => filter.push(each)), ...filter.settle()].map(({ text }) => text);
};

describe('output is resumed', () => {
  test('and nothing lost or doubled, wherever the break was and however the clocks of log and attachment differ', () => {
    const skew = fc.integer({ min: -4_000, max: 4_000 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.nat(60), skew, (count, told, skewMs) => {
        const lines = Array.from({ length: count }, (_, index) => line(`line ${index}`, 10_000 + index * 3));
        const done = Math.min(count, Math.max(1, told));
        const position = positionAfter(lines.slice(0, done), skewMs);
        expect(resume(position, lines)).toEqual(lines.slice(done).map(({ text }) => text));
      }),
    );
  });

  test('and the streams may have come in another order than the log has them in', () => {
    const marks = fc.array(fc.boolean(), { minLength: 1, maxLength: 80 });
    fc.assert(
      fc.property(marks, fc.nat(80), fc.integer({ min: -50, max: 50 }), (isErrors, told, skewMs) => {
        const lines = isErrors.map((isError, index) =>
          line(`line ${index}`, 10_000 + index, isError ? 'stderr' : 'stdout'),
        );
        const done = lines.slice(0, Math.max(1, told));
        const came = [...done].sort((a, b) => (a.stream < b.stream ? -1 : Number(a.stream > b.stream)));
        const found = resume(positionAfter(came, skewMs), lines);
        expect([...found].sort()).toEqual(
          lines
            .slice(done.length)
            .map(({ text }) => text)
            .sort(),
        );
      }),
    );
  });

  test('by time, where the engine’s log was rotated', () => {
    const position: LogPosition = { stdout: { timeMs: 100, tail: ['gone'] } };
    expect(resume(position, [line('old', 90), line('new', 110)])).toEqual(['new']);
    const filter = new ResumeFilter(position);
    expect(filter.push(line('old', 100))).toEqual([]);
    expect(filter.awaits).toBeUndefined();
    expect(filter.push(line('maybe', 101))).toEqual([]);
    expect(filter.awaits).toBe('at all');
    expect(filter.push(line('new', 5_101)).map(({ text }) => text)).toEqual(['maybe', 'new']);
    expect(filter.awaits).toBeUndefined();
  });

  test('and no more is held than the engine can be behind', () => {
    const filter = new ResumeFilter({ stdout: { timeMs: 100, tail: ['gone'] } });
    const told: OutputLine[] = [];
    while (told.length === 0) told.push(...filter.push(line('x'.repeat(999), 101)));
    expect(told).toHaveLength(1_501);
    expect(filter.push(line('more', 101))).toHaveLength(1);
  });

  test('and lines of a ticker are held while the known ones may come again', () => {
    const tail = [hashOf(line('tick', 0)), hashOf(line('tock', 0))];
    const filter = new ResumeFilter({ stdout: { timeMs: 100, tail } });
    expect(['tick', 'tock', 'tick'].flatMap((text) => filter.push(line(text, 99)))).toEqual([]);
    expect(filter.awaits).toBe('again');
    expect(filter.push(line('tock', 100))).toEqual([]);
    expect(filter.awaits).toBeUndefined();
    expect(filter.push(line('tick', 101)).map(({ timeMs }) => timeMs)).toEqual([101]);
  });
});
