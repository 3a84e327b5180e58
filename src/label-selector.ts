/** Objects are read by their kind's message before they are kept: what stands in these types is what an API server serves. */
export interface LabelSelector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly Requirement[];
}

export type Labels = Readonly<Record<string, string>>;
export type SelectsLabels = (labels: Labels | undefined) => boolean;

/** One of the expressions that selectors are made of. */
export interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** Nothing where there is no selector, everything where it is empty. */
export function selects(selector: LabelSelector | undefined): SelectsLabels {
  if (selector === undefined) return () => false;
  const equal = selectsAll(selector.matchLabels);
  const expressions = selector.matchExpressions ?? [];
  return (labels = {}) => equal(labels) && expressions.every((it) => meetsRequirement(it, labels));
}

/** Every label is as said; everything where nothing is said. */
export function selectsAll(wanted: Labels = {}): SelectsLabels {
  const entries = Object.entries(wanted);
  return (labels = {}) => entries.every(([key, value]) => labels[key] === value);
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
