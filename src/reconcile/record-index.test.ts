import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecordIndex } from './record-index.ts';
import type { RecordKey, Stored } from './state.ts';

interface Crate {
  readonly colors: readonly string[];
}

const stored = (key: string, colors: readonly string[], revision = 1): Stored<Crate> => ({
  key: key as RecordKey,
  value: { colors },
  revision,
});
const colorsOf = ({ colors }: Crate): readonly string[] => colors;
const keyOf = (number: number): string => `/crate/${String(number).padStart(5, '0')}`;

describe('an index', () => {
  it('finds in key order what a plain search finds, whatever came, changed and went', () => {
    const change = fc.record({
      number: fc.nat({ max: 30 }),
      colors: fc.option(fc.subarray(['red', 'blue'])),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 100 }), (changes) => {
        const records = new Map<string, Stored<Crate>>();
        const index = new RecordIndex<Crate>(colorsOf, [], (key) => records.get(key));
        const latest = new Map<string, number>();
        for (const [revision, { number, colors }] of changes.entries()) {
          const before = records.get(keyOf(number));
          const after = colors === null ? undefined : stored(keyOf(number), colors, revision);
          if (after === undefined) records.delete(keyOf(number));
          else records.set(keyOf(number), after);
          index.replace(before, after);
          for (const color of ['red', 'blue']) {
            const wanted = [...records.values()]
              .filter(({ value }) => value.colors.includes(color))
              .sort((left, right) => (left.key < right.key ? -1 : 1));
            expect(index.get(color)).toEqual(wanted);
            expect(index.count(color)).toBe(wanted.length);
            if (wanted.length === 0) latest.delete(color);
            else if (after?.value.colors.includes(color)) latest.set(color, revision);
            expect(index.latest(color)).toBe(latest.get(color) ?? 0);
          }
        }
      }),
    );
  });

  it('keeps thousands of one value in order, while they come in any order and go again', () => {
    // 7,919 is prime to 3,000: each number comes once, far from the one before it.
    const shuffled = Array.from({ length: 3_000 }, (_, place) => (place * 7_919) % 3_000);
    const records = new Map(shuffled.map((number) => [keyOf(number), stored(keyOf(number), ['red'])]));
    const index = new RecordIndex<Crate>(colorsOf, [], (key) => records.get(key));
    for (const record of records.values()) index.replace(undefined, record);
    const keys = (): string[] => index.get('red').map(({ key }) => key);
    expect(keys()).toEqual(shuffled.toSorted((left, right) => left - right).map(keyOf));
    const last = [...records.values()].at(-1);
    for (const record of records.values()) if (record !== last) index.replace(record, undefined);
    expect(keys()).toEqual([last?.key]);
    index.replace(last, undefined);
    expect([keys(), index.count('red')]).toEqual([[], 0]);
  });

  it('leaves the list that a reader has as it was', () => {
    const [first, again, second] = [
      stored(keyOf(1), ['red']),
      stored(keyOf(1), ['red'], 9),
      stored(keyOf(2), ['red']),
    ];
    const records = new Map([[first.key, first]]);
    const index = new RecordIndex<Crate>(colorsOf, [first], (key) => records.get(key));
    const before = index.get('red');
    records.set(second.key, second).set(again.key, again);
    index.replace(undefined, second);
    index.replace(first, again);
    expect(before).toEqual([first]);
    expect(index.get('red')).toEqual([again, second]);
  });
});
