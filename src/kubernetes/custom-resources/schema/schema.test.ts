import { describe, expect, it } from 'vitest';
import type { Json } from '../../../store/index.ts';
import type { JsonObject } from '../../objects/object.ts';
import { withDefaults } from './defaults.ts';
import { prune } from './prune.ts';
import { readSchema } from './schema.ts';
import { schemaErrors } from './schema-errors.ts';
import { schemaViolations } from './validate.ts';

const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({
  type: 'object',
  properties,
  ...more,
});
const preserving = { 'x-kubernetes-preserve-unknown-fields': true };
const told = (errors: readonly { readonly field: string; readonly text: string }[]): readonly string[] =>
  errors.map(({ field, text }) => `${field}: ${text}`);

describe('a schema is refused', () => {
  const deep = (levels: number): JsonObject =>
    levels === 0 ? { type: 'string' } : object({ a: deep(levels - 1) });
  const wide = Object.fromEntries(Array.from({ length: 50_001 }, (_, at) => [`p${at}`, { type: 'string' }]));
  const refused: readonly (readonly [what: string, schema: JsonObject, error: string])[] = [
    ['without a type', { properties: {} }, 's.type: Required value: must not be empty at the root'],
    [
      'of another type at the root',
      { type: 'array', items: { type: 'string' } },
      'must be object at the root',
    ],
    [
      'with a field without a type',
      object({ a: {} }),
      's.properties[a].type: Required value: must not be empty for specified object fields',
    ],
    [
      'with a list of nothing',
      object({ a: { type: 'array' } }),
      's.properties[a].items: Required value: must be specified',
    ],
    [
      'with items without a type',
      object({ a: { type: 'array', items: {} } }),
      's.properties[a].items.type: Required value: must not be empty for specified array items',
    ],
    [
      'with references',
      object({ a: { $ref: '#/x' } }),
      's.properties[a].$ref: Forbidden: $ref is not supported',
    ],
    [
      'with types in alternatives',
      object({ a: { type: 'string', anyOf: [{ type: 'string' }] } }),
      's.properties[a].anyOf[0].type: Forbidden: must be empty to be structural',
    ],
    [
      'with conditions on what is not specified',
      object({}, { anyOf: [{ properties: { b: { pattern: 'x' } } }] }),
      's.properties[b]: Required value: because it is defined in s.anyOf[0].properties[b]',
    ],
    [
      'that restricts the metadata',
      object({ metadata: object({ labels: { type: 'object' } }) }),
      's.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified',
    ],
    [
      'with both properties and additional ones',
      object({ a: object({ b: { type: 'string' } }, { additionalProperties: { type: 'string' } }) }),
      's.properties[a].additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive',
    ],
    [
      'with a pattern that is none',
      object({ a: { type: 'string', pattern: '(' } }),
      's.properties[a].pattern: Invalid value: "(": must be a valid regular expression, but isn\'t: ',
    ],
    [
      'with a pattern that looks back',
      object({ a: { type: 'string', pattern: '(a)\\1' } }),
      "must be a valid regular expression, but isn't: ",
    ],
    [
      'with a default of another type',
      object({ a: { type: 'integer', default: 'x' } }),
      's.properties[a].default: Invalid value: "string": s.properties[a].default in body must be of type integer: "string"',
    ],
    [
      'with a default that it would prune',
      object({ a: { type: 'object', default: { b: 1 } } }),
      's.properties[a].default: Invalid value: {"b":1}: must not have unknown fields',
    ],
    [
      'with a map of lists without keys',
      object({ a: { type: 'array', items: object({}), 'x-kubernetes-list-type': 'map' } }),
      's.properties[a].x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map',
    ],
    ['that is too deep', deep(70), 's: Forbidden: schemas deeper than 64 are not supported'],
    ['that is too large', object(wide), 's: Forbidden: schemas with more than 50000 parts are not supported'],
  ];
  it.each(refused)('%s', (_what, schema, error) => {
    expect(told(schemaErrors(schema, 's')).join('\n')).toContain(error);
  });

  it('but not one of an integer or a text, or one that keeps whatever it does not know', () => {
    const either = { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] };
    expect(schemaErrors(object({ a: either, b: preserving }), 's')).toEqual([]);
  });
});

describe('pruning', () => {
  const cases: readonly (readonly [
    what: string,
    schema: JsonObject,
    given: Json,
    kept: Json,
    unknown: string[],
  ])[] = [
    [
      'leaves out what is not specified',
      object({ a: { type: 'string' } }),
      { a: 'x', b: 1 },
      { a: 'x' },
      ['b'],
    ],
    [
      'looks into lists',
      object({ l: { type: 'array', items: object({}) } }),
      { l: [{ b: 1 }] },
      { l: [{}] },
      ['l[0].b'],
    ],
    [
      'looks into maps',
      { type: 'object', additionalProperties: object({}) },
      { m: { b: 1 } },
      { m: {} },
      ['m.b'],
    ],
    [
      'keeps what it is told to keep',
      object({ a: object({}) }, preserving),
      { a: { b: 1 }, c: 1 },
      { a: {}, c: 1 },
      ['a.b'],
    ],
    [
      'keeps what embedded objects have',
      object({ e: object({}, { 'x-kubernetes-embedded-resource': true }) }),
      { e: { apiVersion: 'v1', kind: 'A', metadata: { name: 'a' }, x: 1 } },
      { e: { apiVersion: 'v1', kind: 'A', metadata: { name: 'a' } } },
      ['e.x'],
    ],
  ];
  it.each(cases)('%s', (_what, schema, given, kept, unknown) => {
    const left: string[] = [];
    expect(prune(readSchema(schema), given, false, left)).toEqual(kept);
    expect(left).toEqual(unknown);
  });
});

describe('defaults', () => {
  const cases: readonly (readonly [what: string, schema: JsonObject, given: Json, whole: Json])[] = [
    ['are set where nothing is said', object({ a: { type: 'string', default: 'x' } }), {}, { a: 'x' }],
    [
      'are set in objects that are set',
      object({ a: object({ b: { type: 'integer', default: 1 } }, { default: {} }) }),
      {},
      { a: { b: 1 } },
    ],
    [
      'are set in items',
      object({ l: { type: 'array', items: object({ b: { type: 'integer', default: 1 } }) } }),
      { l: [{}] },
      { l: [{ b: 1 }] },
    ],
    ['take the place of null', object({ a: { type: 'string', default: 'x' } }), { a: null }, { a: 'x' }],
    [
      'leave a null that may be one',
      object({ a: { type: 'string', default: 'x', nullable: true } }),
      { a: null },
      { a: null },
    ],
    ['are not needed to drop a null that may not be one', object({ a: { type: 'string' } }), { a: null }, {}],
    ['leave what is said', object({ a: { type: 'string', default: 'x' } }), { a: '' }, { a: '' }],
  ];
  it.each(cases)('%s', (_what, schema, given, whole) => {
    expect(withDefaults(readSchema(schema), given)).toEqual(whole);
  });

  it('copy nothing where nothing is to be set', () => {
    const given = { a: 'y', l: [{ b: 1 }] };
    expect(withDefaults(readSchema(object({ a: { type: 'string', default: 'x' } }, preserving)), given)).toBe(
      given,
    );
  });
});

it('defaults do not make a small object a large one', () => {
  const many = Object.fromEntries(
    Array.from({ length: 100 }, (_, at) => [`p${at}`, { type: 'integer', default: 1 }]),
  );
  const schema = readSchema(object({ l: { type: 'array', items: object(many) } }));
  const l = Array.from({ length: 10_000 }, () => ({}));
  expect(() => withDefaults(schema, { l })).toThrow('the defaults of its schema add more than 200000 values');
});

describe('a value is refused', () => {
  const at = (schema: JsonObject, value: Json) => [object({ a: schema }), { a: value }] as const;
  const cases: readonly (readonly [...ReturnType<typeof at>, readonly string[]])[] = [
    [
      ...at({ type: 'integer' }, 'x'),
      ['a: Invalid value: "string": a in body must be of type integer: "string"'],
    ],
    [
      ...at({ type: 'integer' }, 1.5),
      ['a: Invalid value: "number": a in body must be of type integer: "number"'],
    ],
    [...at({ type: 'string' }, null), ['a: Invalid value: "null": a in body must be of type string: "null"']],
    [
      ...at({ type: 'string', enum: ['a', 'b'] }, 'z'),
      ['a: Unsupported value: "z": supported values: "a", "b"'],
    ],
    [...at(object({}, { required: ['b'] }), {}), ['a.b: Required value']],
    [
      ...at({ type: 'string', minLength: 2 }, 'x'),
      ['a: Invalid value: "x": a in body should be at least 2 chars long'],
    ],
    [...at({ type: 'string', maxLength: 1 }, 'xy'), ['a: Too long: may not be more than 1 bytes']],
    [
      ...at({ type: 'string', pattern: '^a+$' }, 'b'),
      ['a: Invalid value: "b": a in body should match \'^a+$\''],
    ],
    [
      ...at({ type: 'string', format: 'date-time' }, 'x'),
      ['a: Invalid value: "x": a in body must be of type date-time: "x"'],
    ],
    [
      ...at({ type: 'string', format: 'ipv4' }, '::1'),
      ['a: Invalid value: "::1": a in body must be of type ipv4: "::1"'],
    ],
    [
      ...at({ type: 'integer', minimum: 1 }, 0),
      ['a: Invalid value: 0: a in body should be greater than or equal to 1'],
    ],
    [
      ...at({ type: 'integer', maximum: 1, exclusiveMaximum: true }, 1),
      ['a: Invalid value: 1: a in body should be less than 1'],
    ],
    [
      ...at({ type: 'number', multipleOf: 0.1 }, 0.25),
      ['a: Invalid value: 0.25: a in body should be a multiple of 0.1'],
    ],
    [
      ...at({ type: 'array', items: { type: 'string' }, maxItems: 1 }, ['a', 'b']),
      ['a: Too many: 2: must have at most 1 items'],
    ],
    [
      ...at({ type: 'array', items: { type: 'string' } }, [1]),
      ['a[0]: Invalid value: "integer": a[0] in body must be of type string: "integer"'],
    ],
    [
      ...at({ type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' }, [
        'x',
        'y',
        'x',
        'x',
      ]),
      ['a[2]: Duplicate value: "x"'],
    ],
    [
      ...at(
        {
          type: 'array',
          items: object({ k: { type: 'string' } }),
          ...{ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'] },
        },
        [{ k: 'x' }, { k: 'x' }],
      ),
      ['a[1]: Duplicate value: {"k":"x"}'],
    ],
    [
      ...at({ type: 'string', not: { pattern: 'x' } }, 'x'),
      ['<nil>: Invalid value: "": "a" must not validate the schema (not)'],
    ],
    [
      ...at({ type: 'string', oneOf: [{ pattern: 'x' }, { pattern: 'y' }] }, 'xy'),
      [
        '<nil>: Invalid value: "": "a" must validate one and only one schema (oneOf). Found 2 valid alternatives',
      ],
    ],
    [
      ...at({ type: 'string', anyOf: [{ pattern: 'x' }] }, 'z'),
      [
        '<nil>: Invalid value: "": "a" must validate at least one schema (anyOf)',
        'a: Invalid value: "z": a in body should match \'x\'',
      ],
    ],
    [
      ...at({ 'x-kubernetes-int-or-string': true }, true),
      ['a: Invalid value: "boolean": a in body must be of type integer,string: "boolean"'],
    ],
  ];
  it.each(cases)('%j: %j', (schema, value, errors) => {
    expect(told(schemaViolations(readSchema(schema), value, undefined))).toEqual(errors);
  });

  it('only where it changes: what a stricter schema finds there already may stay', () => {
    const schema = readSchema(
      object({
        a: { type: 'integer' },
        l: {
          ...{ type: 'array', items: object({ k: { type: 'string' }, v: { type: 'integer' } }) },
          ...{ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'] },
        },
      }),
    );
    const before = { a: 'x', l: [{ k: 'x', v: 'bad' }] };
    const after = {
      a: 'x',
      l: [
        { k: 'w', v: 'new' },
        { k: 'x', v: 'bad' },
      ],
    };
    expect(told(schemaViolations(schema, after, before))).toEqual([
      'l[0].v: Invalid value: "string": l[0].v in body must be of type integer: "string"',
    ]);
  });

  it('when it takes more work than anybody gets', () => {
    const junctors = Array.from({ length: 1_000 }, (_, at) => ({ pattern: at === 999 ? 'y' : 'x' }));
    const schema = object({ l: { type: 'array', items: { type: 'string', anyOf: junctors } } });
    const l = Array.from({ length: 100_000 }, () => 'y');
    expect(told(schemaViolations(readSchema(schema), { l }, undefined))).toEqual([
      ': Forbidden: validating it by its schema takes more work than is allowed',
    ]);
  });

  it('when a short pattern is a long program', () => {
    const schema = object({ a: { type: 'string', pattern: '(x{0,30}){0,30}$' } });
    const before = process.threadCpuUsage();
    expect(told(schemaViolations(readSchema(schema), { a: 'x'.repeat(100_000) }, undefined))).toEqual([
      ': Forbidden: validating it by its schema takes more work than is allowed',
    ]);
    expect(process.threadCpuUsage(before).user / 1_000).toBeLessThan(10_000);
  });
});
