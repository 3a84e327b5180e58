import { createHash } from 'node:crypto';
import type { Flow } from '../../../topology/index.ts';
import { chainOf, mapOf, type NftChain, type NftSet, setOf } from '../firewall/nft-table.ts';
import { byPrimary } from './by-primary.ts';

/** A pod that is not in its node's own network namespace. */
export interface NodePod {
  readonly uid: string;
  readonly address: string;
  /** Of the interface whose address it has: 0 is the node's primary one. */
  readonly deviceIndex: number;
  /** The interface is the pod's own, and all that it sends or is sent goes by it, also what would stay on the node. */
  readonly isApart?: boolean;
  readonly hostPorts: readonly HostPort[];
}

/** A port of a node that leads to one of its pods. */
export interface HostPort {
  readonly protocol: 'sctp' | 'tcp' | 'udp';
  /** Of the node's addresses the one that has it, or `0.0.0.0`: all. */
  readonly hostIp: string;
  readonly hostPort: number;
  /** The pod's. */
  readonly containerPort: number;
}

const everyAddress = '0.0.0.0';
const loopback = '127.0.0.0/8';

/**
 * What leads a node's ports to its pods, in a node's table: as the plugin `portmap` does it, the pod sees who asks, but for
 * itself and for who asks at the node's loopback. Services come before: a node port is not taken from them.
 * @param primaryAddress The node's: with its loopback where its ports are.
 */
export function hostPortParts(
  pods: readonly NodePod[],
  primaryAddress: string,
): {
  readonly sets: readonly (readonly [string, NftSet])[];
  readonly chains: readonly (readonly [string, NftChain])[];
  /** Of what leaves: who asks is seen as the node. */
  readonly sourceTranslation: readonly string[];
} {
  const leads = pods.flatMap((pod) => pod.hostPorts.map((port) => leadTo(pod, port)));
  const verdicts = (isOfAll: boolean) =>
    leads.flatMap((each) => (each.isOfAll === isOfAll ? [[each.key, `goto ${each.chain}`] as const] : []));
  const asksNode = `ip daddr { ${primaryAddress}, ${loopback} } jump host_ports`;
  return {
    sets: [
      ['host_ports', mapOf('inet_proto . inet_service : verdict', verdicts(true))],
      ['host_ports_at', mapOf('ipv4_addr . inet_proto . inet_service : verdict', verdicts(false))],
      [
        'host_port_hairpins',
        setOf('ipv4_addr . ipv4_addr', new Set(leads.map(({ address }) => `${address} . ${address}`))),
      ],
    ],
    chains: [
      [
        'host_ports',
        chainOf([
          'ip daddr . meta l4proto . th dport vmap @host_ports_at',
          'meta l4proto . th dport vmap @host_ports',
        ]),
      ],
      ['prerouting', chainOf([asksNode], 'type nat hook prerouting priority dstnat + 5; policy accept;')],
      ['nat_output', chainOf([asksNode], 'type nat hook output priority -95; policy accept;')],
      ...leads.map(({ chain, rules }) => [chain, chainOf(rules)] as const),
    ],
    sourceTranslation: [
      `ip saddr . ip daddr @host_port_hairpins snat to ${primaryAddress} fully-random`,
      `oifname != "lo" ip saddr ${loopback} snat to ${primaryAddress} fully-random`,
    ],
  };
}

function leadTo({ address }: NodePod, { protocol, hostIp, hostPort, containerPort }: HostPort) {
  const isOfAll = hostIp === everyAddress;
  const key = `${isOfAll ? '' : `${hostIp} . `}${protocol} . ${hostPort}`;
  const digest = createHash('sha256').update(`${key} ${address} ${containerPort}`).digest('hex');
  return {
    ...{ address, isOfAll, key, chain: `host_port_${digest.slice(0, 16)}` },
    rules: [
      `ct mark set ct mark | ${byPrimary}`,
      `meta mark set meta mark | ${byPrimary}`,
      `meta l4proto ${protocol} dnat to ${address}:${containerPort}`,
    ],
  };
}

/**
 * Which UDP flows the ports of a pod that comes or goes lead elsewhere from now on: they never end by themselves, and the
 * kernel would go on as before. Undefined: none can.
 */
export function turnedFlows({ address, hostPorts }: NodePod): ((flow: Flow) => boolean) | undefined {
  const ports = hostPorts.filter(({ protocol }) => protocol === 'udp');
  if (ports.length === 0) return undefined;
  return ({ protocol, destination, receiver, port }) =>
    protocol === 'udp' &&
    ports.some(({ hostPort, containerPort }) =>
      receiver === destination ? port === hostPort : receiver === address && port === containerPort,
    );
}
