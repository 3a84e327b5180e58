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

/**
 * The names of a cluster, which no pods have to answer: each node does at the address of their service, so they are known as
 * soon as the node is there.
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
