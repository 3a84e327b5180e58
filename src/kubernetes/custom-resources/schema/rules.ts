import { Optional } from '@marcbachmann/cel-js';
import { type Json, jsonEqual } from '../../../store/index.ts';
import { type FieldError, forbiddenField, invalidValue, required } from '../../apiserver/status.ts';
import { type Budget, CostLimitError, callLimit, totalLimit } from '../../cel/budget.ts';
import { CelError } from '../../cel/cel-error.ts';
import { type Cardinality, EstimatedCosts } from '../../cel/cost/limits.ts';
import { sizedType } from '../../cel/cost/sizes.ts';
import { CelEnvironment, type Program } from '../../cel/environment.ts';
import { type CelType, declareTypes } from '../../cel/schema-types.ts';
import { isJsonObject } from '../../objects/object.ts';
import { counterparts } from './list-types.ts';
import { propertyOf, type Rule, type Schema } from './schema.ts';

/** A rule of a place in a schema, compiled. */
interface CompiledRule extends Rule {
  /** Among the rules of its place. */
  readonly index: number;
  readonly program: Program;
  readonly ownMessage: Program | undefined;
  readonly usesOldSelf: boolean;
}

interface Place {
  readonly type: CelType;
  readonly rules: readonly CompiledRule[];
}

/** The rules of a schema (`x-kubernetes-validations`), by the places where they stand. */
interface Compiled {
  readonly places: ReadonlyMap<Schema, Place>;
  readonly errors: readonly FieldError[];
}

/** More than any schema has. */
const maxRules = 1_000;

const known = new WeakMap<Schema, Compiled>();

/** What is wrong with the rules of a schema. @param at Where it stands. */
export const ruleErrors = (schema: Schema, at: string): readonly FieldError[] => compile(schema, at).errors;

function compiledRules(schema: Schema): Compiled {
  const found = known.get(schema) ?? compile(schema, '');
  known.set(schema, found);
  return found;
}

function compile(root: Schema, at: string): Compiled {
  const places = new Map<Schema, Place>();
  const errors: FieldError[] = [];
  if (!root.hasRules) return { places, errors };
  // At the root there is what every object has, whether its schema says so or not.
  const whole: Schema = { ...root, isEmbeddedResource: true };
  let types: ReadonlyMap<Schema, CelType> = new Map();
  const environment = CelEnvironment.open((it) => {
    types = declareTypes(it, whole, 'Object');
  });
  let count = 0;
  const costs = new EstimatedCosts();
  const look = (schema: Schema, path: string, isKnownAgain: boolean, cardinality: Cardinality): void => {
    if (!schema.hasRules) return;
    const type = types.get(schema === root ? whole : schema) ?? {
      name: 'dyn',
      valueOf: (value: Json) => value,
    };
    count += schema.rules.length;
    if (count > maxRules) {
      errors.push(
        forbiddenField(
          path,
          `schemas with more than ${maxRules} rules are not supported by this version of Catamaran`,
        ),
      );
      return;
    }
    if (schema.rules.length > 0) {
      const rules = compileRules(environment, schema, type, path, isKnownAgain, errors);
      places.set(schema, { type, rules });
      errors.push(...costErrors(costs, schema === root ? whole : schema, rules, path, cardinality));
    }
    for (const [name, own] of schema.properties)
      look(own, `${path}.properties[${name}]`, isKnownAgain, cardinality);
    const { additionalProperties, items, checks } = schema;
    if (typeof additionalProperties === 'object')
      look(
        additionalProperties,
        `${path}.additionalProperties`,
        isKnownAgain,
        manyTimes(cardinality, checks.maxProperties),
      );
    if (items !== undefined)
      look(
        items,
        `${path}.items`,
        isKnownAgain && schema.listType === 'map',
        manyTimes(cardinality, checks.maxItems),
      );
  };
  look(root, at, true, 1);
  errors.push(...costs.errors(at));
  return { places, errors };
}

const manyTimes = (cardinality: Cardinality, most: number | undefined): Cardinality =>
  cardinality === undefined || most === undefined ? undefined : cardinality * Math.max(0, most);

/** Rules that may cost too much; they are rules all the same, for they may have been there before anybody looked. */
function costErrors(
  costs: EstimatedCosts,
  schema: Schema,
  rules: readonly CompiledRule[],
  path: string,
  cardinality: Cardinality,
): readonly FieldError[] {
  const type = sizedType(schema);
  if (type === undefined) return [];
  return rules.flatMap(({ index, program, ownMessage }) => {
    const own = `${path}.x-kubernetes-validations[${index}]`;
    return [
      ...costs.rule(`${own}.rule`, program.cost(type), type, cardinality),
      ...(ownMessage === undefined ? [] : costs.message(`${own}.messageExpression`, ownMessage.cost(type))),
    ];
  });
}

function compileRules(
  environment: CelEnvironment,
  schema: Schema,
  type: CelType,
  path: string,
  isKnownAgain: boolean,
  errors: FieldError[],
): readonly CompiledRule[] {
  const withOld = (oldType: string): CelEnvironment =>
    environment.with((it) => it.registerVariable('self', type.name).registerVariable('oldSelf', oldType));
  const [plain, optional] = [withOld(type.name), withOld(`optional<${type.name}>`)];
  const compiled: CompiledRule[] = [];
  for (const [index, rule] of schema.rules.entries()) {
    const own = `${path}.x-kubernetes-validations[${index}]`;
    const [before, found] = [errors.length, errorsOfRule(schema, rule, own)];
    errors.push(...found);
    const compileOne = (field: 'messageExpression' | 'rule', wanted: string): Program | undefined => {
      try {
        return (rule.isOldSelfOptional ? optional : plain).compile(rule[field], [wanted]);
      } catch (error) {
        if (!(error instanceof CelError)) throw error;
        errors.push(invalidValue(`${own}.${field}`, rule[field], error.message));
        return undefined;
      }
    };
    const program = rule.rule.trim() === '' ? undefined : compileOne('rule', 'bool');
    const ownMessage = rule.messageExpression === '' ? undefined : compileOne('messageExpression', 'string');
    const usesOldSelf = program?.names.has('oldSelf') === true;
    if (usesOldSelf && !isKnownAgain) {
      errors.push(
        invalidValue(
          `${own}.rule`,
          rule.rule,
          `oldSelf cannot be used on the uncorrelatable portion of the schema within ${path}`,
        ),
      );
    }
    if (program !== undefined && errors.length === before)
      compiled.push({ ...rule, index, program, ownMessage, usesOldSelf });
  }
  return compiled;
}

const reasons = ['FieldValueInvalid', 'FieldValueForbidden', 'FieldValueRequired', 'FieldValueDuplicate'];

function errorsOfRule(schema: Schema, rule: Rule, at: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (rule.rule.trim() === '') errors.push(required(`${at}.rule`, 'rule is not specified'));
  if (/[\r\n]/.test(rule.message))
    errors.push(invalidValue(`${at}.message`, rule.message, 'message must not contain line breaks'));
  if (/[\r\n]/.test(rule.rule) && rule.message === '')
    errors.push(required(`${at}.message`, 'message must be specified if rule contains line breaks'));
  if (rule.reason !== '' && !reasons.includes(rule.reason))
    errors.push({
      ...{ reason: 'FieldValueNotSupported', field: `${at}.reason` },
      text: `Unsupported value: ${JSON.stringify(rule.reason)}: supported values: ${reasons.map((it) => JSON.stringify(it)).join(', ')}`,
    });
  if (rule.fieldPath !== '' && !leadsSomewhere(schema, rule.fieldPath))
    errors.push(invalidValue(`${at}.fieldPath`, rule.fieldPath, 'fieldPath must be a valid path'));
  return errors;
}

/** `.spec.a['b.c']` names fields that the schema specifies. */
function leadsSomewhere(schema: Schema, path: string): boolean {
  let at: Schema | undefined = schema;
  const rest = path.replaceAll(
    /\.([A-Za-z_][\w-]*)|\[['"]([^'"]+)['"]\]/g,
    (_, name: string | undefined, quoted: string | undefined) => {
      at = at && propertyOf(at, name ?? quoted ?? '');
      return '';
    },
  );
  return rest === '' && at !== undefined;
}

/** Evaluates the rules of one object. */
interface Evaluation {
  readonly places: ReadonlyMap<Schema, Place>;
  readonly budget: Budget;
  readonly errors: FieldError[];
}

/**
 * Which rules of its schema a value does not follow, in upstream's words. A rule is not asked about what has not changed,
 * unless it is about the change.
 */
export function ruleViolations(schema: Schema, value: Json, before: Json | undefined): readonly FieldError[] {
  if (!schema.hasRules) return [];
  const { places } = compiledRules(schema);
  const evaluation: Evaluation = { places, budget: { perCall: callLimit, left: totalLimit }, errors: [] };
  try {
    evaluate(evaluation, schema, value, before, '');
  } catch (error) {
    if (!(error instanceof CostLimitError)) throw error;
  }
  return evaluation.errors;
}

function evaluate(
  run: Evaluation,
  schema: Schema,
  value: Json,
  before: Json | undefined,
  path: string,
): void {
  if (!schema.hasRules || value === null) return;
  const place = run.places.get(schema);
  if (place !== undefined) {
    const isSame = before !== undefined && jsonEqual(value, before);
    for (const rule of place.rules)
      if (rule.usesOldSelf || !isSame) follow(run, schema, place, rule, value, before, path);
  }
  if (Array.isArray(value) && schema.items !== undefined) {
    const counterpart = counterparts(schema, Array.isArray(before) ? before : []);
    for (const [index, item] of value.entries())
      evaluate(run, schema.items, item, counterpart(item), `${path}[${index}]`);
  }
  if (!isJsonObject(value)) return;
  for (const [name, member] of Object.entries(value)) {
    const own = propertyOf(schema, name);
    if (own === undefined) continue;
    const was = isJsonObject(before) && Object.hasOwn(before, name) ? before[name] : undefined;
    const isDeclared = schema.properties.has(name);
    const at = !isDeclared ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`;
    evaluate(run, own, member, was, at);
  }
}

/** @throws {CostLimitError} */
function follow(
  run: Evaluation,
  schema: Schema,
  { type }: Place,
  rule: CompiledRule,
  value: Json,
  before: Json | undefined,
  path: string,
): void {
  if (rule.usesOldSelf && before === undefined && !rule.isOldSelfOptional) return;
  const was = before === undefined ? undefined : type.valueOf(before);
  const oldSelf = rule.isOldSelfOptional ? (was === undefined ? Optional.none() : Optional.of(was)) : was;
  const variables = { self: type.valueOf(value), ...(oldSelf !== undefined && { oldSelf }) };
  const field = `${path}${rule.fieldPath.startsWith('.') && path === '' ? rule.fieldPath.slice(1) : rule.fieldPath}`;
  const tell = (text: string): void => void run.errors.push(told(schema, rule, field, text));
  try {
    if (rule.program.evaluate(variables, run.budget) !== true) tell(messageOf(rule, variables, run.budget));
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    if (!(error instanceof CostLimitError)) {
      run.errors.push(
        invalidType(schema, path, `${error.message} evaluating rule: ${rule.message || rule.rule}`),
      );
      return;
    }
    const why = error.isTotal
      ? 'validation failed due to running out of cost budget, no further validation rules will be run'
      : `call cost exceeds limit for rule: ${rule.rule}, no further validation rules will be run`;
    run.errors.push(invalidType(schema, path, why));
    throw error;
  }
}

/** What its author has to say: an expression, where that one can be evaluated, or fixed words. */
function messageOf(rule: CompiledRule, variables: Record<string, unknown>, budget: Budget): string {
  const fixed = rule.message === '' ? `failed rule: ${rule.rule.trim()}` : rule.message;
  if (rule.ownMessage === undefined) return fixed;
  try {
    const own = rule.ownMessage.evaluate(variables, budget);
    return typeof own === 'string' && own.trim() !== '' && !/[\r\n]/.test(own) ? own.slice(0, 5_120) : fixed;
  } catch (error) {
    if (error instanceof CelError && !(error instanceof CostLimitError)) return fixed;
    throw error;
  }
}

function told(schema: Schema, rule: Rule, field: string, text: string): FieldError {
  switch (rule.reason) {
    case 'FieldValueForbidden':
      return forbiddenField(field, text);
    case 'FieldValueRequired':
      return required(field, text);
    case 'FieldValueDuplicate':
      return {
        reason: 'FieldValueDuplicate',
        field,
        text: `Duplicate value: ${JSON.stringify(schema.type)}`,
      };
    default:
      return invalidType(schema, field, text);
  }
}

const invalidType = (schema: Schema, field: string, text: string): FieldError =>
  invalidValue(field, schema.type, text);
