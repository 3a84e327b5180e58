import { isJsonObject, type JsonObject, memberOf } from '../objects/object.ts';
import type { Resource } from '../schema/catalogue.ts';

/** `com.example.stable.v1.CronTab`: the group from its end. */
export const schemaNameOf = ({
  group,
  version,
  kind,
}: Pick<Resource, 'group' | 'kind' | 'version'>): string =>
  [...group.split('.').toReversed(), version, kind].join('.');

/**
 * The schema of a custom kind as it is published, with what every object has besides.
 * @param own Those of what every object has.
 */
export function openApiSchema(
  { group, version, kind }: Resource,
  schema: JsonObject,
  own: JsonObject,
): JsonObject {
  return {
    ...published(schema),
    ...{ type: 'object', properties: { ...own, ...withoutOwn(memberOf(published(schema), 'properties')) } },
    'x-kubernetes-group-version-kind': [{ group, version, kind }],
  };
}

function withoutOwn({ apiVersion: _, kind: _kind, metadata: _metadata, ...rest }: JsonObject): JsonObject {
  return rest;
}

/** Without what only the server goes by, all the way down. */
function published(schema: JsonObject): JsonObject {
  const { 'x-kubernetes-validations': _, ...rest } = schema;
  const shown: Record<string, JsonObject[string]> = { ...rest };
  for (const name of ['items', 'additionalProperties', 'not'])
    if (isJsonObject(rest[name])) shown[name] = published(rest[name]);
  if (isJsonObject(rest.properties)) {
    shown.properties = Object.fromEntries(
      Object.entries(rest.properties).map(([name, it]) => [name, isJsonObject(it) ? published(it) : it]),
    );
  }
  return shown;
}
