import type { ContainerDefinition, CPUArchitecture } from '@aws-sdk/client-ecs';
import type { StoredTaskDefinition } from './records.ts';
import { isWindows } from './task-definition/launch-types.ts';

/**
 * The first feature of a definition that no task can be given yet, in words that end a sentence
 * (`... is not supported`); undefined when tasks of it can run. Such definitions register, as in AWS; RunTask,
 * StartTask, CreateService and UpdateService refuse them before anything changes.
 *
 * `architecture` is what the container instances have: that of this machine, as long as all of them are on it.
 */
export function unsupportedAtLaunch(
  definition: StoredTaskDefinition,
  architecture: CPUArchitecture = process.arch === 'arm64' ? 'ARM64' : 'X86_64',
): string | undefined {
  const { volumes = [], runtimePlatform } = definition;
  if (runtimePlatform?.cpuArchitecture !== undefined && runtimePlatform.cpuArchitecture !== architecture)
    return `The CPU architecture ${runtimePlatform.cpuArchitecture} on ${architecture} container instances`;
  if (isWindows(definition)) return `The operating system family ${runtimePlatform?.operatingSystemFamily}`;
  if (volumes.some((volume) => volume.efsVolumeConfiguration))
    return 'An EFS volume (efsVolumeConfiguration)';
  if (volumes.some((volume) => volume.s3filesVolumeConfiguration))
    return 'An S3 Files volume (s3filesVolumeConfiguration)';
  if (volumes.some((volume) => volume.fsxWindowsFileServerVolumeConfiguration))
    return 'An FSx for Windows File Server volume (fsxWindowsFileServerVolumeConfiguration)';
  if (volumes.some((volume) => volume.configuredAtLaunch === true))
    return 'A volume configured at launch (configuredAtLaunch)';
  if ((definition.inferenceAccelerators ?? []).length > 0)
    return 'An inference accelerator (inferenceAccelerators)';
  if (definition.proxyConfiguration !== undefined) return 'A proxy configuration (proxyConfiguration)';
  if (definition.enableFaultInjection === true) return 'Fault injection (enableFaultInjection)';
  return definition.containerDefinitions.map(unsupportedInContainer).find((feature) => feature !== undefined);
}

function unsupportedInContainer(container: ContainerDefinition): string | undefined {
  const inContainer = (feature: string): string => `${feature} of container '${container.name}'`;
  // Whole GPUs are placed: agents that register some can give them to containers, and those without get no such task.
  const requirement = container.resourceRequirements?.find(
    ({ type, value }) => type !== 'GPU' || value === undefined,
  );
  if (requirement !== undefined)
    return inContainer(
      requirement.type === 'GPU'
        ? 'The sharing of a GPU (resourceRequirements)'
        : `The ${requirement.type} requirement (resourceRequirements)`,
    );
  if (container.firelensConfiguration !== undefined)
    return inContainer('The FireLens configuration (firelensConfiguration)');
  if (container.logConfiguration?.logDriver === 'awsfirelens')
    return inContainer('The log driver awsfirelens');
  if ((container.logConfiguration?.secretOptions ?? []).length > 0)
    return inContainer('A log option from a secret (secretOptions)');
  if ((container.secrets ?? []).length > 0) return inContainer('A secret (secrets)');
  if ((container.environmentFiles ?? []).length > 0)
    return inContainer('An environment file (environmentFiles)');
  if (container.repositoryCredentials !== undefined)
    return inContainer('The private registry authentication (repositoryCredentials)');
  if ((container.credentialSpecs ?? []).length > 0) return inContainer('A credential spec (credentialSpecs)');
  if (container.dockerSecurityOptions?.some((option) => option.startsWith('credentialspec')))
    return inContainer('A credential spec (dockerSecurityOptions)');
  if (container.portMappings?.some((mapping) => mapping.containerPortRange !== undefined))
    return inContainer('A port range (containerPortRange)');
  return undefined;
}
