import { join } from 'node:path';
import type { Clock, Random } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import type { NodeNetwork } from '../../network/index.ts';
import {
  type ApiAccess,
  type KubeletOptions,
  type KubeProxy,
  loadPodNetworking,
  type PodNetwork,
  type PolicyAgent,
  type PolicyAnswer,
  type PolicyQuestion,
  type VpcPodNetwork,
} from '../../node/index.ts';
import type { Runtime } from '../../runtime/index.ts';
import type { MachineVpcs } from '../vpc/open-vpcs.ts';
import { interfacesOf } from './interfaces-of.ts';
import { nodeLabels } from './node-labels.ts';
import { type NetworkedNode, type Served, serveNodePods } from './serve-node-pods.ts';

export interface PodNetworksOptions {
  readonly vpcs: MachineVpcs;
  /** Of the AWS API, which the nodes ask for their pods' addresses. */
  readonly endpoint: string;
  readonly runtime: Pick<Runtime, 'listSandboxes'>;
  readonly installationId: string;
  /** Where each node has a directory of its own. */
  readonly directory: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

const retryMs = 1_000;

/**
 * The networks of this machine's nodes: pods' addresses in the VPC, the services of their clusters, and names.
 */
export class PodNetworks implements AsyncDisposable {
  readonly #options: PodNetworksOptions;
  readonly #closing = new AbortController();
  readonly #nodes = new Map<string, Carried>();
  readonly #clusters = new Map<string, ClusterNetwork>();

  constructor(options: PodNetworksOptions) {
    this.#options = options;
  }

  /** The network of a node's pods and the way to them, from now on until `close`. @throws {Error} its list of addresses can't be read. */
  async open(node: NetworkedNode): Promise<Pick<KubeletOptions, 'dialer' | 'podNetwork'>> {
    const { network, why } = this.#options.vpcs;
    if (network === undefined) return { podNetwork: refusing(why) };
    const { instance } = node;
    await this.close(instance.instanceId);
    const networking = await loadPodNetworking();
    const { clock, random, log, directory } = this.#options;
    const cluster = this.#clusterOf(node, networking);
    const podAt = (address: string) => pods.podAt(address);
    const carried = new Carried(
      (opened) => serveNodePods({ ...this.#options, ...cluster, node, network: opened, networking, podAt }),
      log,
    );
    const pods = new networking.VpcPodNetwork({
      ...{ instanceId: instance.instanceId, network, clock, log },
      localAddresses: [node.dnsAddress, networking.podIdentityAddress, networking.metadataAddress],
      ...(await interfacesOf(node, this.#options.endpoint, networking)),
      isApart: () => node.settings.now().enforcingMode === 'strict',
      directory: join(directory, instance.instanceId),
      guard: cluster.policies.guardOf(node.nodeName),
      opened: (opened) => carried.serve(opened),
    });
    carried.pods = pods;
    this.#nodes.set(instance.instanceId, carried);
    await pods.retain(await this.#podsOf(instance.instanceId, networking.podUidLabel));
    carried.opening = this.#openRegularly(
      pods,
      random,
      AbortSignal.any([this.#closing.signal, carried.closing.signal]),
    );
    return { podNetwork: pods, dialer: pods };
  }

  /** Looks after a node no longer; what is in the kernel stays. */
  async close(instanceId: string): Promise<void> {
    const carried = this.#nodes.get(instanceId);
    this.#nodes.delete(instanceId);
    await carried?.[Symbol.asyncDispose]();
    for (const [clusterId, { client, proxy, policies, following, nodes }] of this.#clusters) {
      if (!nodes.delete(instanceId) || nodes.size > 0) continue;
      this.#clusters.delete(clusterId);
      following[Symbol.dispose]();
      await Promise.all([proxy[Symbol.asyncDispose](), policies[Symbol.asyncDispose]()]);
      client[Symbol.dispose]();
    }
  }

  /** What the network policies of a VPC's pods say of a packet. */
  explainPolicies(vpcId: string, question: PolicyQuestion): readonly PolicyAnswer[] {
    const here = [...this.#clusters.values()].filter((cluster) => cluster.vpcId === vpcId);
    return here.flatMap(({ policies }) => policies.explain(question));
  }

  /** The node is no more: takes away what it has in the kernel. */
  async remove(instanceId: string): Promise<void> {
    const { pods } = this.#nodes.get(instanceId) ?? {};
    await this.close(instanceId);
    await pods?.remove();
    await this.#options.vpcs.network?.removeNode(instanceId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('Catamaran is stopping'));
    // Also those that could not be opened are of their cluster.
    const ofClusters = [...this.#clusters.values()].flatMap(({ nodes }) => [...nodes.keys()]);
    const all = new Set([...this.#nodes.keys(), ...ofClusters]);
    await Promise.all([...all].map((instanceId) => this.close(instanceId)));
  }

  /** One for all nodes of a cluster here. It signs in as one of them that is there: any may go before the others. */
  #clusterOf(
    { instance, vpcId, api, dnsAddress, settings }: NetworkedNode,
    { ApiClient, KubeProxy, PolicyAgent }: Networking,
  ): ClusterNetwork {
    const known = this.#clusters.get(instance.clusterId);
    if (known !== undefined) {
      known.nodes.set(instance.instanceId, api);
      return known;
    }
    const { clock, random, log } = this.#options;
    const nodes = new Map([[instance.instanceId, api]]);
    const token = (): Promise<string> => {
      const [first = api] = nodes.values();
      return first.token();
    };
    const client = new ApiClient({ ...api, token }, { clock, random });
    const shared = { api: client, clock, random, log };
    const isOn = () => settings.now().hasNetworkPolicies;
    const policies = new PolicyAgent({ ...shared, dnsAddress, isOn });
    const following = settings.onChange(() => policies.refresh());
    const cluster = { vpcId, client, proxy: new KubeProxy(shared), policies, following, nodes };
    this.#clusters.set(instance.clusterId, cluster);
    return cluster;
  }

  /** Its interface may not be known to the machine yet. */
  async #openRegularly(pods: VpcPodNetwork, random: Random, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    while (!signal.aborted) {
      try {
        return await pods.open(signal);
      } catch (error) {
        if (signal.aborted) return;
        log.warn('The network of a node cannot be opened: it is tried again', { error });
        await clock.sleep(retryMs + random.integer(retryMs), signal).catch(() => {});
      }
    }
  }

  async #podsOf(instanceId: string, uidLabel: string): Promise<ReadonlySet<string>> {
    const { runtime, installationId } = this.#options;
    const sandboxes = await runtime.listSandboxes(nodeLabels(installationId, instanceId));
    return new Set(sandboxes.flatMap(({ labels }) => labels[uidLabel] ?? []));
  }
}

/** What all nodes that a cluster has here have in common. */
interface ClusterNetwork {
  readonly vpcId: string;
  readonly client: Disposable;
  readonly proxy: KubeProxy;
  readonly policies: PolicyAgent;
  /** Tells the policies of settings. */
  readonly following: Disposable;
  /** How they reach the API server, by instance. */
  readonly nodes: Map<string, ApiAccess>;
}

type Networking = Awaited<ReturnType<typeof loadPodNetworking>>;

/** One node: its pods' network, and what is served on it, one opening after the other. */
class Carried implements AsyncDisposable {
  pods: VpcPodNetwork | undefined;
  opening: Promise<void> | undefined;
  readonly closing = new AbortController();
  readonly #begin: (network: NodeNetwork) => Promise<Served>;
  readonly #log: Log;
  #served: Promise<Served | undefined> = Promise.resolve(undefined);

  constructor(begin: (network: NodeNetwork) => Promise<Served>, log: Log) {
    this.#begin = begin;
    this.#log = log;
  }

  /** Resolves when what pods need is there. @throws {Error} it can't be. */
  async serve(network: NodeNetwork): Promise<void> {
    const begun = this.#served
      .then((before) => before?.[Symbol.asyncDispose]())
      .then(() => this.#begin(network));
    this.#served = begun.catch((error: unknown) => {
      this.#log.error('A node does not answer its pods: they have no names, and no services', { error });
      return undefined;
    });
    const { isReady } = await begun;
    await isReady;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Else it would make a node that has gone anew, and serve what nobody ends.
    this.closing.abort(new Error('Nobody looks after the node any more'));
    await this.opening;
    await (await this.#served)?.[Symbol.asyncDispose]();
    await this.pods?.[Symbol.asyncDispose]();
  }
}

function refusing(why: string): PodNetwork {
  const refuse = (): never => {
    throw new Error(
      `failed to assign an IP address to container: pods need VPCs in this machine’s kernel, and ${why}`,
    );
  };
  return {
    ...{ assign: async () => refuse(), nodeNamespace: async () => refuse(), join: async () => refuse() },
    release: async () => {},
  };
}
