import type { Environment } from '@marcbachmann/cel-js';
import { Duration } from '@marcbachmann/cel-js/evaluator';
import type { Json } from '../../store/index.ts';
import type { Schema } from '../custom-resources/schema/schema.ts';
import { isJsonObject, type JsonObject } from '../objects/object.ts';
import { propertyName } from './property-names.ts';

/** How the values of a schema are seen by expressions: of which type they are, and as what. */
export interface CelType {
  /** E.g. `int`, `list<Object.spec.ports>`. */
  readonly name: string;
  valueOf(value: Json): unknown;
}

const dyn: CelType = { name: 'dyn', valueOf: plainValue };

/** Objects of more places are seen without types: their members are known only when they are evaluated. */
const maxObjects = 500;

/** The types of a schema and of all below it, declared in an environment. */
interface Declarations {
  readonly environment: Environment;
  readonly types: Map<Schema, CelType>;
  objectsLeft: number;
}

/** @param name Of the type of the schema's objects, e.g. `Object`. */
export function declareTypes(
  environment: Environment,
  schema: Schema,
  name: string,
): ReadonlyMap<Schema, CelType> {
  const into: Declarations = { environment, types: new Map(), objectsLeft: maxObjects };
  declareSchema(into, schema, name);
  return into.types;
}

function declareSchema(into: Declarations, schema: Schema, name: string): CelType {
  const type = typeOf(into, schema, name);
  into.types.set(schema, type);
  return type;
}

function typeOf(into: Declarations, schema: Schema, name: string): CelType {
  if (schema.isIntOrString) return dyn;
  switch (schema.type) {
    case 'boolean':
      return { name: 'bool', valueOf: (value) => value };
    case 'integer':
      return { name: 'int', valueOf: (value) => (typeof value === 'number' ? BigInt(value) : value) };
    case 'number':
      return { name: 'double', valueOf: (value) => value };
    case 'string':
      return textType(schema.checks.format);
    case 'array':
      return listType(into, schema, name);
    case 'object':
      return objectType(into, schema, name);
    default:
      return dyn;
  }
}

const formats: Readonly<Record<string, CelType>> = {
  byte: { name: 'bytes', valueOf: (value) => Buffer.from(String(value), 'base64') },
  date: { name: 'google.protobuf.Timestamp', valueOf: (value) => new Date(`${value}T00:00:00Z`) },
  'date-time': { name: 'google.protobuf.Timestamp', valueOf: (value) => new Date(String(value)) },
  duration: { name: 'google.protobuf.Duration', valueOf: (value) => durationOf(String(value)) },
};

const textType = (format: string): CelType =>
  formats[format] ?? { name: 'string', valueOf: (value) => value };

const unitMs: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
};

function durationOf(text: string): Duration {
  let ms = 0;
  for (const [, amount = '', unit = ''] of text.matchAll(/(\d+(?:\.\d*)?|\.\d+)\s*([a-zµ]+)/g))
    ms += Number(amount) * (unitMs[unit] ?? 0);
  return Duration.fromMilliseconds(text.startsWith('-') ? -ms : ms);
}

function listType(into: Declarations, { items }: Schema, name: string): CelType {
  const item = items === undefined ? dyn : declareSchema(into, items, `${name}.items`);
  return {
    name: item.name === 'dyn' ? 'list' : `list<${item.name}>`,
    valueOf: (value) => (Array.isArray(value) ? value.map(item.valueOf) : value),
  };
}

/** Maps have members of one type; objects have declared ones; of what is kept as it is nothing is known. */
function objectType(into: Declarations, schema: Schema, name: string): CelType {
  const { additionalProperties, properties } = schema;
  if (typeof additionalProperties === 'object') {
    const member = declareSchema(into, additionalProperties, `${name}.values`);
    return {
      name: `map<string, ${member.name}>`,
      valueOf: (value) =>
        isJsonObject(value)
          ? new Map(Object.entries(value).map(([key, it]) => [key, member.valueOf(it)]))
          : value,
    };
  }
  const isOpen = schema.preservesUnknownFields || additionalProperties === true;
  if (properties.size === 0 && isOpen) return { name: 'map<string, dyn>', valueOf: plainValue };
  if (into.objectsLeft-- <= 0) return dyn;
  return declareObject(into, schema, name);
}

function declareObject(into: Declarations, schema: Schema, name: string): CelType {
  const members = new Map<string, readonly [property: string, type: CelType]>();
  for (const [property, own] of schema.properties) {
    const identifier = propertyName(property);
    if (identifier !== undefined)
      members.set(identifier, [property, declareSchema(into, own, `${name}.${identifier}`)]);
  }
  if (schema.isEmbeddedResource)
    for (const [identifier, type] of ownMembers) members.set(identifier, [identifier, type]);
  // What an object of this place is at run time: its members by their identifiers.
  const ObjectValue = class {};
  into.environment.registerType(name, {
    ctor: ObjectValue,
    fields: Object.fromEntries([...members].map(([identifier, [, type]]) => [identifier, type.name])),
  });
  into.environment.registerOperator(`${name} == ${name}`, sameMembers);
  const known = new WeakMap<JsonObject, object>();
  return {
    name,
    valueOf: (value) => {
      if (!isJsonObject(value)) return value;
      const found = known.get(value);
      if (found !== undefined) return found;
      const made = new ObjectValue();
      known.set(value, made);
      for (const [identifier, [property, type]] of members) {
        const member = Object.hasOwn(value, property) ? value[property] : undefined;
        // Null where it may be is as good as nothing said.
        if (member !== undefined && member !== null)
          Object.defineProperty(made, identifier, { value: type.valueOf(member), enumerable: true });
      }
      return made;
    },
  };
}

/** What the API's own objects have, wherever they stand. */
const ownMembers: readonly (readonly [string, CelType])[] = [
  ['apiVersion', { name: 'string', valueOf: (value) => value }],
  ['kind', { name: 'string', valueOf: (value) => value }],
  ['metadata', { name: 'map<string, dyn>', valueOf: plainValue }],
];

/** A value without a schema. */
export function plainValue(value: Json): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(plainValue);
  return isJsonObject(value) ? plainMap(value) : value;
}

const plainMap = (value: JsonObject): Map<string, unknown> =>
  new Map(Object.entries(value).map(([key, member]) => [key, plainValue(member)]));

/** Whether two values of expressions are the same: objects have what their schema declares. */
function sameMembers(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (one instanceof Date && other instanceof Date) return one.getTime() === other.getTime();
  if (one instanceof Duration && other instanceof Duration) return one.valueOf() === other.valueOf();
  if (one instanceof Map && other instanceof Map)
    return (
      one.size === other.size &&
      [...one].every(([key, it]) => other.has(key) && sameMembers(it, other.get(key)))
    );
  const [left, right] = [Object.entries(one), new Map<string, unknown>(Object.entries(other))];
  return (
    left.length === right.size && left.every(([key, it]) => right.has(key) && sameMembers(it, right.get(key)))
  );
}
