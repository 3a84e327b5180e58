import type { Collection, Reader } from '../../reconcile/index.ts';
import type { Call } from '../service.ts';
import { entityArn, parseEntityArn } from './arn.ts';
import {
  entityKey,
  type GroupRecord,
  groups,
  type InstanceProfileRecord,
  instanceProfiles,
  type PolicyRecord,
  policies,
  type RoleRecord,
  roles,
  type UserRecord,
  users,
} from './records.ts';

const collections = {
  user: users,
  group: groups,
  role: roles,
  policy: policies,
  'instance-profile': instanceProfiles,
} as const;

type Kept = UserRecord | GroupRecord | RoleRecord | PolicyRecord | InstanceProfileRecord;

/** As it was given when the entity was made. */
function nameOf(kept: Kept): string {
  if ('userName' in kept) return kept.userName;
  if ('groupName' in kept) return kept.groupName;
  if ('roleName' in kept) return kept.roleName;
  return 'policyName' in kept ? kept.policyName : kept.instanceProfileName;
}

/**
 * The ARN that a request is authorised on, where it names an entity by its name: with the path and the name that the
 * entity has, for it is found in whatever case the request names it, and policies tell cases apart. The path is `/` where
 * there is none. Whether the entity exists is the operation's question.
 */
export function namedResource(reader: Reader, type: keyof typeof collections) {
  const collection = collections[type];
  const arnOf = (accountId: string, name = ''): string => {
    const key = entityKey(collection, accountId, name === '' ? '*' : name.replaceAll('/', '*'));
    const kept = reader.get(collection as Collection<Kept, string>, key);
    return kept === undefined
      ? entityArn(accountId, type, '/', name)
      : entityArn(accountId, type, kept.path, nameOf(kept));
  };
  return {
    /** It is to be made. */
    made:
      <Input>(read: (input: Input) => readonly [name: string | undefined, path: string | undefined]) =>
      (input: Input, call: Call): readonly string[] => {
        const [name = '', path = '/'] = read(input);
        return [entityArn(call.accountId, type, path, name)];
      },
    named:
      <Input>(read: (input: Input) => string | undefined) =>
      (input: Input, call: Call): readonly string[] => [arnOf(call.accountId, read(input))],
    /** What it is, and what it will be: who renames must be allowed both (IAM API reference, UpdateUser). */
    renamed:
      <Input>(
        read: (
          input: Input,
        ) => readonly [name: string | undefined, newName: string | undefined, newPath: string | undefined],
      ) =>
      (input: Input, call: Call): readonly string[] => {
        const [name = '', newName, newPath] = read(input);
        const before = arnOf(call.accountId, name);
        const { path = '/', name: keptName = name } = parseEntityArn(before) ?? {};
        const after = entityArn(call.accountId, type, newPath ?? path, newName ?? keptName);
        return after === before ? [before] : [before, after];
      },
    /** Without a name the caller is meant. */
    callerOr:
      <Input>(read: (input: Input) => string | undefined) =>
      (input: Input, call: Call): readonly string[] => {
        const name = read(input);
        return [name === undefined ? call.principal.arn : arnOf(call.accountId, name)];
      },
  };
}
