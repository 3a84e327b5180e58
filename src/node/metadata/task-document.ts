import type { Container, SandboxDiskSpace } from '../../runtime/index.ts';
import { given } from '../reading.ts';
import type { PlannedContainer } from '../tasks/plan.ts';
import { privateNetworkOf } from '../tasks/sandbox-spec.ts';
import type { TaskOwner } from '../tasks/task-owner.ts';

const MiB = 1_048_576;

/**
 * Task metadata, version 4, from what the agent knows (ECS developer guide, "Amazon ECS task metadata endpoint
 * version 4"). Names and casing are AWS's.
 */
export interface InstanceFacts {
  readonly availabilityZone: string | undefined;
}

/** @param disk How full the task's own disk is, where it has one. */
export function taskDocument(owner: TaskOwner, instance: InstanceFacts, disk?: SandboxDiskSpace): object {
  const { task, progress, plan } = owner;
  return given({
    Cluster: task.taskClusterArn,
    TaskARN: task.arn,
    Family: task.family,
    Revision: task.version,
    ServiceName: task.serviceName,
    Group: task.group,
    DesiredStatus: owner.isStopping ? 'STOPPED' : progress.desiredStatus,
    KnownStatus: taskKnownStatus(owner),
    Limits: task.cpu || task.memory ? given({ CPU: task.cpu, Memory: task.memory }) : undefined,
    PullStartedAt: isoOf(progress.pullStartedAtMs),
    PullStoppedAt: isoOf(progress.pullStoppedAtMs),
    ExecutionStoppedAt: isoOf(progress.executionStoppedAtMs),
    AvailabilityZone: instance.availabilityZone,
    LaunchType: task.launchType,
    FaultInjectionEnabled: task.enableFaultInjection ?? false,
    EphemeralStorageMetrics: disk && {
      Utilized: Math.ceil(disk.usedBytes / MiB),
      Reserved: Math.floor(disk.sizeBytes / MiB),
    },
    Containers: plan.containers
      .filter(({ name }) => progress.containers[name]?.runtimeId !== undefined)
      .map((container) => containerDocument(owner, container)),
  });
}

export function containerDocument(owner: TaskOwner, container: PlannedContainer): object {
  const { name, spec } = container;
  const progress = owner.progress.containers[name];
  const observed = owner.observed(name);
  const { status } = observed ?? {};
  const finishedAtMs =
    progress?.outcome?.finishedAtMs ?? (status?.state === 'exited' ? status.finishedAtMs : undefined);
  return given({
    DockerId: progress?.runtimeId,
    Name: name,
    DockerName: spec.name,
    Image: spec.image,
    ImageID: progress?.imageId,
    Ports: portsOf(owner, container),
    Labels: spec.labels,
    DesiredStatus: owner.isStopping ? 'STOPPED' : 'RUNNING',
    KnownStatus: containerKnownStatus(owner, name),
    ExitCode: progress?.outcome?.exitCode,
    Limits: { CPU: spec.cpuShares, Memory: spec.memoryMiB ?? 0 },
    CreatedAt: isoOf(observed?.createdAtMs),
    StartedAt: isoOf(status && status.state !== 'created' ? status.startedAtMs : undefined),
    FinishedAt: isoOf(finishedAtMs),
    Type: 'NORMAL',
    Health: container.hasHealthCheck ? healthOf(observed) : undefined,
    Volumes: volumesOf(container),
    LogDriver: container.awslogs ? 'awslogs' : (spec.log?.driver ?? 'json-file'),
    LogOptions: logOptionsOf(container),
    ContainerARN: container.containerArn || undefined,
    RestartCount: container.restartPolicy ? (progress?.restartCount ?? 0) : undefined,
    Networks: [networkOf(owner, container, observed)],
  });
}

function taskKnownStatus({ progress }: TaskOwner): string {
  if (progress.isReleased) return 'STOPPED';
  return progress.hasReachedRunning ? 'RUNNING' : 'CREATED';
}

function containerKnownStatus(owner: TaskOwner, name: string): string {
  const state = owner.view.containers[name]?.state;
  switch (state) {
    case 'running':
      return 'RUNNING';
    case 'stopped':
    case 'exited':
      return 'STOPPED';
    case 'created':
      return 'CREATED';
    case 'pulled':
      return 'PULLED';
    case 'none':
    case undefined:
      return 'NONE';
  }
}

function portsOf(owner: TaskOwner, { name, spec }: PlannedContainer): object[] | undefined {
  const bindings = owner.progress.containers[name]?.networkBindings ?? [];
  if (bindings.length > 0) {
    return bindings.map(({ containerPort, hostPort, protocol, bindIP }) => ({
      ContainerPort: containerPort,
      Protocol: protocol,
      HostPort: hostPort,
      HostIp: bindIP,
    }));
  }
  if (spec.network.mode !== 'sandbox') return undefined;
  const declared = owner.task.containers.find((container) => container.name === name)?.portMappings ?? [];
  const ports = declared.flatMap(({ containerPort, protocol = 'tcp' }) =>
    containerPort === undefined ? [] : [{ ContainerPort: containerPort, Protocol: protocol }],
  );
  return ports.length > 0 ? ports : undefined;
}

function healthOf(observed: Container | undefined): object {
  const health = observed?.health;
  const status = health?.status === 'HEALTHY' || health?.status === 'UNHEALTHY' ? health.status : 'UNKNOWN';
  return given({
    status,
    statusSince: isoOf(health?.sinceMs),
    exitCode: health?.exitCode,
    output: health?.output,
  });
}

function volumesOf({ spec }: PlannedContainer): object[] | undefined {
  const volumes = (spec.mounts ?? []).map((mount) =>
    mount.type === 'bind'
      ? { Source: mount.source, Destination: mount.target }
      : { DockerName: mount.name, Destination: mount.target },
  );
  return volumes.length > 0 ? volumes : undefined;
}

function logOptionsOf({ awslogs, spec }: PlannedContainer): object | undefined {
  if (!awslogs) return spec.log?.options;
  return given({
    'awslogs-group': awslogs.group,
    'awslogs-region': awslogs.region,
    'awslogs-stream': awslogs.stream,
  });
}

function networkOf(owner: TaskOwner, { spec }: PlannedContainer, observed: Container | undefined): object {
  const { network: sandbox, dns } = owner.plan.sandbox;
  if (spec.network.mode === 'sandbox' && sandbox.mode !== 'container' && sandbox.mode !== 'namespace') {
    const eni = owner.task.elasticNetworkInterfaces?.[0];
    return given({
      NetworkMode: 'awsvpc',
      IPv4Addresses: [sandbox.ipv4],
      AttachmentIndex: 0,
      MACAddress: sandbox.macAddress,
      IPv4SubnetCIDRBlock: eni && privateNetworkOf(eni.subnetGatewayIpv4Address).cidr,
      DomainNameServers: dns?.servers,
      DomainNameSearchList: dns?.search,
      PrivateDNSName: eni?.privateDnsName ?? owner.plan.sandbox.hostname,
      SubnetGatewayIpv4Address: eni?.subnetGatewayIpv4Address,
    });
  }
  const addresses = observed?.ipv4Addresses ?? [];
  return given({
    NetworkMode: spec.network.mode,
    IPv4Addresses: addresses.length > 0 ? addresses : undefined,
    MACAddress: observed?.macAddress,
  });
}

const isoOf = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString();
