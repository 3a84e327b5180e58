import type { Attribute } from '@aws-sdk/client-ecs';
import { given } from '../given.ts';
import type { StoredTaskDefinition, TaskOverrideRecord, TaskRecord, TaskReservation } from '../records.ts';
import { gpusOf, sumOfGpus } from './gpus.ts';

/** What one task asks of a container instance. */
export interface TaskDemand extends TaskReservation {
  /** Each must be on the instance: by name, and by value where one is given. */
  readonly requiredAttributes: readonly { readonly name: string; readonly value?: string }[];
  /** Where the definition says which; an instance that doesn't say its own is taken at its word. */
  readonly architecture?: 'x86_64' | 'arm64';
  readonly isExternal: boolean;
  /** Those of the subnets that its network interface may be in. Absent: any. */
  readonly zones?: readonly string[];
  /** Absent: none. */
  readonly gpus?: number | 'ALL';
  /** Only instances of this one will do. */
  readonly capacityProviderName?: string;
}

/** Of agents that take sessions. A task definition can't require it: who launches the task asks for ECS Exec. */
const executeCommandCapability = { name: 'ecs.capability.execute-command' } as const;

/** Of agents that give tasks a proxy, which a task definition doesn't ask for either. */
const serviceConnectCapability = { name: 'ecs.capability.service-connect-v1' } as const;

/** Of agents that serve roles; a task definition with a role requires it itself, one whose role is an override can't. */
const taskRoleCapability = { name: 'com.amazonaws.ecs.capability.task-iam-role' } as const;

/**
 * The demand of a task definition under its overrides. Task-level sizes win over the sum of the containers';
 * of a container's memory the scheduler takes the reservation where there is one, else the hard limit. Host
 * ports count in bridge and host mode only; dynamic ones (0) never do.
 */
export function taskDemand(
  definition: StoredTaskDefinition,
  overrides: TaskOverrideRecord,
  task: Pick<TaskRecord, 'launchType' | 'enableExecuteCommand'> & { readonly isConnected?: boolean },
): TaskDemand {
  const { launchType, enableExecuteCommand, isConnected = false } = task;
  const overrideOf = new Map(overrides.containerOverrides.map((override) => [override.name, override]));
  let containersCpu = 0;
  let containersMemoryMiB = 0;
  const gpus: string[] = [];
  for (const container of definition.containerDefinitions) {
    const override = overrideOf.get(container.name);
    const ownGpus = gpusOf(container, override);
    if (ownGpus !== undefined) gpus.push(ownGpus);
    containersCpu += override?.cpu ?? container.cpu ?? 0;
    containersMemoryMiB +=
      override?.memoryReservation ?? container.memoryReservation ?? override?.memory ?? container.memory ?? 0;
  }
  const cpu = overrides.cpu ?? definition.cpu;
  const memory = overrides.memory ?? definition.memory;
  return {
    cpu: cpu === undefined ? containersCpu : Number(cpu),
    memoryMiB: memory === undefined ? containersMemoryMiB : Number(memory),
    ...hostPorts(definition),
    // What Fargate can do is Fargate's to know: attributes are of instances.
    requiredAttributes:
      launchType === 'FARGATE'
        ? []
        : [
            ...(definition.requiresAttributes ?? []).flatMap(namedAttribute),
            ...(enableExecuteCommand ? [executeCommandCapability] : []),
            ...(isConnected ? [serviceConnectCapability] : []),
            ...(overrides.taskRoleArn === undefined ? [] : [taskRoleCapability]),
          ],
    ...given('architecture', architectureOf(definition)),
    isExternal: launchType === 'EXTERNAL',
    ...given('gpus', sumOfGpus(gpus)),
  };
}

function architectureOf({ runtimePlatform }: StoredTaskDefinition): TaskDemand['architecture'] {
  switch (runtimePlatform?.cpuArchitecture) {
    case 'X86_64':
      return 'x86_64';
    case 'ARM64':
      return 'arm64';
    default:
      return undefined;
  }
}

function hostPorts(definition: StoredTaskDefinition): { tcpPorts: number[]; udpPorts: number[] } {
  const tcpPorts = new Set<number>();
  const udpPorts = new Set<number>();
  const isHostMode = definition.networkMode === 'host';
  if (isHostMode || definition.networkMode === 'bridge' || definition.networkMode === undefined) {
    for (const mapping of definition.containerDefinitions.flatMap(
      (container) => container.portMappings ?? [],
    )) {
      const port = mapping.hostPort || (isHostMode ? (mapping.containerPort ?? 0) : 0);
      if (port > 0) (mapping.protocol === 'udp' ? udpPorts : tcpPorts).add(port);
    }
  }
  return { tcpPorts: [...tcpPorts], udpPorts: [...udpPorts] };
}

function namedAttribute(attribute: Attribute): { name: string; value?: string }[] {
  if (attribute.name === undefined) return [];
  return [
    attribute.value === undefined
      ? { name: attribute.name }
      : { name: attribute.name, value: attribute.value },
  ];
}
