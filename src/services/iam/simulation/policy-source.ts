import type { Reader } from '../../../reconcile/index.ts';
import type { Principal } from '../../service.ts';
import { entityArn, parseEntityArn } from '../arn.ts';
import { boundaryOf, groupsOf, heldPolicies, policiesOf } from '../authorization/policies-of.ts';
import { invalidInput, noSuchEntity } from '../errors.ts';
import { findHolder, type HolderType, holderName } from '../holders.ts';
import type { CompiledPolicy, PolicySet } from '../policy/index.ts';
import { entityKey, type GroupRecord, type RoleRecord, roles, type UserRecord, users } from '../records.ts';

/** Whose kept policies a simulation asks. */
export interface PolicySource {
  readonly policies: PolicySet;
  /** What answers call each policy: a managed one by its name, an inline one by its holder's and its own. */
  readonly names: ReadonlyMap<CompiledPolicy, string>;
  /** A group is nobody who could ask. */
  readonly principal?: Principal;
}

/** @throws {Refusal} NoSuchEntity; InvalidInput: it is no ARN of a user, group or role. */
export function policySource(reader: Reader, accountId: string, arn: string): PolicySource {
  const named = parseEntityArn(arn);
  const type = named?.type;
  if (named === undefined || (type !== 'user' && type !== 'group' && type !== 'role')) {
    throw invalidInput(`Invalid Entity Arn: ${arn} does not clearly define entity type and name.`);
  }
  const { name } = named;
  if (named.accountId !== accountId) throw noSuchEntity(`The ${type} with name ${name} cannot be found.`);
  const holder = findHolder(reader, accountId, { type, name });
  if (entityArn(accountId, type, holder.path, holderName(holder)) !== arn) {
    throw noSuchEntity(`The ${type} with name ${name} cannot be found.`);
  }
  const principal = principalAt(reader, arn);
  const names = policyNames(reader, type, holder);
  return principal === undefined
    ? { policies: { identity: heldPolicies(reader, holder) }, names }
    : { policies: policiesOf(reader, principal), names, principal };
}

/** A user, or a role in a session that carries nothing, as if it asked. Undefined: there is none of this ARN. */
export function principalAt(reader: Reader, arn: string): Principal | undefined {
  const { accountId = '', type, path, name = '' } = parseEntityArn(arn) ?? {};
  const asked = { accountId, arn, accessKeyId: '' };
  if (type === 'user') {
    const user = reader.get(users, entityKey(users, accountId, name));
    if (user?.path !== path || user?.userName !== name) return undefined;
    return { ...asked, userId: user.id, identity: { kind: 'user', userName: name } };
  }
  if (type !== 'role') return undefined;
  const role = reader.get(roles, entityKey(roles, accountId, name));
  if (role?.path !== path || role?.roleName !== name) return undefined;
  return { ...asked, userId: role.id, identity: { kind: 'role', roleName: name } };
}

function policyNames(
  reader: Reader,
  type: HolderType,
  holder: UserRecord | GroupRecord | RoleRecord,
): ReadonlyMap<CompiledPolicy, string> {
  const names = new Map<CompiledPolicy, string>();
  const add = (of: HolderType, held: UserRecord | GroupRecord | RoleRecord) => {
    for (const policy of heldPolicies(reader, held)) {
      const inline = `${of}_${holderName(held)}_${policy.id}`;
      names.set(policy, policy.id in held.inlinePolicies ? inline : managedName(policy));
    }
  };
  add(type, holder);
  if ('groups' in holder) for (const group of groupsOf(reader, holder)) add('group', group);
  if ('permissionsBoundary' in holder) {
    for (const policy of boundaryOf(reader, holder).boundary ?? []) names.set(policy, managedName(policy));
  }
  return names;
}

const managedName = ({ id }: CompiledPolicy): string => parseEntityArn(id)?.name ?? id;
