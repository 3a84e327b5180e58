import { type JsonObject, memberOf, objectsIn, textOf, textsIn } from './object.ts';

/**
 * Whether labels are meant by a `LabelSelector` (`matchLabels`, `matchExpressions`), as objects have it. One that is empty
 * means all; an operator that there is not means nothing.
 */
export function matchesLabels(selector: JsonObject, labels: Readonly<Record<string, string>> = {}): boolean {
  for (const [key, value] of Object.entries(memberOf(selector, 'matchLabels')))
    if (!Object.hasOwn(labels, key) || labels[key] !== value) return false;
  return objectsIn(selector, 'matchExpressions').every((expression) =>
    meetsRequirement(
      {
        ...{ key: textOf(expression, 'key'), operator: textOf(expression, 'operator') },
        values: textsIn(expression, 'values'),
      },
      labels,
    ),
  );
}

/** One of the expressions that selectors are made of. */
export interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** Whether labels are as the expression says. What no label is called, such as `constructor`, is not there. */
export function meetsRequirement(
  { key, operator, values = [] }: Requirement,
  labels: Readonly<Record<string, string>>,
): boolean {
  const isThere = Object.hasOwn(labels, key);
  const isListed = isThere && values.includes(labels[key] ?? '');
  switch (operator) {
    case 'In':
      return isListed;
    case 'NotIn':
      return !isListed;
    case 'Exists':
      return isThere;
    case 'DoesNotExist':
      return !isThere;
    default:
      return false;
  }
}
