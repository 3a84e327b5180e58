import { describe, expect, it } from 'vitest';
import { systemClock } from '../../clock/index.ts';
import { openState } from '../../reconcile/index.ts';
import { openMemoryStore, type Write } from '../../store/index.ts';
import { ApiError } from '../apiserver/status.ts';
import { impersonated } from '../authentication/impersonation.ts';
import type { User } from '../authentication/user.ts';
import type { JsonObject, KubernetesObject } from '../objects/object.ts';
import { resourceNamed } from '../schema/catalogue.ts';
import { bootstrapClusterRoleBindings, bootstrapClusterRoles } from './bootstrap-roles.ts';
import { assertNoEscalation } from './escalation.ts';
import { type Attributes, type Authorizer, rbacAuthorizer } from './rbac.ts';

const group = 'rbac.authorization.k8s.io';
const place = { accountId: '1', region: 'r', id: 'C' };
const prefix = (noun: string) => `/kubernetes/1/r/${noun}.${group}/C/`;

/** An authorizer over these objects. */
async function authorizer(objects: Readonly<Record<string, readonly object[]>>): Promise<Authorizer> {
  const clock = systemClock();
  const store = openMemoryStore({ clock });
  const writes = Object.entries(objects).flatMap(([at, own]) =>
    own.map((value): Write => {
      const { name } = (value as KubernetesObject).metadata;
      return { type: 'put', key: `${at}${encodeURIComponent(name)}`, value: value as never };
    }),
  );
  await store.commit([], writes);
  return rbacAuthorizer(await openState(store, { clock }), place);
}

const binding = (kind: string, name: string, user: string, namespace?: string) => ({
  metadata: { name: user, ...(namespace !== undefined && { namespace }) },
  ...{ roleRef: { kind, name }, subjects: [{ kind: 'User', name: user }] },
});
const bootstrapped = await authorizer({
  [prefix('clusterroles')]: bootstrapClusterRoles as object[],
  [prefix('clusterrolebindings')]: [
    ...(bootstrapClusterRoleBindings as object[]),
    binding('ClusterRole', 'view', 'viewer'),
  ],
  [`${prefix('rolebindings')}team/`]: [
    binding('ClusterRole', 'admin', 'ada', 'team'),
    binding('Role', 'pods', 'bob', 'team'),
  ],
  [`${prefix('roles')}team/`]: [
    {
      metadata: { name: 'pods' },
      rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods', 'pods/log'], resourceNames: ['one'] }],
    },
  ],
});

const user = (username: string): User => ({ username, groups: ['system:authenticated'] });
const on = (verb: string, resource: string, more: object = {}): Attributes => ({
  ...{ isResource: true, verb, group: '', resource, subresource: '', namespace: 'team', name: '' },
  ...more,
});

describe('roles', () => {
  const cases: readonly (readonly [who: string, asked: Attributes, isAllowed: boolean])[] = [
    ['viewer', on('list', 'pods'), true],
    ['viewer', on('list', 'secrets'), false],
    ['viewer', on('delete', 'pods'), false],
    ['ada', on('create', 'secrets'), true],
    ['ada', on('create', 'secrets', { namespace: 'other' }), false],
    ['ada', on('list', 'nodes', { namespace: '' }), false],
    ['bob', on('get', 'pods', { name: 'one' }), true],
    ['bob', on('get', 'pods', { name: 'two' }), false],
    ['bob', on('get', 'pods', { name: 'one', subresource: 'log' }), true],
    ['bob', on('list', 'pods'), false],
    ['bob', { isResource: false, verb: 'get', path: '/apis/apps' }, true],
    ['bob', { isResource: false, verb: 'get', path: '/metrics' }, false],
  ];
  it.each(cases)('%s, %o: %s', (who, asked, isAllowed) => {
    expect(bootstrapped.allows(user(who), asked)).toBe(isAllowed);
  });

  it('do not bind the masters', () => {
    const master = { username: 'root', groups: ['system:masters'] };
    expect(bootstrapped.allows(master, on('delete', 'nodes', { namespace: '' }))).toBe(true);
  });
});

describe('nobody hands out more than he has', () => {
  const attempt = (who: string, resource: string, body: JsonObject) => () =>
    assertNoEscalation(
      bootstrapped,
      user(who),
      { resource: resourceNamed(group, resource), namespace: 'team' },
      body,
    );
  const rules = (verbs: string[], resources: string[]) => [{ verbs, apiGroups: [''], resources }];

  it('in a role', () => {
    expect(
      attempt('ada', 'roles', { metadata: { name: 'r' }, rules: rules(['get'], ['secrets']) }),
    ).not.toThrow();
    expect(attempt('ada', 'roles', { metadata: { name: 'r' }, rules: rules(['*'], ['*']) })).toThrow(
      ApiError,
    );
    expect(attempt('ada', 'roles', { metadata: { name: 'r' }, rules: rules(['get'], ['nodes']) })).toThrow(
      /is attempting to grant RBAC permissions not currently held:\n\{APIGroups:\[""\], Resources:\["nodes"\], Verbs:\["get"\]\}/,
    );
  });

  it('nor by binding one', () => {
    const roleRef = (name: string) => ({ metadata: { name: 'b' }, roleRef: { kind: 'ClusterRole', name } });
    expect(attempt('ada', 'rolebindings', roleRef('view'))).not.toThrow();
    expect(attempt('ada', 'rolebindings', roleRef('cluster-admin'))).toThrow(ApiError);
  });
});

describe('somebody else is who may be impersonated', () => {
  const as = (who: string, name: string) => () =>
    impersonated(bootstrapped, user(who), { 'impersonate-user': name }, ['Impersonate-User', name]);

  it('a ServiceAccount of the namespace that one edits, with its groups', () => {
    expect(as('ada', 'system:serviceaccount:team:bot')()).toEqual({
      username: 'system:serviceaccount:team:bot',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:team', 'system:authenticated'],
    });
    expect(as('ada', 'system:serviceaccount:other:bot')).toThrow(
      'serviceaccounts "bot" is forbidden: User "ada" cannot impersonate resource "serviceaccounts" in API group "" in the namespace "other"',
    );
  });

  it('and no user', () => {
    expect(as('ada', 'root')).toThrow(
      'users "root" is forbidden: User "ada" cannot impersonate resource "users" in API group "" at the cluster scope',
    );
  });
});
