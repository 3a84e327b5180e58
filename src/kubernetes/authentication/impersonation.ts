import type { IncomingHttpHeaders } from 'node:http';
import { badRequest, forbidden } from '../apiserver/status.ts';
import type { Authorizer } from '../authorization/rbac.ts';
import { anonymous, authenticatedGroup, type User } from './user.ts';

const serviceAccount = /^system:serviceaccount:([^:]+):([^:]+)$/;
const extraPrefix = 'impersonate-extra-';

/**
 * Who asks in somebody else's name: each part of it (user, groups, uid, extra) must be allowed him as `impersonate`.
 * @param rawHeaders Names and values in turn: a header may be there several times.
 * @returns the user himself where nobody else is named. @throws {ApiError} 400, 403
 */
export function impersonated(
  authorizer: Authorizer,
  user: User,
  headers: IncomingHttpHeaders,
  rawHeaders: readonly string[],
): User {
  const names = Object.keys(headers).filter((name) => name.startsWith('impersonate-'));
  if (names.length === 0) return user;
  const valuesOf = (name: string): readonly string[] =>
    rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
  const [username] = valuesOf('impersonate-user');
  if (username === undefined)
    throw badRequest('a group, uid or extra was requested without impersonating a user');
  const assertMay = (resource: string, name: string, more: Partial<Asked> = {}): void =>
    assertAllowed(authorizer, user, { group: '', subresource: '', namespace: '', ...more, resource, name });

  const [, namespace = '', account = ''] = serviceAccount.exec(username) ?? [];
  if (account !== '') assertMay('serviceaccounts', account, { namespace });
  else assertMay('users', username);
  const groups = [...valuesOf('impersonate-group')];
  for (const group of groups) assertMay('groups', group);
  const [uid] = valuesOf('impersonate-uid');
  const ofAuthentication = { group: 'authentication.k8s.io' };
  if (uid !== undefined) assertMay('uids', uid, ofAuthentication);
  const extra: Record<string, readonly string[]> = {};
  for (const name of names.filter((it) => it.startsWith(extraPrefix))) {
    const key = decoded(name.slice(extraPrefix.length));
    extra[key] = valuesOf(name);
    for (const value of valuesOf(name))
      assertMay('userextras', value, { ...ofAuthentication, subresource: key });
  }
  if (account !== '' && groups.length === 0)
    groups.push('system:serviceaccounts', `system:serviceaccounts:${namespace}`);
  if (username !== anonymous.username && !groups.includes(authenticatedGroup))
    groups.push(authenticatedGroup);
  return {
    ...{ username, groups },
    ...(uid !== undefined && { uid }),
    ...(Object.keys(extra).length > 0 && { extra }),
  };
}

interface Asked {
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}

function assertAllowed(authorizer: Authorizer, user: User, asked: Asked): void {
  if (authorizer.allows(user, { isResource: true, verb: 'impersonate', ...asked })) return;
  const { group, resource, subresource, namespace, name } = asked;
  const what = subresource === '' ? resource : `${resource}/${subresource}`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  throw forbidden(
    { group, name: resource },
    name,
    `User "${user.username}" cannot impersonate resource "${what}" in API group "${group}" ${where}`,
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw badRequest(`${JSON.stringify(text)} is no name of an extra`);
  }
}
