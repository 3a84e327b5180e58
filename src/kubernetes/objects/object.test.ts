import { assert, jsonValue, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyOf } from './object.ts';

describe('a copy', () => {
  it('is equal, and shares nothing that could change', () => {
    assert(
      property(jsonValue({ maxDepth: 4 }), (value) => {
        const frozen = deepFrozen(structuredClone(value));
        const copy = copyOf(frozen);
        expect(copy).toEqual(value);
        expect(Object.isFrozen(copy)).toBe(typeof value !== 'object' || value === null);
      }),
    );
  });

  it('has a member __proto__ as a member, as JSON.parse has', () => {
    const copy = copyOf(JSON.parse('{"a": {"__proto__": {"polluted": true}}}'));
    expect(JSON.stringify(copy)).toBe('{"a":{"__proto__":{"polluted":true}}}');
    expect(copy.a.polluted).toBeUndefined();
  });
});

function deepFrozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  Object.values(value).forEach(deepFrozen);
  return Object.freeze(value);
}
