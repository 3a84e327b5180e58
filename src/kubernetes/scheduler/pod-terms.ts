import type { Labels, SelectsLabels } from '../controllers/label-selector.ts';
import { selects } from '../controllers/label-selector.ts';
import type { LabelSelector } from '../controllers/objects.ts';
import type { AffinityTerm, PlacedPod, PodAffinity } from './objects.ts';

/** Which pods a term of a pod's affinity is about, and over which nodes. */
export interface Term {
  /** The same for all terms that mean the same. */
  readonly key: string;
  readonly topologyKey: string;
  /** By name; those that `inNamespace` selects by their labels are meant as well. */
  readonly namespaces: readonly string[];
  readonly namespaceSelector: LabelSelector | undefined;
  readonly inNamespace: SelectsLabels | undefined;
  readonly selects: SelectsLabels;
}

export interface WeightedTerm extends Term {
  /** Less than zero: away from them. */
  readonly weight: number;
}

/** What a pod wants of other pods. */
export interface PodTerms {
  readonly near: readonly Term[];
  readonly apart: readonly Term[];
  readonly preferred: readonly WeightedTerm[];
}

const none: PodTerms = { near: [], apart: [], preferred: [] };

export function termsOf(pod: PlacedPod): PodTerms {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
  if (podAffinity === undefined && podAntiAffinity === undefined) return none;
  const preferred = (affinity: PodAffinity | undefined, sign: number): readonly WeightedTerm[] =>
    (affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ weight, podAffinityTerm }) => ({
      ...{ ...termOf(podAffinityTerm, pod), weight: sign * weight },
    }));
  return {
    near: (podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map((it) => termOf(it, pod)),
    apart: (podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map((it) =>
      termOf(it, pod),
    ),
    preferred: [...preferred(podAffinity, 1), ...preferred(podAntiAffinity, -1)],
  };
}

function termOf(term: AffinityTerm, { metadata }: PlacedPod): Term {
  const { topologyKey, namespaceSelector, namespaces = [] } = term;
  const selector = withLabelsOf(term, metadata.labels);
  const isOwn = namespaces.length === 0 && namespaceSelector === undefined;
  const named = isOwn ? [metadata.namespace ?? ''] : namespaces;
  return {
    key: JSON.stringify([topologyKey, named, namespaceSelector, selector]),
    ...{ topologyKey, namespaces: named, namespaceSelector },
    inNamespace: namespaceSelector && selects(namespaceSelector),
    selects: selects(selector),
  };
}

/** A selector that also asks for the pod's own values of some labels, or for others than these. */
export function withLabelsOf(
  term: {
    readonly labelSelector?: LabelSelector;
    readonly matchLabelKeys?: readonly string[];
    readonly mismatchLabelKeys?: readonly string[];
  },
  labels: Labels = {},
): LabelSelector | undefined {
  const { labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] } = term;
  if (labelSelector === undefined || matchLabelKeys.length + mismatchLabelKeys.length === 0)
    return labelSelector;
  const asked = (keys: readonly string[], operator: string) =>
    keys
      .filter((key) => labels[key] !== undefined)
      .map((key) => ({ key, operator, values: [labels[key] ?? ''] }));
  return {
    ...labelSelector,
    matchExpressions: [
      ...(labelSelector.matchExpressions ?? []),
      ...asked(matchLabelKeys, 'In'),
      ...asked(mismatchLabelKeys, 'NotIn'),
    ],
  };
}
