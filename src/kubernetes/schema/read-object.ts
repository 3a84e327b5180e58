import { canonicalQuantity } from '../../quantity.ts';
import type { Json } from '../../store/index.ts';
import { setMember } from '../objects/object.ts';
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
  /** What upstream says where it reads a map that it made itself, and no text. */
  readonly inMap: string;

  constructor(message: string, inMap = message) {
    super(message);
    this.inMap = inMap;
  }
}

/** Where in an object one stands: names of fields and members, and places in lists. Its text is made where it is told. */
type Trail = (number | string)[];

/** E.g. `spec.containers[0].name`. */
function textOf(trail: Trail): string {
  let text = '';
  for (const step of trail) text += typeof step === 'number' ? `[${step}]` : text === '' ? step : `.${step}`;
  return text;
}

/** Kinds that whole objects within others are of: the claims that StatefulSets have templates of. */
const wholeWithin = new Set(['k8s.io.api.core.v1.PersistentVolumeClaim']);

/**
 * An object as its kind has it: values of other types are refused, fields that the kind does not have are left out and
 * told, and what is null is absent.
 * @param unknown Gathers the paths of fields that are not known, e.g. `spec.foo`.
 * @param path Where the object stands; `''`: it is whole.
 * @throws {MistypedError}
 */
export const readMessage = (message: Message, value: Json, unknown: string[], path = ''): Json =>
  readMembers(message, value, unknown, path === '' ? [] : [path]);

function readMembers(message: Message, value: Json, unknown: string[], trail: Trail): Json {
  if (!isObject(value)) throw mistyped(value, trail, message.name.slice(message.name.lastIndexOf('.') + 1));
  const object: Record<string, Json> = {};
  for (const name of Object.keys(value)) {
    const member = value[name];
    const field = message.fields.get(name);
    if (field === undefined) {
      if ((name === 'apiVersion' || name === 'kind') && (trail.length === 0 || wholeWithin.has(message.name)))
        object[name] = member as Json;
      else unknown.push(textOf([...trail, name]));
      continue;
    }
    if (member === null || member === undefined) continue;
    trail.push(name);
    object[name] = field.isList
      ? readList(field.type, member, unknown, trail)
      : readValue(field.type, member, unknown, trail);
    trail.pop();
  }
  return object;
}

function readList(type: FieldType, value: Json, unknown: string[], trail: Trail): Json {
  if (!Array.isArray(value)) throw mistyped(value, trail, '[]');
  return value.map((item: Json, index) => {
    trail.push(index);
    const read = readValue(type, item, unknown, trail);
    trail.pop();
    return read;
  });
}

function readValue(type: FieldType, value: Json, unknown: string[], trail: Trail): Json {
  switch (type.kind) {
    case 'scalar':
      return readScalar(type.scalar, value, trail);
    case 'map':
      return readMap(type.value, value, unknown, trail);
    case 'message': {
      const special = specials[type.message];
      if (special !== undefined) {
        const read = special(value);
        if (read !== undefined) return read;
        throw mistyped(value, trail, type.message.slice(type.message.lastIndexOf('.') + 1));
      }
      const isOther = schemaAlternatives[type.message];
      if (isOther === undefined) return readMembers(messageNamed(type.message), value ?? {}, unknown, trail);
      if (isObject(value)) return readMembers(messageNamed(schemaMessage), value, unknown, trail);
      if (!isOther(value)) throw mistyped(value, trail, 'JSONSchemaProps');
      return value;
    }
  }
}

function readMap(type: FieldType, value: Json, unknown: string[], trail: Trail): Json {
  if (!isObject(value)) throw mistyped(value, trail, 'map');
  const map: Record<string, Json> = {};
  for (const key of Object.keys(value)) {
    const member = value[key] ?? null;
    trail.push(key);
    // Go reads null as what is empty.
    const read = member === null && type.kind === 'scalar' ? '' : readValue(type, member, unknown, trail);
    trail.pop();
    setMember(map, key, read);
  }
  return map;
}

function readScalar(scalar: Scalar, value: Json, trail: Trail): Json {
  const isRight =
    scalar === 'string' || scalar === 'bytes'
      ? typeof value === 'string'
      : scalar === 'bool'
        ? typeof value === 'boolean'
        : typeof value === 'number' && (scalar === 'double' || Number.isInteger(value));
  if (!isRight) throw mistyped(value, trail, scalar);
  if (scalar === 'int32' && Math.abs(Number(value)) > 2 ** 31) throw mistyped(value, trail, scalar);
  if (scalar === 'bytes' && !isBase64(String(value)))
    throw new MistypedError(`${textOf(trail)}: illegal base64 data`);
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

function mistyped(value: Json | undefined, trail: Trail, wanted: string): MistypedError {
  const kind = Array.isArray(value)
    ? 'array'
    : value === null
      ? 'null'
      : typeof value === 'boolean'
        ? 'bool'
        : typeof value;
  return new MistypedError(
    `json: cannot unmarshal ${kind} into Go struct field ${textOf(trail)} of type ${wanted}`,
    inMap(value, wanted),
  );
}

/** As `FromUnstructured` of apimachinery refuses what does not convert. */
function inMap(value: Json | undefined, wanted: string): string {
  const is = kindInMap(value);
  if (wanted === 'map') return `cannot restore map from ${is}`;
  if (wanted === '[]' || wanted === 'bytes') return `cannot restore slice from ${is}`;
  const isConvertible =
    (wanted === 'string' && is === 'int64') || (wanted.startsWith('int') && is === 'float64');
  if (isConvertible) return `cannot convert ${is} to ${wanted}`;
  return /^[a-z]/.test(wanted) ? `unrecognized type: ${wanted}` : `cannot restore struct from: ${is}`;
}

function kindInMap(value: Json | undefined): string {
  if (Array.isArray(value)) return 'slice';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : isObject(value) ? 'map' : typeof value;
}
