import * as ecsSdk from '@aws-sdk/client-ecs';
import type { NormalizedSchema } from '@smithy/core/schema';
import type { Random } from '../../src/clock/index.ts';
import { membersOf } from '../../src/protocols/schema.ts';
import { type Json, type KnownNames, templatesOf } from './hostile-templates.ts';

/**
 * Requests that are nearly right. Most of what is random is refused at the first field and tests nothing behind
 * it; so these begin as something that a client could mean, in a world whose names they know, and are then bent
 * in a place or two.
 *
 * @returns an input for the operation: a template's where there is one, else of the schema; then bent up to three times.
 */
export function hostileInput(
  random: Random,
  operation: { readonly name: string; readonly input: NormalizedSchema },
  names: KnownNames,
): Json {
  // Seldom a name that was taken before: a request that is refused for it goes no further.
  const templates = templatesOf(operation.name, names, String(random.integer(1_000)));
  const template = templates[random.integer(Math.max(1, templates.length))];
  const isFromTemplate = template !== undefined && random.float() < 0.8;
  let input: Json = isFromTemplate ? template : ofSchema(random, operation.input, '', names, 0);
  const bends = random.integer(isFromTemplate ? 4 : 3);
  for (let count = 0; count < bends; count += 1) input = bend(random, input, names);
  return input;
}

/** Values of the SDK's enumerations by the member that takes them: `launchType` by `LaunchType`. */
const enumerations: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(ecsSdk).flatMap(([name, value]) =>
    typeof value === 'object' && Object.values(value).every((each) => typeof each === 'string')
      ? [[name.toLowerCase(), Object.values(value) as string[]] as const]
      : [],
  ),
);

function ofSchema(
  random: Random,
  schema: NormalizedSchema,
  member: string,
  names: KnownNames,
  depth: number,
): Json {
  if (schema.isStructSchema()) {
    const value: { [name: string]: Json } = {};
    for (const { name, schema: inner, isRequired } of membersOf(schema)) {
      if (depth > 6 || random.float() > (isRequired ? 0.95 : 0.5 / (depth + 1))) continue;
      value[name] = ofSchema(random, inner, name, names, depth + 1);
    }
    return value;
  }
  if (schema.isListSchema()) {
    const length = [0, 1, 1, 2, 12][random.integer(5)] ?? 1;
    return Array.from({ length }, () => ofSchema(random, schema.getValueSchema(), member, names, depth + 1));
  }
  if (schema.isMapSchema())
    return { [anyText(random)]: ofSchema(random, schema.getValueSchema(), member, names, depth + 1) };
  if (schema.isBooleanSchema()) return random.float() < 0.5;
  if (schema.isNumericSchema() || schema.isTimestampSchema()) return anyNumber(random);
  return textFor(random, member, names);
}

function textFor(random: Random, member: string, names: KnownNames): string {
  const singular = member.replace(/s$/, '');
  const known =
    names[member] ?? names[singular] ?? enumerations.get(member.toLowerCase()) ?? enumerations.get(singular);
  return known !== undefined && random.float() < 0.9
    ? (known[random.integer(known.length)] ?? '')
    : anyText(random);
}

/** One place of the value, or all of it, becomes something else. */
function bend(random: Random, value: Json, names: KnownNames): Json {
  if (value === null || typeof value !== 'object') return somethingElse(random, value, names);
  if (Array.isArray(value)) {
    if (value.length === 0 || random.float() < 0.25) return bendList(random, value, names);
    const place = random.integer(value.length);
    return value.map((item, index) => (index === place ? bend(random, item, names) : item));
  }
  const members = Object.keys(value);
  if (members.length === 0 || random.float() < 0.25) return bendStructure(random, value, names);
  const member = members[random.integer(members.length)] ?? '';
  return { ...value, [member]: bend(random, value[member] ?? null, names) };
}

function bendList(random: Random, list: Json[], names: KnownNames): Json {
  const [first = 'x'] = list;
  switch (random.integer(5)) {
    case 0:
      return [];
    case 1:
      return [...list, ...list];
    case 2:
      return Array.from({ length: 101 }, () => first);
    case 3:
      return [...list, null];
    default:
      return somethingElse(random, list, names);
  }
}

function bendStructure(random: Random, structure: { [member: string]: Json }, names: KnownNames): Json {
  const members = Object.keys(structure);
  const member = members[random.integer(Math.max(1, members.length))] ?? 'x';
  switch (random.integer(5)) {
    case 0:
    case 1: {
      const { [member]: _, ...rest } = structure;
      return rest;
    }
    case 2:
      return { ...structure, [member]: null };
    case 3:
      return { ...structure, unknownMember: 1, ['__proto__x']: {} };
    default:
      return somethingElse(random, structure, names);
  }
}

/** Mostly of the same type: every other one ends at the codec. */
function somethingElse(random: Random, value: Json, names: KnownNames): Json {
  if (random.float() < 0.25) return ofAnotherType(random, value);
  switch (typeof value) {
    case 'number':
      return anyNumber(random);
    case 'boolean':
      return !value;
    case 'string': {
      const everyName = Object.values(names).flat();
      return random.float() < 0.3 ? (everyName[random.integer(everyName.length)] ?? '') : anyText(random);
    }
    default:
      return null;
  }
}

function ofAnotherType(random: Random, value: Json): Json {
  switch (random.integer(5)) {
    case 0:
      return [value];
    case 1:
      return { value };
    case 2:
      return typeof value === 'boolean' ? 'true' : random.float() < 0.5;
    default:
      return typeof value === 'number' ? anyText(random) : anyNumber(random);
  }
}

function anyNumber(random: Random): number {
  const edges = [
    -1,
    0,
    1,
    2,
    3.5,
    100,
    101,
    255,
    2880,
    65_535,
    65_536,
    2 ** 31 - 1,
    2 ** 31,
    -(2 ** 53),
    1e300,
  ];
  return edges[random.integer(edges.length)] ?? 0;
}

const texts: readonly string[] = [
  '',
  ' ',
  'a',
  '-',
  '*',
  '0',
  '-1',
  '99999999999999999999',
  'NaN',
  'web:0',
  'web:1:2',
  ':::::',
  'arn:aws:ecs',
  'arn:aws:ecs:us-east-1:123456789012:cluster/default',
  'arn:aws:ecs:::task/',
  '../../etc/passwd',
  '{"a":1}',
  '[1,2',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'é€😀\u0000\u2028',
  '\ud800',
  '%00%s%n',
  'x'.repeat(256),
  'x'.repeat(10_000),
  '('.repeat(300),
  'attribute:',
  '0.5 GB',
  '1e9',
];

function anyText(random: Random): string {
  return texts[random.integer(texts.length)] ?? '';
}
