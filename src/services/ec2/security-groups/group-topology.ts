import type { RulePeer, RuleTopology, SecurityGroupTopology, Traffic } from '../../../topology/index.ts';
import type { PrefixListRecord, SecurityGroupRecord, SecurityGroupRuleRecord } from '../records.ts';

interface Made {
  /** The prefix lists that were looked up for it, by the order of the rules. */
  readonly lists: readonly (PrefixListRecord | undefined)[];
  readonly topology: SecurityGroupTopology;
}
const made = new WeakMap<SecurityGroupRecord, Made>();

/**
 * What a group allows. The same object again for the same record as long as the prefix lists that it names are the same
 * records. IPv6 is left out: no VPC has IPv6 addresses that its rules could be about.
 */
export function groupTopology(
  record: SecurityGroupRecord,
  prefixListOf: (id: string) => PrefixListRecord | undefined,
): SecurityGroupTopology {
  const lists = record.rules.flatMap(({ peer }) =>
    peer.type === 'prefix-list' ? [prefixListOf(peer.id)] : [],
  );
  const before = made.get(record);
  if (before !== undefined && lists.every((list, place) => list === before.lists[place])) {
    return before.topology;
  }
  const of = (isEgress: boolean) =>
    record.rules.flatMap((rule) => (rule.isEgress === isEgress ? ruleTopology(rule, prefixListOf) : []));
  const topology = Object.freeze({
    id: record.id,
    ingress: Object.freeze(of(false)),
    egress: Object.freeze(of(true)),
  });
  made.set(record, { lists, topology });
  return topology;
}

function ruleTopology(
  rule: SecurityGroupRuleRecord,
  prefixListOf: (id: string) => PrefixListRecord | undefined,
): readonly RuleTopology[] {
  const traffic = trafficOf(rule);
  const peer = peerOf(rule.peer, prefixListOf);
  return traffic === undefined || peer === undefined ? [] : [Object.freeze({ id: rule.id, traffic, peer })];
}

function trafficOf({ protocol, fromPort, toPort }: SecurityGroupRuleRecord): Traffic | undefined {
  switch (protocol) {
    case '-1':
      return { protocol: 'all' };
    case 'tcp':
    case 'udp':
      return { protocol, fromPort, toPort };
    case 'icmp':
      return {
        protocol,
        ...(fromPort !== -1 && { type: fromPort }),
        ...(toPort !== -1 && { code: toPort }),
      };
    case 'icmpv6':
      return undefined;
    default:
      return { protocol: Number(protocol) };
  }
}

function peerOf(
  peer: SecurityGroupRuleRecord['peer'],
  prefixListOf: (id: string) => PrefixListRecord | undefined,
): RulePeer | undefined {
  switch (peer.type) {
    case 'cidr-ipv4':
      return { type: 'cidrs', cidrs: [peer.cidr] };
    case 'cidr-ipv6':
      return undefined;
    case 'group':
      return { type: 'group', id: peer.id };
    case 'prefix-list': {
      const list = prefixListOf(peer.id);
      if (list?.addressFamily !== 'IPv4' || list.entries.length === 0) return undefined;
      return { type: 'cidrs', cidrs: list.entries.map(({ cidr }) => cidr) };
    }
  }
}
