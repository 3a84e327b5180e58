import type { RecordKey } from '../../reconcile/index.ts';
import type { PlacedPod } from './objects.ts';
import { type PodShape, shapeOf } from './pod-shape.ts';
import { type PodTerms, termsOf } from './pod-terms.ts';

/** A pod with what decisions need of it, computed once. */
export interface PodInfo {
  readonly key: RecordKey;
  readonly pod: PlacedPod;
  readonly namespace: string;
  readonly priority: number;
  readonly shape: PodShape;
  readonly terms: PodTerms;
  /** Names of the claims that its volumes are from. */
  readonly claims: readonly string[];
}

export function podInfo(key: RecordKey, pod: PlacedPod): PodInfo {
  return {
    ...{ key, pod, namespace: pod.metadata.namespace ?? '', priority: priorityOf(pod) },
    ...{ shape: shapeOf(pod.spec), terms: termsOf(pod), claims: claimsOf(pod) },
  };
}

const priorityOf = ({ spec }: PlacedPod): number => spec.priority ?? 0;

const claimsOf = ({ metadata, spec }: PlacedPod): readonly string[] =>
  (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim !== undefined) return [persistentVolumeClaim.claimName];
    return ephemeral === undefined ? [] : [`${metadata.name}-${name}`];
  });

export const nodeNameOf = ({ spec }: PlacedPod): string | undefined =>
  spec.nodeName === '' ? undefined : spec.nodeName;
