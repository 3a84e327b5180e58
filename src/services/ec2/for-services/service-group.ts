import type { Transaction } from '../../../reconcile/index.ts';
import type { Ec2Context } from '../context.ts';
import { kinds } from '../kinds.ts';
import { known } from '../known.ts';
import type { Scope } from '../records.ts';
import { isGroupUsed } from '../security-groups/delete-security-group.ts';
import { type NewGroup, putGroupOfMembers, removeGroup } from '../security-groups/new-group.ts';

/**
 * A security group that a service makes for what it runs: its members reach each other, and everything. It is the account's
 * own from then on.
 * @param id Of one that was made before, which is taken where it is there.
 * @throws {Refusal} InvalidGroup.Duplicate, SecurityGroupLimitExceeded
 */
export function ensureServiceGroup(
  tx: Transaction,
  { random }: Pick<Ec2Context, 'random'>,
  scope: Scope,
  id: string | undefined,
  asked: NewGroup,
): string {
  if (id !== undefined && known(tx, kinds.securityGroup, scope, id) !== undefined) return id;
  return putGroupOfMembers(tx, random, scope, asked).id;
}

/** Where interfaces or other groups' rules still name it, it stays for its account to delete. */
export function removeServiceGroup(tx: Transaction, scope: Scope, id: string): void {
  const group = known(tx, kinds.securityGroup, scope, id);
  if (group !== undefined && !isGroupUsed(tx, scope, group)) removeGroup(tx, scope, group);
}
