import { type RecordKey, recordKey, type Transaction } from '../../../reconcile/index.ts';
import {
  deregisterServiceInstance,
  registerServiceInstance,
  setInstanceHealth,
} from '../../servicediscovery/index.ts';
import { type Scope, scopeOfKey } from '../arn.ts';
import { checkedContainers } from '../deployment/live-task.ts';
import { containerInstances, instanceClusterOf, type TaskRecord, taskDefinitions } from '../records.ts';
import { taskDefinitionKey } from '../task-definition-lookup.ts';
import { registryHealth, registryInstance, type Surroundings } from './registry-instance.ts';

/**
 * Where a task is registered, in the transaction that changes its record: whoever sees the one sees the other.
 */

/** Wherever it is to be found. @returns what is in the way, in a sentence; it is then registered nowhere. */
export function registerTask(tx: Transaction, key: RecordKey, task: TaskRecord): string | undefined {
  const surroundings = surroundingsOf(tx, scopeOfKey(key), task);
  for (const registry of task.activation?.serviceRegistries ?? []) {
    const instance = registryInstance(task, registry, surroundings);
    const registration =
      typeof instance === 'string'
        ? ({ type: 'refused', reason: instance } as const)
        : registerServiceInstance(tx, surroundings.scope, instance);
    if (registration.type === 'registered') continue;
    deregisterTask(tx, key, task);
    return registration.reason;
  }
  return undefined;
}

/** Nothing there is success. */
export function deregisterTask(tx: Transaction, key: RecordKey, { id, activation }: TaskRecord): void {
  for (const { registryArn } of activation?.serviceRegistries ?? [])
    deregisterServiceInstance(tx, scopeOfKey(key), registryArn, id);
}

/** Its containers' health checks have something to say, or have it no more. */
export function tellHealth(tx: Transaction, key: RecordKey, task: TaskRecord): void {
  if (!task.activation?.isRegistered) return;
  const { scope, checkedContainers: checked } = surroundingsOf(tx, scopeOfKey(key), task);
  const health = registryHealth(task, checked);
  for (const { registryArn } of task.activation.serviceRegistries)
    setInstanceHealth(tx, scope, { registryArn, instanceId: task.id, health });
}

function surroundingsOf(tx: Transaction, scope: Scope, task: TaskRecord): Surroundings {
  const { family, revision } = task.taskDefinition;
  const definition = tx.get(taskDefinitions, taskDefinitionKey(scope, family, revision))?.definition;
  const instanceKey = recordKey(
    containerInstances,
    ...[scope.accountId, scope.region, instanceClusterOf(task), task.containerInstanceId ?? ''],
  );
  return {
    scope,
    ec2InstanceId: tx.get(containerInstances, instanceKey)?.ec2InstanceId,
    checkedContainers: checkedContainers(definition),
  };
}
