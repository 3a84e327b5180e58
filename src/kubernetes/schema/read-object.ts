import { canonicalQuantity } from '../../quantity.ts';
import type { Json } from '../../store/index.ts';
import {
  extensionsPackage,
  type FieldType,
  intOrStringMessage,
  type Message,
  messageNamed,
  metaPackage,
  quantityMessage,
  rawExtensionMessage,
  type Scalar,
  schemaMessage,
  textListMessages,
} from './messages.ts';

/** A value has another type than its field. */
export class MistypedError extends Error {
  override readonly name = 'MistypedError';
}

/**
 * An object as its kind has it: values of other types are refused, fields that the kind does not have are left out and
 * told, and what is null is absent.
 * @param unknown Gathers the paths of fields that are not known, e.g. `spec.foo`.
 * @throws {MistypedError}
 */
export function readMessage(message: Message, value: Json, unknown: string[], path = ''): Json {
  if (!isObject(value)) throw mistyped(value, path, message.name.slice(message.name.lastIndexOf('.') + 1));
  const object: Record<string, Json> = {};
  for (const [name, member] of Object.entries(value)) {
    const at = path === '' ? name : `${path}.${name}`;
    if (path === '' && (name === 'apiVersion' || name === 'kind') && !message.fields.has(name)) {
      object[name] = member;
      continue;
    }
    const field = message.fields.get(name);
    if (field === undefined) {
      unknown.push(at);
      continue;
    }
    if (member === null || member === undefined) continue;
    if (!field.isList) object[name] = readValue(field.type, member, unknown, at);
    else {
      if (!Array.isArray(member)) throw mistyped(member, at, '[]');
      object[name] = member.map((item, index) => readValue(field.type, item, unknown, `${at}[${index}]`));
    }
  }
  return object;
}

function readValue(type: FieldType, value: Json, unknown: string[], path: string): Json {
  switch (type.kind) {
    case 'scalar':
      return readScalar(type.scalar, value, path);
    case 'map': {
      if (!isObject(value)) throw mistyped(value, path, 'map');
      return Object.fromEntries(
        Object.entries(value).map(([key, member]) => [
          key,
          // Go reads null as what is empty.
          member === null && type.value.kind === 'scalar'
            ? ''
            : readValue(type.value, member ?? null, unknown, `${path}.${key}`),
        ]),
      );
    }
    case 'message': {
      const isOther = schemaAlternatives[type.message];
      if (isOther !== undefined) {
        if (isObject(value)) return readMessage(messageNamed(schemaMessage), value, unknown, path);
        if (!isOther(value)) throw mistyped(value, path, 'JSONSchemaProps');
        return value;
      }
      const special = specials[type.message];
      if (special === undefined) return readMessage(messageNamed(type.message), value ?? {}, unknown, path);
      const read = special(value);
      if (read === undefined)
        throw mistyped(value, path, type.message.slice(type.message.lastIndexOf('.') + 1));
      return read;
    }
  }
}

function readScalar(scalar: Scalar, value: Json, path: string): Json {
  const isRight =
    scalar === 'string' || scalar === 'bytes'
      ? typeof value === 'string'
      : scalar === 'bool'
        ? typeof value === 'boolean'
        : typeof value === 'number' && (scalar === 'double' || Number.isInteger(value));
  if (!isRight) throw mistyped(value, path, scalar);
  if (scalar === 'int32' && Math.abs(Number(value)) > 2 ** 31) throw mistyped(value, path, scalar);
  if (scalar === 'bytes' && !isBase64(String(value))) throw new MistypedError(`${path}: illegal base64 data`);
  return value;
}

const isBase64 = (text: string): boolean => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);

/**
 * What JSON writes in another form than as an object of the message's fields, in the form in which it is kept: of several
 * ways to write a quantity or a time there is one that is answered. Undefined: it is none.
 */
const specials: Readonly<Record<string, (value: Json) => Json | undefined>> = {
  [quantityMessage]: readQuantity,
  [intOrStringMessage]: (value) => (typeof value === 'string' || Number.isInteger(value) ? value : undefined),
  [rawExtensionMessage]: asObject,
  [`${metaPackage}.FieldsV1`]: asObject,
  [`${metaPackage}.Duration`]: (value) =>
    typeof value === 'string' && /^(\d+m)?[\d.]+s$/.test(value) ? value : undefined,
  [`${metaPackage}.Time`]: (value) => readTime(value, 0),
  [`${metaPackage}.MicroTime`]: (value) => readTime(value, 6),
  ...Object.fromEntries(
    textListMessages.map((message) => [message, (value: Json) => (isTexts(value) ? value : undefined)]),
  ),
  [`${extensionsPackage}.JSON`]: (value) => value,
};

/** What a schema may have in the place of a schema. */
const schemaAlternatives: Readonly<Record<string, (value: Json) => boolean>> = {
  [`${schemaMessage}OrArray`]: Array.isArray,
  [`${schemaMessage}OrBool`]: (value) => typeof value === 'boolean',
  [`${schemaMessage}OrStringArray`]: isTexts,
};

function readQuantity(value: Json): Json | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const written = canonicalQuantity(String(value));
  if (written !== undefined) return written;
  throw new MistypedError(
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  );
}

function asObject(value: Json): Json | undefined {
  return isObject(value) ? value : undefined;
}

/** In UTC, to the second or to so many digits of it. */
function readTime(value: Json, digits: 0 | 6): Json | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT/.test(value)) return undefined;
  if (value.length === (digits === 0 ? 20 : 27) && value.endsWith('Z') && !Number.isNaN(Date.parse(value)))
    return value;
  const at = Date.parse(value);
  if (Number.isNaN(at)) return undefined;
  const fraction = (/\.(\d+)/.exec(value)?.[1] ?? '').padEnd(digits, '0').slice(0, digits);
  return `${new Date(at).toISOString().slice(0, 19)}${digits === 0 ? '' : `.${fraction}`}Z`;
}

function isTexts(value: Json): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mistyped(value: Json | undefined, path: string, wanted: string): MistypedError {
  const kind = Array.isArray(value)
    ? 'array'
    : value === null
      ? 'null'
      : typeof value === 'boolean'
        ? 'bool'
        : typeof value;
  return new MistypedError(`json: cannot unmarshal ${kind} into Go struct field ${path} of type ${wanted}`);
}
