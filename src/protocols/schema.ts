import type { NormalizedSchema } from '@smithy/core/schema';

/**
 * What the codecs ask of the SDK's schemas beyond `NormalizedSchema`'s own questions.
 */
export interface Member {
  readonly name: string;
  readonly schema: NormalizedSchema;
  readonly isRequired: boolean;
}

/** The members of a structure, union or error; none for the unit type. */
export function membersOf(structure: NormalizedSchema): readonly Member[] {
  if (!structure.isStructSchema()) return [];
  const required = requiredCount(structure);
  return [...structure.structIterator()].map(([name, schema], index) => ({
    name,
    schema,
    isRequired: index < required,
  }));
}

/** A structure's last element says how many of its leading members are required. */
function requiredCount(structure: NormalizedSchema): number {
  const schema: unknown = structure.getSchema();
  const count: unknown = Array.isArray(schema) && schema[0] !== 4 ? schema[6] : undefined;
  return typeof count === 'number' ? count : 0;
}

/**
 * Compiles each structure once. Members are compiled when the structure is first met, which also lets
 * recursive structures end.
 */
export function compileOnce<Compiled>(
  compile: (structure: NormalizedSchema) => Compiled,
): (structure: NormalizedSchema) => Compiled {
  const compiled = new WeakMap<object, Compiled>();
  return (structure) => {
    const key: unknown = structure.getSchema();
    if (typeof key !== 'object' || key === null) return compile(structure);
    let result = compiled.get(key);
    if (result === undefined) {
      result = compile(structure);
      compiled.set(key, result);
    }
    return result;
  };
}

/** How a timestamp is written where nothing else is said, and which ones say otherwise. */
export type TimestampFormat = 'epoch-seconds' | 'date-time' | 'http-date';

export function timestampFormat(schema: NormalizedSchema, byDefault: TimestampFormat): TimestampFormat {
  switch (schema.getSchema()) {
    case 5:
      return 'date-time';
    case 6:
      return 'http-date';
    case 7:
      return 'epoch-seconds';
    default:
      return byDefault;
  }
}

/** For messages about a schema that a codec can't carry: a bug, since the contract test meets every schema. */
export function unsupportedSchema(schema: NormalizedSchema): Error {
  return new Error(`The codecs have no rule for the schema ${schema.getName(true) ?? '(unnamed)'}`);
}

export function isStreamed(structure: NormalizedSchema): boolean {
  return membersOf(structure).some((member) => member.schema.isStreaming());
}

/** An operation answered with something that its schema does not allow: a bug of the operation. */
export function wrongType(schema: NormalizedSchema, value: unknown): Error {
  const what = schema.isMemberSchema() ? schema.getMemberName() : (schema.getName() ?? 'output');
  return new Error(`Cannot write ${what}: ${value === null ? 'null' : typeof value} does not fit its schema`);
}
