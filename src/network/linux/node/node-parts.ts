import { cidrBlock, ipv4Text } from '../../../topology/index.ts';
import { chainOf, type NftTable, rangesOf, setOf } from '../firewall/nft-table.ts';
import { localTable, mainTable } from '../netlink/route.ts';
import type { Part } from '../parts.ts';
import { deviceName, deviceTable } from '../sandbox-link.ts';
import { byPrimary, byPrimaryMark } from './by-primary.ts';
import { hostPortParts, type NodePod } from './host-ports.ts';
import { podLinkName, podLinkPrefix, podMacs } from './pod-names.ts';

/** What a node is, as far as its network namespace goes. */
export interface NodeFacts {
  /** Of its primary interface: what pods send out of the VPC bears it. */
  readonly primaryAddress: string;
  /** The VPC's blocks. */
  readonly cidrs: readonly string[];
  /** Its own beside those of its interfaces. */
  readonly localAddresses: readonly string[];
}

/**
 * In which order a node's tables are asked, with the numbers of the Amazon VPC CNI plugin: where it answers itself; then, of what
 * comes from or to a pod that is apart, its interface's table, even for the node's own addresses, which come next; its other pods, wherever a
 * packet comes from; then the primary interface for what bears the node's address by a service; then, of pods with an address of a
 * further interface, that interface's table for what stays in the VPC; the primary interface last.
 */
const priorities = {
  ...{ answered: 5, apart: 10, local: 20, pods: 512, byPrimary: 1_024, furtherInterfaces: 1_536 },
} as const;

/** What a node's namespace has for its pods, beside their links and what its interfaces brought with them. */
export function nodeParts(
  pods: Iterable<NodePod>,
  { primaryAddress, cidrs, localAddresses }: NodeFacts,
): Part[] {
  const parts: Part[] = [
    ...localAddresses.flatMap((address): Part[] => [
      { type: 'address', link: 'lo', address, prefixLength: 32 },
      {
        ...{ type: 'rule', priority: priorities.answered, table: localTable },
        destination: { address, prefixLength: 32 },
      },
    ]),
    // The kernel's own one is before all others: it goes when a pod is apart.
    { type: 'rule', priority: priorities.local, table: localTable },
    { type: 'rule', priority: priorities.pods, table: mainTable, suppressedPrefixLength: 0 },
    { type: 'rule', priority: priorities.byPrimary, table: mainTable, mark: byPrimaryMark },
  ];
  for (const { uid, address, deviceIndex, isApart } of pods) {
    const link = podLinkName(uid);
    if (isApart) {
      parts.push(...partsApart({ uid, address, deviceIndex }, localAddresses));
      continue;
    }
    parts.push(
      { type: 'neighbour', of: 'arp', link, address, macAddress: podMacs(uid).pod },
      {
        type: 'route',
        table: mainTable,
        destination: `${address}/32`,
        way: { type: 'link', link, source: primaryAddress },
      },
    );
    if (deviceIndex === 0) continue;
    for (const cidr of cidrs) {
      const { first, prefixLength } = cidrBlock(cidr);
      parts.push({
        ...{ type: 'rule', priority: priorities.furtherInterfaces, table: deviceTable(deviceIndex) },
        source: { address, prefixLength: 32 },
        destination: { address: ipv4Text(first), prefixLength },
      });
    }
  }
  return parts;
}

/** Of a pod that is apart: only by its own interface's table it is found. */
function partsApart(
  { uid, address, deviceIndex }: Pick<NodePod, 'address' | 'deviceIndex' | 'uid'>,
  localAddresses: readonly string[],
): Part[] {
  const link = podLinkName(uid);
  const rule = { type: 'rule', priority: priorities.apart, table: deviceTable(deviceIndex) } as const;
  const destination = { address, prefixLength: 32 };
  return [
    { type: 'neighbour', of: 'arp', link, address, macAddress: podMacs(uid).pod },
    { type: 'route', table: rule.table, destination: `${address}/32`, way: { type: 'link', link } },
    { ...rule, inLink: link },
    { ...rule, inLink: deviceName(deviceIndex) },
    ...localAddresses.map(
      (local): Part => ({ ...rule, source: { address: local, prefixLength: 32 }, destination }),
    ),
  ];
}

/** Whether a part is one of those that `nodeParts` makes, and no interface's. */
export function isNodePart(part: Part): boolean {
  switch (part.type) {
    case 'rule':
      return true;
    case 'route':
      return part.way.type === 'link' && part.way.link.startsWith(podLinkPrefix);
    case 'neighbour':
      return part.link.startsWith(podLinkPrefix);
    case 'address':
      return part.link === 'lo';
  }
}

/** Pods send with their own address alone, and out of the VPC with their node's; ports of the node lead to them. */
export function nodeTable(
  pods: readonly NodePod[],
  { primaryAddress, cidrs, localAddresses }: NodeFacts,
): NftTable {
  const [apart, others] = [pods.filter(({ isApart }) => isApart), pods.filter(({ isApart }) => !isApart)];
  const hostPorts = hostPortParts(others, primaryAddress);
  return {
    family: 'ip',
    name: 'node',
    sets: new Map([
      [
        'pods',
        setOf(
          'ifname . ipv4_addr',
          pods.map(({ uid, address }) => `"${podLinkName(uid)}" . ${address}`),
        ),
      ],
      [
        'pod_addresses',
        setOf(
          'ipv4_addr',
          others.map(({ address }) => address),
        ),
      ],
      ['vpc_blocks', rangesOf('ipv4_addr', cidrs)],
      ...hostPorts.sets,
    ]),
    chains: new Map([
      [
        'guard',
        chainOf(
          [
            `iifname "${podLinkPrefix}*" iifname . ip saddr != @pods drop`,
            // What is sent from the loopback may go to a pod: nobody else gets there.
            'iifname != "lo" ip daddr 127.0.0.0/8 drop',
            // What passes the node twice, by its own interfaces and by the pod's, is two flows.
            ...apart.map(
              ({ uid, deviceIndex }) =>
                `iifname { "${podLinkName(uid)}", "${deviceName(deviceIndex)}" } ct zone set ${deviceIndex}`,
            ),
          ],
          'type filter hook prerouting priority raw; policy accept;',
        ),
      ],
      [
        'answers',
        chainOf(
          apart.map(
            ({ address, deviceIndex }) =>
              `ip saddr { ${localAddresses.join(', ')} } ip daddr ${address} ct zone set ${deviceIndex}`,
          ),
          'type filter hook output priority raw; policy accept;',
        ),
      ],
      // Only the first packet of a flow comes to the chains that translate: the others, answers too, go the same way by this.
      [
        'marks',
        chainOf(
          [`ct mark & ${byPrimary} == ${byPrimary} meta mark set meta mark | ${byPrimary}`],
          'type filter hook prerouting priority mangle; policy accept;',
        ),
      ],
      [
        'postrouting',
        chainOf(
          [
            `oifname "eth*" ip saddr @pod_addresses ip daddr != @vpc_blocks snat to ${primaryAddress} fully-random`,
            ...hostPorts.sourceTranslation,
          ],
          'type nat hook postrouting priority srcnat + 10; policy accept;',
        ),
      ],
      ...hostPorts.chains,
    ]),
  };
}
