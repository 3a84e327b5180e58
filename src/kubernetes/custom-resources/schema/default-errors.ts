import { jsonEqual } from '../../../store/index.ts';
import { type FieldError, forbiddenField, invalidValue } from '../../apiserver/status.ts';
import { isJsonObject, type JsonObject, memberOf } from '../../objects/object.ts';
import { prune } from './prune.ts';
import { readSchema } from './schema.ts';
import { schemaViolations } from './validate.ts';

/** Defaults that would not be valid themselves, or would not stay as they are. @param schema A structural one. */
export function defaultErrors(schema: JsonObject, at: string, isRoot = true): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { default: value } = schema;
  const path = `${at}.default`;
  if (value !== undefined && isRoot) errors.push(forbiddenField(path, 'must not be set at the root'));
  else if (value !== undefined) {
    const own = readSchema(schema);
    if (!jsonEqual(prune(own, value, false), value))
      errors.push(invalidValue(path, value, 'must not have unknown fields'));
    errors.push(...schemaViolations(own, value, undefined, path));
  }
  for (const [name, it] of Object.entries(memberOf(schema, 'properties')))
    if (isJsonObject(it)) errors.push(...defaultErrors(it, `${at}.properties[${name}]`, false));
  for (const name of ['items', 'additionalProperties']) {
    const it = schema[name];
    if (isJsonObject(it)) errors.push(...defaultErrors(it, `${at}.${name}`, false));
  }
  return errors;
}
