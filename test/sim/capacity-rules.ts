import type { SandboxSpec } from '../../src/runtime/index.ts';
import type { ContainerInstanceRecord, TaskRecord } from '../../src/services/ecs/records.ts';
import { fail } from './broken-rule.ts';
import { type Capacity, splitOf } from './capacity-plan.ts';
import type { Facts } from './facts.ts';
import { arnOfKey, instanceKeyOf, keyOfArn, lenderKeyOf, type Records, serviceKeyOf } from './records.ts';

/** The reason that an interruption gives, word for word (ECS developer guide, Fargate Spot). */
const interruption = 'Your Spot Task was interrupted.';

/** A new task is of the launch type and of one of the providers that were asked for. */
export function checkCapacity(records: Records, facts: Facts, key: string, task: TaskRecord): void {
  const wanted = wantedCapacity(records, facts, key, task);
  if (wanted === undefined) return;
  const providers = wanted.strategy.map(({ capacityProvider }) => capacityProvider);
  const { launchType, capacityProviderName } = task;
  const isOfIt =
    capacityProviderName === undefined ? providers.length === 0 : providers.includes(capacityProviderName);
  if (launchType !== wanted.launchType || !isOfIt)
    fail(
      'a task goes where its capacity says',
      `${arnOfKey(key)} is ${launchType} of ${capacityProviderName}; wanted ${JSON.stringify(wanted)}`,
    );
  if (launchType === 'FARGATE') checkSize(key, task);
}

function wantedCapacity(records: Records, facts: Facts, key: string, task: TaskRecord): Capacity | undefined {
  const service = records.services.get(serviceKeyOf(key, task) ?? '');
  if (service === undefined) return facts.requested(task.startedBy)?.capacity;
  const deployment = service.deployments.find(({ id }) => id === task.service?.deploymentId);
  const launchType = deployment?.launchType;
  if (deployment === undefined || launchType === undefined) return undefined;
  if (launchType === 'EXTERNAL' || launchType === 'MANAGED_INSTANCES') return undefined;
  return { launchType, strategy: deployment.capacityProviderStrategy ?? [] };
}

/** It holds what it was sold as, not what its containers sum up to. */
function checkSize(key: string, { cpu, memory, reserved }: TaskRecord): void {
  if (reserved.cpu !== Number(cpu) || reserved.memoryMiB !== Number(memory))
    fail(
      'a Fargate task has its size',
      `${arnOfKey(key)} of ${cpu} and ${memory} holds ${JSON.stringify(reserved)}`,
    );
}

/** All that a Fargate task runs is held to its size together. */
export function checkLimits(records: Records, taskArn: string, sandbox: SandboxSpec): void {
  const task = records.tasks.get(keyOfArn(taskArn));
  if (task?.launchType !== 'FARGATE') return;
  const { cpuMillis, memoryMiB } = sandbox;
  if (cpuMillis !== (Number(task.cpu) * 1000) / 1024 || memoryMiB !== Number(task.memory))
    fail('a Fargate task has its size', `${taskArn} may use ${cpuMillis} and ${memoryMiB}`);
}

/** Fargate's tasks are on hosts and borrow from the host's machine; a group's are on the group's instances. */
export function checkGround(records: Records, key: string, task: TaskRecord): void {
  const { launchType, capacityProviderName } = task;
  const instance = records.instanceOf(key, task);
  if (launchType !== 'FARGATE') {
    const isStray =
      capacityProviderName !== undefined && instance?.capacityProviderName !== capacityProviderName;
    if (isStray || task.lender !== undefined)
      fail(
        'a task goes where its capacity says',
        `${arnOfKey(key)} of ${capacityProviderName}: ${instance?.id}`,
      );
    return;
  }
  const lenderKey = lenderKeyOfHost(instance);
  const canLend = lenderKey !== undefined && records.instances.get(lenderKey)?.status !== 'INACTIVE';
  if (lenderKeyOf(key, task) !== (canLend ? lenderKey : undefined))
    fail(
      'a Fargate task borrows from its machine',
      `${arnOfKey(key)}: ${lenderKeyOf(key, task)}, not ${lenderKey}`,
    );
  if (!instance?.agentConnected) fail('a Fargate task is placed on a host that is connected', arnOfKey(key));
}

export function lenderKeyOfHost(host: ContainerInstanceRecord | undefined): string | undefined {
  const arn = host?.attributes.find(({ name }) => name === 'catamaran.lender')?.value;
  return arn === undefined ? undefined : keyOfArn(arn);
}

/** Who was interrupted says so to the end, in AWS's words. */
export function checkInterruption(
  key: string,
  { capacityProviderName, stopCode, stoppedReason }: TaskRecord,
): void {
  if (stopCode !== 'SpotInterruption') return;
  if (capacityProviderName !== 'FARGATE_SPOT' || stoppedReason !== interruption)
    fail('only Spot tasks are interrupted', `${arnOfKey(key)} of ${capacityProviderName}: ${stoppedReason}`);
}

/**
 * The tasks of each settled service that has all of them are shared out as its strategy says, if nothing of its
 * deployment was ever scaled in: then the scheduler may have chosen others than the strategy would.
 */
export function checkSplits(records: Records): void {
  for (const [key, { name, status, deployments, desiredCount }] of records.services) {
    const [primary] = deployments;
    if (status !== 'ACTIVE' || primary?.capacityProviderStrategy === undefined) continue;
    const wasScaledIn = [...records.tasks.values()].some(
      (task) => task.service?.deploymentId === primary.id && task.stopCode === 'ServiceSchedulerInitiated',
    );
    if (wasScaledIn || records.shrunk.has(primary.id)) continue;
    const tasks = records
      .ofService(key)
      .filter((task) => task.service?.deploymentId === primary.id && task.desiredStatus === 'RUNNING');
    // Where room is missing, whoever is missing had none.
    if (tasks.length < desiredCount) continue;
    const difference = differenceOf(
      splitOf(primary.capacityProviderStrategy, tasks.length),
      tasks.map(({ capacityProviderName = '' }) => capacityProviderName),
    );
    if (difference !== undefined) fail('base and weights are kept', `${name} has ${difference}`);
  }
}

/** Between what each provider should have and what it has; undefined when there is none. */
export function differenceOf(
  expected: ReadonlyMap<string, number>,
  providers: readonly string[],
): string | undefined {
  const counts = new Map(
    [...Map.groupBy(providers, (name) => name)].map(([name, { length }]) => [name, length]),
  );
  const names = new Set([...expected.keys(), ...counts.keys()]);
  const differs = [...names].some((name) => (expected.get(name) ?? 0) !== (counts.get(name) ?? 0));
  return differs ? `${JSON.stringify([...counts])} instead of ${JSON.stringify([...expected])}` : undefined;
}

/** The keys of the instances whose room a task takes. */
export function roomOf(key: string, task: TaskRecord): readonly string[] {
  return [instanceKeyOf(key, task), lenderKeyOf(key, task)].filter((each) => each !== undefined);
}
