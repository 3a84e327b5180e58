import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Candidate, findJoint } from './rejoin.ts';

const candidates = (texts: readonly string[], delivered = 0): Candidate<{ text: string }>[] =>
  texts.map((text, place) => ({ entry: { text }, isDelivered: place < delivered }));

/** What is delivered in all: from the log, then live. */
function joined(
  log: readonly string[],
  live: readonly string[],
  delivered = 0,
  mayLag = false,
): readonly string[] | undefined {
  const joint = findJoint(candidates(log, delivered), live, { mayLag });
  return (
    joint && [
      ...log.slice(0, delivered),
      ...joint.entries.map(({ text }) => text),
      ...live.slice(joint.skippedLines),
    ]
  );
}

describe('findJoint', () => {
  it.each([
    ['a whole line', ['a', 'b', 'c'], ['b', 'c'], ['a', 'b', 'c']],
    ['the end of a line', ['alpha', 'beta'], ['ta'], ['alpha', 'beta']],
    ['nothing but a newline', ['alpha', 'beta'], ['', 'beta'], ['alpha', 'beta']],
    ['a line that repeats', ['tick', 'tick', 'tock'], ['tick', 'tock'], ['tick', 'tick', 'tock']],
  ])('joins where live output begins with %s', (_what, log, live, all) => {
    expect(joined(log, live)).toEqual(all);
  });

  it('waits for a log that lags behind', () => {
    expect(joined(['a', 'b'], ['b', 'c'])).toBeUndefined();
    expect(joined([], ['b'])).toBeUndefined();
    expect(joined(['a'], [])).toBeUndefined();
  });

  it('does with what a log that lags behind for long has', () => {
    expect(joined(['a', 'b'], ['b', 'c'], 0, true)).toEqual(['a', 'b', 'c']);
    expect(joined(['alpha', 'b', 'c'], ['ha', 'b', 'c', 'd', 'e'], 2, true)).toEqual([
      'alpha',
      'b',
      'c',
      'd',
      'e',
    ]);
    expect(joined(['a', 'b'], ['c'], 0, true)).toBeUndefined();
  });

  it('leaves out what was delivered before', () => {
    expect(joined(['a', 'b', 'c'], ['b', 'c'], 2)).toEqual(['a', 'b', 'c']);
    expect(joined(['a', 'b', 'c'], ['a'], 3)).toEqual(['a', 'b', 'c']);
  });

  it('leaves out live lines yet to come that the log has delivered already', () => {
    expect(findJoint(candidates(['a', 'b', 'c'], 3), ['a'])?.skippedLines).toBe(3);
  });

  it('never loses or doubles a line of numbered output, wherever the attachment and the reading fall', () => {
    const situation = fc.record({
      total: fc.integer({ min: 1, max: 40 }),
      attached: fc.double({ min: 0, max: 1, noNaN: true }),
      cut: fc.nat(4),
      read: fc.double({ min: 0, max: 1, noNaN: true }),
      lag: fc.nat(40),
    });
    fc.assert(
      fc.property(situation, ({ total, attached, cut, read, lag }) => {
        const all = Array.from({ length: total }, (_, line) => `line ${line}`);
        const first = Math.min(total - 1, Math.floor(attached * total));
        const inLog = first + 1 + Math.floor(read * (total - first - 1));
        const live = all.slice(first, inLog).map((line, place) => (place === 0 ? line.slice(cut) : line));
        expect(joined(all.slice(0, inLog), live)).toEqual(all.slice(0, inLog));
        const lagging = all.slice(0, Math.max(first + 1, inLog - lag));
        expect(joined(lagging, live, 0, true)).toEqual(all.slice(0, inLog));
      }),
    );
  });
});
