import { isDeepStrictEqual } from 'node:util';
import { type Reader, type RecordKey, recordKey, type Transaction } from '../../../reconcile/index.ts';
import {
  deregisterServiceTarget,
  registerServiceTarget,
  type ServiceTargetHealth,
  serviceTargetHealth,
} from '../../elbv2/index.ts';
import {
  deregisterServiceInstance,
  registerServiceInstance,
  setInstanceHealth,
} from '../../servicediscovery/index.ts';
import { type Scope, scopeOfKey } from '../arn.ts';
import { checkedContainers } from '../deployment/live-task.ts';
import { given } from '../given.ts';
import { publishedPort } from '../records/activation.ts';
import {
  containerInstances,
  instanceClusterOf,
  type TaskRecord,
  type TaskTarget,
  targetIndexValue,
  targetsOf,
  taskDefinitions,
  tasks,
} from '../records.ts';
import { taskDefinitionKey } from '../task-definition-lookup.ts';
import { notPublished, registryHealth, registryInstance, type Surroundings } from './registry-instance.ts';

/**
 * Where a task is registered, in the transaction that changes its record: whoever sees the one sees the other.
 */

/** A task that is about to be registered, with what load balancers reach it by where that is its container instance. */
export function onItsInstance(tx: Transaction, key: RecordKey, task: TaskRecord): TaskRecord {
  const { activation, networkInterface } = task;
  if (activation?.loadBalancers === undefined || networkInterface !== undefined) return task;
  const { ec2InstanceId } = surroundingsOf(tx, scopeOfKey(key), task);
  return { ...task, activation: { ...activation, ...given('ec2InstanceId', ec2InstanceId) } };
}

/** Wherever it is to be found. @returns what is in the way, in a sentence; it is then registered nowhere. */
export function registerTask(
  tx: Transaction,
  key: RecordKey,
  task: TaskRecord,
  now: number,
): string | undefined {
  const obstacle = registryObstacle(tx, key, task) ?? targetObstacle(tx, key, task, now);
  if (obstacle !== undefined) deregisterTask(tx, key, task, now);
  return obstacle;
}

function registryObstacle(tx: Transaction, key: RecordKey, task: TaskRecord): string | undefined {
  const surroundings = surroundingsOf(tx, scopeOfKey(key), task);
  for (const registry of task.activation?.serviceRegistries ?? []) {
    const instance = registryInstance(task, registry, surroundings);
    if (typeof instance === 'string') return instance;
    const registration = registerServiceInstance(tx, surroundings.scope, instance);
    if (registration.type === 'refused') return registration.reason;
  }
  return undefined;
}

function targetObstacle(tx: Transaction, key: RecordKey, task: TaskRecord, now: number): string | undefined {
  const { loadBalancers = [], ec2InstanceId } = task.activation ?? {};
  if (loadBalancers.length > 0 && task.networkInterface === undefined && ec2InstanceId === undefined)
    return 'Its container instance is no instance of EC2’s.';
  const unpublished =
    task.networkInterface === undefined &&
    loadBalancers.find((balancer) => publishedPort(task.containers, balancer) === undefined);
  if (unpublished) return notPublished(unpublished);
  for (const target of targetsOf(task)) {
    const registration = registerServiceTarget(tx, scopeOfKey(key), target, now);
    if (registration.type === 'refused') return registration.reason;
  }
  return undefined;
}

/** Nothing there is success. Its targets may drain for a while. */
export function deregisterTask(tx: Transaction, key: RecordKey, task: TaskRecord, now: number): void {
  const scope = scopeOfKey(key);
  for (const { registryArn } of task.activation?.serviceRegistries ?? [])
    deregisterServiceInstance(tx, scope, registryArn, task.id);
  for (const target of targetsOf(task)) leaveTarget(tx, key, target, now);
}

/** Its container was started again, and has another port of its machine. */
export function moveTargets(
  tx: Transaction,
  key: RecordKey,
  before: TaskRecord,
  after: TaskRecord,
  now: number,
): void {
  const was = targetsOf(before);
  const is = targetsOf(after);
  if (isDeepStrictEqual(was, is)) return;
  const isOf = (targets: readonly TaskTarget[], one: TaskTarget): boolean =>
    targets.some((target) => isDeepStrictEqual(target, one));
  for (const target of was) if (!isOf(is, target)) leaveTarget(tx, key, target, now);
  // One that is refused is unhealthy from now on, and replaced as such.
  for (const target of is) if (!isOf(was, target)) registerServiceTarget(tx, scopeOfKey(key), target, now);
}

/** A port of a machine that another task has got meanwhile is that one's target now. */
function leaveTarget(tx: Transaction, key: RecordKey, target: TaskTarget, now: number): void {
  const scope = scopeOfKey(key);
  const within = `${scope.accountId}/${scope.region}`;
  const holders = tx.byIndex(tasks, 'byTarget', targetIndexValue(within, target.targetGroupArn, target));
  const isAnothers = holders.some((holder) => holder.key !== key && holder.value.activation?.isRegistered);
  if (!isAnothers) deregisterServiceTarget(tx, scope, target, now);
}

/** Deregistered, and not done with what load balancers had sent to it. */
export function isDraining(reader: Reader, key: RecordKey, task: TaskRecord): boolean {
  return targetHealthsOf(reader, key, task).some(({ health }) => health.state === 'draining');
}

/** Each of a task's targets with what its load balancer says of it. */
export function targetHealthsOf(
  reader: Reader,
  key: RecordKey,
  task: TaskRecord,
): readonly (TaskTarget & { readonly health: ServiceTargetHealth })[] {
  const scope = scopeOfKey(key);
  return targetsOf(task).map((target) => ({ ...target, health: serviceTargetHealth(reader, scope, target) }));
}

/** Its containers' health checks have something to say, or have it no more. */
export function tellHealth(tx: Transaction, key: RecordKey, task: TaskRecord): void {
  if (!task.activation?.isRegistered) return;
  const { scope, checkedContainers: checked } = surroundingsOf(tx, scopeOfKey(key), task);
  const health = registryHealth(task, checked);
  for (const { registryArn } of task.activation.serviceRegistries ?? [])
    setInstanceHealth(tx, scope, { registryArn, instanceId: task.id, health });
}

function surroundingsOf(tx: Transaction, scope: Scope, task: TaskRecord): Surroundings {
  const { family, revision } = task.taskDefinition;
  const definition = tx.get(taskDefinitions, taskDefinitionKey(scope, family, revision))?.definition;
  const instanceKey = recordKey(
    containerInstances,
    ...([scope.accountId, scope.region, instanceClusterOf(task), task.containerInstanceId ?? ''] as const),
  );
  return {
    scope,
    ec2InstanceId: tx.get(containerInstances, instanceKey)?.ec2InstanceId,
    checkedContainers: checkedContainers(definition),
  };
}
