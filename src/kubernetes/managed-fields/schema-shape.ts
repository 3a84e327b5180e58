import { isJsonObject, type JsonObject, listOf, memberOf } from '../objects/object.ts';
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

const kinds = new WeakMap<JsonObject, MapShape>();

/** The shape of a custom kind, of the structural schema that its definition gives for the version. */
export function customKindShape(schema: JsonObject): MapShape {
  const known = kinds.get(schema);
  if (known !== undefined) return known;
  const own = objectShape(mapShape(schema));
  kinds.set(schema, own);
  return own;
}

function schemaShape(schema: JsonObject): Shape {
  if (schema['x-kubernetes-int-or-string'] === true) return scalar;
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

function mapShape(schema: JsonObject): MapShape {
  const properties = memberOf(schema, 'properties');
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true;
  const fields = new Map<string, FieldShape | undefined>();
  return {
    kind: 'map',
    isAtomic: schema['x-kubernetes-map-type'] === 'atomic',
    values: valuesShape(schema),
    field: (name) => {
      if (!fields.has(name)) {
        const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
        const own = isJsonObject(property) ? { shape: schemaShape(property) } : undefined;
        fields.set(name, (isEmbedded ? embedded.get(name) : undefined) ?? own);
      }
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

function valuesShape(schema: JsonObject): Shape | undefined {
  const { additionalProperties } = schema;
  if (isJsonObject(additionalProperties)) return schemaShape(additionalProperties);
  const isOpen = additionalProperties === true || schema['x-kubernetes-preserve-unknown-fields'] === true;
  return isOpen ? deduced : undefined;
}

function listShape(schema: JsonObject): ListShape {
  const { items, 'x-kubernetes-list-type': type } = schema;
  const item = isJsonObject(items) ? items : {};
  const isMap = type === 'map';
  return {
    ...{ kind: 'list', type: isMap || type === 'set' ? type : 'atomic', items: schemaShape(item) },
    keys: isMap
      ? listOf(schema, 'x-kubernetes-list-map-keys')
          .map((name) => keyOf(item, String(name)))
          .toSorted(byName)
      : [],
  };
}

function keyOf(item: JsonObject, name: string): ListKey {
  const fallback = memberOf(memberOf(item, 'properties'), name).default;
  return { name, ...(fallback !== undefined && { default: fallback }) };
}

const byName = (one: ListKey, other: ListKey): number => (one.name < other.name ? -1 : 1);
