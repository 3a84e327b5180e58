import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frozenJson, type Json, jsonEqual, parseFrozenJson } from './json.ts';

const anyJson = fc.jsonValue() as fc.Arbitrary<Json>;

describe('frozenJson', () => {
  it('is what JSON keeps of a value, frozen throughout', () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        const frozen = frozenJson(value);
        expect(frozen).toStrictEqual(JSON.parse(JSON.stringify(value)));
        expect(isDeeplyFrozen(frozen)).toBe(true);
        expect(frozenJson(frozen)).toBe(frozen);
        expect(parseFrozenJson(JSON.stringify(value))).toStrictEqual(frozen);
        expect(isDeeplyFrozen(parseFrozenJson(JSON.stringify(value)))).toBe(true);
      }),
    );
  });

  it('knows no negative zero', () => {
    expect(frozenJson(Object.freeze({ n: -0, list: [-0] }))).toStrictEqual({ n: 0, list: [0] });
  });

  it('shares what is frozen already and copies the rest', () => {
    const old = frozenJson({ tags: [{ key: 'a' }], status: 'PENDING' }) as { tags: Json; status: string };
    const changed = { ...old, status: 'RUNNING', extra: { mutable: true } };
    const frozen = frozenJson(changed) as { tags: Json; extra: Json };
    expect(frozen.tags).toBe(old.tags);
    expect(frozen.extra).not.toBe(changed.extra);
    expect(Object.isFrozen(changed)).toBe(false);
  });

  it('copies a frozen object that holds something loose', () => {
    const loose = Object.freeze({ inner: { n: 1 } });
    const frozen = frozenJson(loose) as { inner: { n: number } };
    loose.inner.n = 2;
    expect(frozen.inner.n).toBe(1);
  });

  it.each([
    ['a Date', { list: [{ at: new Date(0) }] }, 'Not JSON: a Date at list.0.at'],
    ['a Map', new Map(), 'Not JSON: a Map at the top'],
    ['undefined in a list', [undefined, 1], 'Not JSON: undefined at 0'],
    ['infinity', { n: Number.POSITIVE_INFINITY }, 'Not JSON: Infinity at n'],
    ['a symbol', { s: Symbol('x') }, 'Not JSON: Symbol(x) at s'],
  ])('refuses %s', (_, value, message) => {
    expect(() => frozenJson(value)).toThrow(new TypeError(message));
  });

  it('refuses what contains itself', () => {
    const loop: { self?: unknown } = {};
    loop.self = loop;
    expect(() => frozenJson(loop)).toThrow('nested deeper');
  });
});

describe('jsonEqual', () => {
  it('compares values, whatever the order of their members', () => {
    expect(jsonEqual({ a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1 })).toBe(true);
    fc.assert(
      fc.property(anyJson, anyJson, (left, right) => {
        const copy: Json = JSON.parse(JSON.stringify(left));
        expect(jsonEqual(frozenJson(left), copy)).toBe(true);
        expect(jsonEqual(left, right)).toBe(sorted(left) === sorted(right));
      }),
    );
  });

  it.each<[Json | undefined, Json | undefined]>([
    [null, undefined],
    [[], {}],
    [{ a: null }, { b: null }],
    [{ a: 1 }, { a: 1, b: 2 }],
    [
      [1, 2],
      [2, 1],
    ],
    [0, false],
    ['1', 1],
  ])('tells %j from %j', (left, right) => {
    expect(jsonEqual(left, right)).toBe(false);
    expect(jsonEqual(right, left)).toBe(false);
  });
});

function isDeeplyFrozen(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every((member: Json) => isDeeplyFrozen(member));
}

function sorted(value: Json): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([left], [right]) => (left < right ? -1 : 1)))
      : member,
  );
}
