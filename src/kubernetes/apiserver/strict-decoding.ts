import { badRequest } from './status.ts';

/** How fields are taken that the kind does not have, or the text more than once. */
export type FieldValidation = 'Ignore' | 'Strict' | 'Warn';

/** What a text has more than once. */
export interface Repeated {
  /** Of JSON, e.g. `spec.replicas`. */
  readonly fields: string[];
  /** Of YAML, as its reader says it, e.g. `line 3: key "a" already set in map`. */
  readonly keys: string[];
}

export const noneRepeated = (): Repeated => ({ fields: [], keys: [] });

/**
 * Warns of what strict validation refuses. JSON is read into a kind of its own at once, so what is not read is not found to be
 * repeated; all else is read into maps first, which know no fields.
 * @param subject Begins the refusal. @param warnings Gathers what the caller is to be warned of.
 * @throws {ApiError} 400
 */
export function admitFields(
  subject: string,
  { unknown, repeated, isCustom }: Strangeness,
  validation: FieldValidation,
  warnings: string[],
): void {
  const { fields, keys } = repeated;
  if (validation === 'Ignore' || unknown.length + fields.length + keys.length === 0) return;
  const isAtOnce = !isCustom && keys.length === 0;
  const found = isAtOnce
    ? fields.filter((field) => !unknown.some((other) => isWithin(field, other)))
    : fields;
  const twice = found.map((field) => `duplicate field ${JSON.stringify(field)}`);
  const strange = unknown.map((field) => `unknown field ${JSON.stringify(field)}`);
  const ofMaps = validation === 'Strict' && keys.length > 0 ? [inYaml(keys)] : keys;
  const told = isAtOnce ? [...strange, ...twice] : [...ofMaps, ...twice, ...strange];
  if (validation === 'Strict') throw badRequest(`${subject}: strict decoding error: ${told.join(', ')}`);
  warnings.push(...told);
}

interface Strangeness {
  /** Fields that the kind does not have. */
  readonly unknown: readonly string[];
  readonly repeated: Repeated;
  readonly isCustom: boolean;
}

/** Warns of what is more than once in what is applied, or refuses it. @throws {ApiError} 400 */
export function admitApplied({ keys }: Repeated, validation: FieldValidation, warn: (text: string) => void) {
  if (keys.length === 0 || validation === 'Ignore') return;
  if (validation === 'Strict')
    throw badRequest(`error strict decoding YAML: error converting YAML to JSON: ${inYaml(keys)}`);
  keys.forEach(warn);
}

const inYaml = (keys: readonly string[]): string => `yaml: unmarshal errors:\n  ${keys.join('\n  ')}`;

const isWithin = (field: string, other: string): boolean =>
  field === other || field.startsWith(`${other}.`) || field.startsWith(`${other}[`);
