import type { NormalizedSchema } from '@smithy/core/schema';
import { membersOf } from './schema.ts';

export interface MissingMember {
  /** From the input down, e.g. `['containerDefinitions', '0', 'name']`. */
  readonly path: readonly string[];
  readonly schema: NormalizedSchema;
}

/**
 * The required members that an input lacks, in the schema's order. Readers only notice that something is
 * missing; this finds out what.
 */
export function missingMembers(schema: NormalizedSchema, input: unknown): MissingMember[] {
  const missing: MissingMember[] = [];
  collect(schema, input, [], missing);
  return missing;
}

function collect(
  schema: NormalizedSchema,
  value: unknown,
  path: readonly string[],
  missing: MissingMember[],
): void {
  if (typeof value !== 'object' || value === null) return;
  if (schema.isStructSchema()) {
    const present = new Map(Object.entries(value));
    for (const member of membersOf(schema)) {
      const item = present.get(member.name);
      const itemPath = [...path, member.name];
      if (item !== undefined) collect(member.schema, item, itemPath, missing);
      else if (member.isRequired) missing.push({ path: itemPath, schema: member.schema });
    }
  } else if (schema.isListSchema() || schema.isMapSchema()) {
    const itemSchema = schema.getValueSchema();
    for (const [key, item] of Object.entries(value)) collect(itemSchema, item, [...path, key], missing);
  }
}
