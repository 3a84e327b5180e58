import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Clock, Random } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import type { DnsFound, DnsQuestion } from '../../network/index.ts';
import { type Forwarder, type NodeNetwork, openDnsServer } from '../../network/index.ts';
import { type ClusterView, findClusterName } from './cluster-names.ts';

export interface LocalServicesOptions {
  readonly network: Pick<NodeNetwork, 'openSocket'>;
  /** Of the service `kube-dns`. */
  readonly dnsAddress: string;
  /** `cluster.local` */
  readonly domain: string;
  readonly cluster: ClusterView;
  /** What the VPC's own resolver knows. */
  readonly vpcLookup: (question: DnsQuestion, askerAddress: string) => DnsFound;
  readonly forwarder: Forwarder;
  /** Of the service `kubernetes`, and where the API server is that answers there. */
  readonly api: { readonly address: string; readonly endpoint: string };
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

const dnsPort = 53;
const apiPort = 443;
/** Of one node, to the API server. */
const maxConnections = 2_000;

/**
 * The two services of a cluster that are no pods': its names, and its API server. Each node answers at their addresses
 * itself, so both work as soon as the node is there.
 * @throws {Error} a socket can't be had; then none is left open.
 */
export async function openLocalServices(options: LocalServicesOptions): Promise<AsyncDisposable> {
  const { network, dnsAddress: address, domain, cluster, vpcLookup } = options;
  await using opened = new AsyncDisposableStack();
  opened.use(
    await openDnsServer({
      ...options,
      sockets: (['udp', 'tcp'] as const).map((type) => ({
        type,
        openFd: () => network.openSocket({ type, address, port: dnsPort }),
      })),
      lookup: (question, asker) => {
        const found = findClusterName(question, domain, cluster);
        return found.kind === 'not-ours' ? vpcLookup(question, asker) : found;
      },
    }),
  );
  const fd = network.openSocket({ type: 'tcp', address: options.api.address, port: apiPort });
  opened.use(leadTo(new URL(options.api.endpoint), fd));
  const parts = opened.move();
  return { [Symbol.asyncDispose]: () => parts.disposeAsync() };
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
