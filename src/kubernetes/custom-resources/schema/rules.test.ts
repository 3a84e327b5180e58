import { describe, expect, it } from 'vitest';
import type { Json } from '../../../store/index.ts';
import type { JsonObject } from '../../objects/object.ts';
import { ruleErrors, ruleViolations } from './rules.ts';
import { readSchema } from './schema.ts';

const rules = (...all: readonly (JsonObject | string)[]): JsonObject => ({
  'x-kubernetes-validations': all.map((it) => (typeof it === 'string' ? { rule: it } : it)),
});
const spec = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({
  type: 'object',
  properties: { spec: { type: 'object', properties, ...more } },
});
const told = (errors: readonly { readonly field: string; readonly text: string }[]): readonly string[] =>
  errors.map(({ field, text }) => `${field}: ${text}`);
const violations = (schema: JsonObject, value: Json, before?: Json): readonly string[] =>
  told(ruleViolations(readSchema(schema), value, before));

const range = { min: { type: 'integer' }, max: { type: 'integer' } };

describe('a rule', () => {
  it('is followed or told, with its own words if it has some', () => {
    const schema = spec(range, rules('self.min <= self.max', { rule: 'self.max < 10', message: 'too much' }));
    expect(violations(schema, { spec: { min: 1, max: 2 } })).toEqual([]);
    expect(violations(schema, { spec: { min: 30, max: 20 } })).toEqual([
      'spec: Invalid value: "object": failed rule: self.min <= self.max',
      'spec: Invalid value: "object": too much',
    ]);
  });

  it('has a reason, a path, and a message that is an expression', () => {
    const schema = spec(
      range,
      rules({
        ...{ rule: 'self.min <= self.max', reason: 'FieldValueForbidden', fieldPath: '.max' },
        messageExpression: '"%d is less than %d".format([self.max, self.min])',
      }),
    );
    expect(violations(schema, { spec: { min: 2, max: 1 } })).toEqual([
      'spec.max: Forbidden: 1 is less than 2',
    ]);
  });

  it('sees what was there before, and is not asked about what has not changed', () => {
    const schema = spec({
      a: { type: 'string', ...rules({ rule: 'self == oldSelf', message: 'immutable' }) },
    });
    expect(violations(schema, { spec: { a: 'x' } })).toEqual([]);
    expect(violations(schema, { spec: { a: 'y' } }, { spec: { a: 'x' } })).toEqual([
      'spec.a: Invalid value: "string": immutable',
    ]);
    const strict = spec({ a: { type: 'string', ...rules("self.startsWith('b')") } });
    expect(violations(strict, { spec: { a: 'x' } }, { spec: { a: 'x' } })).toEqual([]);
  });

  it('may be about there being nothing before', () => {
    const rule = { rule: 'oldSelf.hasValue() || self == "first"', optionalOldSelf: true };
    const schema = spec({ a: { type: 'string', ...rules(rule) } });
    expect(violations(schema, { spec: { a: 'first' } })).toEqual([]);
    expect(violations(schema, { spec: { a: 'x' } })).toHaveLength(1);
    expect(violations(schema, { spec: { a: 'x' } }, { spec: { a: 'first' } })).toEqual([]);
  });

  it('knows items of maps of lists again by their keys', () => {
    const item = {
      ...{ type: 'object', properties: { k: { type: 'string' }, v: { type: 'integer' } } },
      ...rules({ rule: 'self.v >= oldSelf.v', message: 'may only grow' }),
    };
    const list = {
      type: 'array',
      items: item,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
    };
    const before = {
      spec: {
        l: [
          { k: 'a', v: 2 },
          { k: 'b', v: 2 },
        ],
      },
    };
    const after = {
      spec: {
        l: [
          { k: 'b', v: 3 },
          { k: 'a', v: 1 },
        ],
      },
    };
    expect(violations(spec({ l: list }), after, before)).toEqual([
      'spec.l[1]: Invalid value: "object": may only grow',
    ]);
    const { 'x-kubernetes-list-type': _, 'x-kubernetes-list-map-keys': _keys, ...atomic } = list;
    expect(told(ruleErrors(readSchema(spec({ l: atomic })), 's'))).toEqual([
      's.properties[spec].properties[l].items.x-kubernetes-validations[0].rule: Invalid value: "self.v >= oldSelf.v": oldSelf cannot be used on the uncorrelatable portion of the schema within s.properties[spec].properties[l].items',
    ]);
  });

  it('names what has other characters, times, quantities and what every object has', () => {
    const schema: JsonObject = {
      ...spec({
        'a-b.c/d': { type: 'string' },
        at: { type: 'string', format: 'date-time' },
        size: { 'x-kubernetes-int-or-string': true },
        map: { type: 'object', additionalProperties: { type: 'integer' } },
        open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        namespace: { type: 'string' },
      }),
      ...rules(
        "self.spec.a__dash__b__dot__c__slash__d == 'x' && self.spec.__namespace__ == 'n'",
        "self.spec.at > timestamp('2026-01-01T00:00:00Z')",
        "type(self.spec.size) == int ? self.spec.size == 1 : quantity(self.spec.size) == quantity('1k')",
        'self.spec.map.all(key, self.spec.map[key] > 0) && self.spec.open.x.y == 1 && !has(self.spec.open.z)',
        "self.metadata.name == 'n' && self.kind == 'K' && !has(self.metadata.generateName)",
      ),
    };
    const value = {
      ...{ apiVersion: 'v1', kind: 'K', metadata: { name: 'n' } },
      spec: {
        ...{ 'a-b.c/d': 'x', at: '2026-06-01T00:00:00Z', size: '1000', map: { one: 1 }, namespace: 'n' },
        open: { x: { y: 1 } },
      },
    };
    expect(told(ruleErrors(readSchema(schema), 's'))).toEqual([]);
    expect(violations(schema, value)).toEqual([]);
  });

  it('that cannot be evaluated is told as broken', () => {
    const schema = spec({ l: { type: 'array', items: { type: 'integer' } } }, rules('self.l[5] == 1'));
    expect(violations(schema, { spec: { l: [1] } })[0]).toContain('index out of bounds');
  });

  it('that costs too much ends all others', () => {
    const l = { type: 'array', items: { type: 'string' } };
    const schema = spec({ l }, rules('self.l.all(a, self.l.all(b, self.l.all(c, a + b != c)))', 'false'));
    const found = violations(schema, { spec: { l: Array.from({ length: 500 }, () => 'x') } });
    expect(found).toEqual([
      'spec: Invalid value: "object": call cost exceeds limit for rule: self.l.all(a, self.l.all(b, self.l.all(c, a + b != c))), no further validation rules will be run',
    ]);
  });
});

describe('a schema is refused with a rule', () => {
  it.each([
    [
      'of a field that it does not have',
      { rule: 'self.other > 1' },
      "compilation failed: ERROR: <input>:1:5: undefined field 'other'\n | self.other > 1\n | ....^",
    ],
    [
      'of a field that there may be, and that it does not have',
      { rule: 'self.?other.hasValue()' },
      "compilation failed: ERROR: <input>:1:5: undefined field 'other'\n | self.?other.hasValue()\n | ....^",
    ],
    [
      'of another type',
      { rule: 'self.min + "a" == ""' },
      "<input>:1:10: found no matching overload for '_+_' applied to '(int, string)'",
    ],
    ['that is no condition', { rule: 'self.min' }, 'must evaluate to bool'],
    ['that is none', { rule: ' ' }, 'rule: Required value: rule is not specified'],
    ['whose message is no text', { rule: 'true', messageExpression: 'self.min' }, 'must evaluate to string'],
    [
      'with a path that leads nowhere',
      { rule: 'true', fieldPath: '.other' },
      'fieldPath must be a valid path',
    ],
    ['with another reason', { rule: 'true', reason: 'Bad' }, 'Unsupported value: "Bad"'],
  ])('%s', (_what, rule, message) => {
    expect(told(ruleErrors(readSchema(spec(range, rules(rule))), 's')).join()).toContain(message);
  });
});

describe('a schema is refused with rules that may cost too much', () => {
  const advice =
    '(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)';
  const texts = (more: JsonObject): JsonObject => ({ type: 'array', items: { type: 'string', ...more } });

  it('each by itself, for as many values as there may be of its place', () => {
    const nested = rules('self.all(a, self.all(b, a == b))');
    const where = 's.properties[spec].properties[l].x-kubernetes-validations[0].rule';
    const l = { ...texts({}), ...nested };
    expect(told(ruleErrors(readSchema(spec({ l })), 's'))).toEqual([
      `${where}: Forbidden: estimated rule cost exceeds budget by factor of more than 100x ${advice}`,
      `${where}: Forbidden: contributed to estimated rule & messageExpression cost total exceeding cost limit for entire OpenAPIv3 schema`,
      `s: Forbidden: x-kubernetes-validations estimated rule & messageExpression cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x ${advice}`,
    ]);
    const bounded = { ...texts({ maxLength: 63 }), maxItems: 100, ...nested };
    expect(told(ruleErrors(readSchema(spec({ l: bounded })), 's'))).toEqual([]);
    // 500 * 500 * (5 + 26) and some, in at most two lists.
    const twice = { type: 'array', maxItems: 2, items: { ...bounded, maxItems: 500 } };
    expect(told(ruleErrors(readSchema(spec({ twice })), 's'))[0]).toContain(
      'items.x-kubernetes-validations[0].rule: Forbidden: estimated rule cost exceeds budget by factor of 1.',
    );
  });

  it('all together, the most expensive named', () => {
    const one = (name: string) => [name, { type: 'array', maxItems: 2_000_000, ...items }] as const;
    const items = { items: { type: 'boolean' }, ...rules('self.all(x, x)') };
    const schema = spec(Object.fromEntries(Array.from({ length: 16 }, (_, at) => one(`l${at}`))));
    const errors = told(ruleErrors(readSchema(schema), 's'));
    expect(errors).toHaveLength(5);
    expect(errors.at(-1)).toBe(
      `s: Forbidden: x-kubernetes-validations estimated rule & messageExpression cost total for entire OpenAPIv3 schema exceeds budget by factor of 1.280000x ${advice}`,
    );
  });

  it('where a message takes more than it may', () => {
    const rule = {
      rule: 'true',
      messageExpression: 'self.l.map(a, self.l.map(b, a + b)).size() > 0 ? "a" : "b"',
    };
    expect(told(ruleErrors(readSchema(spec({ l: texts({}) }, rules(rule))), 's'))[0]).toBe(
      `s.properties[spec].x-kubernetes-validations[0].messageExpression: Forbidden: estimated messageExpression cost exceeds budget by factor of more than 100x ${advice}`,
    );
  });

  it('and follows them all the same, where they were there before anybody looked', () => {
    const l = { ...texts({}), ...rules('self.all(a, self.all(b, a == b))') };
    expect(violations(spec({ l }), { spec: { l: ['a', 'b'] } })).toHaveLength(1);
  });
});
