import { Refusal } from '../../../protocols/index.ts';
import { entityArn, parseEntityArn, roleInSession, rootArn } from '../arn.ts';
import type { IamContext } from '../context.ts';
import { entityKey, roles, users } from '../records.ts';
import { findAccount } from './accounts.ts';

/** Somebody of this installation, as a person named them. */
export type FoundIdentity = { readonly accountId: string; readonly arn: string } & (
  | { readonly kind: 'root' }
  | { readonly kind: 'user'; readonly name: string; readonly id: string }
  | { readonly kind: 'role'; readonly name: string; readonly id: string; readonly maxSessionSeconds: number }
);

/**
 * @param name `root`, the name of a user or a role, `user/…`, `role/…` or an ARN.
 * @param account Its name or id, where `name` is no ARN; undefined: the first one.
 * @throws {Refusal} nobody is called so; a user and a role both are.
 */
export function findIdentity(context: IamContext, name: string, account: string | undefined): FoundIdentity {
  const arn = parseEntityArn(name);
  const accountId = findAccount(context, arn?.accountId ?? rootAccount(name) ?? account);
  if (name === 'root' || name === rootArn(accountId))
    return { kind: 'root', accountId, arn: rootArn(accountId) };
  const sessionOf = roleInSession(name);
  if (sessionOf !== undefined) throw refuse(`${name} is a role's session: name the role, role/${sessionOf}`);
  const [, type, bare = name] = /^(user|role|group)\/(?:.*\/)?([^/]+)$/.exec(name) ?? [];
  const wanted = arn?.name ?? bare;
  const user = asUser(context, accountId, wanted);
  const role = asRole(context, accountId, wanted);
  // An ARN means one path and one spelling.
  const isMeant = (found: FoundIdentity | undefined): found is FoundIdentity =>
    found !== undefined && (arn === undefined || found.arn === name);
  switch (arn?.type ?? type) {
    case 'user':
      return isMeant(user) ? user : nobody('user', arn ? name : wanted, accountId);
    case 'role':
      return isMeant(role) ? role : nobody('role', arn ? name : wanted, accountId);
    case undefined:
      break;
    default:
      throw refuse(`${name} is nobody who could act: name a user, a role or root`);
  }
  if (user && role)
    throw refuse(`A user and a role are called ${wanted}: say user/${wanted} or role/${wanted}`);
  return user ?? role ?? nobody('user or role', wanted, accountId);
}

const rootAccount = (arn: string): string | undefined => /^arn:aws:iam::(\d{12}):root$/.exec(arn)?.[1];

function asUser({ state }: IamContext, accountId: string, wanted: string): FoundIdentity | undefined {
  const user = state.get(users, entityKey(users, accountId, keyPart(wanted)));
  if (user === undefined) return undefined;
  const { userName: name, path, id } = user;
  return { kind: 'user', accountId, arn: entityArn(accountId, 'user', path, name), name, id };
}

function asRole({ state }: IamContext, accountId: string, wanted: string): FoundIdentity | undefined {
  const role = state.get(roles, entityKey(roles, accountId, keyPart(wanted)));
  if (role === undefined) return undefined;
  const { roleName: name, path, id, maxSessionSeconds } = role;
  return {
    kind: 'role',
    accountId,
    arn: entityArn(accountId, 'role', path, name),
    name,
    id,
    maxSessionSeconds,
  };
}

/** No name has a slash, and a key's part can't have one. */
const keyPart = (name: string): string => (name === '' || name.includes('/') ? '*' : name);

function nobody(what: string, name: string, accountId: string): never {
  throw refuse(`There is no ${what} ${name} in account ${accountId}`);
}

const refuse = (message: string): Refusal => new Refusal('InvalidRequest', message, { status: 400 });
