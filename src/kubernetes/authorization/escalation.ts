import { forbidden, notFound } from '../apiserver/status.ts';
import type { User } from '../authentication/user.ts';
import { isJsonObject, type JsonObject, listOf, memberOf, textOf } from '../objects/object.ts';
import { type Resource, resourceNamed } from '../schema/catalogue.ts';
import type { Authorizer } from './rbac.ts';

const group = 'rbac.authorization.k8s.io';
const clusterRoles = resourceNamed(group, 'clusterroles');
const roles = resourceNamed(group, 'roles');

/** Of a role that is made of others nobody knows what it will hold. */
const everything: readonly JsonObject[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

/**
 * Nobody hands out more than he has: a role's rules must be its writer's own, and so must those of a role that he binds,
 * unless he may `escalate` or `bind` it. A role that is not there yet is nobody's to bind otherwise: it might become any.
 * @throws {ApiError} 403, 404
 */
export function assertNoEscalation(
  authorizer: Authorizer,
  user: User,
  { resource, namespace = '' }: { readonly resource: Resource; readonly namespace: string | undefined },
  body: JsonObject,
): void {
  if (resource.group !== group) return;
  const name = textOf(memberOf(body, 'metadata'), 'name');
  const may = (verb: string, of: string, named: string): boolean =>
    authorizer.allows(user, {
      ...{ isResource: true, verb, group, resource: of, subresource: '', namespace, name: named },
    });
  if (resource.name === 'roles' || resource.name === 'clusterroles') {
    if (may('escalate', resource.name, name)) return;
    assertHeld(authorizer, user, resource, name, namespace, listOf(body, 'rules').filter(isJsonObject));
    const held = authorizer.rulesOf(user, '');
    if (body.aggregationRule !== undefined && !everything.every((rule) => isHeld(rule, held)))
      throw forbidden(resource, name, 'must have cluster-admin privileges to use the aggregationRule');
    return;
  }
  const role = memberOf(body, 'roleRef');
  const roleName = textOf(role, 'name');
  const isClusterRole = textOf(role, 'kind') === 'ClusterRole';
  if (may('bind', isClusterRole ? 'clusterroles' : 'roles', roleName)) return;
  const rules = authorizer.rulesOfRole(roleName, isClusterRole ? undefined : namespace);
  if (rules === undefined) throw notFound(isClusterRole ? clusterRoles : roles, roleName);
  assertHeld(authorizer, user, resource, name, namespace, rules);
}

function assertHeld(
  authorizer: Authorizer,
  user: User,
  resource: Resource,
  name: string,
  namespace: string,
  rules: readonly JsonObject[],
): void {
  const held = authorizer.rulesOf(user, namespace);
  const missing = rules.filter((rule) => !isHeld(rule, held));
  if (missing.length === 0) return;
  const groups = user.groups.map((it) => JSON.stringify(it)).join(' ');
  const told = missing.map(textOfRule).join('\n');
  throw forbidden(
    resource,
    name,
    `user ${JSON.stringify(user.username)} (groups=[${groups}]) is attempting to grant RBAC permissions not currently held:\n${told}`,
  );
}

/** Each part of a rule has to be covered by some rule as a whole: wildcards by wildcards alone. */
function isHeld(rule: JsonObject, held: readonly JsonObject[]): boolean {
  const has = (own: JsonObject, list: string, value: unknown): boolean =>
    listOf(own, list).includes('*') || listOf(own, list).some((it) => it === value);
  const names = listOf(rule, 'resourceNames');
  for (const verb of listOf(rule, 'verbs')) {
    for (const url of listOf(rule, 'nonResourceURLs'))
      if (!held.some((own) => has(own, 'verbs', verb) && has(own, 'nonResourceURLs', url))) return false;
    for (const apiGroup of listOf(rule, 'apiGroups')) {
      for (const resource of listOf(rule, 'resources')) {
        const isCovered = held.some((own) => {
          const ownNames = listOf(own, 'resourceNames');
          const coversNames =
            ownNames.length === 0 || (names.length > 0 && names.every((it) => ownNames.includes(it)));
          return (
            has(own, 'verbs', verb) &&
            has(own, 'apiGroups', apiGroup) &&
            has(own, 'resources', resource) &&
            coversNames
          );
        });
        if (!isCovered) return false;
      }
    }
  }
  return true;
}

const textOfRule = (rule: JsonObject): string => {
  const lists = [
    'APIGroups:apiGroups',
    'Resources:resources',
    'NonResourceURLs:nonResourceURLs',
    'ResourceNames:resourceNames',
    'Verbs:verbs',
  ];
  const told = lists.flatMap((it) => {
    const [label = '', field = ''] = it.split(':');
    const values = listOf(rule, field);
    return values.length === 0
      ? []
      : [`${label}:[${values.map((value) => JSON.stringify(value)).join(' ')}]`];
  });
  return `{${told.join(', ')}}`;
};
