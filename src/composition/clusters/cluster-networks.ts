import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock, Random } from '../../clock/index.ts';
import { type ClusterPlace, noteApiEndpoint } from '../../kubernetes/index.ts';
import type { Log } from '../../log.ts';
import type { InterfacePlace, LinuxNetworkOnDemand } from '../../network/index.ts';
import type { RecordKey, State } from '../../reconcile/index.ts';
import { type ClusterRecord, clusters, scopeOfKey } from '../../services/eks/index.ts';
import { followKeys } from '../follow-keys.ts';

export interface ClusterNetworksOptions {
  readonly state: State;
  /** Has a cluster's API server answer a connection. */
  readonly accept: (cluster: ClusterPlace, socket: Socket) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** The VPCs of this machine, or why it has none. */
type Vpcs =
  | { readonly network: Pick<LinuxNetworkOnDemand, 'openPlace' | 'removeOtherPlaces' | 'removePlace'> }
  | { readonly network?: never; readonly why: string };

/** Of Kubernetes' API, at each of a control plane's interfaces. */
const apiPort = 443;
/** At each interface. */
const maxConnections = 5_000;

/**
 * Where control planes are in their clusters' VPCs: at their interfaces they call what runs there, and are called. Their
 * subnets' routes and their security groups hold for both, as for anybody in the VPC.
 */
export class ClusterNetworks {
  readonly #options: ClusterNetworksOptions;
  /** By the cluster's id, and by interface. */
  readonly #opened = new Map<string, Map<string, Opened>>();
  #why: string | undefined = 'this machine has not opened its VPCs yet';

  constructor(options: ClusterNetworksOptions) {
    this.#options = options;
  }

  /** See `KubernetesContext.connectIn`. @throws {NetworkError} */
  async connect(
    { id }: ClusterPlace,
    { host, port }: { readonly host: string; readonly port: number },
    signal: AbortSignal,
  ): Promise<Socket> {
    if (this.#why !== undefined) {
      throw new Error(
        `what is in the VPC of the cluster is reached where VPCs are in this machine’s kernel, and ${this.#why}`,
      );
    }
    const opened = [...(this.#opened.get(id)?.values() ?? [])];
    const one = opened[this.#options.random.integer(Math.max(1, opened.length))];
    if (one === undefined) throw new Error('the control plane has no network interface in its VPC yet');
    return tracked(one, await one.place.connect({ address: host, port }, signal));
  }

  /** Keeps control planes at their interfaces, from now on; what is in the kernel stays when that ends. */
  async follow(vpcs: Vpcs): Promise<AsyncDisposable> {
    const { state, clock, log } = this.#options;
    const { network } = vpcs;
    if (network === undefined) {
      this.#why = vpcs.why;
      return { [Symbol.asyncDispose]: async () => {} };
    }
    this.#why = undefined;
    const wanted = [...state.list(clusters)].flatMap(({ value }) => value.networkInterfaces ?? []);
    // What was deleted while nobody was here is not asked for any more.
    await network.removeOtherPlaces(wanted.map(({ id }) => id));
    /** Ids of clusters, by key: another may be made under the same name. */
    const known = new Map<string, ClusterPlace>();
    const make = async (key: string, signal: AbortSignal): Promise<void> => {
      const record = state.get(clusters, key as RecordKey);
      const before = known.get(key);
      if (before !== undefined && before.id !== record?.id) {
        await this.#settle(network, before, [], signal);
        known.delete(key);
      }
      if (record === undefined) return;
      const place = { ...scopeOfKey(key as RecordKey), id: record.id };
      known.set(key, place);
      const addresses = await this.#settle(network, place, record.networkInterfaces ?? [], signal);
      await state.transact((tx) => noteApiEndpoint(tx, place, addresses));
    };
    const following = followKeys(
      {
        keys: () => [...state.list(clusters)].map(({ key }) => key),
        subscribe: (changed) => state.subscribe(clusters, ({ key }) => changed(key)),
      },
      make,
      (key, error) =>
        log.error('A control plane cannot be put into its VPC: it is tried again', { cluster: key, error }),
      clock,
    );
    return {
      [Symbol.asyncDispose]: async () => {
        await following[Symbol.asyncDispose]();
        this.#why = 'it is stopping';
        const all = [...this.#opened.values()].flatMap((them) => [...them.values()]);
        this.#opened.clear();
        for (const one of all) close(one);
      },
    };
  }

  /** @returns the addresses at which the API server is called. */
  async #settle(
    network: NonNullable<Vpcs['network']>,
    cluster: ClusterPlace,
    wanted: NonNullable<ClusterRecord['networkInterfaces']>,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const opened = this.#opened.get(cluster.id) ?? new Map<string, Opened>();
    this.#opened.set(cluster.id, opened);
    for (const { id, privateIpv4 } of wanted)
      if (!opened.has(id)) opened.set(id, await this.#open(network, cluster, { id, privateIpv4 }, signal));
    const ids = new Set(wanted.map(({ id }) => id));
    for (const [id, one] of opened) {
      if (ids.has(id)) continue;
      opened.delete(id);
      close(one);
      await network.removePlace(id);
    }
    if (opened.size === 0) this.#opened.delete(cluster.id);
    return wanted.map(({ privateIpv4 }) => privateIpv4);
  }

  async #open(
    network: NonNullable<Vpcs['network']>,
    cluster: ClusterPlace,
    { id, privateIpv4 }: { readonly id: string; readonly privateIpv4: string },
    signal: AbortSignal,
  ): Promise<Opened> {
    const place = await network.openPlace(id, signal);
    try {
      const server = createServer({ noDelay: true }, (socket) =>
        this.#options.accept(cluster, tracked(opened, socket)),
      );
      const opened: Opened = { place, server, sockets: new Set() };
      server.maxConnections = maxConnections;
      server.listen({ fd: place.listen(privateIpv4, apiPort) });
      await once(server, 'listening');
      return opened;
    } catch (error) {
      place[Symbol.dispose]();
      throw error;
    }
  }
}

interface Opened {
  readonly place: InterfacePlace;
  readonly server: Server;
  /** Of both directions. */
  readonly sockets: Set<Socket>;
}

function tracked({ sockets }: Opened, socket: Socket): Socket {
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
  return socket;
}

function close({ place, server, sockets }: Opened): void {
  server.close();
  for (const socket of sockets) socket.destroy();
  place[Symbol.dispose]();
}
