import { meetsRequirement } from '../objects/label-selector.ts';
import type { ObjectMeta } from '../objects/object.ts';
import type { LabelSelector } from './objects.ts';

export type Labels = Readonly<Record<string, string>>;
export type SelectsLabels = (labels: Labels | undefined) => boolean;

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

export interface Labelled {
  readonly metadata: ObjectMeta;
}

export const selectsObject = (selector: LabelSelector): ((object: Labelled) => boolean) => {
  const matches = selects(selector);
  return ({ metadata }) => matches(metadata.labels);
};

export const isEmptySelector = ({ matchLabels = {}, matchExpressions = [] }: LabelSelector): boolean =>
  Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
