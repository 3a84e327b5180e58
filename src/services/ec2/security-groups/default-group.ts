import type { Random } from '../../../clock/index.ts';
import type { Transaction } from '../../../reconcile/index.ts';
import type { Scope, SecurityGroupRecord } from '../records.ts';
import { defaultGroupName } from './group-lookup.ts';
import { putGroupOfMembers } from './new-group.ts';

/** The one that each VPC begins with: its members reach each other, and everything. */
export const putDefaultGroup = (
  tx: Transaction,
  random: Random,
  scope: Scope,
  vpcId: string,
): SecurityGroupRecord =>
  putGroupOfMembers(tx, random, scope, {
    ...{ name: defaultGroupName, description: 'default VPC security group', vpcId, tags: {} },
  });
