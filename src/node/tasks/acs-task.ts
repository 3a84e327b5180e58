import {
  type AcsAttachment,
  type AcsContainer,
  type AcsElasticNetworkInterface,
  type AcsTask,
  type AcsVolume,
  serviceConnectAttachment,
} from '../../protocols/index.ts';
import { readRoleCredentials } from '../connection/acs-messages.ts';
import { given, MalformedError, type Reader } from '../reading.ts';

/**
 * The task inside a PayloadMessage, from unknown JSON to its type (ACS 9.6). What this agent cannot do is refused
 * here by name, so that a task never runs with a part of its definition silently missing.
 * @throws {MalformedError} naming the member.
 */
export function readAcsTask(task: Reader): AcsTask {
  refuse(task, ['proxyConfiguration', 'associations']);
  return given({
    arn: task.string('arn'),
    family: task.string('family'),
    version: task.string('version'),
    desiredStatus: task.word('desiredStatus', ['RUNNING', 'STOPPED']),
    taskClusterArn: task.string('taskClusterArn'),
    taskDefinitionAccountId: task.optionalString('taskDefinitionAccountId'),
    cpu: task.optionalNumber('cpu'),
    memory: task.optionalNumber('memory'),
    ephemeralStorage: task.optionalObject('ephemeralStorage', (storage) => ({
      sizeInGiB: storage.number('sizeInGiB'),
    })),
    networkMode: task.optionalWord('networkMode', ['bridge', 'host', 'none', 'awsvpc']),
    launchType: task.optionalString('launchType'),
    pidMode: task.optionalString('pidMode'),
    ipcMode: task.optionalString('ipcMode'),
    zone: task.optionalString('zone'),
    serviceName: task.optionalString('serviceName'),
    group: task.optionalString('group'),
    overrides: task.optionalString('overrides'),
    volumes: task.optionalList('volumes', readVolume),
    roleCredentials: task.optionalObject('roleCredentials', readRoleCredentials),
    executionRoleCredentials: task.optionalObject('executionRoleCredentials', readRoleCredentials),
    elasticNetworkInterfaces: task.optionalList('elasticNetworkInterfaces', readNetworkInterface),
    enableFaultInjection: task.optionalBoolean('enableFaultInjection'),
    attachments: task.optionalList('attachments', readAttachment),
    containers: task.list('containers', readContainer),
  });
}

function readAttachment(attachment: Reader): AcsAttachment {
  const attachmentType = attachment.string('attachmentType');
  if (attachmentType !== serviceConnectAttachment.type)
    throw new MalformedError(`An attachment of type ${attachmentType} is not supported by this agent`);
  return {
    attachmentArn: attachment.optionalString('attachmentArn') ?? '',
    attachmentType,
    attachmentProperties: attachment.list('attachmentProperties', (property) => ({
      name: property.string('name'),
      value: property.string('value'),
    })),
  };
}

function readContainer(container: Reader): AcsContainer {
  refuse(container, [
    'secrets',
    'environmentFiles',
    'registryAuthentication',
    'firelensConfiguration',
    'credentialSpecs',
  ]);
  return given({
    name: container.string('name'),
    // The official control plane always sends it; older ones did not, and nothing here depends on it.
    containerArn: container.optionalString('containerArn') ?? '',
    image: container.string('image'),
    essential: container.optionalBoolean('essential') ?? true,
    cpu: container.optionalNumber('cpu') ?? 0,
    memory: container.optionalNumber('memory'),
    command: container.optionalStrings('command'),
    entryPoint: container.optionalStrings('entryPoint'),
    environment: container.optionalStringMap('environment'),
    overrides: container.optionalString('overrides'),
    portMappings: container.optionalList('portMappings', (mapping) =>
      given({
        containerPort: mapping.optionalNumber('containerPort'),
        hostPort: mapping.optionalNumber('hostPort'),
        protocol: mapping.optionalWord('protocol', ['tcp', 'udp']),
        name: mapping.optionalString('name'),
        containerPortRange: mapping.optionalString('containerPortRange'),
      }),
    ),
    mountPoints: container.optionalList('mountPoints', (mount) =>
      given({
        sourceVolume: mount.string('sourceVolume'),
        containerPath: mount.string('containerPath'),
        readOnly: mount.optionalBoolean('readOnly'),
      }),
    ),
    volumesFrom: container.optionalList('volumesFrom', (source) =>
      given({
        sourceContainer: source.string('sourceContainer'),
        readOnly: source.optionalBoolean('readOnly'),
      }),
    ),
    links: container.optionalStrings('links'),
    dependsOn: container.optionalList('dependsOn', (dependency) => ({
      containerName: dependency.string('containerName'),
      condition: dependency.word('condition', ['START', 'COMPLETE', 'SUCCESS', 'HEALTHY']),
    })),
    startTimeout: container.optionalNumber('startTimeout'),
    stopTimeout: container.optionalNumber('stopTimeout'),
    restartPolicy: container.optionalObject('restartPolicy', (policy) =>
      given({
        enabled: policy.optionalBoolean('enabled') ?? false,
        ignoredExitCodes: policy.optionalNumbers('ignoredExitCodes'),
        restartAttemptPeriod: policy.optionalNumber('restartAttemptPeriod'),
      }),
    ),
    privileged: container.optionalBoolean('privileged'),
    managedAgents: container.optionalList('managedAgents', (agent) => ({
      name: agent.word('name', ['ExecuteCommandAgent']),
    })),
    linuxParameters: container.optionalObject('linuxParameters', (linux) =>
      given({
        capabilities: linux.optionalObject('capabilities', (capabilities) =>
          given({ add: capabilities.optionalStrings('add'), drop: capabilities.optionalStrings('drop') }),
        ),
        devices: linux.optionalList('devices', (device) =>
          given({
            hostPath: device.string('hostPath'),
            containerPath: device.optionalString('containerPath'),
            permissions: device.optionalStrings('permissions'),
          }),
        ),
        initProcessEnabled: linux.optionalBoolean('initProcessEnabled'),
        sharedMemorySize: linux.optionalNumber('sharedMemorySize'),
      }),
    ),
    healthCheckType: container.optionalWord('healthCheckType', ['docker']),
    dockerConfig: container.optionalObject('dockerConfig', (config) => ({
      version: config.optionalString('version') ?? '',
      config: config.optionalString('config') ?? '{}',
      hostConfig: config.optionalString('hostConfig') ?? '{}',
    })) ?? { version: '', config: '{}', hostConfig: '{}' },
  });
}

function readVolume(volume: Reader): AcsVolume {
  refuse(volume, ['efsVolumeConfiguration', 'fsxWindowsFileServerVolumeConfiguration']);
  return given({
    name: volume.string('name'),
    type: volume.optionalWord('type', ['host', 'docker']),
    host: volume.optionalObject('host', (host) => given({ sourcePath: host.optionalString('sourcePath') })),
    dockerVolumeConfiguration: volume.optionalObject('dockerVolumeConfiguration', (docker) =>
      given({
        scope: docker.optionalWord('scope', ['task', 'shared']),
        autoprovision: docker.optionalBoolean('autoprovision'),
        driver: docker.optionalString('driver'),
        driverOpts: docker.optionalStringMap('driverOpts'),
        labels: docker.optionalStringMap('labels'),
      }),
    ),
  });
}

function readNetworkInterface(eni: Reader): AcsElasticNetworkInterface {
  return given({
    attachmentArn: eni.optionalString('attachmentArn') ?? '',
    ec2Id: eni.string('ec2Id'),
    macAddress: eni.string('macAddress'),
    ipv4Addresses: eni.list('ipv4Addresses', (address) => ({
      privateAddress: address.string('privateAddress'),
      primary: address.optionalBoolean('primary') ?? false,
    })),
    subnetGatewayIpv4Address: eni.string('subnetGatewayIpv4Address'),
    domainNameServers: eni.optionalStrings('domainNameServers'),
    domainName: eni.optionalStrings('domainName'),
    privateDnsName: eni.optionalString('privateDnsName'),
  });
}

function refuse(reader: Reader, members: readonly string[]): void {
  for (const member of members) {
    const value = reader.raw(member);
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    throw new MalformedError(`${reader.path}.${member} is not supported by this agent`);
  }
}
