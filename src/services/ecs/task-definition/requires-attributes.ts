import type { Attribute, ContainerDefinition } from '@aws-sdk/client-ecs';
import type { StoredTaskDefinition } from '../records.ts';
import { isEcrImage } from './launch-types.ts';

/**
 * What a container instance must offer to run a definition: names of capabilities that the ECS agent registers
 * as attributes of its instance.
 */
export function requiredAttributes(definition: StoredTaskDefinition): Attribute[] {
  const names = new Set<string>();
  for (const container of definition.containerDefinitions) {
    for (const name of attributesOfContainer(container, definition)) names.add(name);
  }
  for (const name of attributesOfTask(definition)) names.add(name);
  return [...names].map((name) => ({ name }));
}

const agent = 'com.amazonaws.ecs.capability';
const dockerApi = (version: string): string => `${agent}.docker-remote-api.${version}`;

function* attributesOfTask(definition: StoredTaskDefinition): Iterable<string> {
  const { networkMode, taskRoleArn, cpu, memory, proxyConfiguration, volumes = [] } = definition;
  if (taskRoleArn !== undefined) {
    yield networkMode === 'host' ? `${agent}.task-iam-role-network-host` : `${agent}.task-iam-role`;
    yield dockerApi('1.17');
  }
  if (networkMode === 'awsvpc') yield 'ecs.capability.task-eni';
  if (cpu !== undefined || memory !== undefined) yield 'ecs.capability.task-cpu-mem-limit';
  if (definition.pidMode !== undefined || definition.ipcMode !== undefined)
    yield 'ecs.capability.pid-ipc-namespace-sharing';
  if (proxyConfiguration !== undefined) yield 'ecs.capability.aws-appmesh';
  if ((definition.inferenceAccelerators ?? []).length > 0) yield 'ecs.capability.task-eia';
  if (definition.enableFaultInjection === true) yield 'ecs.capability.fault-injection';
  for (const volume of volumes) {
    if (volume.dockerVolumeConfiguration) {
      yield `ecs.capability.docker-plugin.${volume.dockerVolumeConfiguration.driver ?? 'local'}`;
      yield dockerApi('1.25');
    }
    if (volume.efsVolumeConfiguration) {
      const hasAuthorization = volume.efsVolumeConfiguration.authorizationConfig !== undefined;
      yield hasAuthorization ? 'ecs.capability.efsAuth' : 'ecs.capability.efs';
    }
    if (volume.s3filesVolumeConfiguration) yield 'ecs.capability.storage.s3-files';
    if (volume.fsxWindowsFileServerVolumeConfiguration) yield 'ecs.capability.fsxWindowsFileServer';
    if (volume.configuredAtLaunch === true) yield 'ecs.capability.storage.ebs-task-volume-attach';
  }
}

function* attributesOfContainer(
  container: ContainerDefinition,
  { executionRoleArn }: StoredTaskDefinition,
): Iterable<string> {
  const { logConfiguration, linuxParameters, firelensConfiguration } = container;
  if (isEcrImage(container.image)) {
    yield `${agent}.ecr-auth`;
    yield dockerApi('1.19');
    if (executionRoleArn !== undefined) yield 'ecs.capability.execution-role-ecr-pull';
  }
  if (container.repositoryCredentials) yield 'ecs.capability.private-registry-authentication.secretsmanager';
  if (logConfiguration) {
    const driver = logConfiguration.logDriver;
    yield `${agent}.logging-driver.${driver}`;
    yield dockerApi('1.18');
    if (driver === 'awslogs') {
      yield dockerApi('1.19');
      if (executionRoleArn !== undefined) yield 'ecs.capability.execution-role-awslogs';
    }
    if ((logConfiguration.secretOptions ?? []).length > 0) {
      for (const secret of logConfiguration.secretOptions ?? [])
        yield `ecs.capability.secrets.${secretStore(secret.valueFrom)}.bootstrap.log-driver`;
    }
  }
  if (firelensConfiguration) {
    yield `ecs.capability.firelens.${firelensConfiguration.type}`;
    const configFile = firelensConfiguration.options?.['config-file-type'];
    if (configFile !== undefined) yield `ecs.capability.firelens.options.config.${configFile}`;
  }
  for (const secret of container.secrets ?? [])
    yield `ecs.capability.secrets.${secretStore(secret.valueFrom)}.environment-variables`;
  if ((container.environmentFiles ?? []).length > 0) yield 'ecs.capability.env-files.s3';
  if ((container.ulimits ?? []).length > 0 || Object.keys(container.dockerLabels ?? {}).length > 0)
    yield dockerApi('1.18');
  if (container.memoryReservation !== undefined) yield dockerApi('1.21');
  if ((linuxParameters?.tmpfs ?? []).length > 0) yield dockerApi('1.22');
  if (container.healthCheck) {
    yield 'ecs.capability.container-health-check';
    yield dockerApi('1.24');
  }
  if (linuxParameters?.initProcessEnabled === true) yield dockerApi('1.25');
  if (container.privileged === true) yield `${agent}.privileged-container`;
  for (const option of container.dockerSecurityOptions ?? []) {
    if (option.startsWith('label')) yield `${agent}.selinux`;
    if (option.startsWith('apparmor')) yield `${agent}.apparmor`;
    if (option.startsWith('credentialspec')) yield 'ecs.capability.gmsa';
  }
  for (const spec of container.credentialSpecs ?? [])
    yield spec.startsWith('credentialspecdomainless')
      ? 'ecs.capability.gmsa-domainless'
      : 'ecs.capability.gmsa';
  const waits = (container.dependsOn ?? []).length > 0;
  if (waits || container.startTimeout !== undefined || container.stopTimeout !== undefined)
    yield 'ecs.capability.container-ordering';
  if (container.restartPolicy?.enabled === true) yield 'ecs.capability.container-restart-policy';
  if ((container.portMappings ?? []).some((mapping) => mapping.containerPortRange !== undefined))
    yield 'ecs.capability.network.container-port-range';
}

/** Secrets Manager needs its full ARN; anything else is a Systems Manager parameter. */
function secretStore(valueFrom: string | undefined): 'asm' | 'ssm' {
  return /^arn:[a-z-]+:secretsmanager:/.test(valueFrom ?? '') ? 'asm' : 'ssm';
}
