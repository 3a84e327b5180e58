import { scaled } from '../int-or-percent.ts';
import type { Pod } from '../objects.ts';
import { isAvailable, isReady, isTerminal, phaseOf } from '../pods.ts';
import { nonZero } from '../status-fields.ts';
import {
  firstOrdinal,
  isWanted,
  ordinalOf,
  podRevision,
  type StatefulSet,
  type StatefulSetStatus,
} from './objects.ts';

export type Step =
  | { readonly type: 'create'; readonly ordinal: number; readonly of: 'current' | 'update' }
  | { readonly type: 'delete'; readonly pod: Pod }
  /** Its claims are there and belong to whom the set says, and it is labelled as one of the set's. */
  | { readonly type: 'mend'; readonly pod: Pod };

/** The names of the revision that pods are to leave, and of the one that they are to come to. */
export interface RevisionNames {
  readonly current: string;
  readonly update: string;
}

/**
 * The steps of one pass. Without `Parallel` there is at most one that makes or deletes: each pod waits for those before it,
 * and nothing else happens before all that are wanted are available.
 */
export function planStatefulSet(
  set: StatefulSet,
  pods: readonly Pod[],
  names: RevisionNames,
  now: number,
): readonly Step[] {
  if (set.metadata.deletionTimestamp !== undefined) return [];
  const isOrdered = set.spec.podManagementPolicy !== 'Parallel';
  const wanted = wantedPods(set, pods);
  const steps: Step[] = [];
  for (const [at, pod] of wanted.entries()) {
    const ordinal = firstOrdinal(set) + at;
    const next = nextOf(set, ordinal, pod, now);
    if (next.step !== undefined) steps.push(next.step);
    if (next.isWaiting && isOrdered) return steps;
  }
  const condemned = pods
    .filter((pod) => !isWanted(set, ordinalOf(set, pod) ?? -1))
    .toSorted((one, other) => (ordinalOf(set, other) ?? 0) - (ordinalOf(set, one) ?? 0));
  for (const pod of condemned) steps.push({ type: 'mend', pod });
  const going = scaleDown(set, wanted, condemned, isOrdered, now);
  steps.push(...going.map((pod): Step => ({ type: 'delete', pod })));
  if (isOrdered && condemned.length > 0) return steps;
  // Those that are made in this pass are looked at in the next one.
  if (steps.some(({ type }) => type === 'create')) return steps;
  return [...steps, ...outdated(set, wanted, names, now).map((pod): Step => ({ type: 'delete', pod }))];
}

/** By ordinal, with gaps. */
function wantedPods(set: StatefulSet, pods: readonly Pod[]): readonly (Pod | undefined)[] {
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(set, pod), pod]));
  return Array.from({ length: set.spec.replicas }, (_, at) => byOrdinal.get(firstOrdinal(set) + at));
}

const isGoing = ({ metadata }: Pod): boolean => metadata.deletionTimestamp !== undefined;

const isUp = (set: StatefulSet, pod: Pod, now: number): boolean =>
  phaseOf(pod) === 'Running' &&
  isReady(pod) &&
  isAvailable(pod, set.spec.minReadySeconds ?? 0, now) &&
  !isGoing(pod);

function nextOf(
  set: StatefulSet,
  ordinal: number,
  pod: Pod | undefined,
  now: number,
): { readonly step: Step | undefined; readonly isWaiting: boolean } {
  if (pod === undefined) {
    const of = staysCurrent(set, ordinal) ? 'current' : 'update';
    return { step: { type: 'create', ordinal, of }, isWaiting: true };
  }
  // However it has ended, another takes its name when it is gone.
  if (isTerminal(pod)) return { step: isGoing(pod) ? undefined : { type: 'delete', pod }, isWaiting: true };
  return { step: isGoing(pod) ? undefined : { type: 'mend', pod }, isWaiting: !isUp(set, pod, now) };
}

/** A pod that is made below the partition is of the revision before. */
function staysCurrent(set: StatefulSet, ordinal: number): boolean {
  const { type, rollingUpdate } = set.spec.updateStrategy;
  if (type !== 'RollingUpdate') return false;
  const below =
    rollingUpdate === undefined ? (set.status?.currentReplicas ?? 0) : (rollingUpdate.partition ?? 0);
  return ordinal < firstOrdinal(set) + below;
}

/** From the highest ordinal down; in order, one that is not well waits for the others unless it is the first of them. */
function scaleDown(
  set: StatefulSet,
  wanted: readonly (Pod | undefined)[],
  condemned: readonly Pod[],
  isOrdered: boolean,
  now: number,
): readonly Pod[] {
  if (!isOrdered) return condemned.filter((pod) => !isGoing(pod));
  const [highest] = condemned;
  if (highest === undefined || isGoing(highest)) return [];
  const unwell = [...wanted, ...condemned.toReversed()].find(
    (pod) => pod === undefined || !isUp(set, pod, now),
  );
  return isUp(set, highest, now) || highest === unwell ? [highest] : [];
}

/** Pods of another revision that may be replaced now. */
function outdated(
  set: StatefulSet,
  wanted: readonly (Pod | undefined)[],
  names: RevisionNames,
  now: number,
): readonly Pod[] {
  const { type, rollingUpdate } = set.spec.updateStrategy;
  if (type !== 'RollingUpdate') return [];
  const above = wanted.slice(rollingUpdate?.partition ?? 0).toReversed();
  const isOld = (pod: Pod | undefined): pod is Pod =>
    pod !== undefined && podRevision(pod) !== names.update && !isGoing(pod);
  const most = mostUnavailable(set);
  if (most > 1) {
    const missing = wanted.filter((pod) => pod === undefined || !isUp(set, pod, now)).length;
    return above.filter(isOld).slice(0, Math.max(0, most - missing));
  }
  for (const pod of above) {
    if (isOld(pod)) return [pod];
    if (pod === undefined || !isUp(set, pod, now)) return [];
  }
  return [];
}

function mostUnavailable({ spec }: StatefulSet): number {
  const { maxUnavailable } = spec.updateStrategy.rollingUpdate ?? {};
  return maxUnavailable === undefined ? 1 : Math.max(1, scaled(maxUnavailable, spec.replicas, 'down'));
}

/** @param pods As they are after the steps. */
export function statefulSetStatus(
  set: StatefulSet,
  pods: readonly Pod[],
  { current, update }: RevisionNames,
  collisions: number,
  now: number,
): StatefulSetStatus {
  const count = (holds: (pod: Pod) => boolean): number => pods.filter(holds).length;
  const isRunning = (pod: Pod): boolean => phaseOf(pod) === 'Running' && isReady(pod);
  const { replicas, minReadySeconds = 0, updateStrategy } = set.spec;
  const { conditions } = set.status ?? {};
  const of = (revision: string) => (pod: Pod) => podRevision(pod) === revision && !isGoing(pod);
  const counts = {
    readyReplicas: count(isRunning),
    availableReplicas: count((pod) => isRunning(pod) && isAvailable(pod, minReadySeconds, now)),
    currentReplicas: count(of(current)),
    updatedReplicas: count(of(update)),
  };
  const isRolledOut =
    updateStrategy.type === 'RollingUpdate' &&
    counts.updatedReplicas === replicas &&
    counts.readyReplicas === replicas &&
    pods.length === replicas;
  return {
    ...{ observedGeneration: set.metadata.generation ?? 0, replicas: pods.length },
    ...nonZero(isRolledOut ? { ...counts, currentReplicas: counts.updatedReplicas } : counts),
    ...{ currentRevision: isRolledOut ? update : current, updateRevision: update },
    collisionCount: collisions,
    // Those of others: it has none of its own.
    ...(conditions && { conditions }),
  };
}
