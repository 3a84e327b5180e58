import type { Random } from '../../../clock/index.ts';
import type { Transaction } from '../../../reconcile/index.ts';
import { ec2Key, type Scope, type SecurityGroupRecord, securityGroups } from '../records.ts';
import { defaultGroupName } from './group-lookup.ts';
import { allowAll, putNewGroup } from './new-group.ts';

/** The one that each VPC begins with: its members reach each other, and everything. */
export function putDefaultGroup(
  tx: Transaction,
  random: Random,
  scope: Scope,
  vpcId: string,
): SecurityGroupRecord {
  const made = putNewGroup(tx, random, scope, {
    ...{ name: defaultGroupName, description: 'default VPC security group', vpcId, tags: {} },
  });
  const amongThemselves = allowAll(random, { type: 'group', id: made.id }, false);
  const group = { ...made, rules: [...made.rules, amongThemselves] };
  tx.put(securityGroups, ec2Key(securityGroups, scope, group.id), group);
  return group;
}
