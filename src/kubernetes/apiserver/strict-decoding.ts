import { fieldsOf } from './repeated-fields.ts';
import { type ApiError, badRequest, invalid, invalidValue } from './status.ts';

/** How fields are taken that the kind does not have, or the text more than once. */
export type FieldValidation = 'Ignore' | 'Strict' | 'Warn';

/** What a text has more than once, and the text itself. */
export interface Repeated {
  /** Of JSON, e.g. `spec.replicas`. */
  readonly fields: string[];
  /** Of YAML, as its reader says it, e.g. `line 3: key "a" already set in map`. */
  readonly keys: string[];
  /** In JSON; undefined: there was none, as of protobuf. */
  json?: () => string;
}

export const noneRepeated = (): Repeated => ({ fields: [], keys: [] });

/**
 * Warns of what strict validation refuses. JSON is read into a kind of its own at once, and tells all in its order; YAML becomes
 * JSON before, without what it has more than once, which is told first; of what has no kind in Go the same is told.
 * @param subject Begins the refusal. @param warnings Gathers what the caller is to be warned of.
 * @throws {ApiError} 400
 */
export function admitFields(
  subject: string,
  { unknown, repeated, isCustom }: Strangeness,
  validation: FieldValidation,
  warnings: string[],
): void {
  const { fields, keys, json } = repeated;
  if (validation === 'Ignore' || unknown.length + fields.length + keys.length === 0) return;
  const ofMaps = validation === 'Strict' && keys.length > 0 ? [inYaml(keys)] : keys;
  const rest =
    isCustom || json === undefined
      ? [...fields.map(duplicateField), ...unknown.map(unknownField)]
      : strangeFields(json(), unknown);
  const told = [...ofMaps, ...rest];
  if (validation === 'Strict') throw badRequest(`${subject}: strict decoding error: ${told.join(', ')}`);
  warnings.push(...told);
}

interface Strangeness {
  /** Fields that the kind does not have. */
  readonly unknown: readonly string[];
  readonly repeated: Repeated;
  readonly isCustom: boolean;
}

/**
 * As `admitFields` does, of what a patch made: what the patch has more than once, and then, by name, what the kind does not have.
 * @param told Of the patch itself, in words. @param shown The patch as it was read, or the object that it made.
 * @throws {ApiError} 422
 */
export function admitPatched(
  { told, unknown, shown }: PatchStrangeness,
  validation: FieldValidation,
  warnings: string[],
): void {
  const all = [...told, ...unknown.toSorted().map(unknownField)];
  if (validation === 'Ignore' || all.length === 0) return;
  if (validation === 'Strict') throw unfitPatch(shown(), `strict decoding error: ${all.join(', ')}`);
  warnings.push(...all);
}

interface PatchStrangeness {
  readonly told: readonly string[];
  readonly unknown: readonly string[];
  readonly shown: () => string;
}

/** A patch makes what its kind can't be: upstream answers so without saying of which kind. */
export const unfitPatch = (shown: string, why: string): ApiError =>
  invalid({ group: '', kind: '' }, '', [invalidValue('patch', shown, why)]);

/**
 * What is told of a text in JSON that is read into a kind at once: in the order of the text, each once, and nothing within what
 * is unknown, for that is not read.
 * @param unknown The paths of fields that the kind does not have.
 */
export function strangeFields(text: string, unknown: readonly string[]): readonly string[] {
  const told = new Set<string>();
  for (const { path, isRepeated } of fieldsOf(text)) {
    const within = unknown.find((other) => isWithin(path, other));
    if (within === path) told.add(unknownField(path));
    else if (within === undefined && isRepeated) told.add(duplicateField(path));
  }
  return [...told].slice(0, maxTold);
}

/** As sigs.k8s.io/json bounds what it gathers. */
const maxTold = 100;

const unknownField = (path: string): string => `unknown field ${JSON.stringify(path)}`;
export const duplicateField = (path: string): string => `duplicate field ${JSON.stringify(path)}`;

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
