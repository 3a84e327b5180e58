import type { ServiceRecord, TaskDefinitionRecord } from '../../src/services/ecs/records.ts';
import type { SimMachine } from './machine.ts';
import type { Plane } from './plane.ts';
import { arnOfKey, keyOfArn, type Records } from './records.ts';
import type { Users } from './users.ts';

export interface SettledWorld {
  readonly records: Records;
  readonly machines: readonly SimMachine[];
  readonly users: Users;
  readonly plane: Plane;
}

/** What is not as it should be when nothing goes wrong any more; nothing, once the world is at rest. */
export function settled(world: SettledWorld): readonly string[] {
  const { users, plane, machines } = world;
  if (plane.listening === undefined) return ['the control plane does not listen'];
  if (users.isBusy) return ['users wait for answers'];
  const living = machines.filter(({ isGone }) => !isGone);
  return [
    ...living.flatMap((machine) => (machine.instanceArn ? [] : [`${machine.name} is not registered`])),
    ...promisedServices(world),
    ...endedServices(world),
    ...tasksOnTheirWay(world),
    ...living.flatMap((machine) => [...whatRuns(world, machine)]),
  ];
}

function* promisedServices({ records, users }: SettledWorld): Generator<string> {
  for (const { name, desiredCount, taskDefinition } of users.wantedServices) {
    const entry = [...records.services].find(([, service]) => service.name === name);
    if (entry === undefined || entry[1].status !== 'ACTIVE') {
      yield `service ${name} was promised and is ${entry?.[1].status ?? 'not there'}`;
      continue;
    }
    const [key, service] = entry;
    if (service.desiredCount !== desiredCount)
      yield `service ${name} was promised ${desiredCount} tasks and wants ${service.desiredCount}`;
    const tasks = records.ofService(key);
    const running = tasks.filter(
      ({ lastStatus, desiredStatus }) => lastStatus === 'RUNNING' && desiredStatus === 'RUNNING',
    );
    if (running.length < tasks.length)
      yield `${tasks.length - running.length} tasks of ${name} are on their way`;
    if (running.length > desiredCount)
      yield `service ${name} runs ${running.length} of ${desiredCount} tasks`;
    const [primary] = service.deployments;
    const ofPrimary = running.filter((task) => task.service?.deploymentId === primary?.id);
    if (!taskDefinition.endsWith(`/${primary?.taskDefinition.family}:${primary?.taskDefinition.revision}`))
      yield `service ${name} was promised ${taskDefinition} and deploys ${primary?.taskDefinition.revision}`;
    if (ofPrimary.length < desiredCount && fitsSomewhere(records, service))
      yield `service ${name} runs ${ofPrimary.length} of ${desiredCount} tasks of its deployment, and there is room`;
    if (
      ofPrimary.length === desiredCount &&
      (service.deployments.length > 1 || primary?.rolloutState !== 'COMPLETED')
    )
      yield `the rollout of ${name} is ${primary?.rolloutState}, with ${service.deployments.length} deployments`;
  }
}

/** Nothing is left of services that were deleted. */
function* endedServices({ records }: SettledWorld): Generator<string> {
  for (const [key, service] of records.services) {
    if (service.status === 'DRAINING') yield `service ${service.name} is still DRAINING`;
    const left = service.status === 'INACTIVE' ? records.ofService(key).length : 0;
    if (left > 0) yield `service ${service.name} is INACTIVE and has ${left} tasks`;
  }
}

function* tasksOnTheirWay({ records, users }: SettledWorld): Generator<string> {
  for (const [key, { lastStatus, desiredStatus, group }] of records.tasks) {
    if (lastStatus !== 'STOPPED' && lastStatus !== desiredStatus)
      yield `task ${key.split('/').at(-1)} of ${group} is ${lastStatus}, wanted ${desiredStatus}`;
  }
  for (const arn of users.promisedTasks) {
    const task = records.tasks.get(keyOfArn(arn));
    if (task === undefined) continue;
    if (task.lastStatus !== 'STOPPED' && task.lastStatus !== 'RUNNING') yield `${arn} is ${task.lastStatus}`;
  }
}

/** On the machine runs what the records say, and nothing else. */
function* whatRuns({ records }: SettledWorld, machine: SimMachine): Generator<string> {
  if (machine.instanceArn === undefined) return;
  const running = new Set(machine.runningTasks());
  const instanceKey = keyOfArn(machine.instanceArn);
  const instance = records.instances.get(instanceKey);
  if (!instance?.agentConnected) yield `the agent of ${machine.name} is not connected`;
  for (const arn of running) {
    const task = records.tasks.get(keyOfArn(arn));
    if (task === undefined || task.lastStatus === 'STOPPED') yield `orphan: ${machine.name} runs ${arn}`;
  }
  for (const { cluster, id } of records.onInstance(instanceKey)) {
    const arn = arnOfKey([...instanceKey.split('/').slice(0, 4), 'task', cluster, id].join('/'));
    if (!running.has(arn)) yield `${machine.name} does not run ${arn}`;
  }
}

/** Whether an instance could take one more task of the service, by plain arithmetic. */
function fitsSomewhere(records: Records, service: ServiceRecord): boolean {
  const { family, revision } = service.taskDefinition;
  const definition = [...records.definitions.values()].find(
    (record) => record.family === family && record.revision === revision,
  );
  if (definition === undefined) return false;
  const need = needOf(definition);
  const isDistinct = service.placementConstraints.some(({ type }) => type === 'distinctInstance');
  for (const instance of records.instances.values()) {
    if (instance.status !== 'ACTIVE' || !instance.agentConnected) continue;
    if (isDistinct && instance.groups.some(({ group }) => group === `service:${service.name}`)) continue;
    const has = (name: string): number =>
      instance.registeredResources.find((resource) => resource.name === name)?.integerValue ?? 0;
    const isFree = need.tcpPorts.every((port) => !instance.used.tcpPorts.includes(port));
    const fits =
      isFree &&
      instance.used.cpu + need.cpu <= has('CPU') &&
      instance.used.memoryMiB + need.memoryMiB <= has('MEMORY');
    if (fits) return true;
  }
  return false;
}

function needOf({ definition }: TaskDefinitionRecord) {
  const containers = definition.containerDefinitions;
  const sum = (of: (container: (typeof containers)[number]) => number): number =>
    containers.reduce((total, container) => total + of(container), 0);
  return {
    cpu: sum(({ cpu }) => cpu ?? 0),
    memoryMiB: sum(({ memory, memoryReservation }) => memoryReservation ?? memory ?? 0),
    tcpPorts: containers.flatMap(({ portMappings }) =>
      (portMappings ?? []).flatMap(({ hostPort, containerPort }) =>
        definition.networkMode === 'host' ? (containerPort ?? []) : hostPort ? [hostPort] : [],
      ),
    ),
  };
}
