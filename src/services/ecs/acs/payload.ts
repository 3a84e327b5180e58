import type { ContainerDefinition, PortMapping, Volume } from '@aws-sdk/client-ecs';
import type { AcsContainer, AcsElasticNetworkInterface, AcsTask, AcsVolume } from '../../../protocols/acs.ts';
import { attachmentArn, clusterArn, containerArn, type Scope, taskArn } from '../arn.ts';
import { given } from '../given.ts';
import {
  type TaskContainerRecord,
  type TaskDefinitionRecord,
  type TaskNetworkInterface,
  type TaskRecord,
  wantedOfAgent,
} from '../records.ts';
import { type ProxyDuty, proxyDefinition, serviceConnectOf } from '../service-connect/proxy-payload.ts';
import { dockerConfig } from './docker-config.ts';

/** 1024 CPU units are one vCPU. */
const cpuUnitsPerVcpu = 1024;

/**
 * A task as its agent is handed it: definition and overrides in one. Everything an agent needs to run the task
 * is in here; it never asks for the task definition.
 */
export function acsTask(
  scope: Scope,
  task: TaskRecord,
  { definition }: TaskDefinitionRecord,
  duty?: ProxyDuty,
): AcsTask {
  const connect = task.serviceConnect && duty && { own: task.serviceConnect, duty };
  return {
    arn: taskArn(scope, task.cluster, task.id),
    family: task.taskDefinition.family,
    version: String(task.taskDefinition.revision),
    desiredStatus: wantedOfAgent(task),
    taskClusterArn: clusterArn(scope, task.cluster),
    taskDefinitionAccountId: scope.accountId,
    ...given('cpu', task.cpu === undefined ? undefined : Number(task.cpu) / cpuUnitsPerVcpu),
    ...given('memory', task.memory === undefined ? undefined : Number(task.memory)),
    ...given(
      'ephemeralStorage',
      task.ephemeralStorageGiB === undefined ? undefined : { sizeInGiB: task.ephemeralStorageGiB },
    ),
    networkMode: acsNetworkMode(definition.networkMode),
    launchType: task.launchType,
    ...given('pidMode', definition.pidMode),
    ...given('ipcMode', definition.ipcMode),
    zone: task.availabilityZone,
    ...given('serviceName', task.service?.name),
    group: task.group,
    volumes: (definition.volumes ?? []).map(acsVolume),
    ...given(
      'elasticNetworkInterfaces',
      task.networkInterface && [elasticNetworkInterface(scope, task.networkInterface)],
    ),
    ...given('enableFaultInjection', definition.enableFaultInjection),
    ...given('associations', gpuAssociations(task)),
    ...given('attachments', connect && [serviceConnectOf(scope, connect.own, connect.duty)]),
    containers: [
      ...definition.containerDefinitions,
      ...(connect === undefined ? [] : [proxyDefinition(connect.own, connect.duty)]),
    ].flatMap((container) => {
      const record = task.containers.find(({ name }) => name === container.name);
      return record === undefined ? [] : [acsContainer(scope, task, record, container)];
    }),
  };
}

/** Which container has which GPU: an agent that can't see to it must refuse the task. */
function gpuAssociations({ containers }: TaskRecord): AcsTask['associations'] {
  const holders = new Map<string, string[]>();
  for (const { name, gpuIds = [] } of containers)
    for (const id of gpuIds) holders.set(id, [...(holders.get(id) ?? []), name]);
  if (holders.size === 0) return undefined;
  return [...holders].map(([id, names]) => ({
    type: 'gpu',
    name: id,
    containers: names,
    content: { encoding: 'base64', value: '' },
  }));
}

function acsContainer(
  scope: Scope,
  task: TaskRecord,
  record: TaskContainerRecord,
  container: ContainerDefinition,
): AcsContainer {
  const override = task.overrides.containerOverrides.find(({ name }) => name === record.name);
  const memoryMiB = numberOf(record.memory);
  const { linuxParameters } = container;
  return {
    name: record.name,
    containerArn: containerArn(scope, task.cluster, task.id, record.id),
    image: record.image,
    essential: record.essential,
    cpu: Number(record.cpu),
    memory: memoryMiB ?? 0,
    ...given('command', container.command),
    ...given('entryPoint', container.entryPoint),
    environment: environment(task, container),
    overrides: JSON.stringify({ command: override?.command ?? null }),
    portMappings: (container.portMappings ?? []).map(acsPortMapping),
    mountPoints: (container.mountPoints ?? []).map(({ sourceVolume = '', containerPath = '', readOnly }) => ({
      sourceVolume,
      containerPath,
      readOnly: readOnly ?? false,
    })),
    volumesFrom: (container.volumesFrom ?? []).map(({ sourceContainer = '', readOnly }) => ({
      sourceContainer,
      readOnly: readOnly ?? false,
    })),
    ...given('links', container.links),
    dependsOn: (container.dependsOn ?? []).map(({ containerName = '', condition = 'START' }) => ({
      containerName,
      condition,
    })),
    ...given('startTimeout', container.startTimeout),
    ...given('stopTimeout', container.stopTimeout),
    ...given('restartPolicy', container.restartPolicy && restartPolicy(container.restartPolicy)),
    ...given('privileged', container.privileged),
    ...given(
      'managedAgents',
      task.enableExecuteCommand && record.name !== task.serviceConnect?.containerName
        ? [{ name: 'ExecuteCommandAgent', properties: {} }]
        : undefined,
    ),
    ...given('linuxParameters', linuxParameters && acsLinuxParameters(linuxParameters)),
    ...(container.healthCheck ? { healthCheckType: 'docker' as const } : {}),
    dockerConfig: dockerConfig(
      container,
      {
        memoryMiB,
        memoryReservationMiB: numberOf(record.memoryReservation),
      },
      task.launchType,
    ),
  };
}

/** The definition's variables with the overrides' over them; where it runs, an application may read. */
function environment(task: TaskRecord, container: ContainerDefinition): Record<string, string> {
  const override = task.overrides.containerOverrides.find(({ name }) => name === container.name);
  const variables = new Map([['AWS_EXECUTION_ENV', `AWS_ECS_${task.launchType}`]]);
  for (const { name, value } of [...(container.environment ?? []), ...(override?.environment ?? [])]) {
    if (name !== undefined) variables.set(name, value ?? '');
  }
  return Object.fromEntries(variables);
}

function acsPortMapping(mapping: PortMapping): NonNullable<AcsContainer['portMappings']>[number] {
  const { containerPort, hostPort, protocol, name, containerPortRange } = mapping;
  if (containerPortRange !== undefined)
    return { containerPortRange, protocol: protocol ?? 'tcp', ...given('name', name) };
  return {
    ...given('containerPort', containerPort),
    hostPort: hostPort ?? 0,
    protocol: protocol ?? 'tcp',
    ...given('name', name),
  };
}

function acsVolume(volume: Volume): AcsVolume {
  const name = volume.name ?? '';
  const docker = volume.dockerVolumeConfiguration;
  if (docker === undefined)
    return { name, type: 'host', host: { ...given('sourcePath', volume.host?.sourcePath) } };
  return {
    name,
    type: 'docker',
    dockerVolumeConfiguration: {
      scope: docker.scope ?? 'task',
      ...given('autoprovision', docker.autoprovision),
      ...given('driver', docker.driver),
      ...given('driverOpts', docker.driverOpts),
      ...given('labels', docker.labels),
    },
  };
}

function elasticNetworkInterface(
  scope: Scope,
  networkInterface: TaskNetworkInterface,
): AcsElasticNetworkInterface {
  return {
    attachmentArn: attachmentArn(scope, networkInterface.attachmentId),
    ec2Id: networkInterface.networkInterfaceId,
    macAddress: networkInterface.macAddress,
    ipv4Addresses: [{ privateAddress: networkInterface.privateIpv4Address, primary: true }],
    subnetGatewayIpv4Address: networkInterface.subnetGateway,
    domainNameServers: networkInterface.nameServers,
    ...(networkInterface.domainName !== undefined && { domainName: [networkInterface.domainName] }),
    privateDnsName: networkInterface.privateDnsName,
  };
}

function restartPolicy(
  policy: NonNullable<ContainerDefinition['restartPolicy']>,
): NonNullable<AcsContainer['restartPolicy']> {
  return {
    enabled: policy.enabled ?? false,
    ...given('ignoredExitCodes', policy.ignoredExitCodes),
    ...given('restartAttemptPeriod', policy.restartAttemptPeriod),
  };
}

function acsLinuxParameters(
  parameters: NonNullable<ContainerDefinition['linuxParameters']>,
): NonNullable<AcsContainer['linuxParameters']> {
  const { capabilities, devices, initProcessEnabled, sharedMemorySize } = parameters;
  return {
    ...given(
      'capabilities',
      capabilities && { ...given('add', capabilities.add), ...given('drop', capabilities.drop) },
    ),
    ...given(
      'devices',
      devices?.map(({ hostPath = '', containerPath, permissions }) => ({
        hostPath,
        ...given('containerPath', containerPath),
        ...given('permissions', permissions),
      })),
    ),
    ...given('initProcessEnabled', initProcessEnabled),
    ...given('sharedMemorySize', sharedMemorySize),
  };
}

function acsNetworkMode(networkMode: string | undefined): NonNullable<AcsTask['networkMode']> {
  return networkMode === 'host' || networkMode === 'none' || networkMode === 'awsvpc'
    ? networkMode
    : 'bridge';
}

const numberOf = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Number(text);
