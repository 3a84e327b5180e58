import { join } from 'node:path';
import type { Clock, Random } from '../../clock/index.ts';
import { eksToken } from '../../eks-token.ts';
import { localDriver, machineLabel } from '../../kubernetes/index.ts';
import type { Log } from '../../log.ts';
import {
  type ApiAccess,
  type Kubelet,
  type LocalVolumes,
  loadKubelet,
  type Machine,
  type NodeDescription,
} from '../../node/index.ts';
import type { RecordKey, State } from '../../reconcile/index.ts';
import type { Runtime } from '../../runtime/index.ts';
import {
  addons,
  type ClusterRecord,
  clusterKey,
  clusters,
  hasFunction,
  kubernetesEffects,
  type NodeInstanceRecord,
  type NodeTaint,
  nodeNameOf,
  providerIdOf,
  scopeOfKey,
  vpcCniSettings,
} from '../../services/eks/index.ts';
import { cidrBlock, ipv4Text } from '../../topology/index.ts';
import type { NodeHome } from './node-home.ts';
import { nodeLabels } from './node-labels.ts';
import type { PodNetworks } from './pod-networks.ts';

/** What a machine's nodes are made of. */
export interface NodeParts {
  /** What nodes there are to be, and their clusters. */
  readonly state: State;
  /** See `isCarriedBy`. */
  readonly joinedAs?: string;
  readonly home: NodeHome;
  readonly machine: Pick<Machine, 'nodes' | 'releaseNode' | 'reserveNode'>;
  readonly runtime: Runtime;
  readonly installationId: string;
  /** Where each kubelet has a directory of its own. */
  readonly directory: string;
  readonly podNetworks: Pick<PodNetworks, 'open' | 'remove'>;
  /** What containers of Fargate's run under; undefined: like any container. */
  readonly fargateIsolation: () => Promise<'gvisor' | undefined>;
  /** Of the machine, whose id its nodes tell. */
  readonly machineId: string;
  /** See `NodeDescription.machineAddress`. @throws {Error} it is not known yet. */
  readonly machineAddress: () => string;
  readonly volumes: LocalVolumes;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Within a cluster's service addresses; `kube-dns` has it everywhere ("clusterDNS" of EKS's nodes). */
const dnsOffset = 10;

/** Starts the kubelet of an instance that has its place in the VPC; undefined: its cluster's control plane does not answer yet. */
export async function startNode(
  parts: NodeParts,
  key: RecordKey,
  instance: NodeInstanceRecord,
  signal: AbortSignal,
): Promise<Kubelet | undefined> {
  const { state, home, runtime, installationId, directory, clock, random, log } = parts;
  const scope = scopeOfKey(key);
  const { region } = scope;
  const { clusterName, clusterId, instanceId, fargate } = instance;
  const controlPlane = await home.controlPlaneOf(key);
  const cluster = state.get(clusters, clusterKey(scope, clusterName));
  const description = describe(region, instance, parts);
  if (controlPlane === undefined || cluster?.id !== clusterId || description === undefined) return undefined;
  const { startKubelet } = await loadKubelet();
  const isolation = fargate && (await parts.fargateIsolation());
  const api: ApiAccess = {
    endpoint: controlPlane.endpoint,
    certificateAuthority: controlPlane.certificateAuthority,
    // As whom every kubelet on EKS signs in: the session of its node's role. Neither is written down.
    token: async () => eksToken(clusterName, region, await home.credentials(key), clock.now()),
  };
  const dnsAddress = serviceAddress(cluster, dnsOffset);
  const vpcId = cluster.vpcId;
  return startKubelet({
    node: description,
    api,
    ...(await parts.podNetworks.open({
      ...{ instance, region, vpcId, nodeName: description.name, api, dnsAddress },
      credentials: () => home.credentials(key),
      networkCredentials: () => home.networkCredentials(key),
      settings: {
        now: () => vpcCniSettings(state, scope, clusterName),
        onChange: (listener) =>
          state.subscribe(addons, ({ before, after }) => {
            if ((after ?? before)?.clusterName === clusterName) listener();
          }),
      },
      functions: {
        has: (name) => hasFunction(state.get(clusters, clusterKey(scope, clusterName)) ?? cluster, name),
        onChange: (listener) =>
          state.subscribe(clusters, ({ after }) => {
            if (after?.id === clusterId) listener();
          }),
      },
    })),
    ...(isolation && { isolation }),
    clusterDns: { address: dnsAddress, domain: 'cluster.local' },
    stateDirectory: join(directory, instanceId),
    ...(fargate === undefined && {
      localDriver: { name: localDriver, clusterId, topologyKeys: [machineLabel], volumes: parts.volumes },
    }),
    labels: nodeLabels(installationId, instanceId),
    ...{ runtime, clock, random, log, signal },
  });
}

const serviceAddress = ({ serviceIpv4Cidr }: ClusterRecord, offset: number): string =>
  ipv4Text(cidrBlock(serviceIpv4Cidr).first + offset);

function describe(
  region: string,
  instance: NodeInstanceRecord,
  { machineId, machineAddress }: Pick<NodeParts, 'machineAddress' | 'machineId'>,
): NodeDescription | undefined {
  const { launched, instanceId, fargate, capacity, labels, taints } = instance;
  const [name, providerId] = [nodeNameOf(instance), providerIdOf(instance)];
  if (launched === undefined || name === undefined || providerId === undefined) return undefined;
  const { availabilityZone, privateDnsName, privateIpv4, networkInterfaceId } = launched;
  const { cpuMillis, memoryMiB, pods, diskGiB } = capacity;
  return {
    ...{ name, hostname: privateDnsName, providerId },
    ...(fargate === undefined ? { instanceType: instance.instanceType } : { onlyPod: fargate.uid }),
    ...{ instanceId, region, availabilityZone, taints: taints.map(taintOf) },
    // As on AWS, no volume is attached on Fargate.
    labels: fargate === undefined ? { ...labels, [machineLabel]: machineId } : labels,
    kubernetesVersion: instance.version,
    capacity: { ...{ cpuMillis, memoryMiB, pods }, ephemeralStorageBytes: diskGiB * 1_024 ** 3 },
    ...{ internalIp: privateIpv4, networkInterfaceId },
    machineAddress: machineAddress(),
  };
}

const taintOf = ({ effect, ...taint }: NodeTaint): NodeDescription['taints'][number] => ({
  ...{ ...taint, effect: kubernetesEffects[effect] },
});
