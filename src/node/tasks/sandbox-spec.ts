import { isIPv4 } from 'node:net';
import type { AcsContainer, AcsElasticNetworkInterface, AcsTask } from '../../protocols/index.ts';
import type { ContainerSpec, PrivateNetwork, SandboxDisk, SandboxSpec } from '../../runtime/index.ts';
import type { InstanceOptions } from '../agent-options.ts';
import { given, MalformedError } from '../reading.ts';
import type { ProxyPlan } from '../service-connect/proxy-plan.ts';
import type { DockerConfig } from './docker-config.ts';

/** What a plan needs to know of the agent. */
export interface PlanContext {
  /** By it the agent finds its containers again. */
  readonly instanceId: string;
  /** What its tasks may use together. */
  readonly instanceSize: { readonly cpuUnits: number; readonly memoryMiB: number };
  /** On which its tasks write together; left out, on the machine's. */
  readonly instanceDisk?: SandboxDisk | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly region: string;
  /** Host address for published ports. */
  readonly address: string;
  readonly defaultStopTimeoutSeconds: number;
  /** Base of the metadata endpoints; undefined when they are not served. */
  readonly metadataUri: string | undefined;
  /** Whether awsvpc tasks get network interfaces in a VPC, rather than addresses on a network of the engine's. */
  readonly joinsInterfaces: boolean;
  readonly offersAwslogs: boolean;
  /** Where tasks' Service Connect proxies have their directories; left out, tasks have none. */
  readonly serviceConnectDirectory?: string | undefined;
  /** Of all its containers from the machine; undefined: as the engine does it. */
  readonly isolation?: ContainerSpec['isolation'] | undefined;
}

const GiB = 1_024 ** 3;

/** What the task's containers share: limits, what they write on, and in awsvpc mode the network interface the control plane allocated. */
export function sandboxOf(
  task: AcsTask,
  containers: readonly DockerConfig[],
  id: string,
  labels: Readonly<Record<string, string>>,
  context: PlanContext,
  proxy?: ProxyPlan,
): SandboxSpec {
  const limits = {
    cpuMillis: task.cpu ? Math.round(task.cpu * 1000) : undefined,
    // As the agent of ECS does it: with a limit of its own, a task weighs as much as any other such.
    cpuShares: task.cpu ? undefined : task.containers.reduce((sum, each) => sum + sharesOf(each), 0),
    memoryMiB: task.memory ? task.memory : undefined,
    shareIpc: task.ipcMode === 'task' || undefined,
    sharePid: task.pidMode === 'task' || undefined,
    disk: diskOf(task, id, context),
  };
  const cgroupParent = `catamaran-${context.instanceId}`;
  const cgroupParentLimits = {
    cpuMillis: Math.floor((context.instanceSize.cpuUnits * 1000) / 1024),
    memoryMiB: context.instanceSize.memoryMiB,
    cpuShares: context.instanceSize.cpuUnits,
  };
  if (task.networkMode !== 'awsvpc') {
    return given({
      id,
      labels,
      network: { mode: 'container' as const },
      cgroupParent,
      cgroupParentLimits,
      ...limits,
    });
  }

  const eni = task.elasticNetworkInterfaces?.[0];
  const addresses = eni?.ipv4Addresses ?? [];
  const ipv4 = (addresses.find((address) => address.primary) ?? addresses[0])?.privateAddress;
  if (!eni || !ipv4)
    throw new MalformedError('An awsvpc task needs a network interface with an IPv4 address');
  if (containers.some((docker) => docker.extraHosts.length > 0)) {
    throw new MalformedError('extraHosts are not supported in awsvpc mode');
  }
  return given({
    id,
    labels,
    network: context.joinsInterfaces
      ? { mode: 'interface' as const, interfaceId: eni.ec2Id, ipv4, macAddress: eni.macAddress }
      : {
          mode: 'private' as const,
          network: privateNetworkOf(eni.subnetGatewayIpv4Address),
          ipv4,
          macAddress: eni.macAddress,
        },
    cgroupParent,
    cgroupParentLimits,
    ...limits,
    hostname: eni.privateDnsName || `ip-${ipv4.replaceAll('.', '-')}.${context.region}.compute.internal`,
    dns: dnsOf(containers, eni),
    extraHosts: proxy?.hosts,
    sysctls: sysctlsOf(containers),
  });
}

/** What a container weighs beside the others: its CPU units, and as little as can be where it says none. */
export const sharesOf = ({ cpu }: Pick<AcsContainer, 'cpu'>): number =>
  Math.min(262_144, Math.max(2, Math.trunc(cpu)));

/** What all tasks of an instance write on together, where its storage is limited. */
export function instanceDiskOf({
  id,
  resources: { storageGiB },
}: Pick<InstanceOptions, 'id' | 'resources'>): SandboxDisk | undefined {
  return storageGiB === undefined ? undefined : { name: `instance-${id}`, sizeBytes: storageGiB * GiB };
}

/** Of a task on Fargate its own; others are on their instance's, where that has one. */
function diskOf(
  { ephemeralStorage }: AcsTask,
  id: string,
  { instanceDisk }: PlanContext,
): SandboxSpec['disk'] {
  return ephemeralStorage === undefined
    ? instanceDisk
    : { name: id, sizeBytes: ephemeralStorage.sizeInGiB * GiB };
}

/**
 * The plain private network that a gateway in CIDR form belongs to: `10.231.0.1/16` is `10.231.0.0/16`. Its name
 * follows from its range, so every instance on a machine means the same one.
 * @throws {MalformedError} when it is not an IPv4 address with a prefix length.
 */
export function privateNetworkOf(gatewayCidr: string): PrivateNetwork {
  const [gateway = '', prefixText = ''] = gatewayCidr.split('/');
  const prefix = Number(prefixText);
  if (!isIPv4(gateway) || !/^\d+$/.test(prefixText) || prefix > 30) {
    throw new MalformedError(`Subnet gateway '${gatewayCidr}' should have the form '10.0.0.1/24'`);
  }
  const bits = gateway.split('.').reduce((value, octet) => value * 256 + Number(octet), 0);
  const size = 2 ** (32 - prefix);
  const base = bits - (bits % size);
  const address = [24, 16, 8, 0].map((shift) => Math.floor(base / 2 ** shift) % 256).join('.');
  return {
    name: `catamaran-${address.replaceAll('.', '-')}-${prefix}`,
    cidr: `${address}/${prefix}`,
    gateway,
  };
}

/** One resolv.conf for the task: what its containers ask for, else the subnet's servers. */
function dnsOf(
  containers: readonly DockerConfig[],
  { domainNameServers = [], domainName = [] }: AcsElasticNetworkInterface,
): SandboxSpec['dns'] {
  const asked = containers.find((docker) => docker.dns.length > 0)?.dns;
  const search = containers.find((docker) => docker.dnsSearch.length > 0)?.dnsSearch ?? domainName;
  const servers = asked ?? domainNameServers;
  return servers.length + search.length > 0 ? { servers, search } : undefined;
}

/** "The container that is started last determines which systemControls take effect" (ECS API reference). */
function sysctlsOf(containers: readonly DockerConfig[]): SandboxSpec['sysctls'] {
  const entries = containers.flatMap((docker) =>
    Object.entries(docker.sysctls).filter(([name]) => name.startsWith('net.')),
  );
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}
