import type { AwsCredentialIdentity } from '@smithy/types';
import { type Clock, type Random, unlessAborted } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import type { NodeNetwork } from '../../network/index.ts';
import type { ApiAccess, KubeProxy, loadPodNetworking, PolicyAgent } from '../../node/index.ts';
import type { NodeInstanceRecord, SwitchedFunction, VpcCniSettings } from '../../services/eks/index.ts';
import type { MachineVpcs } from '../vpc/open-vpcs.ts';
import { openWhenPossible } from './open-when-possible.ts';
import { openWhile } from './open-while.ts';

/** A node whose kubelet is about to start. */
export interface NetworkedNode {
  readonly instance: NodeInstanceRecord;
  readonly region: string;
  readonly vpcId: string;
  readonly nodeName: string;
  readonly api: ApiAccess;
  /** Of the service `kube-dns`. */
  readonly dnsAddress: string;
  /** Of the node's role, as the instance has them. */
  readonly credentials: () => Promise<AwsCredentialIdentity>;
  /** With which its pods' addresses are asked for. */
  readonly networkCredentials: () => Promise<AwsCredentialIdentity>;
  readonly functions: NodeFunctions;
  readonly settings: NodeSettings;
}

/** How its cluster configures the network of pods. */
export interface NodeSettings {
  now(): VpcCniSettings;
  /** Called when they may have changed. */
  onChange(listener: () => void): Disposable;
}

type NodeFunction = Exclude<SwitchedFunction, 'metrics-server'>;

/** Which functions its cluster has of those that it can be without. */
export interface NodeFunctions {
  has(name: NodeFunction): boolean;
  /** Called when that may have changed. */
  onChange(listener: () => void): Disposable;
}

/** With what, and what of its cluster, a node is served. */
export interface NodePodsParts {
  readonly vpcs: Pick<MachineVpcs, 'names'>;
  /** Of the AWS API. */
  readonly endpoint: string;
  readonly node: NetworkedNode;
  readonly network: NodeNetwork;
  readonly proxy: KubeProxy;
  readonly policies: PolicyAgent;
  /** The uid of the pod whose address it is. */
  readonly podAt: (address: string) => string | undefined;
  readonly networking: Awaited<ReturnType<typeof loadPodNetworking>>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** What is served on a node. */
export interface Served extends AsyncDisposable {
  /** Resolves when pods have the cluster's Services, and names and credentials as far as the node can have them now. */
  readonly isReady: Promise<void>;
}

const domain = 'cluster.local';

/**
 * Serves the pods of a node whose network is there: policies, Services, names, and credentials. What one of them lacks, e.g. a
 * port that a pod with hostNetwork has, takes away nothing else of the node.
 */
export async function serveNodePods(parts: NodePodsParts): Promise<Served> {
  const { vpcs, endpoint, node, network, proxy, policies, podAt, networking, clock, random, log } = parts;
  const { metadataAddress, openClusterDns, openPodIdentityAgent, openPodMetadata, podIdentityAddress } =
    networking;
  const { instance, region, nodeName, vpcId, api, dnsAddress, credentials, functions } = node;
  const { names } = vpcs;
  if (names === undefined) throw new Error('Names are known where VPCs are in the kernel');
  const primaryAddress = instance.launched?.privateIpv4 ?? '';
  const localAddresses = [dnsAddress, podIdentityAddress, metadataAddress];
  await using opened = new AsyncDisposableStack();
  // As on EKS, policies do not isolate pods on Fargate: each is in its node's own network.
  if (instance.fargate === undefined) {
    const answered = [dnsAddress, metadataAddress];
    opened.use(policies.add({ name: nodeName, primaryAddress, answered, network }));
  }
  const zone = instance.launched?.availabilityZone;
  const { carriedOut } = opened.use(
    proxy.add({
      ...{ name: nodeName, primaryAddress, localAddresses, network },
      ...(zone !== undefined && { zone }),
    }),
  );
  const tried: Promise<void>[] = [];
  const persistently = (name: string, open: Open): AsyncDisposable => {
    const opening = openWhenPossible(open, {
      clock,
      failed: (error) =>
        log.error('A node does not answer its pods yet: it is tried again', {
          ...{ node: nodeName, function: name, error },
        }),
    });
    tried.push(opening.tried);
    return opening;
  };
  const whileOn = (name: NodeFunction, open: Open): Promise<AsyncDisposable> =>
    openWhile({
      ...{ isOn: () => functions.has(name), onChange: functions.onChange },
      open: async () => persistently(name, open),
      failed: (error) => log.error('A function of a node could not be switched', { function: name, error }),
    });
  const clusterDns: Open = async (signal) => {
    // Else it would tell pods that are there already that nobody has the names they ask for.
    await unlessAborted(proxy.synced, signal);
    return openClusterDns({
      ...{ network, dnsAddress, domain, cluster: proxy.view, forwarder: names.forwarder },
      vpcLookup: (question) => names.lookUp(vpcId, question),
      ...{ clock, random, log },
    });
  };
  opened.use(await whileOn('coredns', clusterDns));
  // Fargate has no agent of EKS Pod Identity, and no instance whose metadata there would be.
  if (instance.fargate === undefined) {
    const { clusterName, nodeRole } = instance;
    const identityAgent: Open = () =>
      openPodIdentityAgent({ network, endpoint, region, credentials, clock, log, clusterName });
    opened.use(await whileOn('eks-pod-identity-agent', identityAgent));
    const metadata: Open = () =>
      openPodMetadata({
        ...{ nodeName, nodeRole, api, network, endpoint, region, credentials, podAt },
        ...{ clock, random, log },
      });
    opened.use(persistently('pod metadata', metadata));
  }
  const isReady = Promise.all([carriedOut, ...tried]).then(() => {});
  const all = opened.move();
  return { isReady, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

type Open = (signal: AbortSignal) => Promise<AsyncDisposable>;
