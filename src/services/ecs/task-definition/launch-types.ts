import type { Compatibility, ContainerDefinition } from '@aws-sdk/client-ecs';
import { isFargateSize } from '../../fargate-sizes.ts';
import type { StoredTaskDefinition } from '../records.ts';

/**
 * What each launch type can't run, as the API says it. `requiresCompatibilities` is checked against this
 * table, and `compatibilities` is everything that it finds nothing against.
 */
const objections: Readonly<Record<Compatibility, (definition: StoredTaskDefinition) => string | undefined>> =
  {
    EXTERNAL: objectionOfExternal,
    EC2: objectionOfEc2,
    FARGATE: objectionOfFargate,
    MANAGED_INSTANCES: objectionOfManagedInstances,
  };

/** Why tasks of this definition can't have the launch type; undefined when they can. */
export function launchTypeObjection(
  definition: StoredTaskDefinition,
  launchType: Compatibility,
): string | undefined {
  return objections[launchType](definition);
}

export function compatibilitiesOf(definition: StoredTaskDefinition): Compatibility[] {
  const launchTypes: readonly Compatibility[] = ['EXTERNAL', 'EC2', 'FARGATE', 'MANAGED_INSTANCES'];
  return launchTypes.filter((launchType) => launchTypeObjection(definition, launchType) === undefined);
}

export function isWindows(definition: StoredTaskDefinition): boolean {
  return definition.runtimePlatform?.operatingSystemFamily?.startsWith('WINDOWS') === true;
}

function objectionOfEc2(definition: StoredTaskDefinition): string | undefined {
  if (definition.ephemeralStorage !== undefined)
    return 'Task definitions with ephemeralStorage are supported on Fargate only.';
  if (hasResource(definition, 'NeuronDevice'))
    return 'NeuronDevice resource requirements are supported on Managed Instances only.';
  return undefined;
}

function objectionOfExternal(definition: StoredTaskDefinition): string | undefined {
  if (definition.networkMode === 'awsvpc') return 'External does not support network mode awsvpc.';
  const volumes = definition.volumes ?? [];
  if (volumes.some((volume) => volume.efsVolumeConfiguration))
    return 'External does not support EFS volumes.';
  if (volumes.some((volume) => volume.configuredAtLaunch === true))
    return 'External does not support volumes configured at launch.';
  if (definition.proxyConfiguration !== undefined) return 'External does not support proxyConfiguration.';
  if (definition.enableFaultInjection === true) return 'External does not support fault injection.';
  const requirements = definition.containerDefinitions.flatMap(
    (container) => container.resourceRequirements ?? [],
  );
  if (requirements.some((requirement) => requirement.sharingStrategy !== undefined))
    return 'External does not support GPU sharing.';
  return objectionOfEc2(definition);
}

const managedInstanceLogDrivers = ['awslogs', 'splunk', 'awsfirelens', 'json-file'];

function objectionOfManagedInstances(definition: StoredTaskDefinition): string | undefined {
  if (isWindows(definition)) return 'Managed Instances do not support Windows containers.';
  const mode = definition.networkMode ?? 'bridge';
  if (mode === 'bridge') return 'Managed Instances do not support network mode bridge.';
  if (definition.ephemeralStorage !== undefined) return objectionOfEc2(definition);
  return objectionToLogDriver(definition, managedInstanceLogDrivers);
}

const fargateLogDrivers = ['awslogs', 'splunk', 'awsfirelens'];
const largestStopTimeoutSeconds = 120;

function objectionOfFargate(definition: StoredTaskDefinition): string | undefined {
  if (definition.networkMode !== 'awsvpc') return 'Fargate only supports network mode ‘awsvpc’.';
  return (
    objectionToSize(definition) ??
    objectionToLogDriver(definition, fargateLogDrivers) ??
    objectionToStreamPrefix(definition) ??
    objectionToExecutionRole(definition) ??
    objectionToNamespaces(definition) ??
    objectionToVolumes(definition) ??
    definition.containerDefinitions.map(objectionToContainer).find((objection) => objection !== undefined)
  );
}

function objectionToSize(definition: StoredTaskDefinition): string | undefined {
  if (definition.cpu === undefined) return "Fargate requires that 'cpu' be defined at the task level.";
  if (definition.memory === undefined) return "Fargate requires that 'memory' be defined at the task level.";
  const cpu = Number(definition.cpu);
  const memory = Number(definition.memory);
  if (!isFargateSize(cpu, memory) || (isWindows(definition) && cpu < 1024))
    return `No Fargate configuration exists for given values: ${cpu} CPU, ${memory} memory. See the Amazon ECS documentation for the valid values.`;
  const reserved = definition.containerDefinitions.reduce(
    (sum, container) => sum + (container.memoryReservation ?? container.memory ?? 0),
    0,
  );
  if (reserved > memory)
    return "The sum of all container 'memory' values cannot be greater than the value of the task 'memory'.";
  return undefined;
}

function objectionToLogDriver(
  definition: StoredTaskDefinition,
  drivers: readonly string[],
): string | undefined {
  for (const { logConfiguration } of definition.containerDefinitions) {
    const driver = logConfiguration?.logDriver;
    if (driver !== undefined && !drivers.includes(driver))
      return `${driver} is not a valid log driver. Must be one of [${drivers.join(',')}]`;
  }
  return undefined;
}

/** A stream is named after the prefix, because nobody sees the container's id on Fargate. */
function objectionToStreamPrefix({ containerDefinitions }: StoredTaskDefinition): string | undefined {
  const isLacking = containerDefinitions.some(
    ({ logConfiguration: log }) => log?.logDriver === 'awslogs' && !log.options?.['awslogs-stream-prefix'],
  );
  return isLacking
    ? 'Log driver awslogs requires options: awslogs-stream-prefix on the Fargate launch type.'
    : undefined;
}

function objectionToExecutionRole(definition: StoredTaskDefinition): string | undefined {
  if (definition.executionRoleArn !== undefined) return undefined;
  const prefix = 'Fargate requires task definition to have execution role ARN to support';
  for (const { image, logConfiguration } of definition.containerDefinitions) {
    if (isEcrImage(image)) return `${prefix} ECR images.`;
    if (logConfiguration?.logDriver === 'awslogs') return `${prefix} log driver awslogs.`;
  }
  return undefined;
}

function objectionToNamespaces(definition: StoredTaskDefinition): string | undefined {
  if (definition.pidMode !== undefined && (definition.pidMode !== 'task' || isWindows(definition)))
    return `Tasks using the Fargate launch type do not support pidMode '${definition.pidMode}'. The supported value for pidMode is 'task'.`;
  if (definition.ipcMode !== undefined) return notOnFargate('ipcMode');
  if ((definition.placementConstraints ?? []).length > 0) return notOnFargate('placementConstraints');
  if ((definition.inferenceAccelerators ?? []).length > 0) return notOnFargate('inferenceAccelerators');
  return undefined;
}

function objectionToVolumes({ volumes = [] }: StoredTaskDefinition): string | undefined {
  if (volumes.some((volume) => volume.dockerVolumeConfiguration))
    return notOnFargate('dockerVolumeConfiguration');
  if (volumes.some((volume) => volume.host?.sourcePath !== undefined)) return notOnFargate('sourcePath');
  if (volumes.some((volume) => volume.fsxWindowsFileServerVolumeConfiguration))
    return notOnFargate('fsxWindowsFileServerVolumeConfiguration');
  return undefined;
}

function objectionToContainer(container: ContainerDefinition): string | undefined {
  const { linuxParameters } = container;
  if (container.privileged === true) return "Fargate requires that the 'privileged' setting be 'false'";
  if ((container.links ?? []).length > 0) return notOnFargate('links');
  if ((container.dockerSecurityOptions ?? []).length > 0) return notOnFargate('dockerSecurityOptions');
  if ((linuxParameters?.devices ?? []).length > 0) return notOnFargate('devices');
  if (linuxParameters?.sharedMemorySize !== undefined) return notOnFargate('sharedMemorySize');
  if (linuxParameters?.maxSwap !== undefined) return notOnFargate('maxSwap');
  if (linuxParameters?.swappiness !== undefined) return notOnFargate('swappiness');
  if ((container.resourceRequirements ?? []).length > 0) return notOnFargate('resourceRequirements');
  const capability = linuxParameters?.capabilities?.add?.find((name) => name !== 'SYS_PTRACE');
  if (capability !== undefined) return `${capability} is not allowed on Fargate.`;
  if (container.firelensConfiguration?.options?.['config-file-type'] === 's3')
    return "Fargate only supports the FireLens config-file-type 'file'.";
  for (const [which, seconds] of [
    ['start', container.startTimeout],
    ['stop', container.stopTimeout],
  ] as const) {
    if (seconds !== undefined && seconds > largestStopTimeoutSeconds)
      return `Tasks using the Fargate launch type must have a container ${which} timeout of less than 120 seconds.`;
  }
  return undefined;
}

const notOnFargate = (field: string): string => `Fargate compatible task definitions do not support ${field}`;

export function isEcrImage(image: string | undefined): boolean {
  return /^\d{12}\.dkr[.-]ecr(-fips)?\.[a-z0-9-]+\./.test(image ?? '');
}

function hasResource({ containerDefinitions }: StoredTaskDefinition, type: string): boolean {
  return containerDefinitions.some((container) =>
    container.resourceRequirements?.some((requirement) => requirement.type === type),
  );
}
