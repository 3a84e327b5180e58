import type { SecurityGroupRuleRecord } from '../records.ts';

/** What makes a rule this rule: no group has two that are equal in it. Descriptions and tags don't count. */
export type RuleIdentity = Pick<
  SecurityGroupRuleRecord,
  'isEgress' | 'protocol' | 'fromPort' | 'toPort' | 'peer'
>;

/** Equal for equal rules. */
export function ruleKey({ isEgress, protocol, fromPort, toPort, peer }: RuleIdentity): string {
  return [isEgress ? 'egress' : 'ingress', protocol, fromPort, toPort, peer.type, peerText(peer)].join(' ');
}

/** As EC2 names it where it says that it already exists: `peer: 0.0.0.0/0, TCP, from port: 80, to port: 80, ALLOW`. */
export function ruleText({ protocol, fromPort, toPort, peer }: RuleIdentity): string {
  return `peer: ${peerText(peer)}, ${trafficText(protocol, fromPort, toPort)}, ALLOW`;
}

function peerText(peer: SecurityGroupRuleRecord['peer']): string {
  return 'cidr' in peer ? peer.cidr : peer.id;
}

function trafficText(protocol: string, fromPort: number, toPort: number): string {
  switch (protocol) {
    case '-1':
      return 'ALL';
    case 'tcp':
    case 'udp':
      return `${protocol.toUpperCase()}, from port: ${fromPort}, to port: ${toPort}`;
    case 'icmp':
    case 'icmpv6':
      return `${protocol.toUpperCase()}, type: ${fromPort === -1 ? 'ALL' : fromPort}, code: ${toPort === -1 ? 'ALL' : toPort}`;
    default:
      return `protocol: ${protocol}`;
  }
}
