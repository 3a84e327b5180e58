import { fargateHosts } from '../../src/services/ecs/index.ts';
import type {
  ContainerInstanceRecord,
  ServiceRecord,
  TaskDefinitionRecord,
  TaskRecord,
} from '../../src/services/ecs/records.ts';
import { lenderKeyOfHost } from './capacity-rules.ts';
import { isMember } from './invariants.ts';
import { type SimMachine, taskOf } from './machine.ts';
import type { Plane } from './plane.ts';
import { arnOfKey, keyOfArn, type Records } from './records.ts';
import { hasCapacity } from './service-owners.ts';
import { traffic } from './shift-rules.ts';
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
    ...living.flatMap((machine) =>
      machine.hostArn || !machine.hostsFargate ? [] : [`${machine.name} hosts no Fargate tasks`],
    ),
    ...promisedServices(world),
    ...endedServices(world),
    ...tasksOnTheirWay(world),
    ...living.flatMap((machine) => [...whatRuns(world, machine)]),
    ...tasksOfTheLost(world),
  ];
}

function* promisedServices({ records, users }: SettledWorld): Generator<string> {
  for (const wanted of users.wantedServices) {
    const { name, desiredCount, taskDefinition, capacity, isShifted, hasBreaker } = wanted;
    const entry = [...records.services].find(([, service]) => service.name === name);
    if (entry === undefined || entry[1].status !== 'ACTIVE') {
      yield `service ${name} was promised and is ${entry?.[1].status ?? 'not there'}`;
      continue;
    }
    const [key, service] = entry;
    // What its circuit breaker has given up, nobody launches any more.
    if (service.deployments[0]?.rolloutState === 'FAILED') continue;
    if (desiredCount === undefined) {
      yield* daemons(records, key, service);
      continue;
    }
    if (service.desiredCount !== desiredCount)
      yield `service ${name} was promised ${desiredCount} tasks and wants ${service.desiredCount}`;
    const tasks = records.ofService(key);
    const running = tasks.filter(
      ({ lastStatus, desiredStatus }) => lastStatus === 'RUNNING' && desiredStatus === 'RUNNING',
    );
    const waiting = tasks.filter((task) => isWaitingForRoom(records, task));
    if (running.length + waiting.length < tasks.length)
      yield `${tasks.length - running.length - waiting.length} tasks of ${name} are on their way`;
    const [primary] = service.deployments;
    if (!hasCapacity(service, capacity) && !hasBreaker)
      yield `service ${name} was promised ${JSON.stringify(capacity)} and is on ${service.launchType}`;
    const ofPrimary = running.filter((task) => task.service?.deploymentId === primary?.id);
    const isDeployed = taskDefinition.endsWith(
      `/${primary?.taskDefinition.family}:${primary?.taskDefinition.revision}`,
    );
    if (!isDeployed && !hasBreaker)
      yield `service ${name} was promised ${taskDefinition} and deploys ${primary?.taskDefinition.revision}`;
    // Those that wait count as started: there may be no room for more of them, and nothing to be stopped for them.
    if (waiting.length > 0) continue;
    yield* traffic(records, service);
    // Until the new deployment has found room, both are kept.
    const isStuck = isShifted && ofPrimary.length < desiredCount;
    if (tasks.length > desiredCount && !isStuck)
      yield `service ${name} has ${tasks.length} of ${desiredCount} tasks`;
    if (ofPrimary.length < desiredCount && fitsSomewhere(records, service))
      yield `service ${name} runs ${ofPrimary.length} of ${desiredCount} tasks of its deployment, and there is room`;
    if (
      ofPrimary.length === desiredCount &&
      (service.deployments.length > 1 || primary?.rolloutState !== 'COMPLETED')
    )
      yield `the rollout of ${name} is ${primary?.rolloutState}, with ${service.deployments.length} deployments`;
  }
}

/** One on each instance that is one of the service's, and has room for it. */
function* daemons(records: Records, key: string, service: ServiceRecord): Generator<string> {
  const tasks = records.ofService(key);
  const [primary] = service.deployments;
  const isPlace = (instance: ContainerInstanceRecord): boolean =>
    service.placementConstraints.every(({ expression = '' }) => isMember(instance, expression));
  const active = [...records.instances.values()].filter(
    ({ status, cluster }) => status === 'ACTIVE' && cluster === service.cluster,
  );
  const places = active.filter(isPlace).length;
  // With one instance and a minimum of 50 % nothing may be stopped, on AWS as here; instances without room count.
  const mayReplace =
    tasks.length > Math.ceil((places * service.deploymentConfiguration.minimumHealthyPercent) / 100);
  for (const instance of active) {
    if (!instance.agentConnected) continue;
    const there = tasks.filter(({ containerInstanceId }) => containerInstanceId === instance.id);
    const isWanted = isPlace(instance);
    const [task] = there;
    if (there.length > 1) yield `${service.name} has ${there.length} tasks on ${instance.id}`;
    if (!isWanted && task !== undefined && !isProtected(task))
      yield `${service.name} runs on ${instance.id}, which is none of its instances`;
    if (isWanted && task === undefined && fitsOn(instance, needOfService(records, service)))
      yield `${service.name} does not run on ${instance.id}, and there is room`;
    if (task !== undefined && task.lastStatus !== 'RUNNING')
      yield `${service.name} is ${task.lastStatus} on ${instance.id}`;
    if (task && isWanted && mayReplace && !isProtected(task) && task.service?.deploymentId !== primary?.id)
      yield `${service.name} runs an older deployment on ${instance.id}`;
  }
}

const isProtected = ({ protectedUntil }: TaskRecord): boolean => protectedUntil !== undefined;

/** Nothing is left of services that were deleted. */
function* endedServices({ records }: SettledWorld): Generator<string> {
  for (const [key, service] of records.services) {
    if (service.status === 'DRAINING') yield `service ${service.name} is still DRAINING`;
    const left = service.status === 'INACTIVE' ? records.ofService(key).length : 0;
    if (left > 0) yield `service ${service.name} is INACTIVE and has ${left} tasks`;
  }
}

function* tasksOnTheirWay({ records, users }: SettledWorld): Generator<string> {
  for (const [key, task] of records.tasks) {
    const { lastStatus, desiredStatus, group } = task;
    if (lastStatus !== 'STOPPED' && lastStatus !== desiredStatus && !isWaitingForRoom(records, task))
      yield `task ${key.split('/').at(-1)} of ${group} is ${lastStatus}, wanted ${desiredStatus}`;
  }
  for (const arn of users.promisedTasks) {
    const task = records.tasks.get(keyOfArn(arn));
    if (task === undefined || isWaitingForRoom(records, task)) continue;
    if (task.lastStatus !== 'STOPPED' && task.lastStatus !== 'RUNNING') yield `${arn} is ${task.lastStatus}`;
  }
}

/** On the machine runs what the records say, and nothing else. */
function* whatRuns({ records }: SettledWorld, machine: SimMachine): Generator<string> {
  const running = new Set(machine.runningTasks());
  for (const arn of running) {
    const task = records.tasks.get(keyOfArn(arn));
    if (task === undefined || task.lastStatus === 'STOPPED') yield `orphan: ${machine.name} runs ${arn}`;
  }
  for (const spec of machine.runningContainers()) {
    const { credentialsId } = records.tasks.get(keyOfArn(taskOf(spec)))?.roles?.task ?? {};
    const path = credentialsId && `/v2/credentials/${credentialsId}`;
    if (spec.env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI !== path)
      yield `${spec.name} asks for credentials by another id than its task's`;
  }
  for (const instanceArn of [machine.instanceArn, machine.hostArn]) {
    if (instanceArn === undefined) continue;
    const instanceKey = keyOfArn(instanceArn);
    if (!records.instances.get(instanceKey)?.agentConnected)
      yield `an agent of ${machine.name} is not connected`;
    for (const { cluster, id } of records.onInstance(instanceKey)) {
      const arn = arnOfKey([...instanceKey.split('/').slice(0, 4), 'task', cluster, id].join('/'));
      if (!running.has(arn)) yield `${machine.name} does not run ${arn}`;
    }
  }
}

/** Nothing is on machines that will never come back. */
function* tasksOfTheLost({ records, machines }: SettledWorld): Generator<string> {
  const lost = new Set(machines.flatMap(({ isGone, name }) => (isGone ? name : [])));
  for (const [key, task] of records.tasks) {
    if (task.lastStatus === 'STOPPED') continue;
    const machine = records.instanceOf(key, task)?.attributes.find(({ name }) => name === 'machine')?.value;
    if (machine !== undefined && lost.has(machine))
      yield `${arnOfKey(key)} is ${task.lastStatus} on ${machine}, which is gone`;
  }
}

/** An instance could take one more task of the service, by plain arithmetic. */
function fitsSomewhere(records: Records, service: ServiceRecord): boolean {
  const need = needOfService(records, service);
  const providers = (service.capacityProviderStrategy ?? []).map(({ capacityProvider }) => capacityProvider);
  if (service.launchType === 'FARGATE') return fitsOnAHost(records, need);
  const isDistinct = service.placementConstraints.some(({ type }) => type === 'distinctInstance');
  return [...records.instances.values()].some((instance) => {
    if (!isUsable(instance) || instance.cluster !== service.cluster) return false;
    if (isDistinct && instance.groups.some(({ group }) => group === `service:${service.name}`)) return false;
    if (providers.length > 0 && !providers.includes(instance.capacityProviderName ?? '')) return false;
    const isAllowed = service.placementConstraints.every(
      ({ type, expression = '' }) => type !== 'memberOf' || isMember(instance, expression),
    );
    return isAllowed && fitsOn(instance, need);
  });
}

/** It waits for an instance of its group, and there is none that it fits on. */
function isWaitingForRoom(records: Records, task: TaskRecord): boolean {
  const { awaiting, capacityProviderName, reserved } = task;
  if (awaiting === undefined || task.lastStatus !== 'PROVISIONING') return false;
  return ![...records.instances.values()].some(
    (instance) =>
      isUsable(instance) &&
      instance.capacityProviderName === capacityProviderName &&
      awaiting.placementConstraints.every(({ type, expression = '' }) =>
        type === 'memberOf'
          ? isMember(instance, expression)
          : !instance.groups.some(({ group }) => group === task.group),
      ) &&
      fitsOn(instance, { ...reserved, tcpPorts: [...reserved.tcpPorts] }),
  );
}

/** What it takes it must find on the host and on the instance that lends it. */
function fitsOnAHost(records: Records, need: ReturnType<typeof needOfService>): boolean {
  return [...records.instances.values()].some((host) => {
    if (host.cluster !== fargateHosts || !isUsable(host) || !fitsOn(host, need)) return false;
    const lender = records.instances.get(lenderKeyOfHost(host) ?? '');
    return lender === undefined || lender.status === 'INACTIVE' || fitsOn(lender, need);
  });
}

const isUsable = ({ status, agentConnected }: ContainerInstanceRecord): boolean =>
  status === 'ACTIVE' && agentConnected;

function needOfService(records: Records, { taskDefinition }: ServiceRecord) {
  const { family, revision } = taskDefinition ?? {};
  for (const record of records.definitions.values())
    if (record.family === family && record.revision === revision) return needOf(record);
  return undefined;
}

function fitsOn(instance: ContainerInstanceRecord, need: ReturnType<typeof needOfService>): boolean {
  if (need === undefined) return false;
  const { used, registeredResources } = instance;
  const has = (name: string): number =>
    registeredResources.find((resource) => resource.name === name)?.integerValue ?? 0;
  return (
    need.tcpPorts.every((port) => !used.tcpPorts.includes(port)) &&
    used.cpu + need.cpu <= has('CPU') &&
    used.memoryMiB + need.memoryMiB <= has('MEMORY')
  );
}

function needOf({ definition }: TaskDefinitionRecord) {
  const containers = definition.containerDefinitions;
  const sum = (of: (container: (typeof containers)[number]) => number): number =>
    containers.reduce((total, container) => total + of(container), 0);
  return {
    cpu: Number(definition.cpu ?? sum(({ cpu }) => cpu ?? 0)),
    memoryMiB: Number(
      definition.memory ?? sum(({ memory, memoryReservation }) => memoryReservation ?? memory ?? 0),
    ),
    tcpPorts: containers.flatMap(({ portMappings }) =>
      (portMappings ?? []).flatMap(({ hostPort, containerPort }) =>
        definition.networkMode === 'host' ? (containerPort ?? []) : hostPort ? [hostPort] : [],
      ),
    ),
  };
}
