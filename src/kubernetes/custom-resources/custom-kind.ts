import type { Json } from '../../store/index.ts';
import type { FieldError } from '../apiserver/status.ts';
import type { Kind } from '../kinds/kind.ts';
import { type JsonObject, type KubernetesObject, setMember } from '../objects/object.ts';
import type { CustomVersion } from './custom-version.ts';
import { withDefaults } from './schema/defaults.ts';
import { ruleViolations } from './schema/rules.ts';
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

const blocking = new Set<FieldError['reason']>([
  ...(['FieldValueRequired', 'FieldValueTooLong', 'FieldValueTooMany', 'FieldValueTypeInvalid'] as const),
]);

const unchecked: FieldError = {
  ...{ reason: 'FieldValueInvalid', field: '<nil>' },
  text: 'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
};

function objectErrors(
  schema: Schema,
  object: KubernetesObject,
  before: KubernetesObject | undefined,
): readonly FieldError[] {
  const [value, was] = [withoutMetadata(object), before && withoutMetadata(before)];
  const violations = schemaViolations(schema, value, was);
  if (!schema.hasRules) return violations;
  // Rules may rely on what they speak of being there and of its type.
  if (violations.some(({ reason }) => blocking.has(reason))) return [...violations, unchecked];
  return [...violations, ...ruleViolations(schema, value, was)];
}

/** Of the metadata a schema may say but what names look like. */
function withoutMetadata({ metadata: { name, generateName }, ...rest }: KubernetesObject): Json {
  return { ...rest, metadata: { name, ...(generateName !== undefined && { generateName }) } } as Json;
}
