import type { Json } from '../../../store/index.ts';
import {
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../apiserver/status.ts';
import { isJsonObject, type JsonObject, listOf, memberOf, textOf } from '../../objects/object.ts';
import { defaultErrors } from './default-errors.ts';
import { patternOf } from './patterns.ts';
import { ruleErrors } from './rules.ts';
import { readSchema } from './schema.ts';
import { completenessErrors, nestedErrors } from './structural-errors.ts';

/** Deeper and larger than any schema that people write, and small enough for whoever walks through it. */
const maxDepth = 64;
const maxSchemas = 50_000;

/**
 * What keeps a schema from being a structural one, in upstream's words.
 * @param at Where it stands, e.g. `spec.validation.openAPIV3Schema`.
 */
export function schemaErrors(schema: JsonObject, at: string): readonly FieldError[] {
  const tooLarge = sizeError(schema, at);
  if (tooLarge !== undefined) return [tooLarge];
  const unsupported = [...keywordErrors(schema, at)];
  if (unsupported.length > 0) return unsupported;
  const errors = [...invariantErrors(schema, 'root', at), ...completenessErrors(schema, at)];
  if (errors.length > 0) return errors;
  return [...ruleErrors(readSchema(schema), at), ...defaultErrors(schema, at)];
}

function sizeError(schema: JsonObject, at: string): FieldError | undefined {
  let count = 0;
  let level: readonly JsonObject[] = [schema];
  for (let depth = 0; level.length > 0; depth++) {
    count += level.length;
    if (depth > maxDepth || count > maxSchemas) {
      const most = depth > maxDepth ? `deeper than ${maxDepth}` : `with more than ${maxSchemas} parts`;
      return forbiddenField(at, `schemas ${most} are not supported by this version of Catamaran`);
    }
    level = level.flatMap((it) => childrenOf(it, '').map(([child]) => child));
  }
  return undefined;
}

const maps = ['definitions', 'dependencies', 'patternProperties', 'properties'];
const singles = ['additionalItems', 'additionalProperties', 'items', 'not'];
const lists = ['allOf', 'anyOf', 'items', 'oneOf'];

/** The schemas right below one, with their paths. */
function childrenOf(
  schema: JsonObject,
  at: string,
): readonly (readonly [schema: JsonObject, path: string])[] {
  const children: [JsonObject, string][] = [];
  for (const name of maps)
    for (const [key, it] of Object.entries(memberOf(schema, name)))
      if (isJsonObject(it)) children.push([it, `${at}.${name}[${key}]`]);
  for (const name of singles) {
    const it = schema[name];
    if (isJsonObject(it)) children.push([it, `${at}.${name}`]);
  }
  for (const name of lists)
    for (const [index, it] of listOf(schema, name).entries())
      if (isJsonObject(it)) children.push([it, `${at}.${name}[${index}]`]);
  return children;
}

const refusedKeywords = ['id', '$ref', 'additionalItems', 'definitions', 'dependencies', 'patternProperties'];
const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

/** What of JSON Schema no custom resource may have, anywhere. */
function* keywordErrors(schema: JsonObject, at: string): Generator<FieldError, void> {
  for (const keyword of refusedKeywords)
    if (schema[keyword] !== undefined)
      yield forbiddenField(`${at}.${keyword}`, `${keyword} is not supported`);
  const type = textOf(schema, 'type');
  if (type === 'null')
    yield forbiddenField(`${at}.type`, 'type cannot be set to null, use nullable as an alternative');
  else if (type !== '' && !types.includes(type)) yield notSupported(`${at}.type`, type, types);
  if (Array.isArray(schema.items))
    yield forbiddenField(`${at}.items`, 'items must be a schema object and not an array');
  if (schema.uniqueItems === true) {
    yield forbiddenField(
      `${at}.uniqueItems`,
      'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
    );
  }
  const { additionalProperties } = schema;
  if (additionalProperties === false)
    yield forbiddenField(`${at}.additionalProperties`, 'additionalProperties cannot be set to false');
  if (
    additionalProperties !== undefined &&
    Object.keys(memberOf(schema, 'properties')).length > 0 &&
    additionalProperties !== true
  )
    yield forbiddenField(
      `${at}.additionalProperties`,
      'additionalProperties and properties are mutual exclusive',
    );
  const pattern = textOf(schema, 'pattern');
  const wrong = pattern === '' ? undefined : patternError(pattern);
  if (wrong !== undefined)
    yield invalidValue(`${at}.pattern`, pattern, `must be a valid regular expression, but isn't: ${wrong}`);
  for (const [child, path] of childrenOf(schema, at)) yield* keywordErrors(child, path);
}

function patternError(pattern: string): string | undefined {
  try {
    patternOf(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

type Level = 'field' | 'item' | 'root';

const emptyTypeWords: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};

/** Types everywhere, and what goes with which. */
function invariantErrors(schema: JsonObject, level: Level, at: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  const type = textOf(schema, 'type');
  const [isEmbedded, isIntOrString, preserves] = [
    schema['x-kubernetes-embedded-resource'] === true,
    schema['x-kubernetes-int-or-string'] === true,
    schema['x-kubernetes-preserve-unknown-fields'] === true,
  ];
  const properties = memberOf(schema, 'properties');
  if (type === 'array' && !isJsonObject(schema.items))
    errors.push(required(`${at}.items`, 'must be specified'));
  if (isEmbedded && type !== 'object') {
    const words = 'must be object if x-kubernetes-embedded-resource is true';
    errors.push(type === '' ? required(`${at}.type`, words) : invalidValue(`${at}.type`, type, words));
  } else if (type === '' && !isIntOrString && !preserves)
    errors.push(required(`${at}.type`, emptyTypeWords[level]));
  if (type !== '' && isIntOrString)
    errors.push(forbiddenField(`${at}.type`, 'must be empty if x-kubernetes-int-or-string is true'));
  if (level === 'root' && type !== '' && type !== 'object')
    errors.push(invalidValue(`${at}.type`, type, 'must be object at the root'));
  if (level === 'root' && schema.nullable === true)
    errors.push(forbiddenField(`${at}.nullable`, 'nullable cannot be true at the root'));
  if (level === 'root' && schema.additionalProperties !== undefined)
    errors.push(forbiddenField(`${at}.additionalProperties`, 'must not be used at the root'));
  if (isIntOrString && preserves)
    errors.push(
      invalidValue(
        `${at}.x-kubernetes-preserve-unknown-fields`,
        true,
        'must be false if x-kubernetes-int-or-string is true',
      ),
    );
  if (isEmbedded && schema.additionalProperties !== undefined)
    errors.push(
      forbiddenField(
        `${at}.additionalProperties`,
        'must not be used if x-kubernetes-embedded-resource is set',
      ),
    );
  if (isEmbedded && !preserves && Object.keys(properties).length === 0)
    errors.push(
      required(
        `${at}.properties`,
        'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
      ),
    );
  if (level === 'root' || isEmbedded) errors.push(...ownMemberErrors(properties, level, at));
  errors.push(...listAndMapErrors(schema, at), ...nestedErrors(schema, at));
  for (const [name, it] of Object.entries(properties))
    if (isJsonObject(it)) errors.push(...invariantErrors(it, 'field', `${at}.properties[${name}]`));
  if (isJsonObject(schema.items)) errors.push(...invariantErrors(schema.items, 'item', `${at}.items`));
  if (isJsonObject(schema.additionalProperties))
    errors.push(...invariantErrors(schema.additionalProperties, 'field', `${at}.additionalProperties`));
  return errors;
}

/** What every object has may hardly be restricted. */
function ownMemberErrors(properties: JsonObject, level: Level, at: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const name of ['apiVersion', 'kind']) {
    const own = properties[name];
    if (isJsonObject(own) && own.type !== 'string')
      errors.push(invalidValue(`${at}.properties[${name}].type`, textOf(own, 'type'), 'must be string'));
  }
  const { metadata } = properties;
  if (!isJsonObject(metadata)) return errors;
  const path = `${at}.properties[metadata]`;
  if (metadata.type !== 'object')
    errors.push(invalidValue(`${path}.type`, textOf(metadata, 'type'), 'must be object'));
  const others = Object.keys(metadata).filter((key) => !['description', 'properties', 'type'].includes(key));
  const named = Object.keys(memberOf(metadata, 'properties')).filter(
    (it) => it !== 'name' && it !== 'generateName',
  );
  if (level === 'root' && (others.length > 0 || named.length > 0))
    errors.push(
      forbiddenField(
        path,
        'must not specify anything other than name and generateName, but metadata is implicitly specified',
      ),
    );
  return errors;
}

function listAndMapErrors(schema: JsonObject, at: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  const type = textOf(schema, 'type');
  const listType = schema['x-kubernetes-list-type'];
  const mapType = schema['x-kubernetes-map-type'];
  const keys = listOf(schema, 'x-kubernetes-list-map-keys').map(String);
  if (listType !== undefined && type !== 'array')
    errors.push(invalidValue(`${at}.type`, type, 'must be array if x-kubernetes-list-type is specified'));
  if (listType !== undefined && !['atomic', 'set', 'map'].includes(String(listType)))
    errors.push(notSupported(`${at}.x-kubernetes-list-type`, String(listType), ['atomic', 'set', 'map']));
  if (mapType !== undefined && type !== 'object')
    errors.push(invalidValue(`${at}.type`, type, 'must be object if x-kubernetes-map-type is specified'));
  if (mapType !== undefined && !['atomic', 'granular'].includes(String(mapType)))
    errors.push(notSupported(`${at}.x-kubernetes-map-type`, String(mapType), ['atomic', 'granular']));
  if (keys.length > 0 && listType !== 'map')
    errors.push(
      invalidValue(
        `${at}.x-kubernetes-list-type`,
        typeof listType === 'string' ? listType : null,
        'must be map if x-kubernetes-list-map-keys is non-empty',
      ),
    );
  if (listType !== 'map') return errors;
  return [...errors, ...mapKeyErrors(memberOf(schema, 'items'), keys, at)];
}

function mapKeyErrors(items: JsonObject, keys: readonly string[], at: string): readonly FieldError[] {
  const path = `${at}.x-kubernetes-list-map-keys`;
  if (keys.length === 0) return [required(path, 'must not be empty if x-kubernetes-list-type is map')];
  const errors: FieldError[] = [];
  if (items.type !== 'object')
    errors.push(
      invalidValue(
        `${at}.items.type`,
        textOf(items, 'type'),
        "must be object if parent array's x-kubernetes-list-type is map",
      ),
    );
  const [properties, needed] = [memberOf(items, 'properties'), listOf(items, 'required')];
  for (const [index, key] of keys.entries()) {
    const own = properties[key];
    if (!isJsonObject(own)) {
      errors.push(invalidValue(`${path}[${index}]`, key, 'entries must all be names of item properties'));
      continue;
    }
    if (!['boolean', 'integer', 'number', 'string'].includes(textOf(own, 'type')))
      errors.push(
        invalidValue(
          `${at}.items.properties[${key}].type`,
          own.type ?? null,
          "must be a scalar type if parent array's x-kubernetes-list-type is map",
        ),
      );
    if (!needed.includes(key as Json) && own.default === undefined)
      errors.push(
        required(
          `${at}.items.properties[${key}].default`,
          'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
        ),
      );
  }
  if (new Set(keys).size < keys.length)
    errors.push({
      reason: 'FieldValueDuplicate',
      field: path,
      text: `Duplicate value: ${JSON.stringify(keys)}`,
    });
  return errors;
}
