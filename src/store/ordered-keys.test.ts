import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OrderedKeys } from './ordered-keys.ts';

describe('OrderedKeys', () => {
  it('is a sorted set, however it came to be', () => {
    const someKey = fc.integer({ min: 0, max: 3_000 }).map((n) => `/${n % 7}/${n}`);
    fc.assert(
      fc.property(
        fc.array(someKey, { maxLength: 1_000 }),
        fc.array(fc.tuple(fc.boolean(), someKey), { maxLength: 2_000 }),
        fc.constantFrom('', '/', '/3', '/3/', '/9'),
        fc.option(someKey, { nil: undefined }),
        (initial, changes, prefix, after) => {
          const keys = new OrderedKeys(initial);
          const model = new Set(initial);
          for (const [isAddition, key] of changes) {
            expect(isAddition ? keys.add(key) : keys.delete(key)).toBe(model.has(key) !== isAddition);
            if (isAddition) model.add(key);
            else model.delete(key);
          }
          const expected = [...model]
            .filter((key) => key.startsWith(prefix) && (after === undefined || key > after))
            .sort();
          expect([...keys.withPrefix(prefix, after)]).toEqual(expected);
          const walked = [...keys.withPrefix(prefix, after ?? '')];
          expect(keys.countWithPrefix(prefix, after ?? '')).toBe(walked.length);
          expect(keys.size).toBe(model.size);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('lets a walk go on in its place while keys come and go', () => {
    const keys = new OrderedKeys(Array.from({ length: 2_000 }, (_, n) => `/k/${String(n).padStart(5, '0')}`));
    const walked: string[] = [];
    for (const key of keys.withPrefix('/k/')) {
      walked.push(key);
      keys.delete(key);
      keys.add(`/a${key}`);
      if (key === '/k/01000') keys.add('/k/01000x');
      if (key === '/k/01500') keys.delete('/k/01501');
    }
    expect(walked).toHaveLength(2_000);
    expect(walked).toEqual([...walked].sort());
    expect(walked).toContain('/k/01000x');
    expect(walked).not.toContain('/k/01501');
    expect([...keys.withPrefix('/k/')]).toEqual([]);
    expect(keys.size).toBe(2_000);
  });
});
