import type { IpPermission, UserIdGroupPair } from '@aws-sdk/client-ec2';
import { cidrText, parseCidr } from '../../../topology/index.ts';
import { invalidParameterValue, missingParameter, unsupported } from '../errors.ts';
import { ipv6Block } from '../input/ipv6-block.ts';
import { type RuleTraffic, ruleTraffic } from './rule-traffic.ts';

/** A rule that a request asks for, before it is known what the groups and prefix lists that it names are. */
export interface AskedRule extends RuleTraffic {
  readonly peer: AskedPeer;
  readonly description?: string;
}

export type AskedPeer =
  | { readonly type: 'cidr-ipv4' | 'cidr-ipv6'; readonly cidr: string }
  | { readonly type: 'prefix-list'; readonly id: string }
  | AskedGroup;

/** By id, or by name in the default VPC. */
export interface AskedGroup {
  readonly type: 'group';
  readonly id?: string;
  readonly name?: string;
  readonly ownerId?: string;
}

/** As the console and the API take a rule's description and a group's. */
const descriptionPattern = /^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]*$/;

/**
 * The rules of a request's permissions: one for each source or destination.
 * @throws {Refusal} MissingParameter, InvalidParameterValue, UnsupportedOperation (groups of peered VPCs).
 */
export function askedRules(permissions: readonly IpPermission[]): readonly AskedRule[] {
  const rules = permissions.flatMap((permission) => {
    const traffic = ruleTraffic(permission);
    const { IpRanges = [], Ipv6Ranges = [], PrefixListIds = [], UserIdGroupPairs = [] } = permission;
    const peers = [
      ...IpRanges.map(({ CidrIp, Description }) => described(ipv4Peer(CidrIp), Description)),
      ...Ipv6Ranges.map(({ CidrIpv6, Description }) => described(ipv6Peer(CidrIpv6), Description)),
      ...PrefixListIds.map(({ PrefixListId, Description }) =>
        described(prefixListPeer(PrefixListId), Description),
      ),
      ...UserIdGroupPairs.map((pair) => described(groupPeer(pair), pair.Description)),
    ];
    if (peers.length === 0) throw missingParameter('Source/Destination');
    return peers.map((peer) => ({ ...traffic, ...peer }));
  });
  if (rules.length === 0) throw missingParameter('ipPermissions');
  return rules;
}

/** @throws {Refusal} InvalidParameterValue */
export function ipv4Peer(asked: string | undefined): AskedPeer {
  if (asked === undefined) throw missingParameter('cidrIp');
  const block = parseCidr(asked);
  if (block === undefined) throw malformed(asked);
  return { type: 'cidr-ipv4', cidr: cidrText(block) };
}

/** Kept and shown; as VPCs have no IPv6 blocks, there are no packets that it could allow. @throws {Refusal} */
export function ipv6Peer(asked: string | undefined): AskedPeer {
  if (asked === undefined) throw missingParameter('cidrIpv6');
  const cidr = ipv6Block(asked);
  if (cidr === undefined) throw malformed(asked);
  return { type: 'cidr-ipv6', cidr };
}

export function prefixListPeer(id: string | undefined): AskedPeer {
  if (id === undefined) throw missingParameter('prefixListId');
  return { type: 'prefix-list', id };
}

function groupPeer(pair: UserIdGroupPair): AskedPeer {
  const { GroupId: id, GroupName: name, UserId: ownerId } = pair;
  if (pair.VpcPeeringConnectionId !== undefined) throw unsupported('Groups of peered VPCs are');
  if (id === undefined && name === undefined) throw missingParameter('groupId');
  return {
    type: 'group',
    ...(id === undefined ? { name: name ?? '' } : { id }),
    ...(ownerId !== undefined && { ownerId }),
  };
}

/** @throws {Refusal} InvalidParameterValue */
export function described(
  peer: AskedPeer,
  description: string | undefined,
): { readonly peer: AskedPeer; readonly description?: string } {
  checkDescription('rule', description);
  return { peer, ...(description !== undefined && description !== '' && { description }) };
}

/** @param of `rule` or `security group`. @throws {Refusal} InvalidParameterValue */
export function checkDescription(of: 'rule' | 'security group', description: string | undefined): void {
  if (description === undefined) return;
  if (description.length > 255 || !descriptionPattern.test(description)) {
    throw invalidParameterValue(
      `Invalid ${of} description. Valid descriptions are strings less than 256 characters from the following set:  ` +
        'a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*',
    );
  }
}

const malformed = (cidr: string) => invalidParameterValue(`CIDR block ${cidr} is malformed`);
