import { type LabelSelector, selects } from '../../label-selector.ts';
import type { ObjectMeta } from '../objects/object.ts';

export { type Labels, type SelectsLabels, selects, selectsAll } from '../../label-selector.ts';

export interface Labelled {
  readonly metadata: ObjectMeta;
}

export const selectsObject = (selector: LabelSelector): ((object: Labelled) => boolean) => {
  const matches = selects(selector);
  return ({ metadata }) => matches(metadata.labels);
};

export const isEmptySelector = ({ matchLabels = {}, matchExpressions = [] }: LabelSelector): boolean =>
  Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
