import type { Collection, Reader, Transaction } from '../../reconcile/index.ts';
import type { Call, ConditionKeys, SupportedOperation } from '../service.ts';
import { entityBoundaryKey, entityTagKeys } from './conditions.ts';
import type { IamContext } from './context.ts';
import { mustFirst, noSuchEntity } from './errors.ts';
import { Constraints } from './input/constraints.ts';
import { checkName } from './input/names.ts';
import {
  entityKey,
  type GroupRecord,
  groups,
  type PolicyHolder,
  type RoleRecord,
  roles,
  type UserRecord,
  users,
} from './records.ts';
import { namedResource } from './resources.ts';
import { findChangeableRole } from './roles/role-lookup.ts';

/**
 * Users, groups and roles hold policies in one way: inline ones and attached ones. So what is done to these is written
 * once, and each of the three has its own operations of it.
 */
export interface HolderRecords {
  readonly user: UserRecord;
  readonly group: GroupRecord;
  readonly role: RoleRecord;
}

export type HolderType = keyof HolderRecords;

/** Whose policies a request is about. */
export interface HolderName {
  readonly type: HolderType;
  readonly name: string;
}

const holderCollections: {
  readonly [Type in HolderType]: Collection<HolderRecords[Type], 'policy'>;
} = { user: users, group: groups, role: roles };

/** @throws {Refusal} NoSuchEntity. */
export function findHolder<Type extends HolderType>(
  reader: Reader,
  accountId: string,
  { type, name }: { readonly type: Type; readonly name: string },
): HolderRecords[Type] {
  const collection: Collection<HolderRecords[Type], string> = holderCollections[type];
  const found = reader.get(collection, entityKey(holderCollections[type], accountId, name));
  if (found === undefined) throw noSuchEntity(`The ${type} with name ${name} cannot be found.`);
  return found;
}

/** A role that is linked to a service is changed by that service alone. @throws {Refusal} NoSuchEntity, UnmodifiableEntity. */
export function changeHolder(
  tx: Transaction,
  accountId: string,
  { type, name }: HolderName,
  change: (holder: PolicyHolder, name: string) => Partial<PolicyHolder>,
): void {
  const before =
    type === 'role' ? findChangeableRole(tx, accountId, name) : findHolder(tx, accountId, { type, name });
  const after = { ...before, ...change(before, holderName(before)) };
  tx.put<UserRecord | GroupRecord | RoleRecord>(
    holderCollections[type] as Collection<UserRecord | GroupRecord | RoleRecord, string>,
    entityKey(holderCollections[type], accountId, name),
    after,
  );
}

/** Before it is deleted. @throws {Refusal} DeleteConflict. */
export function assertHoldsNoPolicies({ attachedPolicies, inlinePolicies }: PolicyHolder): void {
  if (attachedPolicies.length > 0) throw mustFirst('detach all policies');
  if (Object.keys(inlinePolicies).length > 0) throw mustFirst('delete policies');
}

/** As it was given when the holder was made. */
export function holderName(holder: UserRecord | GroupRecord | RoleRecord): string {
  if ('userName' in holder) return holder.userName;
  return 'groupName' in holder ? holder.groupName : holder.roleName;
}

/** The member that names the holder is checked, too. */
export function holderConstraints({ type, name }: HolderName): Constraints {
  return checkName(new Constraints(), `${type}Name`, type, name);
}

/**
 * Makes the entries of one holder's operations on its policies: each acts on the holder, whose tags and permissions
 * boundary its conditions may ask for.
 */
export function holderEntries<Named>(
  iam: IamContext,
  type: HolderType,
  nameIn: (input: Named) => string | undefined,
) {
  const { state } = iam;
  const holder = namedResource(state, type);
  return <Asked, Output>(
    action: string,
    run: (iam: IamContext, holder: HolderName, input: Asked, call: Call) => Output | Promise<Output>,
    keysOf: (input: Asked) => ConditionKeys = () => ({}),
  ): SupportedOperation<Named & Asked, Output> => ({
    action,
    resources: holder.named(nameIn),
    conditions: (input, _call, resource) => ({
      ...entityTagKeys(state, resource),
      ...entityBoundaryKey(state, resource),
      ...keysOf(input),
    }),
    run: (input, call) => run(iam, { type, name: nameIn(input) ?? '' }, input, call),
  });
}
