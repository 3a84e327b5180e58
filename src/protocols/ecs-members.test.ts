import * as ecs from '@aws-sdk/client-ecs';
import type { NormalizedSchema } from '@smithy/core/schema';
import { describe, expect, it } from 'vitest';
import { createCodec } from './create-codec.ts';
import { Refusal } from './refusal.ts';
import { membersOf } from './schema.ts';
import { readServiceModel } from './service-model.ts';
import { rulesOf } from './service-rules.ts';

/** Every member of the operations with the most of them, down to the last: tried mistyped, and missing. */
const operations = ['RegisterTaskDefinition', 'RunTask', 'StartTask', 'CreateService', 'UpdateService'];

/** All other numbers of these operations are whole. */
const decimals = ['canaryPercent', 'stepPercent'];

const model = readServiceModel(ecs);
const codec = createCodec(model, rulesOf('ecs'));

interface Place {
  /** From the input down: members by name, items of lists by 0, values of maps by `key`. */
  readonly path: readonly string[];
  readonly schema: NormalizedSchema;
  readonly isRequired: boolean;
  /** Neither required nor the one of a union, an item or a value. */
  readonly isOptional: boolean;
}

function inputOf(operation: string): NormalizedSchema {
  const found = model.operations.get(operation);
  if (found === undefined) throw new Error(`The SDK has no ${operation}`);
  return found.input;
}

function placesIn(schema: NormalizedSchema, path: readonly string[] = []): Place[] {
  if (path.length > 20) throw new Error(`${path.join('.')} has no end`);
  if (schema.isStructSchema())
    return membersOf(schema).flatMap((member) => {
      const isOptional = !member.isRequired && !schema.isUnionSchema();
      const place = { ...member, isOptional, path: [...path, member.name] };
      return [place, ...placesIn(member.schema, place.path)];
    });
  if (!schema.isListSchema() && !schema.isMapSchema()) return [];
  const value = schema.getValueSchema();
  const place = {
    path: [...path, schema.isListSchema() ? '0' : 'key'],
    schema: value,
    isRequired: false,
    isOptional: false,
  };
  return [place, ...placesIn(value, place.path)];
}

/** The least that has the type, with all that it requires. */
function sampleOf(schema: NormalizedSchema): unknown {
  if (schema.isStructSchema())
    return Object.fromEntries(
      membersOf(schema)
        .filter(({ isRequired }) => isRequired)
        .map((member) => [member.name, sampleOf(member.schema)]),
    );
  if (schema.isListSchema()) return [sampleOf(schema.getValueSchema())];
  if (schema.isMapSchema()) return {};
  if (schema.isBooleanSchema()) return true;
  if (schema.isNumericSchema()) return 1;
  return 'x';
}

/** The least input that has something at a place, all that is required around it, and there `value`. */
function inputWith(schema: NormalizedSchema, path: readonly string[], value: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return value;
  if (schema.isListSchema()) return [inputWith(schema.getValueSchema(), rest, value)];
  if (schema.isMapSchema()) return { [first]: inputWith(schema.getValueSchema(), rest, value) };
  const around = sampleOf(schema);
  const member = membersOf(schema).find(({ name }) => name === first);
  if (member === undefined) throw new Error(`There is no ${first}`);
  return { ...Object(around), [first]: inputWith(member.schema, rest, value) };
}

/** Values of other types than the place has, each with what AWS says of it. */
function mistyped(schema: NormalizedSchema, isDecimal: boolean): readonly (readonly [unknown, string])[] {
  const list = [[], 'Start of list found where not expected'] as const;
  const structure = [{}, 'Start of structure or map found where not expected.'] as const;
  const scalar = (wanted: string) =>
    [
      ['1', `STRING_VALUE can not be converted to ${wanted}`],
      [1, `NUMBER_VALUE can not be converted to ${wanted}`],
      [0.5, `DECIMAL_VALUE can not be converted to ${wanted}`],
      [true, `TRUE_VALUE can not be converted to ${wanted}`],
      [false, `FALSE_VALUE can not be converted to ${wanted}`],
      list,
      structure,
    ] as const;
  const unexpected = ['1', 1, true].map((value) => [value, 'Unexpected field type'] as const);
  if (schema.isStringSchema()) return scalar('a String').filter(([value]) => typeof value !== 'string');
  if (schema.isNumericSchema())
    return scalar('an Integer').filter(
      ([value]) => typeof value !== 'number' || (!isDecimal && !Number.isInteger(value)),
    );
  if (schema.isBooleanSchema()) return scalar('a Boolean').filter(([value]) => typeof value !== 'boolean');
  if (schema.isListSchema()) return [...unexpected, structure];
  // Any JSON is a document.
  if (schema.isDocumentSchema()) return [];
  return [...unexpected, list];
}

/** `containerDefinitions[0].ulimits[0].name`. */
const written = (path: readonly string[]): string => path.join('.').replaceAll('.0', '[0]');

function refusalOf(operation: string, input: unknown): unknown {
  const headers = { 'x-amz-target': `AmazonEC2ContainerServiceV20141113.${operation}` };
  const body = Buffer.from(JSON.stringify(input));
  try {
    return codec.open({ method: 'POST', path: '/', query: '', headers, body }).readInput();
  } catch (error) {
    if (error instanceof Refusal) return { code: error.code, status: error.status, message: error.message };
    throw error;
  }
}

describe.each(operations)('%s', (operation) => {
  const input = inputOf(operation);
  const places = placesIn(input);

  it.each(places.map(({ path, schema }) => [path.join('.'), path, schema] as const))(
    'refuses %s of another type with SerializationException',
    (_name, path, schema) => {
      const isDecimal = decimals.includes(path.at(-1) ?? '');
      for (const [value, message] of mistyped(schema, isDecimal))
        expect(refusalOf(operation, inputWith(input, path, value))).toEqual({
          code: 'SerializationException',
          status: 400,
          message,
        });
    },
  );

  it('takes what is left out and null for the same', () => {
    for (const { path } of places.filter(({ isOptional }) => isOptional)) {
      const without = refusalOf(operation, inputWith(input, path, undefined));
      expect(refusalOf(operation, inputWith(input, path, null))).toEqual(without);
      expect(without).not.toHaveProperty('code');
    }
  });

  it('takes fractions where they belong', () => {
    for (const { path } of places.filter((place) => decimals.includes(place.path.at(-1) ?? '')))
      expect(refusalOf(operation, inputWith(input, path, 0.5))).not.toHaveProperty('code');
  });

  const required = places.filter(({ isRequired }) => isRequired);
  it.each(required.map(({ path }) => [path.join('.'), path] as const))(
    'says where %s is missing',
    (_name, path) => {
      const refusal = refusalOf(operation, inputWith(input, path, undefined));
      expect(refusal).toMatchObject({
        code:
          path.join() === 'family' || path.join() === 'containerDefinitions'
            ? 'ClientException'
            : 'InvalidParameterException',
        message: expect.stringMatching(/null or empty\.$|cannot be empty|can not be (blank|empty)/),
      });
      // At the top the name says it all.
      if (path.length > 1 && path.at(-1) !== 'subnets')
        expect(refusal).toMatchObject({ message: expect.stringContaining(`: ${written(path)}.`) });
      expect(refusalOf(operation, inputWith(input, path, null))).toEqual(refusal);
    },
  );
});
