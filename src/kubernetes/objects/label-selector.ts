import { meetsRequirement } from '../../label-selector.ts';
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
