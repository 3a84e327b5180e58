import type { NormalizedSchema } from '@smithy/core/schema';
import { isRecord, setOwn } from './record.ts';
import { compileOnce, type Member, membersOf, timestampFormat, unsupportedSchema } from './schema.ts';
import { readBase64, readDateText } from './text-values.ts';
import { descend, mismatch, type Reading, Unreadable } from './unreadable.ts';

/** Checks and converts one parsed JSON value. */
export type JsonReader = (value: unknown, reading: Reading) => unknown;

/** Where the JSON protocols differ. */
export interface JsonDialect {
  readonly usesJsonName: boolean;
  /** Whether a member stands in the body, and not in the path, the query or a header. */
  isInBody(member: Member): boolean;
  /** Readers of what the encoding has types of its own for; without them, JSON's ways. */
  readonly blob?: JsonReader;
  readonly timestamp?: JsonReader;
  /**
   * Numbers that need not be whole, as `Structure.member`: the SDK's schemas have one type for all numbers. Absent:
   * not known for this service, so that its operations have to look.
   */
  readonly decimals?: ReadonlySet<string> | undefined;
}

/**
 * Makes the readers of a protocol. Members that the schema does not know are left out, as AWS leaves them
 * out; null stands for an absent member.
 */
export function jsonReaders({
  usesJsonName,
  isInBody,
  blob = readBlob,
  timestamp,
  decimals,
}: JsonDialect): (schema: NormalizedSchema) => JsonReader {
  const structureReader = compileOnce((structure): JsonReader => {
    let members: Map<string, { readonly name: string; readonly read: JsonReader }> | undefined;
    let required: readonly string[] = [];
    const isUnion = structure.isUnionSchema();

    const compileMembers = () => {
      const all = membersOf(structure).filter(isInBody);
      required = all.filter((member) => member.isRequired).map((member) => member.name);
      return new Map(
        all.map(({ name, schema }) => {
          const key = usesJsonName ? (schema.getMergedTraits().jsonName ?? name) : name;
          const isDecimal = decimals?.has(`${structure.getName()}.${name}`);
          return [key, { name, read: isDecimal ? readNumber : compile(schema) }];
        }),
      );
    };

    return (value, reading) => {
      if (!isRecord(value)) throw mismatchedCollection(value);
      members ??= compileMembers();
      descend(reading);
      const result: Record<string, unknown> = {};
      let count = 0;
      for (const key in value) {
        const member = members.get(key);
        if (member === undefined) continue;
        const item = value[key];
        if (item === null) continue;
        result[member.name] = member.read(item, reading);
        count += 1;
      }
      if (isUnion && count !== 1) throw notOneMember(structure);
      for (const name of required) {
        if (result[name] === undefined) reading.lacksRequired = true;
      }
      reading.depth -= 1;
      return result;
    };
  });

  const compile = (schema: NormalizedSchema): JsonReader => {
    if (schema.isStringSchema()) return readString;
    if (schema.isNumericSchema()) return decimals === undefined ? readNumber : readInteger;
    if (schema.isBooleanSchema()) return readBoolean;
    if (schema.isTimestampSchema()) return timestamp ?? timestampReader(schema);
    if (schema.isStructSchema()) return structureReader(schema);
    if (schema.isListSchema()) return listReader(schema);
    if (schema.isMapSchema()) return mapReader(schema);
    if (schema.isBlobSchema()) return blob;
    if (schema.isBigIntegerSchema()) return readBigInteger;
    if (schema.isDocumentSchema()) return readDocument;
    if (schema.isUnitSchema()) return () => ({});
    throw unsupportedSchema(schema);
  };

  const listReader = (schema: NormalizedSchema): JsonReader => {
    const read = compile(schema.getValueSchema());
    const isSparse = schema.getMergedTraits().sparse === 1;
    return (value, reading) => {
      if (!Array.isArray(value)) throw mismatchedCollection(value);
      descend(reading);
      const items: unknown[] = [];
      for (const item of value) {
        items.push(item === null && isSparse ? null : read(item, reading));
      }
      reading.depth -= 1;
      return items;
    };
  };

  const mapReader = (schema: NormalizedSchema): JsonReader => {
    const read = compile(schema.getValueSchema());
    const isSparse = schema.getMergedTraits().sparse === 1;
    return (value, reading) => {
      if (!isRecord(value)) throw mismatchedCollection(value);
      descend(reading);
      const entries: Record<string, unknown> = {};
      for (const key in value) {
        const item = value[key];
        setOwn(entries, key, item === null && isSparse ? null : read(item, reading));
      }
      reading.depth -= 1;
      return entries;
    };
  };

  return compile;
}

/** @throws {Unreadable} it is not JSON. */
export function parseJson(body: Buffer, keepsLargeIntegers: boolean): unknown {
  if (body.length === 0) return {};
  try {
    const text = body.toString('utf8');
    return keepsLargeIntegers ? JSON.parse(text, largeIntegersAsBigInts) : JSON.parse(text);
  } catch {
    throw new Unreadable('The request body is not valid JSON');
  }
}

/** An input with the texts in its body that go by these names, which the schema does not know. */
export function withTexts(names: readonly string[], body: unknown, input: unknown): unknown {
  if (!isRecord(body) || !isRecord(input)) return input;
  const texts = names.flatMap((name) => {
    const value = Object.hasOwn(body, name) ? (body[name] ?? undefined) : undefined;
    if (value !== undefined && typeof value !== 'string') throw mismatch(value, 'a String');
    return value === undefined ? [] : [[name, value]];
  });
  return { ...input, ...Object.fromEntries(texts) };
}

/** Whether a body may hold integers that a double can't, anywhere in it. */
export const needsExactIntegers: (structure: NormalizedSchema) => boolean = compileOnce((structure) =>
  hasBigIntegers(structure, new Set()),
);

function hasBigIntegers(schema: NormalizedSchema, seen: Set<unknown>): boolean {
  if (schema.isBigIntegerSchema()) return true;
  if (schema.isListSchema() || schema.isMapSchema()) return hasBigIntegers(schema.getValueSchema(), seen);
  if (!schema.isStructSchema() || seen.has(schema.getSchema())) return false;
  seen.add(schema.getSchema());
  return membersOf(schema).some((member) => hasBigIntegers(member.schema, seen));
}

/** Numbers that a double can't hold exactly stay exact; only schemas with big integers ask for it. */
function largeIntegersAsBigInts(_key: string, value: unknown, ...[context]: readonly unknown[]): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || !isRecord(context)) return value;
  const { source } = context;
  return typeof source === 'string' && /^-?\d+$/.test(source) ? BigInt(source) : value;
}

function mismatchedCollection(value: unknown): Unreadable {
  if (typeof value === 'object' && value !== null) return mismatch(value, '');
  return new Unreadable('Unexpected field type');
}

function notOneMember(union: NormalizedSchema): Unreadable {
  return new Unreadable(`Exactly one member of the union ${union.getName() ?? ''} must be set`);
}

const readString: JsonReader = (value) => {
  if (typeof value !== 'string') throw mismatch(value, 'a String');
  return value;
};

function readNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  throw mismatch(value, 'an Integer');
}

const readInteger: JsonReader = (value) => {
  if (typeof value === 'number' && !Number.isInteger(value)) throw mismatch(value, 'an Integer');
  return readNumber(value);
};

const readBoolean: JsonReader = (value) => {
  if (typeof value !== 'boolean') throw mismatch(value, 'a Boolean');
  return value;
};

const readBigInteger: JsonReader = (value) => {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  throw mismatch(value, 'a BigInteger');
};

function readBlob(value: unknown): Uint8Array {
  if (typeof value !== 'string') throw mismatch(value, 'a Blob');
  return readBase64(value);
}

/** Any JSON; only its depth is bounded. */
const readDocument: JsonReader = (value, reading) => {
  if (typeof value !== 'object' || value === null) return value;
  descend(reading);
  for (const item of Object.values(value)) readDocument(item, reading);
  reading.depth -= 1;
  return value;
};

function timestampReader(schema: NormalizedSchema): JsonReader {
  const format = timestampFormat(schema, 'epoch-seconds');
  if (format === 'epoch-seconds') {
    return (value) => {
      const date = typeof value === 'number' ? new Date(Math.round(value * 1000)) : undefined;
      if (date === undefined || Number.isNaN(date.getTime())) {
        throw mismatch(value, 'milliseconds since epoch');
      }
      return date;
    };
  }
  return (value) => {
    if (typeof value !== 'string') throw mismatch(value, 'a Timestamp');
    return readDateText(value, format);
  };
}
