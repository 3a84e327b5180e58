import type { Json } from '../../store/index.ts';
import { isJsonObject } from '../objects/object.ts';

/** RFC 7386: what is null goes, objects are merged, everything else is replaced. */
export function applyMergePatch(object: Json | undefined, patch: Json): Json {
  if (!isJsonObject(patch)) return patch;
  const merged: Record<string, Json> = isJsonObject(object) ? { ...object } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = applyMergePatch(Object.hasOwn(merged, name) ? merged[name] : undefined, value);
  }
  return merged;
}
