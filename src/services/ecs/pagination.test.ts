import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type PageRequest, page } from './pagination.ts';

const bounds = { defaultSize: 3, maxSize: 5 } as const;
const first: PageRequest = { maxResults: undefined, nextToken: undefined, ...bounds };
const itself = (item: string): string => item;

const keys = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 20 }), { maxLength: 40 });
const ascending = (items: readonly string[]): string[] => [...items].sort((a, b) => (a < b ? -1 : 1));

test('the pages of a listing are all of it, each item once, in its order', () => {
  fc.assert(
    fc.property(keys, fc.integer({ min: 1, max: 5 }), fc.boolean(), (unsorted, maxResults, isAscending) => {
      const sorted = isAscending ? ascending(unsorted) : ascending(unsorted).reverse();
      const order = isAscending ? 'ascending' : 'descending';
      const seen: string[] = [];
      let nextToken: string | undefined;
      do {
        const shown = page(sorted, itself, { ...bounds, maxResults, nextToken, order });
        expect(shown.items.length).toBeLessThanOrEqual(maxResults);
        seen.push(...shown.items);
        nextToken = shown.nextToken;
      } while (nextToken !== undefined);
      expect(seen).toEqual(sorted);
    }),
  );
});

test('what was there all the time is shown once, whatever is created and deleted between pages', () => {
  fc.assert(
    fc.property(keys, keys, keys, (staying, created, deleted) => {
      const stays = new Set(staying);
      const before = ascending([...new Set([...staying, ...deleted])]);
      const after = ascending([...new Set([...staying, ...created])]);
      const opening = page(before, itself, first);
      const seen = [...opening.items];
      let { nextToken } = opening;
      while (nextToken !== undefined) {
        const shown = page(after, itself, { ...first, nextToken });
        seen.push(...shown.items);
        nextToken = shown.nextToken;
      }
      expect(seen.filter((item) => stays.has(item))).toEqual(ascending(staying));
    }),
  );
});

test('the last full page has no token', () => {
  expect(page(['a', 'b', 'c'], itself, first)).toEqual({ items: ['a', 'b', 'c'] });
  expect(page([], itself, first)).toEqual({ items: [] });
});

test.each([0, -1, 6, 1.5, Number.NaN])('maxResults %s is refused', (maxResults) => {
  expect(() => page(['a'], itself, { ...first, maxResults })).toThrow(/^Invalid maxResults/);
});

test('a token that was not handed out is refused', () => {
  const token = page(['a', 'b', 'c', 'd'], itself, first).nextToken ?? '';
  expect(token).not.toBe('');
  for (const wrong of ['', 'x', `${token}x`, token.slice(1), token.slice(0, -2), 'A'.repeat(10_000)])
    expect(() => page(['a'], itself, { ...first, nextToken: wrong })).toThrow(/^Invalid token\.$/);
  fc.assert(
    fc.property(fc.string(), (nextToken) => {
      fc.pre(nextToken !== token);
      expect(() => page(['a'], itself, { ...first, nextToken })).toThrow(/^Invalid token\.$/);
    }),
  );
});
