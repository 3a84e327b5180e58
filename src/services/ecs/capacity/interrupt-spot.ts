import { taskId as idOf, type Scope, taskArn } from '../arn.ts';
import type { EcsContext } from '../context.ts';
import { type TaskRecord, tasks } from '../records.ts';
import { requestTaskStop } from '../task-state.ts';

/** ECS developer guide, "Fargate Spot termination notices". */
const reason = 'Your Spot Task was interrupted.';

/**
 * The warning and its consequence in one: the task's change says `SpotInterruption`, its containers get SIGTERM, and
 * after their stop timeout SIGKILL. Fargate lets that be two minutes at most.
 */
export async function interruptSpot(
  ecs: EcsContext,
  scope: Scope,
  task: string | undefined,
): Promise<readonly string[]> {
  const id = task === undefined ? undefined : idOf(task);
  const isMeant = (record: TaskRecord): boolean =>
    record.capacityProviderName === 'FARGATE_SPOT' &&
    record.desiredStatus === 'RUNNING' &&
    (id === undefined || record.id === id);
  const now = ecs.clock.now();
  return ecs.state.transact((tx) => {
    const prefix = `/ecs/${scope.accountId}/${scope.region}/task/`;
    const meant = [...tx.list(tasks, prefix)].filter(({ value }) => isMeant(value));
    for (const { key } of meant) requestTaskStop(tx, key, { stopCode: 'SpotInterruption', reason, now });
    return meant.map(({ value }) => taskArn(scope, value.cluster, value.id));
  });
}
