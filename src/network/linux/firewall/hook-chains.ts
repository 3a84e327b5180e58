import { linkLocalCidr } from '../../../topology/index.ts';
import { linkName, natLinkName, tunnelName, uplinkName } from '../link-name.ts';
import { chainOf, type NftChain } from './nft-table.ts';

/** Any interface's link, any NAT gateway's: what matches all is cheaper than a set of each. */
export const interfaceLinks = `"${linkName('')}*"`;
const natLinks = `"${natLinkName('')}*"`;

/**
 * What every VPC has, in the order in which a packet meets it. All that differs between VPCs is in sets and maps, asked
 * by name: what a packet costs does not depend on how many there are of anything.
 */
export const hookChains: readonly (readonly [string, NftChain])[] = [
  /** Before connections are tracked: who forges a source or a MAC address leaves no trace. */
  [
    'guard',
    chainOf(
      [
        'iifname "lo" accept',
        'meta nfproto != ipv4 drop',
        // Judged by the router of the machine that it comes from.
        `iifname "${tunnelName}" accept`,
        `iifname != ${interfaceLinks} goto from_outside`,
        'iifname . ether saddr != @macs drop',
        'iifname . ip saddr @addresses accept',
        'iifname @unchecked accept',
      ],
      'type filter hook prerouting priority raw; policy drop;',
    ),
  ],
  /** Who is outside has none of the VPC's addresses, and knows none of them but public ones. */
  ['from_outside', chainOf(['ip saddr @vpc_blocks drop', 'ip daddr @public accept', 'drop'])],

  /** Only what comes from outside: an interface's packet to a public address goes out first, and comes back. */
  [
    'prerouting',
    chainOf(
      [`iifname != { ${interfaceLinks}, "${tunnelName}" } dnat ip to ip daddr map @public_to_private`],
      'type nat hook prerouting priority dstnat; policy accept;',
    ),
  ],

  /** The router's own addresses: its endpoints, and nothing else. */
  [
    'input',
    chainOf(
      [
        'iifname "lo" accept',
        'ct state established,related accept',
        `iifname ${interfaceLinks} ip daddr . meta l4proto . th dport @endpoints accept`,
      ],
      'type filter hook input priority filter; policy drop;',
    ),
  ],

  /** A VPC's router does not tell what it has no route for; only what its endpoints have to say, and of what size packets may be. */
  [
    'output',
    chainOf(
      ['icmp type destination-unreachable icmp code != { port-unreachable, frag-needed } drop'],
      'type filter hook output priority filter; policy accept;',
    ),
  ],

  /** To accept ends a base chain and not the packet's way: so the sender's groups have one, and the receiver's the next. */
  [
    'egress',
    chainOf(
      [
        'ct state invalid drop',
        'ct state established,related accept',
        // A flow that was interrupted is not taken up by what was still to be said in it.
        'ct state new tcp flags & (fin | syn | rst | ack) != syn drop',
        `iifname != ${interfaceLinks} accept`,
        `ip daddr ${linkLocalCidr} drop`,
        'iifname vmap @interface_egress',
      ],
      'type filter hook forward priority filter - 10; policy drop;',
    ),
  ],
  [
    'ingress',
    chainOf(
      [
        'oifname . ip daddr != @addresses goto to_others',
        'ct state established,related accept',
        'oifname vmap @interface_ingress',
      ],
      'type filter hook forward priority filter; policy drop;',
    ),
  ],
  /** Where the destination is no interface's own address: links to the outside, and interfaces that forward. */
  [
    'to_others',
    chainOf([
      `oifname "${tunnelName}" accept`,
      `oifname "${uplinkName}" ip saddr @with_public accept`,
      // What came in by another way has no reply by this one.
      `oifname ${natLinks} ct direction original oifname vmap @nat_gateway_forward`,
      'oifname != @unchecked drop',
      'ct state established,related accept',
      'oifname vmap @interface_ingress',
    ]),
  ],

  [
    'postrouting',
    chainOf(
      [
        `oifname "${uplinkName}" snat ip to ip saddr map @private_to_public`,
        'oifname vmap @nat_gateway_source',
      ],
      'type nat hook postrouting priority srcnat; policy accept;',
    ),
  ],
];
