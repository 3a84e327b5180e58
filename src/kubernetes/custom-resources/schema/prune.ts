import type { Json } from '../../../store/index.ts';
import { isJsonObject, type JsonObject, setMember } from '../../objects/object.ts';
import { isOwnOfObjects, propertyOf, type Schema } from './schema.ts';

/**
 * A value without the fields that its schema does not specify. What loses nothing is returned as it is.
 * @param isObject It is an object of the API itself: what all those have stays.
 * @param unknown Gathers the paths of what was left out.
 */
export function prune(
  schema: Schema,
  value: Json,
  isObject: boolean,
  unknown: string[] = [],
  path = '',
): Json {
  if (Array.isArray(value)) return pruneItems(schema, value, unknown, path);
  if (!isJsonObject(value)) return value;
  const isOwn = isObject || schema.isEmbeddedResource;
  let pruned: Record<string, Json> | undefined;
  for (const [name, member] of Object.entries(value)) {
    if (isOwn && isOwnOfObjects(name)) continue;
    const at = path === '' ? name : `${path}.${name}`;
    const own = propertyOf(schema, name);
    if (own === undefined) {
      if (schema.preservesUnknownFields || schema.additionalProperties === true) continue;
      unknown.push(at);
      pruned ??= { ...value };
      delete pruned[name];
      continue;
    }
    const kept = prune(own, member, false, unknown, at);
    if (kept === member) continue;
    pruned ??= { ...value };
    setMember(pruned, name, kept);
  }
  return pruned ?? value;
}

function pruneItems(schema: Schema, items: readonly Json[], unknown: string[], path: string): Json {
  const { items: own } = schema;
  if (own === undefined) return items;
  let pruned: Json[] | undefined;
  for (const [index, item] of items.entries()) {
    const kept = prune(own, item, false, unknown, `${path}[${index}]`);
    if (kept === item) continue;
    pruned ??= [...items];
    pruned[index] = kept;
  }
  return pruned ?? items;
}

/** `prune` of a whole object. */
export const pruneObject = (schema: Schema, object: JsonObject, unknown?: string[]): JsonObject =>
  prune(schema, object, true, unknown) as JsonObject;
