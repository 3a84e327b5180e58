import { jsonEqual } from '../../../store/index.ts';
import { timestamp } from '../../objects/object.ts';
import { type SelectsLabels, selectsAll } from '../label-selector.ts';
import type { Condition, Pod, PodTemplate, ReplicaSetStatus } from '../objects.ts';
import { podsToDelete } from '../pod-ranking.ts';
import { isActive, isAvailable, isReady, isTerminating } from '../pods.ts';

/** What a ReplicaSet and a ReplicationController have in common. */
export interface Replicas {
  readonly replicas: number;
  readonly minReadySeconds: number;
  readonly template: PodTemplate;
}

export interface ReplicaPlan {
  /** Pods to make. */
  readonly create: number;
  readonly remove: readonly Pod[];
}

/**
 * @param own The pods that are the set's.
 * @param related Those of the whole workload.
 * @param most Pods made or deleted at once.
 */
export function planReplicas(
  { replicas }: Pick<Replicas, 'replicas'>,
  own: readonly Pod[],
  related: readonly Pod[],
  { most, now }: { readonly most: number; readonly now: number },
): ReplicaPlan {
  const active = own.filter(isActive);
  const tooMany = active.length - replicas;
  if (tooMany <= 0) return { create: Math.min(-tooMany, most), remove: [] };
  return { create: 0, remove: podsToDelete(active, Math.min(tooMany, most), related, now) };
}

/** @param failure Why pods could not be made or deleted in this turn. */
export function replicaStatus(
  { minReadySeconds, template }: Replicas,
  present: { readonly generation: number; readonly status: ReplicaSetStatus | undefined },
  own: readonly Pod[],
  failure: { readonly reason: string; readonly message: string } | undefined,
  now: number,
): ReplicaSetStatus {
  const active = own.filter(isActive);
  const isLabelled: SelectsLabels = selectsAll(template.metadata?.labels);
  const count = (holds: (pod: Pod) => boolean): number => active.filter(holds).length;
  const conditions = conditionsOf(present.status?.conditions ?? [], failure, now);
  return {
    replicas: active.length,
    fullyLabeledReplicas: count(({ metadata }) => isLabelled(metadata.labels)),
    readyReplicas: count(isReady),
    availableReplicas: count((pod) => isAvailable(pod, minReadySeconds, now)),
    terminatingReplicas: own.filter(isTerminating).length,
    observedGeneration: present.generation,
    ...(conditions.length > 0 && { conditions }),
  };
}

function conditionsOf(
  present: readonly Condition[],
  failure: { readonly reason: string; readonly message: string } | undefined,
  now: number,
): readonly Condition[] {
  const others = present.filter(({ type }) => type !== 'ReplicaFailure');
  if (failure === undefined) return others;
  // The first failure is the one that is told, until all is well again.
  if (others.length < present.length) return present;
  return [
    ...others,
    { type: 'ReplicaFailure', status: 'True', ...failure, lastTransitionTime: timestamp(now) },
  ];
}

/** Whether a status says the same; zeros may be said or not. */
export function isSameStatus(one: ReplicaSetStatus | undefined, other: ReplicaSetStatus): boolean {
  return one !== undefined && jsonEqual(one as never, other as never);
}
