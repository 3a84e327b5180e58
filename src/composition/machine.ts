import { ECS } from '@aws-sdk/client-ecs';
import type { FargateIsolation } from '../cli/index.ts';
import type { Clock, Random } from '../clock/index.ts';
import type { InstallationFile } from '../installation/index.ts';
import type { Log } from '../log.ts';
import {
  type AgentOptions,
  type EnginePlaces,
  type HostedInstance,
  type InterfacePlaces,
  type LinkLocal,
  LocalVolumes,
  Machine,
  openProxyImage,
  ownMountPoints,
  startAgent,
} from '../node/index.ts';
import type { Runtime } from '../runtime/index.ts';
import { fargateHosts, machineAttribute } from '../services/ecs/index.ts';
import { installationLabel, instanceLabel } from './labels.ts';

export { openMachineBalancers } from './balancing/open-balancers.ts';
export { fargateIsolation } from './kubelets/fargate-isolation.ts';
export { followNodes } from './kubelets/follow-nodes.ts';
export { followVolumes } from './kubelets/follow-volumes.ts';
export { PodNetworks } from './kubelets/pod-networks.ts';
export { openLinkLocal } from './link-local.ts';
export { followManagedInstances } from './managed-instances/follow-managed-instances.ts';
export { machineSource } from './vpc/follow-machines.ts';
export { openVpcs } from './vpc/open-vpcs.ts';

/** Ports of the machine that tasks can't have: ssh, the Engine's, the agent's own (ECS_RESERVED_PORTS). */
const reservedTcpPorts = [22, 2375, 2376, 51_678, 51_679];
/** The tunnels' of VPCs (VXLAN). */
const reservedUdpPorts = [4789];

/** The volumes of this machine. @param directory Of them alone. */
export const openLocalVolumes = (directory: string): LocalVolumes =>
  new LocalVolumes(directory, ownMountPoints().canMount);

/** Opens this machine: an agent for each of its container instances, speaking to `endpoint` as any agent would. */
export async function openMachine(options: {
  readonly directory: string;
  readonly endpoint: string;
  readonly cluster: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** The id under which it belongs to an installation elsewhere; absent: the control plane is here. */
  readonly joinedAs?: string;
  readonly region: string;
  readonly installation: InstallationFile;
  readonly runtime: Runtime;
  readonly fargateIsolation: FargateIsolation;
  /** An address of this machine that containers reach; undefined: no task metadata. */
  readonly gatewayAddress: string | undefined;
  /** Where containers find their role's credentials; undefined: no tasks with a role. */
  readonly linkLocal: LinkLocal | undefined;
  /** Where awsvpc tasks' interfaces are put, or on which networks of the Engine's they are. */
  readonly vpcs: { readonly network?: InterfacePlaces; readonly engineNetworks?: EnginePlaces };
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Aborts while it is being opened, to end that. */
  readonly signal: AbortSignal;
}): Promise<{ readonly machine: Machine; readonly ecsClient: ECS }> {
  const { directory, endpoint, cluster, region, installation, runtime, clock, random, log } = options;
  const { gatewayAddress, linkLocal, vpcs, joinedAs } = options;
  const { accessKeyId, secretAccessKey } = options.credentials;
  const credentials = { accessKeyId, secretAccessKey };
  const ecsClient = new ECS({ endpoint, region, credentials });
  const info = await runtime.info();
  const proxyImage = await openProxyImage();
  const machine = await Machine.open({
    directory,
    size: { cpu: info.cpus * 1024, memoryMiB: Math.floor(info.memoryBytes / 1024 / 1024) },
    cluster,
    ecs: ecsClient,
    clock,
    random,
    log,
    signal: options.signal,
    fargateCluster: fargateHosts,
    startAgent: (instance, size, stateDirectory, attributes) =>
      startAgent({
        endpoint,
        region,
        credentials,
        cluster: instance.cluster,
        instance: {
          id: instance.id,
          attributes: { ...attributes, ...(joinedAs !== undefined && { [machineAttribute]: joinedAs }) },
          ...(instance.isFargateHost ? { fargate: fargateOf(options.fargateIsolation) } : {}),
          ...(instance.availabilityZone === undefined ? {} : { availabilityZone: instance.availabilityZone }),
          resources: {
            cpuUnits: size.cpu,
            memoryMiB: size.memoryMiB,
            ...(instance.storageGiB !== undefined && { storageGiB: instance.storageGiB }),
            // The control plane's too, where it is here.
            reservedTcpPorts: [
              ...reservedTcpPorts,
              ...(joinedAs === undefined ? [Number(new URL(endpoint).port)] : []),
            ],
            reservedUdpPorts,
          },
          address: instance.address,
          labels: { [installationLabel]: installation.id },
        },
        stateDirectory,
        runtime,
        clock,
        random,
        log,
        signal: options.signal,
        logs: { endpoint },
        ...(proxyImage === undefined ? {} : { proxyImage }),
        ...(linkLocal === undefined ? {} : { linkLocal }),
        ...(vpcs.network && { network: vpcs.network }),
        ...(vpcs.engineNetworks && { engineNetworks: vpcs.engineNetworks }),
        ...(gatewayAddress === undefined ? {} : { metadata: { host: gatewayAddress, port: 0 } }),
      }),
    removeContainers: (instance) => removeContainers(runtime, installation, instance),
  });
  return { machine, ecsClient };
}

function fargateOf(asked: FargateIsolation): NonNullable<AgentOptions['instance']['fargate']> {
  if (asked === 'runc') return {};
  return { isolation: asked === 'gvisor' ? 'gvisor' : 'strongest' };
}

async function removeContainers(
  runtime: Runtime,
  installation: InstallationFile,
  instance: HostedInstance,
): Promise<void> {
  const labels = { [installationLabel]: installation.id, [instanceLabel]: instance.id };
  for (const { name } of await runtime.listContainers(labels)) await runtime.removeContainer(name);
  for (const { id } of await runtime.listSandboxes(labels)) await runtime.removeSandbox(id);
}
