import { nullOperator, type OperatorName, readOperatorName, type ValueTest } from './condition-operators.ts';
import type { Condition } from './document.ts';
import type { ContextSource, ContextValue } from './request.ts';
import { readBoolean } from './values.ts';

export type CompiledCondition = (context: ContextSource) => boolean;

/** The condition's operator is known: the parser saw to it. */
export function compileCondition(condition: Condition, hasVariables: boolean): CompiledCondition {
  const name = readOperatorName(condition.operator);
  if (name === undefined) throw new Error(`No condition operator ${condition.operator}`);
  const key = condition.key.toLowerCase();
  const { operator } = name;
  if (operator === nullOperator) {
    const wanted = new Set(condition.values.map(readBoolean));
    return (context) => wanted.has(valuesOf(context.get(key)).length === 0);
  }
  const tests = condition.values.map((value) => operator.compile(value, hasVariables));
  const holds = quantified(name, operator.isNegated, tests);
  const [only] = tests;
  if (only === undefined || tests.length > 1) return (context) => holds(valuesOf(context.get(key)), context);
  // Most conditions compare one value with one value, and then nothing need be gathered.
  return (context) => {
    const value = context.get(key);
    return typeof value === 'string'
      ? only(value, context) !== operator.isNegated
      : holds(valuesOf(value), context);
  };
}

/**
 * Over the policy's values a positive operator is an OR and a negated one a NOR; over the request's, the quantifier
 * decides. Without one a single value is meant; where the request has several, a positive operator needs one that
 * matches and a negated one needs that none does.
 */
function quantified(
  { quantifier, ifExists }: OperatorName,
  isNegated: boolean,
  tests: readonly ValueTest[],
): (values: readonly string[], context: ContextSource) => boolean {
  const whenAbsent = ifExists || quantifier === 'ForAllValues' || (isNegated && quantifier === undefined);
  const passes = (value: string, context: ContextSource): boolean =>
    tests.some((test) => test(value, context)) !== isNegated;
  const needsAll = quantifier === 'ForAllValues' || (quantifier === undefined && isNegated);
  return (values, context) => {
    if (values.length === 0) return whenAbsent;
    return needsAll
      ? values.every((value) => passes(value, context))
      : values.some((value) => passes(value, context));
  };
}

function valuesOf(value: ContextValue | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === 'string' ? [value] : value;
}
