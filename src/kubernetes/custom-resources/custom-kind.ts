import type { Json } from '../../store/index.ts';
import type { FieldError } from '../apiserver/status.ts';
import type { Kind } from '../kinds/kind.ts';
import { type JsonObject, type KubernetesObject, setMember } from '../objects/object.ts';
import type { CustomVersion } from './custom-version.ts';
import { withDefaults } from './schema/defaults.ts';
import { readSchema, type Schema } from './schema/schema.ts';
import { schemaViolations } from './schema/validate.ts';

const known = new WeakMap<CustomVersion, Kind>();

/** What a version of a custom resource has of its own: all of it by its schema. */
export function customKind(version: CustomVersion): Kind {
  const found = known.get(version) ?? kindOfSchema(readSchema(version.schema));
  known.set(version, found);
  return found;
}

const kindOfSchema = (schema: Schema): Kind => ({
  ...{ hasGeneration: true, needsVersionForUpdate: true },
  defaults: (draft) => {
    const whole = withDefaults(schema, draft as unknown as Json) as JsonObject;
    for (const name of Object.keys(draft))
      if (!Object.hasOwn(whole, name) && name !== 'metadata') delete draft[name];
    for (const [name, value] of Object.entries(whole))
      if (name !== 'metadata') setMember(draft as unknown as Record<string, Json>, name, value);
  },
  validate: (object, before) => objectErrors(schema, object, before),
});

function objectErrors(
  schema: Schema,
  object: KubernetesObject,
  before: KubernetesObject | undefined,
): readonly FieldError[] {
  return schemaViolations(schema, withoutMetadata(object), before && withoutMetadata(before));
}

/** Of the metadata a schema may say but what names look like. */
function withoutMetadata({ metadata: { name, generateName }, ...rest }: KubernetesObject): Json {
  return { ...rest, metadata: { name, ...(generateName !== undefined && { generateName }) } } as Json;
}
