import type { ContainerDefinition, RegisterTaskDefinitionCommandInput, Volume } from '@aws-sdk/client-ecs';
import type { StoredTaskDefinition } from '../records.ts';
import { parseTaskCpu, parseTaskMemory } from './task-size.ts';

/**
 * A definition as it is stored and answered: with the defaults that AWS writes into every answer, because
 * clients compare what they sent with what they get back. Whatever else wasn't sent stays absent.
 * @throws InvalidParameterException `cpu` or `memory` is no size.
 */
export function normaliseTaskDefinition(input: RegisterTaskDefinitionCommandInput): StoredTaskDefinition {
  const { tags: _tags, family = '', containerDefinitions = [], cpu, memory, ...rest } = input;
  return {
    ...rest,
    family,
    ...(cpu === undefined ? {} : { cpu: parseTaskCpu(cpu) }),
    ...(memory === undefined ? {} : { memory: parseTaskMemory(memory) }),
    containerDefinitions: containerDefinitions.map((container) =>
      normaliseContainer(container, input.networkMode ?? 'bridge'),
    ),
    volumes: (input.volumes ?? []).map(normaliseVolume),
    placementConstraints: input.placementConstraints ?? [],
  };
}

function normaliseContainer(container: ContainerDefinition, networkMode: string): ContainerDefinition {
  const { healthCheck } = container;
  return {
    ...container,
    cpu: container.cpu ?? 0,
    essential: container.essential ?? true,
    portMappings: (container.portMappings ?? []).map((mapping) => ({
      ...mapping,
      ...(mapping.containerPortRange === undefined && {
        hostPort: mapping.hostPort ?? (networkMode === 'bridge' ? 0 : mapping.containerPort),
      }),
      // Anything but udp is taken for tcp (API reference, PortMapping).
      protocol: mapping.protocol === 'udp' ? 'udp' : 'tcp',
    })),
    environment: container.environment ?? [],
    mountPoints: container.mountPoints ?? [],
    volumesFrom: container.volumesFrom ?? [],
    systemControls: container.systemControls ?? [],
    ...(healthCheck && {
      healthCheck: {
        ...healthCheck,
        interval: healthCheck.interval ?? 30,
        timeout: healthCheck.timeout ?? 5,
        retries: healthCheck.retries ?? 3,
      },
    }),
  };
}

/** A volume that says nothing but its name is an anonymous one of the host. */
function normaliseVolume(volume: Volume): Volume {
  const { name: _name, dockerVolumeConfiguration: docker, ...kinds } = volume;
  if (docker) return { ...volume, dockerVolumeConfiguration: { ...docker, scope: docker.scope ?? 'task' } };
  const isBare = Object.values(kinds).every((kind) => kind === undefined || kind === false);
  return isBare ? { ...volume, host: {} } : volume;
}
