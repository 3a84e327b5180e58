import { createHash } from 'node:crypto';
import type { AcsContainer, AcsTask } from '../../protocols/index.ts';
import type { ContainerNetwork, ContainerSpec, PortMapping } from '../../runtime/index.ts';
import { readAwslogsOptions } from '../logs/options.ts';
import { linkLocalAddress } from '../metadata/link-local.ts';
import { given, MalformedError, parseJson, Reader } from '../reading.ts';
import { proxyPlanOf } from '../service-connect/proxy-plan.ts';
import { dependenciesOf, implicitDependenciesOf, inDependencyOrder } from './dependencies.ts';
import { type DockerConfig, readDockerConfig } from './docker-config.ts';
import { type NetworkBinding, type PlannedContainer, type TaskPlan, taskIdOf } from './plan.ts';
import { type PlanContext, sandboxOf, sharesOf } from './sandbox-spec.ts';
import { mountsOf } from './volumes.ts';
import { withProxy } from './with-proxy.ts';

/**
 * An AcsTask to what it asks of this machine. Pure: the same task, ids and context give the same plan.
 * `metadataIds` are the random ids by which containers reach their metadata, by container name.
 * @throws {MalformedError} on what does not fit together or is not supported.
 */
export function planTask(
  task: AcsTask,
  metadataIds: Readonly<Record<string, string>>,
  context: PlanContext,
): TaskPlan {
  if (task.containers.length === 0) throw new MalformedError('The task has no containers');
  if (!task.containers.some((container) => container.essential)) {
    throw new MalformedError('The task has no essential container');
  }
  const taskId = taskIdOf(task.arn);
  const dockerConfigs = new Map(
    task.containers.map((container, index) => [
      container.name,
      readDockerConfig(container.dockerConfig, `containers[${index}]`),
    ]),
  );
  if (dockerConfigs.size !== task.containers.length) {
    throw new MalformedError('Two containers of the task have the same name');
  }
  const proxy = proxyPlanOf(task);
  const labels = { ...context.labels, ...taskLabels(task, taskId, context) };
  const sandbox = sandboxOf(task, [...dockerConfigs.values()], `ecs-${taskId}`, labels, context, proxy);
  const containers = task.containers.map((container) => {
    const docker = dockerConfigs.get(container.name);
    if (!docker) throw new TypeError(`Container '${container.name}' was not read`);
    const metadataId = metadataIds[container.name];
    const planned = planContainer(task, container, docker, sandbox.id, labels, metadataId, context);
    return proxy === undefined ? planned : withProxy(planned, proxy, taskId, context.serviceConnectDirectory);
  });
  return given({
    taskArn: task.arn,
    taskId,
    family: task.family,
    revision: task.version,
    clusterArn: task.taskClusterArn,
    sandbox,
    attachmentArn: task.elasticNetworkInterfaces?.[0]?.attachmentArn || undefined,
    interfaceId: task.elasticNetworkInterfaces?.[0]?.ec2Id || undefined,
    containers: inDependencyOrder(containers),
  });
}

/** The labels of the official agent, and ours. */
function taskLabels(task: AcsTask, taskId: string, context: PlanContext): Record<string, string> {
  return {
    'com.amazonaws.ecs.task-arn': task.arn,
    'com.amazonaws.ecs.cluster': task.taskClusterArn,
    'com.amazonaws.ecs.task-definition-family': task.family,
    'com.amazonaws.ecs.task-definition-version': task.version,
    'catamaran.instance': context.instanceId,
    'catamaran.task': taskId,
  };
}

/** `ecs-<family>-<rev>-<container>-<hex>`, the same every time for one container of one task. */
export function containerNameOf(task: AcsTask, container: string): string {
  const hex = createHash('sha256').update(`${task.arn}\n${container}`).digest('hex').slice(0, 20);
  return `ecs-${task.family}-${task.version}-${container}-${hex}`;
}

function planContainer(
  task: AcsTask,
  container: AcsContainer,
  docker: DockerConfig,
  sandboxId: string,
  labels: Readonly<Record<string, string>>,
  metadataId: string | undefined,
  context: PlanContext,
): PlannedContainer {
  const network = networkOf(task, container, docker, context);
  const command = overriddenCommand(container) ?? container.command;
  const { awslogs, log } = logOf(container, docker, taskIdOf(task.arn), context);
  const linux = container.linuxParameters;
  const init = docker.init || (linux?.initProcessEnabled ?? false);
  const isShared = network.mode === 'sandbox';

  const spec: ContainerSpec = given({
    name: containerNameOf(task, container.name),
    sandboxId,
    labels: { ...docker.labels, ...labels, 'com.amazonaws.ecs.container-name': container.name },
    image: container.image,
    isolation: context.isolation,
    command,
    entryPoint: container.entryPoint,
    env: { ...container.environment, ...injectedEnvironment(task, metadataId, context) },
    user: docker.user,
    workingDirectory: docker.workingDirectory,
    hostname: isShared ? undefined : docker.hostname,
    network,
    extraHosts: isShared ? undefined : nonEmpty(docker.extraHosts),
    dns: isShared ? undefined : dnsOf(docker),
    cpuShares: sharesOf(container),
    memoryMiB: container.memory ? container.memory : undefined,
    memoryReservationMiB: docker.memoryReservationMiB,
    memorySwapMiB: docker.memorySwapMiB,
    swappiness: docker.swappiness,
    sharedMemoryMiB: linux?.sharedMemorySize || docker.sharedMemoryMiB,
    ulimits: nonEmpty(docker.ulimits),
    capabilities: capabilitiesOf(container, docker),
    isPrivileged: container.privileged || docker.isPrivileged || undefined,
    isReadonlyRootFilesystem: docker.isReadonlyRootFilesystem || undefined,
    devices: nonEmpty(devicesOf(container)),
    tmpfs: nonEmpty(docker.tmpfs),
    mounts: nonEmpty(mountsOf(container, task.volumes ?? [], sandboxId)),
    volumesFrom: nonEmpty(
      (container.volumesFrom ?? []).map(
        ({ sourceContainer, readOnly }) =>
          `${containerNameOf(task, sourceContainer)}${readOnly === true ? ':ro' : ''}`,
      ),
    ),
    links: nonEmpty(linksOf(task, container)),
    init: init || undefined,
    sysctls: sysctlsOf(docker, isShared),
    securityOptions: nonEmpty(docker.securityOptions),
    ipcMode: namespaceOf(task.ipcMode, ['host', 'none']),
    pidMode: namespaceOf(task.pidMode, ['host']),
    pseudoTerminal: docker.pseudoTerminal || undefined,
    interactive: docker.interactive || undefined,
    healthCheck: container.healthCheckType === 'docker' ? docker.healthCheck : undefined,
    log,
  });

  return given({
    name: container.name,
    containerArn: container.containerArn,
    isEssential: container.essential,
    spec,
    dependencies: dependenciesOf(container, task.containers),
    madeAfter: implicitDependenciesOf(container),
    startTimeoutMs: container.startTimeout ? container.startTimeout * 1000 : undefined,
    stopTimeoutSeconds: container.stopTimeout ?? context.defaultStopTimeoutSeconds,
    restartPolicy: container.restartPolicy?.enabled
      ? {
          ignoredExitCodes: container.restartPolicy.ignoredExitCodes ?? [],
          attemptPeriodSeconds: container.restartPolicy.restartAttemptPeriod ?? 300,
        }
      : undefined,
    hasHealthCheck: spec.healthCheck !== undefined,
    hasExecuteCommandAgent: (container.managedAgents ?? []).length > 0,
    awslogs,
    hostPorts: network.mode === 'host' ? hostPortsOf(container) : [],
    regionEnvironment: { AWS_REGION: context.region, AWS_DEFAULT_REGION: context.region },
  });
}

/** ACS sends the override as a JSON string, `{"command":["sleep","1"]}` or `{"command":null}`. */
function overriddenCommand(container: AcsContainer): readonly string[] | undefined {
  if (!container.overrides) return undefined;
  return new Reader(
    parseJson(container.overrides),
    `container '${container.name}'.overrides`,
  ).optionalStrings('command');
}

/** What every container of a task is told (ECS developer guide, "Amazon ECS environment variables"). */
function injectedEnvironment(
  task: AcsTask,
  metadataId: string | undefined,
  context: PlanContext,
): Record<string, string> {
  const environment: Record<string, string> = {};
  // Within a VPC the machine's own addresses are as far away as any: what is near is link-local.
  const isInVpc = task.networkMode === 'awsvpc' && context.joinsInterfaces;
  const metadataUri = isInVpc ? `http://${linkLocalAddress}` : context.metadataUri;
  if (metadataUri !== undefined && metadataId !== undefined) {
    environment.ECS_CONTAINER_METADATA_URI = `${metadataUri}/v3/${metadataId}`;
    environment.ECS_CONTAINER_METADATA_URI_V4 = `${metadataUri}/v4/${metadataId}`;
    environment.ECS_AGENT_URI = `${metadataUri}/api/${metadataId}`;
  }
  if (task.roleCredentials) {
    environment.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI = `/v2/credentials/${task.roleCredentials.credentialsId}`;
  }
  return environment;
}

function networkOf(
  task: AcsTask,
  container: AcsContainer,
  docker: DockerConfig,
  context: PlanContext,
): ContainerNetwork {
  if (docker.isNetworkDisabled) return { mode: 'none' };
  switch (task.networkMode ?? 'bridge') {
    case 'awsvpc':
      return { mode: 'sandbox' };
    case 'host':
      return { mode: 'host' };
    case 'none':
      return { mode: 'none' };
    case 'bridge':
      return { mode: 'bridge', ports: bridgePortsOf(container, context.address) };
  }
}

function bridgePortsOf(container: AcsContainer, hostIp: string): readonly PortMapping[] {
  return (container.portMappings ?? []).map((mapping) => {
    if (mapping.containerPortRange !== undefined) {
      throw new MalformedError(
        `Container '${container.name}': containerPortRange in bridge mode is not supported by this agent`,
      );
    }
    if (mapping.containerPort === undefined) {
      throw new MalformedError(`Container '${container.name}': a port mapping without containerPort`);
    }
    return {
      containerPort: mapping.containerPort,
      hostPort: mapping.hostPort ?? 0,
      protocol: mapping.protocol ?? 'tcp',
      hostIp,
    };
  });
}

function hostPortsOf(container: AcsContainer): readonly NetworkBinding[] {
  return (container.portMappings ?? []).flatMap(({ containerPort, protocol = 'tcp' }) =>
    containerPort === undefined
      ? []
      : [{ bindIP: '0.0.0.0', containerPort, hostPort: containerPort, protocol }],
  );
}

/** `awslogs` is shipped by the agent from the engine's own bounded log; every other driver is the engine's. */
function logOf(
  container: AcsContainer,
  docker: DockerConfig,
  taskId: string,
  context: PlanContext,
): Pick<PlannedContainer, 'awslogs'> & Pick<ContainerSpec, 'log'> {
  if (!docker.log) return {};
  if (docker.log.driver !== 'awslogs') return { log: docker.log };
  if (!context.offersAwslogs) {
    throw new MalformedError(`Container '${container.name}': log driver 'awslogs' is not offered here`);
  }
  return { awslogs: readAwslogsOptions(docker.log.options, container.name, taskId, context.region) };
}

function capabilitiesOf(container: AcsContainer, docker: DockerConfig): ContainerSpec['capabilities'] {
  const declared = container.linuxParameters?.capabilities;
  const add = [...new Set([...docker.capabilitiesAdd, ...(declared?.add ?? [])])];
  const drop = [...new Set([...docker.capabilitiesDrop, ...(declared?.drop ?? [])])];
  return add.length + drop.length > 0 ? { add, drop } : undefined;
}

function devicesOf(container: AcsContainer): NonNullable<ContainerSpec['devices']> {
  const letters: Readonly<Record<string, string>> = { read: 'r', write: 'w', mknod: 'm' };
  return (container.linuxParameters?.devices ?? []).map((device) => ({
    hostPath: device.hostPath,
    containerPath: device.containerPath || device.hostPath,
    permissions: device.permissions?.length
      ? device.permissions.map((permission) => letters[permission] ?? '').join('')
      : 'rwm',
  }));
}

function linksOf(task: AcsTask, container: AcsContainer): readonly string[] {
  return (container.links ?? []).map((link) => {
    const [name = link, alias = name] = link.split(':');
    return `${containerNameOf(task, name)}:${alias}`;
  });
}

/** In awsvpc the namespaced `net.*` belong to the whole task, so the sandbox carries them. */
function sysctlsOf(docker: DockerConfig, isSharedNetwork: boolean): ContainerSpec['sysctls'] {
  const entries = Object.entries(docker.sysctls).filter(
    ([name]) => !(isSharedNetwork && name.startsWith('net.')),
  );
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

function dnsOf(docker: DockerConfig): ContainerSpec['dns'] {
  return docker.dns.length + docker.dnsSearch.length > 0
    ? { servers: docker.dns, search: docker.dnsSearch }
    : undefined;
}

function namespaceOf<Mode extends string>(
  mode: string | undefined,
  others: readonly Mode[],
): Mode | 'sandbox' | undefined {
  if (!mode) return undefined;
  if (mode === 'task') return 'sandbox';
  const known = others.find((candidate) => candidate === mode);
  if (known === undefined)
    throw new MalformedError(`Namespace mode '${mode}' is not supported by this agent`);
  return known;
}

const nonEmpty = <T>(list: readonly T[]): readonly T[] | undefined => (list.length > 0 ? list : undefined);
