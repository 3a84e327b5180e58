import type { NormalizedSchema } from '@smithy/core/schema';
import { type TimestampFormat, timestampFormat, unsupportedSchema, wrongType } from './schema.ts';
import { mismatch, Unreadable } from './unreadable.ts';

/**
 * Single values as text: what stands in a query parameter, a path label, a header or an XML element.
 */
export type TextReader = (text: string) => unknown;
export type TextWriter = (value: unknown) => string;

export function isScalar(schema: NormalizedSchema): boolean {
  return !(
    schema.isStructSchema() ||
    schema.isListSchema() ||
    schema.isMapSchema() ||
    schema.isDocumentSchema() ||
    schema.isUnitSchema()
  );
}

export function textReader(schema: NormalizedSchema, dates: TimestampFormat): TextReader {
  if (schema.isStringSchema()) return (text) => text;
  if (schema.isNumericSchema()) return readNumber;
  if (schema.isBooleanSchema()) return readBoolean;
  if (schema.isTimestampSchema()) {
    const format = timestampFormat(schema, dates);
    return (text) => readDateText(text, format);
  }
  if (schema.isBlobSchema()) return readBase64;
  if (schema.isBigIntegerSchema()) return readBigInteger;
  throw unsupportedSchema(schema);
}

export function textWriter(schema: NormalizedSchema, dates: TimestampFormat): TextWriter {
  if (schema.isStringSchema()) return checked(schema, 'string');
  if (schema.isNumericSchema()) return checked(schema, 'number');
  if (schema.isBooleanSchema()) return checked(schema, 'boolean');
  if (schema.isTimestampSchema()) {
    const format = timestampFormat(schema, dates);
    return (value) => writeDateText(value, format, schema);
  }
  if (schema.isBlobSchema()) return (value) => writeBase64(value, schema);
  if (schema.isBigIntegerSchema()) return checked(schema, 'bigint');
  throw unsupportedSchema(schema);
}

function checked(
  schema: NormalizedSchema,
  type: 'string' | 'number' | 'boolean' | 'bigint',
): (value: unknown) => string {
  return (value) => {
    if (typeof value !== type) throw wrongType(schema, value);
    return String(value);
  };
}

const numberPattern = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?$/;

function readNumber(text: string): number {
  if (!numberPattern.test(text)) throw mismatch(text, 'an Integer');
  return Number(text);
}

function readBoolean(text: string): boolean {
  const lower = text.toLowerCase();
  if (lower === 'true') return true;
  if (lower === 'false') return false;
  throw mismatch(text, 'a Boolean');
}

/** Longer integers cost quadratic time to read and fit no member of any service. */
const maxIntegerDigits = 400;

function readBigInteger(text: string): bigint {
  if (text.length > maxIntegerDigits || !/^-?\d+$/.test(text)) throw mismatch(text, 'a BigInteger');
  return BigInt(text);
}

export function readBase64(text: string): Uint8Array {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
    throw new Unreadable('A blob is not valid base64');
  }
  return new Uint8Array(Buffer.from(text, 'base64'));
}

export function writeBase64(value: unknown, schema: NormalizedSchema): string {
  if (!(value instanceof Uint8Array)) throw wrongType(schema, value);
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
}

const dateTimePattern = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(?<zone>Z|[+-]\d{2}:\d{2})?)?$/;
const epochPattern = /^-?\d{1,13}(\.\d{1,9})?$/;

/**
 * A date. Where text carries one, AWS's services take ISO 8601 (without a zone it is UTC) as well as epoch
 * seconds, and clients make use of it.
 */
export function readDateText(text: string, format: TimestampFormat): Date {
  const date = dateOf(text, format);
  if (Number.isNaN(date.getTime())) throw mismatch(text, 'a Timestamp');
  return date;
}

function dateOf(text: string, format: TimestampFormat): Date {
  if (epochPattern.test(text)) return new Date(Math.round(Number(text) * 1000));
  const dateTime = dateTimePattern.exec(text);
  if (dateTime !== null) {
    const isZoned = dateTime.groups?.zone !== undefined || !text.includes('T');
    return new Date(isZoned ? text : `${text}Z`);
  }
  return new Date(format === 'http-date' ? Date.parse(text) : Number.NaN);
}

export function writeDateText(value: unknown, format: TimestampFormat, schema: NormalizedSchema): string {
  if (format === 'epoch-seconds') return writeEpochSeconds(value, schema);
  if (!(value instanceof Date)) throw wrongType(schema, value);
  return format === 'http-date' ? value.toUTCString() : value.toISOString().replace('.000Z', 'Z');
}

/** Seconds with a fraction for the milliseconds, e.g. `1700000000.123`. */
export function writeEpochSeconds(value: unknown, schema: NormalizedSchema): string {
  if (!(value instanceof Date) || Number.isNaN(value.getTime())) throw wrongType(schema, value);
  return String(value.getTime() / 1000);
}
