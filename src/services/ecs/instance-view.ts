import type { ContainerInstance, Resource } from '@aws-sdk/client-ecs';
import type { Reader } from '../../reconcile/index.ts';
import { containerInstanceArn, type Scope } from './arn.ts';
import {
  type ContainerInstanceRecord,
  type InstanceResource,
  type TaskReservation,
  tasks,
} from './records.ts';

export interface InstanceViewOptions {
  readonly withTags: boolean;
  readonly withHealth: boolean;
}

/** A container instance as the API shows it, with its tasks counted now. */
export function instanceView(
  reader: Reader,
  scope: Scope,
  instance: ContainerInstanceRecord,
  options: InstanceViewOptions,
): ContainerInstance {
  const { running, pending } = taskCounts(reader, scope, instance);
  return {
    containerInstanceArn: containerInstanceArn(scope, instance.cluster, instance.id),
    ec2InstanceId: instance.ec2InstanceId,
    capacityProviderName: instance.capacityProviderName,
    version: instance.version,
    versionInfo: { ...instance.versionInfo },
    remainingResources: instance.registeredResources.map((resource) =>
      resourceView(remaining(resource, instance.used)),
    ),
    registeredResources: instance.registeredResources.map(resourceView),
    status: instance.status,
    statusReason: instance.statusReason,
    agentConnected: instance.agentConnected,
    runningTasksCount: running,
    pendingTasksCount: pending,
    attributes: instance.attributes.map((attribute) => ({ ...attribute })),
    registeredAt: new Date(instance.registeredAt),
    attachments: [],
    ...(options.withTags ? { tags: instance.tags.map((tag) => ({ ...tag })) } : {}),
    // No agent has told about the machine's health yet.
    ...(options.withHealth ? { healthStatus: { overallStatus: 'INSUFFICIENT_DATA', details: [] } } : {}),
  };
}

/** As `runningTasksCount` shows it. */
export function runningTasksCount(reader: Reader, scope: Scope, instance: ContainerInstanceRecord): number {
  return taskCounts(reader, scope, instance).running;
}

/** Counted by the indexes: every launch asks for these. What is on its way to STOPPED counts as running. */
function taskCounts(
  reader: Reader,
  { accountId, region }: Scope,
  { cluster, id }: ContainerInstanceRecord,
): { readonly running: number; readonly pending: number } {
  const value = `${accountId}/${region}/${cluster}/${id}`;
  const pending = reader.countByIndex(tasks, 'pendingByInstance', value);
  return { running: reader.countByIndex(tasks, 'unstoppedByInstance', value) - pending, pending };
}

/** The ports lists hold what is taken, also under "remaining": a port that is absent is free. GPUs are those left. */
function remaining(resource: InstanceResource, used: TaskReservation): InstanceResource {
  switch (resource.name) {
    case 'CPU':
      return { ...resource, integerValue: (resource.integerValue ?? 0) - used.cpu };
    case 'MEMORY':
      return { ...resource, integerValue: (resource.integerValue ?? 0) - used.memoryMiB };
    case 'PORTS':
      return { ...resource, stringSetValue: withPorts(resource, used.tcpPorts) };
    case 'GPU':
      return {
        ...resource,
        stringSetValue: (resource.stringSetValue ?? []).filter((id) => !used.gpuIds?.includes(id)),
      };
    case 'PORTS_UDP':
      return { ...resource, stringSetValue: withPorts(resource, used.udpPorts) };
    default:
      return resource;
  }
}

function withPorts({ stringSetValue = [] }: InstanceResource, ports: readonly number[]): string[] {
  return [...new Set([...stringSetValue, ...ports.map(String)])];
}

/** Every resource carries all the number members, 0 where they don't apply, as ECS answers them. */
function resourceView({ name, type, integerValue, stringSetValue }: InstanceResource): Resource {
  return {
    name,
    type,
    doubleValue: 0,
    longValue: 0,
    integerValue: integerValue ?? 0,
    ...(stringSetValue === undefined ? {} : { stringSetValue: [...stringSetValue] }),
  };
}
