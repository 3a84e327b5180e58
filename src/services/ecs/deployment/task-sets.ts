import type { Reader } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { given } from '../given.ts';
import type { ServiceRecord, TaskSetRecord } from '../records.ts';
import type { ServicePlan, ServiceSnapshot } from './plan.ts';
import { planService } from './planner.ts';
import { eventMessages, type Teller, withEvent } from './service-events.ts';
import { readSnapshot } from './service-snapshot.ts';

/**
 * Task sets (EXTERNAL deployment controller). The scheduler keeps each at its share of the service's desired count,
 * as if it were a service of its own with one deployment; nothing rolls from one to another.
 */

/** `ceil(desired * scale / 100)`; of a set that is being deleted nothing is wanted. */
export function computedDesiredCount(
  { status, desiredCount }: Pick<ServiceRecord, 'status' | 'desiredCount'>,
  set: Pick<TaskSetRecord, 'status' | 'scale'>,
): number {
  if (status !== 'ACTIVE' || set.status === 'DRAINING') return 0;
  // A share like 70 percent of 10 is no exact number of hundredths: 7, and not 8 because of the last bit.
  return Math.ceil(Math.round(desiredCount * set.scale * 1e6) / 1e8);
}

/** The service that the scheduler sees in a task set. */
function serviceOfTaskSet(service: ServiceRecord, set: TaskSetRecord): ServiceRecord {
  const { steadyAt: _steadyAt, ...rest } = service;
  return {
    ...rest,
    status: service.status === 'ACTIVE' && set.status !== 'DRAINING' ? 'ACTIVE' : 'DRAINING',
    desiredCount: computedDesiredCount(service, set),
    launchType: set.launchType,
    deployments: [set.deployment],
    taskSets: [set],
    ...given('steadyAt', set.steadyAt),
  };
}

/** The service after the scheduler has worked on what it saw in one of its task sets; a set that is empty is gone. */
export function withTaskSet(
  service: ServiceRecord,
  id: string,
  seen: ServiceRecord,
  now: number,
): ServiceRecord {
  const [deployment] = seen.deployments;
  const taskSets = (service.taskSets ?? []).flatMap((set): TaskSetRecord[] => {
    if (set.deployment.id !== id) return [set];
    if (deployment === undefined) return [];
    const { steadyAt: _steadyAt, ...rest } = set;
    const status = seen.steadyAt === undefined ? 'STABILIZING' : 'STEADY_STATE';
    return [
      {
        ...rest,
        deployment,
        stability: set.stability.status === status ? set.stability : { status, at: now },
        ...given('steadyAt', seen.steadyAt),
      },
    ];
  });
  return { ...service, events: seen.events, taskSets };
}

/** The service with an event for each task set that is to have another number of tasks than before. */
export function withComputedCountsTold(
  before: ServiceRecord,
  after: ServiceRecord,
  teller: Teller,
): ServiceRecord {
  const counts = new Map(
    before.taskSets?.map((set) => [set.deployment.id, computedDesiredCount(before, set)]),
  );
  let { events } = after;
  for (const set of after.taskSets ?? []) {
    const { id } = set.deployment;
    const count = computedDesiredCount(after, set);
    if (count !== (counts.get(id) ?? 0))
      events = withEvent(events, eventMessages.computedDesiredCount(id, count), teller);
  }
  return { ...after, events };
}

export interface TaskSetPlan {
  readonly id: string;
  readonly snapshot: ServiceSnapshot;
  readonly plan: ServicePlan;
}

/** What to do now about each task set. */
export function planTaskSets(
  reader: Reader,
  scope: Scope,
  service: ServiceRecord,
  sight: Parameters<typeof readSnapshot>[3],
): readonly TaskSetPlan[] {
  return (service.taskSets ?? []).map((set) => {
    const { id } = set.deployment;
    const all = readSnapshot(reader, scope, serviceOfTaskSet(service, set), sight);
    const snapshot = {
      ...all,
      live: all.live.filter(({ deploymentId }) => deploymentId === id),
      ends: all.ends.filter(({ deploymentId }) => deploymentId === id),
      deactivating: all.deactivating.filter((deploymentId) => deploymentId === id),
    };
    return { id, snapshot, plan: planService(snapshot) };
  });
}
