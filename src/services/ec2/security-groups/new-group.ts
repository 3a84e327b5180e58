import type { Random } from '../../../clock/index.ts';
import type { Transaction } from '../../../reconcile/index.ts';
import { ec2Refusal, limitReached } from '../errors.ts';
import { newId } from '../ids.ts';
import {
  ec2Key,
  ec2Prefix,
  type Scope,
  type SecurityGroupRecord,
  type SecurityGroupRuleRecord,
  securityGroupNames,
  securityGroups,
  type Tags,
} from '../records.ts';
import { groupNameKey } from './group-lookup.ts';

const maxGroups = 2_500;

export interface NewGroup {
  readonly name: string;
  readonly description: string;
  readonly vpcId: string;
  readonly tags: Tags;
}

/**
 * A group that lets everything out and nothing in.
 * @throws {Refusal} InvalidGroup.Duplicate, SecurityGroupLimitExceeded
 */
export function putNewGroup(
  tx: Transaction,
  random: Random,
  scope: Scope,
  asked: NewGroup,
): SecurityGroupRecord {
  const { name, vpcId } = asked;
  const nameKey = groupNameKey(scope, vpcId, name);
  if (tx.get(securityGroupNames, nameKey) !== undefined) {
    throw ec2Refusal(
      'InvalidGroup.Duplicate',
      `The security group '${name}' already exists for VPC '${vpcId}'`,
    );
  }
  if ([...tx.list(securityGroups, ec2Prefix(securityGroups, scope))].length >= maxGroups) {
    throw limitReached('SecurityGroupLimitExceeded', 'security groups');
  }
  const group = { ...asked, id: newId(random, 'sg'), rules: [allowAll(random, everywhere, true)] };
  tx.put(securityGroups, ec2Key(securityGroups, scope, group.id), group);
  tx.put(securityGroupNames, nameKey, { groupId: group.id });
  return group;
}

/** Its members reach each other, and everything. @throws as `putNewGroup` */
export function putGroupOfMembers(
  tx: Transaction,
  random: Random,
  scope: Scope,
  asked: NewGroup,
): SecurityGroupRecord {
  const made = putNewGroup(tx, random, scope, asked);
  const amongThemselves = allowAll(random, { type: 'group', id: made.id }, false);
  const group = { ...made, rules: [...made.rules, amongThemselves] };
  tx.put(securityGroups, ec2Key(securityGroups, scope, group.id), group);
  return group;
}

/** A group and its name. Whether others refer to it is the caller's to ask. */
export function removeGroup(tx: Transaction, scope: Scope, { id, vpcId, name }: SecurityGroupRecord): void {
  tx.delete(securityGroups, ec2Key(securityGroups, scope, id));
  tx.delete(securityGroupNames, groupNameKey(scope, vpcId, name));
}

const everywhere = { type: 'cidr-ipv4', cidr: '0.0.0.0/0' } as const;

/** Everything, from or to a peer. */
const allowAll = (
  random: Random,
  peer: SecurityGroupRuleRecord['peer'],
  isEgress: boolean,
): SecurityGroupRuleRecord => ({
  ...{ id: newId(random, 'sgr'), isEgress, protocol: '-1', fromPort: -1, toPort: -1, peer, tags: {} },
});
