import type { RecordKey } from '../../reconcile/index.ts';
import { heldSpec } from './held-resources.ts';
import type { PlacedPod, PlacedSpec } from './objects.ts';
import { type PodShape, shapeOf } from './pod-shape.ts';
import { type PodTerms, termsOf } from './pod-terms.ts';

/** A pod with what decisions need of it, computed once. */
export interface PodInfo {
  readonly key: RecordKey;
  readonly pod: PlacedPod;
  readonly namespace: string;
  readonly priority: number;
  /** Of what it holds. */
  readonly shape: PodShape;
  /** Its spec, with what its containers hold of the node meanwhile where that is more. */
  readonly held: PlacedSpec;
  readonly terms: PodTerms;
  /** Names of the claims that its volumes are from. */
  readonly claims: readonly string[];
}

/** @param known What was computed of it before, much of which holds for a pod that differs by its node and its status alone. */
export function podInfo(key: RecordKey, pod: PlacedPod, known?: PodInfo): PodInfo {
  const isAlike = known !== undefined && sameParts.every((part) => known.pod.spec[part] === pod.spec[part]);
  const isSame = isAlike && known.pod.metadata.labels === pod.metadata.labels;
  const held = heldSpec(pod);
  return {
    ...{ key, pod, namespace: pod.metadata.namespace ?? '', priority: priorityOf(pod) },
    shape: isAlike && known.held === known.pod.spec && held === pod.spec ? known.shape : shapeOf(held),
    held,
    terms: isSame ? known.terms : termsOf(pod),
    claims: isAlike ? known.claims : claimsOf(pod),
  };
}

/** Whether two of one pod are the same to whoever counts pods on nodes, and what they ask for. */
export const countsAlike = (one: PodInfo, other: PodInfo): boolean =>
  one.shape === other.shape &&
  one.terms === other.terms &&
  one.claims === other.claims &&
  one.priority === other.priority &&
  one.pod.metadata.labels === other.pod.metadata.labels &&
  one.pod.metadata.deletionTimestamp === other.pod.metadata.deletionTimestamp;

/** Records are frozen: what is the same object has the same in it. */
const sameParts = [
  ...(['affinity', 'containers', 'initContainers', 'nodeSelector', 'overhead'] as const),
  ...(['resources', 'tolerations', 'volumes'] as const),
];

const priorityOf = ({ spec }: PlacedPod): number => spec.priority ?? 0;

const claimsOf = ({ metadata, spec }: PlacedPod): readonly string[] =>
  (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim !== undefined) return [persistentVolumeClaim.claimName];
    return ephemeral === undefined ? [] : [`${metadata.name}-${name}`];
  });

export const nodeNameOf = ({ spec }: PlacedPod): string | undefined =>
  spec.nodeName === '' ? undefined : spec.nodeName;
