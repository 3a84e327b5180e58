import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callLimit, totalLimit } from './budget.ts';
import { CelEnvironment } from './environment.ts';
import { withoutOptionalEntries } from './optional-literals.ts';

const environment = CelEnvironment.open((it) => {
  it.registerVariable('m', 'map<string, string>').registerVariable('l', 'list<string>');
});
const evaluated = (expression: string): unknown =>
  environment
    .compile(expression, [])
    .evaluate({ m: new Map([['a', 'x']]), l: ['p', 'q'] }, { perCall: callLimit, left: totalLimit });

describe('literals with optional entries', () => {
  it.each([
    ['[?m[?"a"], "b", ?m[?"z"]] == ["x", "b"]'],
    ['[?m[?"z"]].size() == 0'],
    ['{?"a": m[?"a"], "b": "c", ?"d": m[?"d"]} == {"a": "x", "b": "c"}'],
    ['{?"a": m[?"z"]}.size() == 0'],
    ['[[?m[?"a"]], [?m[?"z"]]] == [["x"], []]'],
    ['"x" in [?m[?"a"]] && l[?0].hasValue() && l[?5].orValue("n") == "n"'],
    ['{"k": [?m[?"a"]], ?(true ? "b" : "c"): optional.of(["d"])} == {"k": ["x"], "b": ["d"]}'],
    ['l.map(i, [?m[?i], i]) == [["p"], ["q"]]'],
    ['"[?a, ?b]" + \'{?"a": b}\' == "[?a, ?b]{?\\"a\\": b}" // [?a]'],
    ['(m["a"] == "x" ? ["[", ?m[?"a"]] : [?m[?"z"]]) == ["[", "x"]'],
    ['l[true ? 0 : 1] == "p" && [true ? 1 : 2, ?optional.of(3)] == [1, 3]'],
  ])('%s', (expression) => {
    expect(evaluated(expression)).toBe(true);
  });

  it('have each key once, and values that are optional', () => {
    expect(() => evaluated('{"a": "b", ?"a": m[?"a"]}')).toThrow('Failed with repeated key');
    expect(() => evaluated('[?"a"]')).toThrow(
      "compilation failed: expected type 'optional_type(string)' but found 'string'",
    );
  });

  it('are read no deeper than anything else', () => {
    expect(() => evaluated(`${'['.repeat(9_000)}?m[?"a"]${']'.repeat(9_000)}`)).toThrow(
      'Exceeded maxDepth (100)',
    );
  });

  it('come to the lists of what is there, whatever is in them, and leave every other expression as it is', () => {
    const item = fc.record({ isOptional: fc.boolean(), isThere: fc.boolean(), value: fc.nat(9) });
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: 6 }), fc.boolean(), (items, isNested) => {
        const text = (of: typeof items): string =>
          `[${of
            .map(({ isOptional, isThere, value }) =>
              isOptional ? `?${isThere ? `optional.of(${value})` : '[1][?5]'}` : value,
            )
            .join(', ')}]`;
        const wanted = items.filter((it) => it.isThere || !it.isOptional).map(({ value }) => BigInt(value));
        const own = evaluated(isNested ? `[${text(items)}, ${text(items)}]` : text(items));
        expect(own).toEqual(isNested ? [wanted, wanted] : wanted);
      }),
    );
    fc.assert(
      fc.property(
        fc.string().filter((text) => !/[[{,]\s*\?/.test(text)),
        (text) => {
          expect(withoutOptionalEntries(text)).toBe(text);
        },
      ),
    );
  });
});

describe('conversions', () => {
  it.each([
    ['int(timestamp("2026-01-01T00:00:00Z")) == 1767225600'],
    ['int(timestamp("1969-12-31T23:59:59.5Z")) == -1'],
    ['int(duration("1.5s")) == 1500000000 && duration(-1500000000) == duration("-1.5s")'],
    ['int(5u) == 5'],
    ['string(timestamp("2026-01-01T00:00:10.500Z")) == "2026-01-01T00:00:10.5Z"'],
    ['string(timestamp("2026-01-01T00:00:10Z")) == "2026-01-01T00:00:10Z"'],
    ['string(duration("90m")) == "5400s" && string(duration("-1500ms")) == "-1.5s"'],
    ['timestamp(timestamp(5)) == timestamp(5) && duration(duration("1s")) == duration("1s")'],
  ])('%s', (expression) => {
    expect(evaluated(expression)).toBe(true);
  });

  it('are refused where a number is too large', () => {
    expect(() => evaluated('int(18446744073709551615u)')).toThrow('integer overflow');
  });

  it('of times and durations come back', () => {
    const ms = fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 });
    fc.assert(
      fc.property(ms, fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), (at, nanos) => {
        const text = JSON.stringify(new Date(at).toISOString());
        expect(evaluated(`timestamp(string(timestamp(${text}))) == timestamp(${text})`)).toBe(true);
        expect(evaluated(`int(duration(${nanos}))`)).toBe(nanos);
        expect(evaluated(`int(duration(string(duration(${nanos}))))`)).toBe(nanos);
      }),
    );
  });
});
