import fc from 'fast-check';
import { expect, it } from 'vitest';
import { keepUnchanged } from './keep-unchanged.ts';

// As a store gives it back: it knows no negative zero.
const parts = fc.jsonValue({ maxDepth: 4 }).map((value): unknown => JSON.parse(JSON.stringify(value)));

it('says the same as what is given', () => {
  fc.assert(
    fc.property(parts, parts, (before, after) => {
      expect(keepUnchanged(keepUnchanged(undefined, before), after)).toEqual(after);
    }),
  );
});

it('is the very object that was there when nothing has changed', () => {
  fc.assert(
    fc.property(parts, (value) => {
      const first = keepUnchanged(undefined, value);
      expect(keepUnchanged(first, structuredClone(value))).toBe(first);
    }),
  );
});

it('pairs what has a name wherever it stands', () => {
  const first = keepUnchanged(undefined, {
    targets: [
      { id: 'a', port: 1 },
      { id: 'b', port: 1 },
    ],
  });
  const second = keepUnchanged(first, {
    targets: [
      { id: 'b', port: 1 },
      { id: 'c', port: 1 },
    ],
  });
  expect(second.targets[0]).toBe(first.targets[1]);
});
