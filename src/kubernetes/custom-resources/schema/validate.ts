import { type Json, jsonEqual } from '../../../store/index.ts';
import { type FieldError, forbiddenField, notSupported, required } from '../../apiserver/status.ts';
import { isJsonObject, type JsonObject } from '../../objects/object.ts';
import { fitsInto, isOfFormat } from './formats.ts';
import { counterparts, listErrors } from './list-types.ts';
import { matches, stepsOf } from './patterns.ts';
import { propertyOf, type Schema } from './schema.ts';

/** Looks at one value by one schema that a validation may take, and what it may tell. */
const maxSteps = 1_000_000;
const maxErrors = 500;

/** A validation under way. */
interface Run {
  readonly errors: FieldError[];
  steps: number;
}

/** The value takes more work to validate than anybody gets. */
class TooCostlyError extends Error {
  override readonly name = 'TooCostlyError';
}

/**
 * What is wrong with a value by its schema, in upstream's words. What was there before and has not changed is not judged
 * again, so that a schema may become stricter without everything that it forbids getting stuck.
 */
export function schemaViolations(
  schema: Schema,
  value: Json,
  before: Json | undefined,
  path = '',
): readonly FieldError[] {
  const run: Run = { errors: [], steps: 0 };
  try {
    validate(run, schema, value, before, path);
    return run.errors;
  } catch (error) {
    if (!(error instanceof TooCostlyError)) throw error;
    return [forbiddenField(path, error.message)];
  }
}

function validate(run: Run, schema: Schema, value: Json, before: Json | undefined, path: string): void {
  spend(run, 1);
  if (run.errors.length >= maxErrors) return;
  if (before !== undefined && jsonEqual(value, before)) return;
  if (!isOfType(schema, value)) {
    if (value === null && schema.isNullable) return;
    run.errors.push(mistyped(path, schema.isIntOrString ? 'integer,string' : schema.type, value));
    return;
  }
  checkValue(run, schema, value, path);
  if (Array.isArray(value)) checkItems(run, schema, value, before, path);
  else if (isJsonObject(value)) checkMembers(run, schema, value, before, path);
  checkJunctors(run, schema, value, path);
}

/** @throws {TooCostlyError} */
function spend(run: Run, steps: number): void {
  run.steps += steps;
  if (run.steps > maxSteps)
    throw new TooCostlyError('validating it by its schema takes more work than is allowed');
}

function isOfType({ type, isIntOrString }: Schema, value: Json): boolean {
  if (isIntOrString) return typeof value === 'string' || Number.isInteger(value);
  switch (type) {
    case '':
      return true;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isJsonObject(value);
    case 'integer':
      return Number.isInteger(value);
    case 'number':
      return typeof value === 'number';
    default:
      return typeof value === type;
  }
}

function typeNameOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function mistyped(path: string, wanted: string, value: Json): FieldError {
  const given = JSON.stringify(typeNameOf(value));
  return {
    ...{ reason: 'FieldValueTypeInvalid', field: path },
    text: `Invalid value: ${given}: ${path} in body must be of type ${wanted}: ${given}`,
  };
}

function checkValue(run: Run, { checks }: Schema, value: Json, path: string): void {
  const bad = (text: string): void => void run.errors.push(invalid(path, value, `${path} in body ${text}`));
  const { enum: allowed } = checks;
  run.steps += (allowed?.length ?? 0) / 10;
  if (allowed !== undefined && !allowed.some((it) => jsonEqual(it, value))) {
    run.errors.push(
      typeof value === 'string'
        ? notSupported(path, value, allowed.map(textOfJson))
        : notSupportedValue(path, value, allowed),
    );
  }
  if (typeof value === 'string') checkText(run, checks, value, path);
  if (typeof value !== 'number') return;
  const { minimum, maximum, multipleOf, format } = checks;
  if (!fitsInto(format, value)) bad(`must be of type ${format}: ${value}`);
  if (minimum !== undefined && (checks.isExclusiveMinimum ? value <= minimum : value < minimum))
    bad(`should be greater than ${checks.isExclusiveMinimum ? '' : 'or equal to '}${minimum}`);
  if (maximum !== undefined && (checks.isExclusiveMaximum ? value >= maximum : value > maximum))
    bad(`should be less than ${checks.isExclusiveMaximum ? '' : 'or equal to '}${maximum}`);
  if (multipleOf !== undefined && !isMultiple(value, multipleOf))
    bad(`should be a multiple of ${multipleOf}`);
}

function isMultiple(value: number, of: number): boolean {
  const times = value / of;
  return Math.abs(times - Math.round(times)) < 1e-9 * Math.max(1, Math.abs(times));
}

function checkText(run: Run, checks: Schema['checks'], value: string, path: string): void {
  const { minLength, maxLength, pattern, format } = checks;
  const bad = (text: string): void => void run.errors.push(invalid(path, value, `${path} in body ${text}`));
  // Characters as people count them: those of Go are code points.
  const length = minLength === undefined && maxLength === undefined ? 0 : codePoints(value);
  if (maxLength !== undefined && length > maxLength) {
    run.errors.push({
      ...{ reason: 'FieldValueTooLong', field: path },
      text: `Too long: may not be more than ${maxLength} bytes`,
    });
  }
  if (minLength !== undefined && length < minLength) bad(`should be at least ${minLength} chars long`);
  // What a pattern takes by the side of what everything else does.
  if (pattern !== '') spend(run, 4 + (value.length * Math.max(10, stepsOf(pattern))) / 100);
  if (pattern !== '' && !matches(pattern, value)) bad(`should match '${pattern}'`);
  if (format !== '' && !isOfFormat(format, value)) bad(`must be of type ${format}: ${JSON.stringify(value)}`);
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

function checkItems(
  run: Run,
  schema: Schema,
  items: readonly Json[],
  before: Json | undefined,
  path: string,
): void {
  const { minItems, maxItems } = schema.checks;
  if (maxItems !== undefined && items.length > maxItems)
    run.errors.push(tooMany(path, items.length, maxItems));
  if (minItems !== undefined && items.length < minItems)
    run.errors.push(invalid(path, items.length, `${path} in body should have at least ${minItems} items`));
  run.errors.push(...listErrors(schema, items, path));
  if (schema.items === undefined) return;
  const was = Array.isArray(before) ? before : [];
  const counterpart = counterparts(schema, was);
  for (const [index, item] of items.entries())
    validate(run, schema.items, item, counterpart(item), `${path}[${index}]`);
}

function checkMembers(
  run: Run,
  schema: Schema,
  value: JsonObject,
  before: Json | undefined,
  path: string,
): void {
  const { minProperties, maxProperties } = schema.checks;
  const names = Object.keys(value);
  if (maxProperties !== undefined && names.length > maxProperties)
    run.errors.push(tooMany(path, names.length, maxProperties));
  if (minProperties !== undefined && names.length < minProperties)
    run.errors.push(
      invalid(path, names.length, `${path} in body should have at least ${minProperties} properties`),
    );
  run.steps += (names.length + schema.checks.required.length) / 10;
  for (const name of schema.checks.required)
    if (!Object.hasOwn(value, name)) run.errors.push(required(below(path, name)));
  for (const name of names) {
    const own = propertyOf(schema, name);
    if (own === undefined) continue;
    const was = isJsonObject(before) && Object.hasOwn(before, name) ? before[name] : undefined;
    validate(run, own, value[name] ?? null, was, below(path, name));
  }
}

const below = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

/** All, any, one or none of the schemas. Where none fits, what was nearest to it is told as well. */
function checkJunctors(run: Run, { checks }: Schema, value: Json, path: string): void {
  const errorsBy = (schema: Schema): readonly FieldError[] => {
    const inner: Run = { errors: [], steps: run.steps };
    validate(inner, schema, value, undefined, path);
    run.steps = inner.steps;
    return inner.errors;
  };
  const bad = (text: string): void => {
    run.errors.push({
      ...{ reason: 'FieldValueInvalid', field: '<nil>' },
      text: `Invalid value: "": ${JSON.stringify(path)} ${text}`,
    });
  };
  if (checks.allOf.length > 0) {
    const wrong = checks.allOf.flatMap(errorsBy);
    if (wrong.length > 0) bad('must validate all the schemas (allOf)');
    run.errors.push(...wrong);
  }
  if (checks.anyOf.length > 0) {
    const nearest = nearestOf(checks.anyOf, errorsBy);
    if (nearest.length > 0) bad('must validate at least one schema (anyOf)');
    run.errors.push(...nearest);
  }
  if (checks.oneOf.length > 0) {
    const all = checks.oneOf.map(errorsBy);
    const valid = all.filter((errors) => errors.length === 0).length;
    const found = valid === 0 ? 'Found none valid' : `Found ${valid} valid alternatives`;
    if (valid !== 1) bad(`must validate one and only one schema (oneOf). ${found}`);
    if (valid === 0) run.errors.push(...(all.toSorted((one, other) => one.length - other.length)[0] ?? []));
  }
  if (checks.not !== undefined && errorsBy(checks.not).length === 0)
    bad('must not validate the schema (not)');
}

/** The fewest errors of one of the schemas; none: it fits. */
function nearestOf(
  schemas: readonly Schema[],
  errorsBy: (schema: Schema) => readonly FieldError[],
): readonly FieldError[] {
  let nearest: readonly FieldError[] | undefined;
  for (const schema of schemas) {
    const errors = errorsBy(schema);
    if (errors.length === 0) return [];
    if (nearest === undefined || errors.length < nearest.length) nearest = errors;
  }
  return nearest ?? [];
}

const textOfJson = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

function notSupportedValue(path: string, value: Json, allowed: readonly Json[]): FieldError {
  const supported = allowed.map((it) => JSON.stringify(textOfJson(it))).join(', ');
  return {
    ...{ reason: 'FieldValueNotSupported', field: path },
    text: `Unsupported value: ${shownValue(value)}: supported values: ${supported}`,
  };
}

const invalid = (path: string, value: Json, detail: string): FieldError => ({
  ...{ reason: 'FieldValueInvalid', field: path },
  text: `Invalid value: ${shownValue(value)}: ${detail}`,
});

const tooMany = (path: string, count: number, most: number): FieldError => ({
  ...{ reason: 'FieldValueTooMany', field: path },
  text: `Too many: ${count}: must have at most ${most} items`,
});

/** Values in messages are shown up to this length. */
const maxShown = 1_000;

function shownValue(value: Json): string {
  const text = JSON.stringify(value);
  return text.length <= maxShown ? text : `${text.slice(0, maxShown)}...`;
}
