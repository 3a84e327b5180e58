import type { Reader, Transaction } from '../../../reconcile/index.ts';
import { ec2Refusal } from '../errors.ts';
import { notFound, requireRecord } from '../ids.ts';
import { kinds } from '../kinds.ts';
import type { Scope, SecurityGroupRecord, SecurityGroupRuleRecord } from '../records.ts';
import type { AskedGroup, AskedPeer, AskedRule } from './asked-rules.ts';
import { requireGroupByName } from './group-lookup.ts';

/** A rule that a group could have. */
export type NamedRule = Omit<SecurityGroupRuleRecord, 'id' | 'tags'>;

/**
 * Asked rules with the groups and prefix lists that they name, which are there and read, so that the transaction loses
 * the race against whoever deletes them.
 * @throws {Refusal} InvalidGroup.NotFound, InvalidPrefixListID.NotFound, their `.Malformed`
 */
export function namedRules(
  reader: Reader | Transaction,
  scope: Scope,
  group: SecurityGroupRecord,
  asked: readonly AskedRule[],
  isEgress: boolean,
): readonly NamedRule[] {
  return asked.map((rule) => ({ ...rule, isEgress, peer: namedPeer(reader, scope, group, rule.peer) }));
}

/** @throws {Refusal} See `namedRules`. */
function namedPeer(
  reader: Reader | Transaction,
  scope: Scope,
  group: SecurityGroupRecord,
  peer: AskedPeer,
): SecurityGroupRuleRecord['peer'] {
  switch (peer.type) {
    case 'cidr-ipv4':
    case 'cidr-ipv6':
      return peer;
    case 'prefix-list':
      return {
        type: 'prefix-list',
        id: requireRecord(reader, scope, kinds.prefixList, peer.id, 'PrefixListId').id,
      };
    case 'group':
      return { type: 'group', id: peerGroup(reader, scope, group, peer).id };
  }
}

function peerGroup(
  reader: Reader | Transaction,
  scope: Scope,
  group: SecurityGroupRecord,
  { id, name = '', ownerId = scope.accountId }: AskedGroup,
): SecurityGroupRecord {
  // Of another account only over a peering, which there are none of.
  if (ownerId !== scope.accountId) throw notFound(kinds.securityGroup, id ?? name);
  const peer =
    id === undefined
      ? requireGroupByName(reader, scope, name)
      : requireRecord(reader, scope, kinds.securityGroup, id, 'GroupId');
  if (peer.vpcId !== group.vpcId) {
    throw ec2Refusal(
      'InvalidGroup.NotFound',
      'You have specified two resources that belong to different networks.',
    );
  }
  return peer;
}
