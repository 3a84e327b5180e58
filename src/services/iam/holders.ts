import type { Collection, Reader, Transaction } from '../../reconcile/index.ts';
import type { Call, ConditionKeys, SupportedOperation } from '../service.ts';
import { entityBoundaryKey, entityTagKeys } from './conditions.ts';
import type { IamContext } from './context.ts';
import { entityAlreadyExists, mustFirst, noSuchEntity, protectedRole } from './errors.ts';
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

/** A role that is linked to a service is changed by that service alone. @throws {Refusal} UnmodifiableEntity. */
export function assertChangeable(holder: UserRecord | GroupRecord | RoleRecord): void {
  if ('linkedService' in holder && holder.linkedService !== undefined) throw protectedRole(holder.roleName);
}

/** @throws {Refusal} NoSuchEntity, UnmodifiableEntity, whatever `change` throws. */
export function changeHolder(
  tx: Transaction,
  accountId: string,
  { type, name }: HolderName,
  change: (holder: PolicyHolder, name: string) => Partial<PolicyHolder>,
): void {
  const before = findHolder(tx, accountId, { type, name });
  assertChangeable(before);
  const after = { ...before, ...change(before, holderName(before)) };
  tx.put<UserRecord | GroupRecord | RoleRecord>(
    holderCollections[type] as Collection<UserRecord | GroupRecord | RoleRecord, string>,
    entityKey(holderCollections[type], accountId, name),
    after,
  );
}

/** Keeps a user or group under the name that it has by now. @throws {Refusal} EntityAlreadyExists. */
export function putRenamed<Type extends 'user' | 'group'>(
  tx: Transaction,
  accountId: string,
  { type, name }: { readonly type: Type; readonly name: string },
  after: HolderRecords[Type],
): void {
  const collection: Collection<HolderRecords[Type], string> = holderCollections[type];
  const newName = holderName(after);
  const oldKey = entityKey(holderCollections[type], accountId, name);
  const newKey = entityKey(holderCollections[type], accountId, newName);
  if (newKey !== oldKey) {
    if (tx.get(collection, newKey) !== undefined) {
      throw entityAlreadyExists(`${type === 'user' ? 'User' : 'Group'} with name ${newName} already exists.`);
    }
    tx.delete(collection, oldKey);
  }
  tx.put(collection, newKey, after);
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
 * Makes the entries of the three holders' operations on their policies: each acts on the holder, whose tags and
 * permissions boundary its conditions may ask for.
 */
export function holderEntries(iam: IamContext) {
  return {
    user: entriesOf(iam, 'user', (input: { UserName: string | undefined }) => input.UserName),
    group: entriesOf(iam, 'group', (input: { GroupName: string | undefined }) => input.GroupName),
    role: entriesOf(iam, 'role', (input: { RoleName: string | undefined }) => input.RoleName),
  };
}

function entriesOf<Named>(iam: IamContext, type: HolderType, nameIn: (input: Named) => string | undefined) {
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
