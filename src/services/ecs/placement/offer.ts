import type { ContainerInstanceRecord, InstanceResource, TaskReservation } from '../records.ts';
import type { TaskDemand } from './demand.ts';

/** What one container instance has left, in the form that placement asks its questions in. */
export interface InstanceOffer {
  readonly instanceId: string;
  readonly agentConnected: boolean;
  readonly isExternal: boolean;
  /** CPU units. */
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly takenTcpPorts: ReadonlySet<number>;
  readonly takenUdpPorts: ReadonlySet<number>;
  readonly attributes: ReadonlyMap<string, string | undefined>;
  readonly taskCount: number;
  /** How many of them are of each group (service, or `group` of standalone tasks). */
  readonly tasksByGroup: ReadonlyMap<string, number>;
}

/** Why an instance can't take a task, in AWS's words (`failures[].reason`). */
export interface Misfit {
  readonly reason: string;
  readonly detail?: string;
}

/** An instance can't have more reserved ports than this, those of the machine itself included. */
const maxReservedPorts = 100;

/** Records never change, so an offer is worked out once per version of an instance. */
const offers = new WeakMap<ContainerInstanceRecord, InstanceOffer>();

export function offerOf(instance: ContainerInstanceRecord): InstanceOffer {
  let offer = offers.get(instance);
  if (offer === undefined) {
    offer = {
      instanceId: instance.id,
      agentConnected: instance.agentConnected,
      isExternal: isExternal(instance),
      cpu: integerResource(instance.registeredResources, 'CPU') - instance.used.cpu,
      memoryMiB: integerResource(instance.registeredResources, 'MEMORY') - instance.used.memoryMiB,
      takenTcpPorts: takenPorts(instance.registeredResources, 'PORTS', instance.used.tcpPorts),
      takenUdpPorts: takenPorts(instance.registeredResources, 'PORTS_UDP', instance.used.udpPorts),
      attributes: new Map(instance.attributes.map(({ name, value }) => [name, value])),
      taskCount: instance.taskCount,
      tasksByGroup: new Map(instance.groups.map(({ group, tasks }) => [group, tasks])),
    };
    offers.set(instance, offer);
  }
  return offer;
}

/** ECS Anywhere's instances: the EXTERNAL launch type goes to these and no other does. */
export function isExternal(instance: ContainerInstanceRecord): boolean {
  return instance.attributes.some(({ name }) => name === 'ecs.capability.external');
}

/** The offer after a task of this demand has been put there. */
export function offerAfter(offer: InstanceOffer, demand: TaskReservation): InstanceOffer {
  return {
    ...offer,
    cpu: offer.cpu - demand.cpu,
    memoryMiB: offer.memoryMiB - demand.memoryMiB,
    takenTcpPorts: new Set([...offer.takenTcpPorts, ...demand.tcpPorts]),
    takenUdpPorts: new Set([...offer.takenUdpPorts, ...demand.udpPorts]),
    taskCount: offer.taskCount + 1,
  };
}

/** Undefined when the task fits; else the first thing in the way. */
export function misfit(offer: InstanceOffer, demand: TaskDemand): Misfit | undefined {
  if (!offer.agentConnected) return { reason: 'AGENT' };
  for (const { name, value } of demand.requiredAttributes) {
    const has = offer.attributes.has(name) && (value === undefined || offer.attributes.get(name) === value);
    if (!has) return { reason: 'ATTRIBUTE', detail: value === undefined ? name : `${name}=${value}` };
  }
  const architecture = offer.attributes.get('ecs.cpu-architecture');
  if (demand.architecture !== undefined && architecture !== undefined && architecture !== demand.architecture)
    return { reason: 'ATTRIBUTE', detail: `ecs.cpu-architecture=${demand.architecture}` };
  if (demand.cpu > offer.cpu) return { reason: 'RESOURCE:CPU' };
  if (demand.memoryMiB > offer.memoryMiB) return { reason: 'RESOURCE:MEMORY' };
  const portsFit =
    demand.tcpPorts.every((port) => !offer.takenTcpPorts.has(port)) &&
    demand.udpPorts.every((port) => !offer.takenUdpPorts.has(port)) &&
    (demand.tcpPorts.length + demand.udpPorts.length === 0 ||
      offer.takenTcpPorts.size + offer.takenUdpPorts.size + demand.tcpPorts.length + demand.udpPorts.length <=
        maxReservedPorts);
  if (!portsFit) return { reason: 'RESOURCE:PORTS' };
  return undefined;
}

function integerResource(resources: readonly InstanceResource[], name: string): number {
  return resources.find((resource) => resource.name === name)?.integerValue ?? 0;
}

function takenPorts(
  resources: readonly InstanceResource[],
  name: string,
  used: readonly number[],
): ReadonlySet<number> {
  const reserved = resources.find((resource) => resource.name === name)?.stringSetValue ?? [];
  return new Set([...reserved.map(Number), ...used]);
}
