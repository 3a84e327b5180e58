import type { Reader } from '../../reconcile/index.ts';
import { pods, siblingsOf } from './collections.ts';
import { selects } from './label-selector.ts';
import type { LabelSelector, Pod } from './objects.ts';

/**
 * The pods of an object's namespace that a selector means. They are found by the rarest of the labels that it asks for; only
 * one that asks for none looks through the namespace.
 */
export function selectedPods(reader: Reader, key: string, selector: LabelSelector): readonly Pod[] {
  const namespace = siblingsOf(key, pods);
  const matches = selects(selector);
  const values = Object.entries(selector.matchLabels ?? {}).map(
    ([name, value]) => `${namespace}${name}=${value}`,
  );
  const [rarest] = values.toSorted(
    (one, other) => reader.countByIndex(pods, 'label', one) - reader.countByIndex(pods, 'label', other),
  );
  const found =
    rarest === undefined ? [...reader.list(pods, namespace)] : reader.byIndex(pods, 'label', rarest);
  return found.map(({ value }) => value).filter(({ metadata }) => matches(metadata.labels));
}
