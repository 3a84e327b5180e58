import type { NormalizedSchema } from '@smithy/core/schema';
import type { JsonDialect } from './json-reader.ts';
import { isRecord } from './record.ts';
import { compileOnce, membersOf, timestampFormat, unsupportedSchema, wrongType } from './schema.ts';
import { writeBase64, writeDateText, writeEpochSeconds } from './text-values.ts';

/** Writes one value as JSON text. */
export type JsonWriter = (value: unknown) => string;

/**
 * Makes the writers of a protocol. Only members of the schema are written; absent ones are left out. A value
 * of another type than the schema's is a bug of the operation and throws.
 */
export function jsonWriters({
  usesJsonName,
  isInBody,
}: JsonDialect): (schema: NormalizedSchema) => JsonWriter {
  const structureWriter = compileOnce((structure): JsonWriter => {
    let members:
      | readonly { readonly name: string; readonly label: string; readonly write: JsonWriter }[]
      | undefined;

    const compileMembers = () =>
      membersOf(structure)
        .filter(isInBody)
        .map(({ name, schema }) => {
          const key = usesJsonName ? (schema.getMergedTraits().jsonName ?? name) : name;
          return { name, label: `${JSON.stringify(key)}:`, write: compile(schema) };
        });

    return (value) => {
      if (!isRecord(value)) throw wrongType(structure, value);
      members ??= compileMembers();
      let text = '';
      for (const member of members) {
        const item = value[member.name];
        if (item === undefined || item === null) continue;
        text += (text === '' ? member.label : `,${member.label}`) + member.write(item);
      }
      return `{${text}}`;
    };
  });

  const compile = (schema: NormalizedSchema): JsonWriter => {
    if (schema.isStringSchema()) return scalarWriter(schema, 'string', (value) => JSON.stringify(value));
    if (schema.isNumericSchema()) return scalarWriter(schema, 'number', writeNumber);
    if (schema.isBooleanSchema()) return scalarWriter(schema, 'boolean', String);
    if (schema.isTimestampSchema()) return timestampWriter(schema);
    if (schema.isStructSchema()) return structureWriter(schema);
    if (schema.isListSchema()) return listWriter(schema);
    if (schema.isMapSchema()) return mapWriter(schema);
    if (schema.isBlobSchema()) return (value) => `"${writeBase64(value, schema)}"`;
    if (schema.isBigIntegerSchema()) return scalarWriter(schema, 'bigint', String);
    if (schema.isDocumentSchema()) return (value) => JSON.stringify(value);
    if (schema.isUnitSchema()) return () => '{}';
    throw unsupportedSchema(schema);
  };

  const listWriter = (schema: NormalizedSchema): JsonWriter => {
    const write = compile(schema.getValueSchema());
    return (value) => {
      if (!Array.isArray(value)) throw wrongType(schema, value);
      let text = '';
      for (const item of value) {
        const written = item === null || item === undefined ? 'null' : write(item);
        text += text === '' ? written : `,${written}`;
      }
      return `[${text}]`;
    };
  };

  const mapWriter = (schema: NormalizedSchema): JsonWriter => {
    const write = compile(schema.getValueSchema());
    return (value) => {
      if (!isRecord(value)) throw wrongType(schema, value);
      let text = '';
      for (const [key, item] of Object.entries(value)) {
        if (item === undefined) continue;
        const written = `${JSON.stringify(key)}:${item === null ? 'null' : write(item)}`;
        text += text === '' ? written : `,${written}`;
      }
      return `{${text}}`;
    };
  };

  return compile;
}

function scalarWriter(
  schema: NormalizedSchema,
  type: 'string' | 'number' | 'boolean' | 'bigint',
  write: (value: unknown) => string,
): JsonWriter {
  return (value) => {
    if (typeof value !== type) throw wrongType(schema, value);
    return write(value);
  };
}

/** JSON has no words for these three; AWS writes them as strings. */
function writeNumber(value: unknown): string {
  return Number.isFinite(value) ? String(value) : `"${value}"`;
}

function timestampWriter(schema: NormalizedSchema): JsonWriter {
  const format = timestampFormat(schema, 'epoch-seconds');
  if (format === 'epoch-seconds') return (value) => writeEpochSeconds(value, schema);
  return (value) => `"${writeDateText(value, format, schema)}"`;
}
