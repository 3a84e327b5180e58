import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Clock, Random } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import type { DnsFound, DnsQuestion } from '../../network/index.ts';
import { type Forwarder, type NodeNetwork, openDnsServer } from '../../network/index.ts';
import { type ClusterView, findClusterName } from './cluster-names.ts';

export interface ClusterDnsOptions {
  readonly network: Pick<NodeNetwork, 'openSocket'>;
  /** Of the service `kube-dns`. */
  readonly dnsAddress: string;
  /** `cluster.local` */
  readonly domain: string;
  readonly cluster: ClusterView;
  /** What the VPC's own resolver knows. */
  readonly vpcLookup: (question: DnsQuestion, askerAddress: string) => DnsFound;
  readonly forwarder: Forwarder;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

const dnsPort = 53;
const apiPort = 443;
/** Of one node, to the API server. */
const maxConnections = 2_000;

/**
 * A cluster's names. Each node answers for them itself, so they work as soon as the node is there.
 * @throws {Error} a socket can't be had; then none is left open.
 */
export function openClusterDns(options: ClusterDnsOptions): Promise<AsyncDisposable> {
  const { network, dnsAddress: address, domain, cluster, vpcLookup } = options;
  return openDnsServer({
    ...options,
    sockets: (['udp', 'tcp'] as const).map((type) => ({
      type,
      openFd: () => network.openSocket({ type, address, port: dnsPort }),
    })),
    lookup: (question, asker) => {
      const found = findClusterName(question, domain, cluster);
      return found.kind === 'not-ours' ? vpcLookup(question, asker) : found;
    },
  });
}

/**
 * A cluster's API server, at the address of its service on a node.
 * @throws {Error} the socket can't be had.
 */
export function openApiAddress({
  network,
  address,
  endpoint,
}: {
  readonly network: Pick<NodeNetwork, 'openSocket'>;
  /** Of the service `kubernetes`. */
  readonly address: string;
  readonly endpoint: string;
}): AsyncDisposable {
  return leadTo(new URL(endpoint), network.openSocket({ type: 'tcp', address, port: apiPort }));
}

/** Connections go on to the API server as they are: what is encrypted stays so. */
function leadTo({ hostname, port }: URL, fd: number): AsyncDisposable {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (asking) => {
    const host = hostname.replace(/^\[|\]$/g, '');
    const answering = connect({ host, port: Number(port || apiPort), allowHalfOpen: true });
    for (const [socket, other] of [
      [asking, answering],
      [answering, asking],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.setNoDelay(true);
      socket.pipe(other);
    }
  });
  server.maxConnections = maxConnections;
  server.listen({ fd });
  return {
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
