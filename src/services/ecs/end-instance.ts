import type { Stored } from '../../reconcile/index.ts';
import { type RecordKey, recordKey, type Transaction } from '../../reconcile/index.ts';
import { type Scope, scopeOfKey } from './arn.ts';
import { transactInTurn } from './cluster-turns.ts';
import type { EcsContext } from './context.ts';
import { endEc2Instance } from './ec2-instance.ts';
import { attributesOf, machineAttribute } from './placement/instance.ts';
import { type ContainerInstanceRecord, containerInstances, type TaskRecord, tasks } from './records.ts';
import { abandonTask } from './task-state.ts';

/** The tasks of an instance that are not STOPPED. */
export function liveTasksOf(
  tx: Transaction,
  scope: Scope,
  { cluster, id }: ContainerInstanceRecord,
): readonly Stored<TaskRecord>[] {
  return tx.byIndex(tasks, 'unstoppedByInstance', `${scope.accountId}/${scope.region}/${cluster}/${id}`);
}

/** Makes an instance INACTIVE. ECS forgets what runs there. */
export function endInstance(
  tx: Transaction,
  scope: Scope,
  instance: ContainerInstanceRecord,
  now: number,
): ContainerInstanceRecord {
  for (const task of liveTasksOf(tx, scope, instance)) abandonTask(tx, task.key, now);
  const key = instanceKey(scope, instance.cluster, instance.id);
  const emptied = tx.get(containerInstances, key) ?? instance;
  const after: ContainerInstanceRecord = {
    ...emptied,
    status: 'INACTIVE',
    deregisteredAt: now,
    version: emptied.version + 1,
  };
  tx.put(containerInstances, key, after);
  endEc2Instance(tx, scope, after, now);
  return after;
}

/** The machine has left the installation: its instances, and its host for Fargate tasks, are deregistered by force. */
export async function endMachine(ecs: EcsContext, machineId: string): Promise<void> {
  for (const { key, value } of [...ecs.state.list(containerInstances)]) {
    if (value.status === 'INACTIVE' || attributesOf(value).get(machineAttribute) !== machineId) continue;
    const scope = scopeOfKey(key);
    await transactInTurn(ecs, scope, value.cluster, (tx) => {
      const instance = tx.get(containerInstances, key);
      if (instance !== undefined && instance.status !== 'INACTIVE')
        endInstance(tx, scope, instance, ecs.clock.now());
    });
  }
}

export const instanceKey = (scope: Scope, cluster: string, id: string): RecordKey =>
  recordKey(containerInstances, scope.accountId, scope.region, cluster, id);
