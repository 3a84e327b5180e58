import {
  cidrBlock,
  ipv4Text,
  type RuleTopology,
  type SecurityGroupTopology,
  type Traffic,
} from '../../../topology/index.ts';
import { type Box, disjointBoxes, type Range, rangeText } from './disjoint-boxes.ts';
import { chainOf, type NftChain, type NftSet, rangesOf } from './nft-table.ts';
import { remembered } from './remembered.ts';

export type Direction = 'ingress' | 'egress';

/** What a security group is in the kernel, shared by all interfaces that carry it. */
export interface SecurityGroupParts {
  readonly chains: readonly (readonly [string, NftChain])[];
  readonly sets: readonly (readonly [string, NftSet])[];
  /** The groups that its rules name. */
  readonly referenced: ReadonlySet<string>;
}

/**
 * One chain per direction. Rules for blocks are elements of at most three sets, so that their number costs nothing; a
 * rule for a group is a rule that looks into the set of the group's addresses.
 */
export const securityGroupParts = remembered(partsOf);

export function securityGroupChain(groupId: string, direction: Direction): string {
  return `${direction}_${groupId}`;
}

/** The set of a group's private addresses. */
export function membersSet(groupId: string): string {
  return `members_${groupId}`;
}

function partsOf(group: SecurityGroupTopology): SecurityGroupParts {
  const chains: [string, NftChain][] = [];
  const sets: [string, NftSet][] = [];
  for (const direction of ['ingress', 'egress'] as const) {
    const name = securityGroupChain(group.id, direction);
    const peer = direction === 'ingress' ? 'ip saddr' : 'ip daddr';
    const rules: string[] = [];
    for (const { suffix, match, set } of blockSets(group[direction])) {
      sets.push([`${name}_${suffix}`, set]);
      rules.push(`${peer} . ${match} @${name}_${suffix} accept`);
    }
    chains.push([name, chainOf([...rules, ...referenceRules(group[direction], peer)])]);
  }
  const referenced = [...group.ingress, ...group.egress].flatMap(({ peer }) =>
    peer.type === 'group' ? [peer.id] : [],
  );
  return { chains, sets, referenced: new Set(referenced) };
}

const everyProtocol: Range = [0, 255];
const everyCode: Range = [0, 255];
const numbers = { icmp: 1, tcp: 6, udp: 17 };

/** What a rule looks at besides the address decides in which set it is; no set, no rule. */
function* blockSets(rules: readonly RuleTopology[]) {
  const byProtocol: Box[] = [];
  const byPort: Box[] = [];
  const byIcmpType: Box[] = [];
  for (const { traffic, peer } of rules) {
    if (peer.type !== 'cidrs') continue;
    const [boxes, rest] = sortedByKind(traffic);
    for (const cidr of peer.cidrs) {
      const { first, last } = cidrBlock(cidr);
      boxes.push([...rest, [first, last]]);
    }
  }
  if (byProtocol.length > 0) {
    yield { suffix: 'protocols', match: 'meta l4proto', set: boxSet('inet_proto', byProtocol) };
  }
  if (byPort.length > 0) {
    yield {
      suffix: 'ports',
      match: 'meta l4proto . th dport',
      set: boxSet('inet_proto . inet_service', byPort),
    };
  }
  if (byIcmpType.length > 0) {
    yield {
      suffix: 'icmp',
      match: 'icmp type . icmp code',
      set: boxSet('icmp_type . icmp_code', byIcmpType),
    };
  }

  function sortedByKind(traffic: Traffic): [boxes: Box[], rest: Box] {
    const { protocol } = traffic;
    switch (protocol) {
      case 'all':
        return [byProtocol, [everyProtocol]];
      case 'tcp':
      case 'udp':
        return [byPort, [only(numbers[protocol]), [traffic.fromPort, traffic.toPort]]];
      case 'icmp': {
        const { type, code } = traffic;
        if (type === undefined) return [byProtocol, [only(numbers.icmp)]];
        return [byIcmpType, [only(type), code === undefined ? everyCode : only(code)]];
      }
      default:
        return [byProtocol, [only(protocol)]];
    }
  }
}

function only(value: number): Range {
  return [value, value];
}

/** Addresses come last in boxes: rules that differ in ports then leave one another's blocks whole. */
function boxSet(type: string, boxes: readonly Box[]): NftSet {
  const elements = disjointBoxes(boxes).map((box) => {
    const addresses = box.at(-1) ?? [0, 0];
    const others = box.slice(0, -1).map((range) => rangeText(range, String));
    return [rangeText(addresses, ipv4Text), ...others].join(' . ');
  });
  return rangesOf(`ipv4_addr . ${type}`, elements);
}

function referenceRules(rules: readonly RuleTopology[], peerAddress: string): readonly string[] {
  const matches = rules.flatMap(({ traffic, peer }) => {
    if (peer.type !== 'group') return [];
    return [`${peerAddress} @${membersSet(peer.id)} ${trafficMatch(traffic)}accept`];
  });
  return [...new Set(matches)].sort();
}

function trafficMatch(traffic: Traffic): string {
  const { protocol } = traffic;
  switch (protocol) {
    case 'all':
      return '';
    case 'tcp':
    case 'udp':
      return `${protocol} dport ${rangeText([traffic.fromPort, traffic.toPort], String)} `;
    case 'icmp': {
      const { type, code } = traffic;
      if (type === undefined) return 'meta l4proto icmp ';
      return code === undefined ? `icmp type ${type} ` : `icmp type ${type} icmp code ${code} `;
    }
    default:
      return `meta l4proto ${protocol} `;
  }
}
