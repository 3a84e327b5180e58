import { type JsonObject, memberOf, objectsIn, textOf, textsIn } from './object.ts';

/**
 * Whether labels are meant by a `LabelSelector` (`matchLabels`, `matchExpressions`), as objects have it. One that is empty
 * means all; an operator that there is not means nothing.
 */
export function matchesLabels(selector: JsonObject, labels: Readonly<Record<string, string>> = {}): boolean {
  for (const [key, value] of Object.entries(memberOf(selector, 'matchLabels')))
    if (!Object.hasOwn(labels, key) || labels[key] !== value) return false;
  return objectsIn(selector, 'matchExpressions').every((expression) => {
    const key = textOf(expression, 'key');
    const isThere = Object.hasOwn(labels, key);
    const isListed = isThere && textsIn(expression, 'values').includes(labels[key] ?? '');
    switch (textOf(expression, 'operator')) {
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
  });
}
