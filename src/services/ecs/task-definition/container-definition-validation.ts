import {
  type ContainerDefinition,
  EnvironmentFileType,
  type HealthCheck,
  type ResourceRequirement,
  ResourceType,
  VersionConsistency,
} from '@aws-sdk/client-ecs';
import { isName } from '../arn.ts';
import { clientError } from '../errors.ts';
import { isGpuCount } from '../placement/gpus.ts';
import type { StoredTaskDefinition } from '../records.ts';
import { firstDuplicate, invalidSetting, requireInteger, requireOneOf, requireText } from './field-rules.ts';
import {
  validateLinuxParameters,
  validateSystemControls,
  validateUlimits,
} from './linux-parameters-validation.ts';

/** The rules of one container, less those of ports, volumes, logs and dependencies, which have their own files. */
export function validateContainer(container: ContainerDefinition, definition: StoredTaskDefinition): void {
  validateIdentity(container);
  validateMemory(container, definition);
  requireInteger(`cpu of container '${container.name}'`, container.cpu, { min: 0 });
  validateEnvironment(container, definition);
  validateNetworkSettings(container, definition.networkMode);
  validateLifecycle(container);
  if (container.healthCheck !== undefined) validateHealthCheck(container, container.healthCheck);
  if (container.linuxParameters !== undefined) validateLinuxParameters(container, container.linuxParameters);
  validateUlimits(container);
  validateSystemControls(container, {
    networkMode: definition.networkMode,
    ipcMode: definition.ipcMode,
  });
  for (const requirement of container.resourceRequirements ?? [])
    validateResourceRequirement(container, requirement, definition);
  validateSecurity(container);
  requireOneOf('versionConsistency', container.versionConsistency, Object.values(VersionConsistency));
}

function validateIdentity({ name, image }: ContainerDefinition): void {
  requireText('Container.name', name);
  if (!isName(name ?? '')) throw clientError('Container.name contains invalid characters.');
  requireText('Container.image', image);
  const [repository = '', ...digests] = (image ?? '').split('@');
  const hasValidDigest =
    digests.length === 0 || (digests.length === 1 && /^sha256:[A-Fa-f0-9]{64}$/.test(digests[0] ?? ''));
  if (!/^[A-Za-z0-9\-_:./#]+$/.test(repository) || !hasValidDigest)
    throw clientError('Container.image contains invalid characters.');
  if (repository.length > 255)
    throw clientError('Container.image repository should be 255 characters or less.');
}

/** The least that any Docker daemon gave a container. */
const smallestMemoryMiB = 4;

function validateMemory(container: ContainerDefinition, { memory: taskMemory }: StoredTaskDefinition): void {
  const { name, memory, memoryReservation } = container;
  if (taskMemory === undefined && !memory && !memoryReservation)
    throw invalidSetting(name, "At least one of 'memory' or 'memoryReservation' must be specified.");
  requireInteger(`memory of container '${name}'`, memory, { min: smallestMemoryMiB });
  requireInteger(`memoryReservation of container '${name}'`, memoryReservation, { min: smallestMemoryMiB });
  if (memory !== undefined && memoryReservation !== undefined && memory < memoryReservation)
    throw invalidSetting(name, "'memory' must be greater than or equal to 'memoryReservation'.");
}

const maxEnvironmentFiles = 10;

function validateEnvironment(container: ContainerDefinition, definition: StoredTaskDefinition): void {
  const { environment = [], environmentFiles = [], secrets = [] } = container;
  for (const variable of environment) requireText('Environment variable name', variable.name);

  if (environmentFiles.length > maxEnvironmentFiles)
    throw clientError(
      'The maximum number of environment files was exceeded. Specify ten or less and try again.',
    );
  for (const { type, value = '' } of environmentFiles) {
    requireOneOf('EnvironmentFile.type', type, Object.values(EnvironmentFileType));
    if (!/^arn:[a-z-]+:s3:::[^/]+\/.+$/.test(value)) throw clientError('Invalid arn syntax.');
    if (!value.endsWith('.env'))
      throw invalidSetting(container.name, `Environment file ${value} must have the extension .env.`);
  }

  for (const secret of secrets) {
    requireText('Secret.name', secret.name);
    requireText('Secret.valueFrom', secret.valueFrom);
  }
  const names = secrets.map((secret) => secret.name);
  const shared = firstDuplicate([...new Set(environment.map((variable) => variable.name)), ...names]);
  if (shared !== undefined)
    throw clientError(
      `The secret name must be unique and not shared with any new or existing environment variables set on the container, such as '${shared}'.`,
    );
  if (secrets.length > 0 && definition.executionRoleArn === undefined)
    throw clientError(
      "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.",
    );
  if (container.repositoryCredentials !== undefined)
    requireText(
      'RepositoryCredentials.credentialsParameter',
      container.repositoryCredentials.credentialsParameter,
    );
}

function validateNetworkSettings(container: ContainerDefinition, networkMode: string | undefined): void {
  for (const entry of container.extraHosts ?? []) {
    requireText('HostEntry.hostname', entry.hostname);
    requireText('HostEntry.ipAddress', entry.ipAddress);
  }
  if (networkMode !== 'awsvpc') return;
  const refused: readonly (readonly [string, boolean])[] = [
    ['Hostname is', container.hostname !== undefined],
    ['Extra hosts are', (container.extraHosts ?? []).length > 0],
    ['DNS servers are', (container.dnsServers ?? []).length > 0],
    ['DNS search domains are', (container.dnsSearchDomains ?? []).length > 0],
    ['Disable Networking is', container.disableNetworking === true],
  ];
  for (const [what, isSet] of refused) {
    if (isSet) throw clientError(`${what} not supported on container when networkMode=awsvpc.`);
  }
}

const smallestTimeoutSeconds = 2;
const maxIgnoredExitCodes = 50;

function validateLifecycle(container: ContainerDefinition): void {
  const { name, startTimeout, stopTimeout, restartPolicy } = container;
  if (startTimeout !== undefined && startTimeout < smallestTimeoutSeconds)
    throw clientError(`Granular start timeout on container '${name}' must be at least 2 seconds.`);
  if (stopTimeout !== undefined && stopTimeout < smallestTimeoutSeconds)
    throw clientError(`Granular stop timeout on container '${name}' must be at least 2 seconds.`);
  requireInteger(`startTimeout of container '${name}'`, startTimeout, { min: smallestTimeoutSeconds });
  requireInteger(`stopTimeout of container '${name}'`, stopTimeout, { min: smallestTimeoutSeconds });
  if (restartPolicy === undefined) return;
  const { ignoredExitCodes = [], restartAttemptPeriod } = restartPolicy;
  if (ignoredExitCodes.length > maxIgnoredExitCodes)
    throw invalidSetting(name, `At most ${maxIgnoredExitCodes} 'ignoredExitCodes' can be specified.`);
  for (const code of ignoredExitCodes) requireInteger('ignoredExitCodes', code, { min: 0, max: 255 });
  if (restartAttemptPeriod !== undefined && (restartAttemptPeriod < 60 || restartAttemptPeriod > 1800))
    throw clientError(
      `The 'restartAttemptPeriod' setting for container '${name}' must be between 60 and 1800.`,
    );
  requireInteger('restartAttemptPeriod', restartAttemptPeriod, { min: 60, max: 1800 });
}

function validateHealthCheck(container: ContainerDefinition, check: HealthCheck): void {
  const [kind, ...command] = check.command ?? [];
  if ((kind !== 'CMD' && kind !== 'CMD-SHELL') || command.length === 0)
    throw invalidSetting(container.name, 'The health check command must start with CMD or CMD-SHELL.');
  requireInteger('HealthCheck.interval', check.interval, { min: 5, max: 300 });
  requireInteger('HealthCheck.timeout', check.timeout, { min: 2, max: 60 });
  requireInteger('HealthCheck.retries', check.retries, { min: 1, max: 10 });
  requireInteger('HealthCheck.startPeriod', check.startPeriod, { min: 0, max: 300 });
}

function validateResourceRequirement(
  container: ContainerDefinition,
  { type, value, sharingStrategy }: ResourceRequirement,
  { inferenceAccelerators = [] }: StoredTaskDefinition,
): void {
  requireOneOf('ResourceRequirement.type', type, Object.values(ResourceType));
  if (sharingStrategy !== undefined) {
    if (type !== 'GPU' || value !== undefined)
      throw invalidSetting(container.name, 'A sharingStrategy is for a GPU requirement without a value.');
    requireInteger('NvidiaMpsAllocation.memory', sharingStrategy.nvidiaMps?.memory, { min: 1 });
    requireInteger('maxComputePercent', sharingStrategy.nvidiaMps?.maxComputePercent, { min: 1, max: 100 });
    return;
  }
  const text = value ?? '';
  if (type === 'GPU' && !isGpuCount(text))
    throw invalidSetting(container.name, `The GPU requirement '${text}' must be a positive number or ALL.`);
  if (type === 'NeuronDevice' && text !== 'ALL')
    throw invalidSetting(container.name, 'The value of a NeuronDevice requirement must be ALL.');
  const isKnownAccelerator = inferenceAccelerators.some((accelerator) => accelerator.deviceName === text);
  if (type === 'InferenceAccelerator' && !isKnownAccelerator)
    throw invalidSetting(container.name, `Unknown inference accelerator: '${text}'.`);
}

const securityOption = /^(no-new-privileges(:(true|false))?|apparmor[:=].+|label[:=].+|credentialspec:.+)$/;
const credentialSpec = /^credentialspec(domainless)?:arn:.+$/;

function validateSecurity(container: ContainerDefinition): void {
  for (const option of container.dockerSecurityOptions ?? []) {
    if (!securityOption.test(option))
      throw invalidSetting(
        container.name,
        `Invalid dockerSecurityOptions value '${option}'. Must be no-new-privileges, apparmor:PROFILE, label:value or credentialspec:CredentialSpecFilePath.`,
      );
  }
  const { credentialSpecs = [] } = container;
  if (credentialSpecs.length > 1)
    throw invalidSetting(container.name, 'At most one credential spec can be specified.');
  for (const spec of credentialSpecs) {
    if (!credentialSpec.test(spec))
      throw invalidSetting(
        container.name,
        `Invalid credential spec '${spec}'. Must be credentialspec:ARN or credentialspecdomainless:ARN.`,
      );
  }
}
