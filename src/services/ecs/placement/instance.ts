import type { ContainerInstanceRecord, InstanceAttribute, InstanceResource } from '../records.ts';
import type { InstanceFacts } from './query/index.ts';

/** What is registered of an instance, in the form that placement asks its questions in. */
export interface RegisteredResources {
  /** CPU units. */
  readonly cpu: number;
  readonly memoryMiB: number;
  /** The machine's own, which no task can have. */
  readonly tcpPorts: ReadonlySet<number>;
  readonly udpPorts: ReadonlySet<number>;
  readonly gpuIds: readonly string[];
}

type Attributes = ReadonlyMap<string, string | undefined>;

/** Records share the parts that they don't change, so these are worked out once per registration. */
const resourcesOf = new WeakMap<readonly InstanceResource[], RegisteredResources>();
const attributesByList = new WeakMap<readonly InstanceAttribute[], Attributes>();

export function registeredResources({
  registeredResources: list,
}: ContainerInstanceRecord): RegisteredResources {
  let resources = resourcesOf.get(list);
  if (resources === undefined) {
    const find = (name: string) => list.find((resource) => resource.name === name);
    const ports = (name: string) => new Set((find(name)?.stringSetValue ?? []).map(Number));
    resources = {
      cpu: find('CPU')?.integerValue ?? 0,
      memoryMiB: find('MEMORY')?.integerValue ?? 0,
      tcpPorts: ports('PORTS'),
      udpPorts: ports('PORTS_UDP'),
      gpuIds: find('GPU')?.stringSetValue ?? [],
    };
    resourcesOf.set(list, resources);
  }
  return resources;
}

export function attributesOf({ attributes: list }: ContainerInstanceRecord): Attributes {
  let attributes = attributesByList.get(list);
  if (attributes === undefined) {
    attributes = new Map(list.map(({ name, value }) => [name, value]));
    attributesByList.set(list, attributes);
  }
  return attributes;
}

/** Attribute of a container instance: the machine that it is on. The control plane's own instances name none. */
export const machineAttribute = 'catamaran.machine';

/** ECS Anywhere's instances: the EXTERNAL launch type goes to these and no other does. */
export function isExternal(instance: ContainerInstanceRecord): boolean {
  return attributesOf(instance).has('ecs.capability.external');
}

export function tasksOfGroup({ groups }: ContainerInstanceRecord, group: string): number {
  for (const each of groups) if (each.group === group) return each.tasks;
  return 0;
}

/**
 * What expressions ask of an instance. For placement a task counts as running from its launch until it is STOPPED,
 * else an instance would look empty until its agent has started what it was given.
 */
export function factsOf(
  instance: ContainerInstanceRecord,
  countRunning = () => instance.taskCount,
): InstanceFacts {
  return {
    agentConnected: instance.agentConnected,
    ...(instance.versionInfo.agentVersion === undefined
      ? {}
      : { agentVersion: instance.versionInfo.agentVersion }),
    ...(instance.ec2InstanceId === undefined ? {} : { ec2InstanceId: instance.ec2InstanceId }),
    registeredAt: instance.registeredAt,
    get runningTasksCount() {
      return countRunning();
    },
    attributes: attributesOf(instance),
    groups: instance.groups,
  };
}
