import type { Schema } from '../custom-resources/schema/schema.ts';
import { metaPackage } from '../schema/messages.ts';
import { messageShape, objectShape } from './message-shape.ts';
import {
  deduced,
  type FieldShape,
  type ListKey,
  type ListShape,
  type MapShape,
  type Shape,
  scalar,
} from './shape.ts';

const kinds = new WeakMap<Schema, MapShape>();

/** The shape of a custom kind, of the structural schema that its definition gives for the version. */
export function customKindShape(schema: Schema): MapShape {
  const known = kinds.get(schema);
  if (known !== undefined) return known;
  const own = objectShape(mapShape(schema));
  kinds.set(schema, own);
  return own;
}

function schemaShape(schema: Schema): Shape {
  if (schema.isIntOrString) return scalar;
  switch (schema.type) {
    case 'object':
      return mapShape(schema);
    case 'array':
      return listShape(schema);
    case 'string':
    case 'boolean':
      return { kind: 'scalar', type: schema.type };
    case 'integer':
    case 'number':
      return { kind: 'scalar', type: 'number' };
    default:
      return deduced;
  }
}

function mapShape(schema: Schema): MapShape {
  const fields = new Map<string, FieldShape | undefined>();
  const fieldShape = (name: string): FieldShape | undefined => {
    const property = schema.properties.get(name);
    const own = property && { shape: schemaShape(property) };
    return (schema.isEmbeddedResource ? embedded.get(name) : undefined) ?? own;
  };
  return {
    ...{ kind: 'map', isAtomic: schema.mapType === 'atomic', values: valuesShape(schema) },
    field: (name) => {
      if (!fields.has(name)) fields.set(name, fieldShape(name));
      return fields.get(name);
    },
  };
}

/** What an object within an object has, whatever its schema says. */
const embedded: ReadonlyMap<string, FieldShape> = new Map([
  ['apiVersion', { shape: { kind: 'scalar', type: 'string' } }],
  ['kind', { shape: { kind: 'scalar', type: 'string' } }],
  ['metadata', { shape: messageShape(`${metaPackage}.ObjectMeta`) }],
]);

function valuesShape({ additionalProperties, preservesUnknownFields }: Schema): Shape | undefined {
  if (typeof additionalProperties === 'object') return schemaShape(additionalProperties);
  return additionalProperties === true || preservesUnknownFields ? deduced : undefined;
}

function listShape({ items, listType, listMapKeys }: Schema): ListShape {
  const type = listType === 'map' || listType === 'set' ? listType : 'atomic';
  const keys = type === 'map' ? listMapKeys.map((name) => keyOf(items, name)).toSorted(byName) : [];
  return { kind: 'list', type, keys, items: items === undefined ? deduced : schemaShape(items) };
}

function keyOf(items: Schema | undefined, name: string): ListKey {
  const fallback = items?.properties.get(name)?.default;
  return { name, ...(fallback !== undefined && { default: fallback }) };
}

const byName = (one: ListKey, other: ListKey): number => (one.name < other.name ? -1 : 1);
