import { timestamp } from '../../objects/object.ts';
import {
  type Condition,
  conditionOf,
  type Deployment,
  type DeploymentStatus,
  type ReplicaSet,
  timeOf,
} from '../objects.ts';
import { nonZero } from '../status-fields.ts';
import { maxUnavailable } from './bounds.ts';
import { availableOf, replicasOf } from './rolling.ts';

type Conditions = readonly Condition[];

/** A Deployment that asks for no deadline has no condition of its progress. */
export const hasDeadline = ({ spec }: Deployment): boolean =>
  spec.progressDeadlineSeconds !== undefined && spec.progressDeadlineSeconds !== 2_147_483_647;

/** With a condition that is new. One that says the same as before keeps its times. */
export function withCondition(
  conditions: Conditions,
  [type, status, reason, message]: readonly [type: string, status: string, reason: string, message: string],
  now: number,
): Conditions {
  const present = conditions.find((condition) => condition.type === type);
  if (present?.status === status && present.reason === reason) return conditions;
  const at = timestamp(now);
  const since = present?.status === status ? (present.lastTransitionTime ?? at) : at;
  const condition = { type, status, lastUpdateTime: at, lastTransitionTime: since, reason, message };
  return [...conditions.filter((other) => other.type !== type), condition];
}

const without = (conditions: Conditions, type: string): Conditions =>
  conditions.filter((condition) => condition.type !== type);

/** What is counted, and whether enough is available. */
export function countedStatus(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
  now: number,
): DeploymentStatus {
  const all = [...old, ...(current === undefined ? [] : [current])];
  const sum = (count: (status: NonNullable<ReplicaSet['status']>) => number | undefined): number =>
    all.reduce((total, { status }) => total + (status === undefined ? 0 : (count(status) ?? 0)), 0);
  const available = availableOf(all);
  const isEnough = available >= deployment.spec.replicas - maxUnavailable(deployment);
  const { collisionCount, conditions = [] } = deployment.status ?? {};
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    ...nonZero({
      replicas: sum(({ replicas }) => replicas),
      updatedReplicas: current?.status?.replicas ?? 0,
      readyReplicas: sum(({ readyReplicas }) => readyReplicas),
      availableReplicas: available,
      unavailableReplicas: Math.max(0, replicasOf(all) - available),
    }),
    terminatingReplicas: sum(({ terminatingReplicas }) => terminatingReplicas),
    ...(collisionCount !== undefined && { collisionCount }),
    conditions: withCondition(
      conditions,
      isEnough
        ? ['Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.']
        : [
            'Available',
            'False',
            'MinimumReplicasUnavailable',
            'Deployment does not have minimum availability.',
          ],
      now,
    ),
  };
}

/** All that is wanted is there, up to date and available, and nothing else. */
export function isComplete({ spec, metadata }: Deployment, status: DeploymentStatus): boolean {
  return (
    (status.updatedReplicas ?? 0) === spec.replicas &&
    (status.replicas ?? 0) === spec.replicas &&
    (status.availableReplicas ?? 0) === spec.replicas &&
    (status.observedGeneration ?? 0) >= (metadata.generation ?? 0)
  );
}

function hasProgressed(before: DeploymentStatus | undefined, after: DeploymentStatus): boolean {
  const grew = (field: 'availableReplicas' | 'readyReplicas' | 'updatedReplicas'): boolean =>
    (after[field] ?? 0) > (before?.[field] ?? 0);
  const old = (status: DeploymentStatus | undefined): number =>
    (status?.replicas ?? 0) - (status?.updatedReplicas ?? 0);
  return (
    grew('updatedReplicas') || grew('readyReplicas') || grew('availableReplicas') || old(after) < old(before)
  );
}

/** Until when it has to progress again, in ms; undefined: there is nothing to wait for. */
function deadlineOf(deployment: Deployment, progressing: Condition | undefined): number | undefined {
  if (progressing === undefined || progressing.reason === 'NewReplicaSetAvailable') return undefined;
  const since = timeOf(progressing.lastUpdateTime);
  return since === undefined ? undefined : since + (deployment.spec.progressDeadlineSeconds ?? 0) * 1_000;
}

/** The status of a rollout, with whether it gets on. */
export function rolloutStatus(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
  now: number,
): DeploymentStatus {
  const counted = countedStatus(deployment, current, old, now);
  const failure = failureOf(current, old);
  const conditions = without(progressConditions(deployment, current, counted, now), 'ReplicaFailure');
  return { ...counted, conditions: failure === undefined ? conditions : [...conditions, failure] };
}

function progressConditions(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  counted: DeploymentStatus,
  now: number,
): Conditions {
  const { conditions = [] } = counted;
  if (!hasDeadline(deployment)) return without(conditions, 'Progressing');
  const progressing = conditionOf(deployment.status, 'Progressing');
  const wasComplete =
    (counted.replicas ?? 0) === (counted.updatedReplicas ?? 0) &&
    progressing?.reason === 'NewReplicaSetAvailable';
  if (wasComplete) return conditions;
  const subject =
    current === undefined
      ? `Deployment "${deployment.metadata.name}"`
      : `ReplicaSet "${current.metadata.name}"`;
  if (isComplete(deployment, counted)) {
    const told = `${subject} has successfully progressed.`;
    return withCondition(conditions, ['Progressing', 'True', 'NewReplicaSetAvailable', told], now);
  }
  if (hasProgressed(deployment.status, counted)) {
    // Its last update counts, so it is another one each time.
    const at = timestamp(now);
    const since = progressing?.status === 'True' ? (progressing.lastTransitionTime ?? at) : at;
    return [
      ...without(conditions, 'Progressing'),
      {
        ...{ type: 'Progressing', status: 'True', lastUpdateTime: at, lastTransitionTime: since },
        ...{ reason: 'ReplicaSetUpdated', message: `${subject} is progressing.` },
      },
    ];
  }
  const deadline = deadlineOf(deployment, progressing);
  if (deadline !== undefined && deadline < now) {
    const told = `${subject} has timed out progressing.`;
    return withCondition(conditions, ['Progressing', 'False', 'ProgressDeadlineExceeded', told], now);
  }
  return conditions;
}

/** In how many ms a rollout that does not get on has taken too long; undefined: nothing is awaited. */
export function untilDeadline(
  deployment: Deployment,
  status: DeploymentStatus,
  now: number,
): number | undefined {
  if (!hasDeadline(deployment) || isComplete(deployment, status)) return undefined;
  const progressing = conditionOf(status, 'Progressing');
  if (progressing?.reason === 'ProgressDeadlineExceeded') return undefined;
  const deadline = deadlineOf(deployment, progressing);
  // Times in objects are whole seconds.
  return deadline === undefined ? undefined : Math.max(0, deadline - now) + 1_000;
}

/** Why pods can't be made, where that is so: of the current ReplicaSet before the others. */
function failureOf(current: ReplicaSet | undefined, old: readonly ReplicaSet[]): Condition | undefined {
  for (const replicaSet of [...(current === undefined ? [] : [current]), ...old]) {
    const found = conditionOf(replicaSet.status, 'ReplicaFailure');
    if (found === undefined) continue;
    const { type, status, reason = '', message = '', lastTransitionTime = '' } = found;
    return { type, status, lastUpdateTime: lastTransitionTime, lastTransitionTime, reason, message };
  }
  return undefined;
}
