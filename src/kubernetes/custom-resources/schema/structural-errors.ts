import { type FieldError, forbiddenField, required } from '../../apiserver/status.ts';
import { isJsonObject, type JsonObject, listOf, memberOf } from '../../objects/object.ts';

/** What only the structure says, never a condition on it; with the word for what it must be there. */
const structural: readonly (readonly [keyword: string, word: string])[] = [
  ['type', 'empty'],
  ['additionalProperties', 'undefined'],
  ['default', 'undefined'],
  ['title', 'empty'],
  ['description', 'empty'],
  ['nullable', 'false'],
  ['x-kubernetes-preserve-unknown-fields', 'false'],
  ['x-kubernetes-embedded-resource', 'false'],
  ['x-kubernetes-int-or-string', 'false'],
  ['x-kubernetes-list-map-keys', 'empty'],
  ['x-kubernetes-list-type', 'undefined'],
  ['x-kubernetes-map-type', 'undefined'],
  ['x-kubernetes-validations', 'empty'],
];

/** What stands under `allOf`, `anyOf`, `oneOf` and `not` of a schema: conditions alone. */
export function nestedErrors(schema: JsonObject, at: string): readonly FieldError[] {
  const isEither = schema['x-kubernetes-int-or-string'] === true;
  const errors: FieldError[] = [];
  for (const [index, it] of listOf(schema, 'anyOf').filter(isJsonObject).entries())
    if (!(isEither && isIntOrString(schema))) errors.push(...conditionErrors(it, `${at}.anyOf[${index}]`));
  for (const [index, it] of listOf(schema, 'allOf').filter(isJsonObject).entries())
    if (!(isEither && index === 0 && isIntOrString(it)))
      errors.push(...conditionErrors(it, `${at}.allOf[${index}]`));
  for (const [index, it] of listOf(schema, 'oneOf').filter(isJsonObject).entries())
    errors.push(...conditionErrors(it, `${at}.oneOf[${index}]`));
  if (isJsonObject(schema.not)) errors.push(...conditionErrors(schema.not, `${at}.not`));
  return errors;
}

/** The one way in which alternatives may have types: an integer or a text. */
function isIntOrString(schema: JsonObject): boolean {
  const [first, second, ...more] = listOf(schema, 'anyOf').filter(isJsonObject);
  return more.length === 0 && first?.type === 'integer' && second?.type === 'string';
}

function conditionErrors(schema: JsonObject, at: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const [keyword, word] of structural) {
    const value = schema[keyword];
    if (value !== undefined && value !== false && value !== '')
      errors.push(forbiddenField(`${at}.${keyword}`, `must be ${word} to be structural`));
  }
  const properties = memberOf(schema, 'properties');
  if (properties.metadata !== undefined)
    errors.push(forbiddenField(`${at}.properties[metadata]`, 'must not be specified in a nested context'));
  for (const [name, it] of Object.entries(properties))
    if (isJsonObject(it)) errors.push(...conditionErrors(it, `${at}.properties[${name}]`));
  if (isJsonObject(schema.items)) errors.push(...conditionErrors(schema.items, `${at}.items`));
  return [...errors, ...nestedErrors(schema, at)];
}

/** Whatever a condition speaks of has to be specified outside of conditions as well. */
export function completenessErrors(schema: JsonObject, at: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const [condition, path] of conditionsOf(schema, at))
    errors.push(...missing(schema, condition, at, path));
  for (const [name, it] of Object.entries(memberOf(schema, 'properties')))
    if (isJsonObject(it)) errors.push(...completenessErrors(it, `${at}.properties[${name}]`));
  for (const name of ['items', 'additionalProperties']) {
    const it = schema[name];
    if (isJsonObject(it)) errors.push(...completenessErrors(it, `${at}.${name}`));
  }
  return errors;
}

function conditionsOf(schema: JsonObject, at: string): readonly (readonly [JsonObject, string])[] {
  const found = ['allOf', 'anyOf', 'oneOf'].flatMap((name) =>
    listOf(schema, name).flatMap((it, index): (readonly [JsonObject, string])[] =>
      isJsonObject(it) ? [[it, `${at}.${name}[${index}]`]] : [],
    ),
  );
  return isJsonObject(schema.not) ? [...found, [schema.not, `${at}.not`]] : found;
}

function missing(
  schema: JsonObject,
  condition: JsonObject,
  at: string,
  conditionAt: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const [name, it] of Object.entries(memberOf(condition, 'properties'))) {
    if (!isJsonObject(it)) continue;
    const [path, itsPath] = [`${at}.properties[${name}]`, `${conditionAt}.properties[${name}]`];
    const own = memberOf(schema, 'properties')[name];
    if (isJsonObject(own)) errors.push(...missing(own, it, path, itsPath));
    else errors.push(required(path, `because it is defined in ${itsPath}`));
  }
  if (isJsonObject(condition.items)) {
    if (isJsonObject(schema.items))
      errors.push(...missing(schema.items, condition.items, `${at}.items`, `${conditionAt}.items`));
    else errors.push(required(`${at}.items`, `because it is defined in ${conditionAt}.items`));
  }
  for (const [inner, path] of conditionsOf(condition, conditionAt))
    errors.push(...missing(schema, inner, at, path));
  return errors;
}
