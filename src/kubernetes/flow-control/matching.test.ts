import { describe, expect, it } from 'vitest';
import type { Attributes } from '../authorization/rbac.ts';
import { flowSchemaOf } from './flow-objects.ts';
import { mandatorySchemas, suggestedSchemas } from './mandatory.ts';
import { distinguisherOf, inOrder, matching } from './matching.ts';

const schemas = inOrder(
  [...suggestedSchemas, ...mandatorySchemas].map(({ name, spec }) =>
    flowSchemaOf({ apiVersion: '', kind: '', metadata: { name }, spec }),
  ),
);
const authenticated = 'system:authenticated';
const user = (username: string, ...groups: readonly string[]) => ({
  ...{ username, groups: [...groups, authenticated] },
});
const account = (namespace: string, name: string) =>
  user(
    `system:serviceaccount:${namespace}:${name}`,
    'system:serviceaccounts',
    `system:serviceaccounts:${namespace}`,
  );
const resource = (verb: string, name: string, namespace = 'shop'): Attributes => {
  const [, group = '', plain = '', subresource = ''] =
    /^(?:([a-z0-9.]+)\|)?([a-z]+)(?:\/(.+))?$/.exec(name) ?? [];
  return { ...{ isResource: true, verb, group, resource: plain, subresource, namespace, name: '' } };
};
const path = (verb: string, where: string): Attributes => ({ isResource: false, verb, path: where });
const node = user('system:node:a', 'system:nodes');

describe('a request is of', () => {
  it.each<readonly [string, ReturnType<typeof user>, Attributes]>([
    ['exempt', user('root', 'system:masters'), resource('get', 'pods')],
    ['probes', { username: 'system:anonymous', groups: ['system:unauthenticated'] }, path('get', '/readyz')],
    ['global-default', user('ada'), path('post', '/readyz')],
    ['global-default', user('ada'), path('get', '/readyz/ping')],
    ['system-node-high', node, resource('patch', 'nodes/status', '')],
    ['system-node-high', node, resource('update', 'coordination.k8s.io|leases', 'kube-node-lease')],
    ['system-nodes', node, resource('get', 'pods')],
    ['system-nodes', node, resource('get', 'nodes/proxy', '')],
    ['system-leader-election', account('kube-system', 'x'), resource('update', 'coordination.k8s.io|leases')],
    ['system-leader-election', account('kube-system', 'x'), resource('get', 'configmaps', 'kube-system')],
    ['workload-leader-election', account('kube-system', 'x'), resource('get', 'configmaps')],
    ['endpoint-controller', account('kube-system', 'endpoint-controller'), resource('get', 'endpoints')],
    ['kube-system-service-accounts', account('kube-system', 'x'), resource('delete', 'configmaps')],
    ['kube-scheduler', user('system:kube-scheduler'), resource('list', 'pods')],
    ['service-accounts', account('shop', 'x'), resource('get', 'configmaps')],
    // A namespace that only begins with the same letters.
    ['service-accounts', account('kube-system-2', 'x'), resource('get', 'configmaps')],
    ['global-default', user('ada'), resource('list', 'nodes', '')],
  ])('%s: %o %o', (name, whose, asked) => {
    expect(matching(schemas, whose, asked)?.name).toBe(name);
  });

  it('nothing where nobody of a schema asks', () => {
    expect(matching(schemas, { username: 'nobody', groups: [] }, path('get', '/'))).toBeUndefined();
  });

  it('the first of those that match, by precedence and then by name', () => {
    const of = (name: string, matchingPrecedence: number) =>
      flowSchemaOf({
        ...{ apiVersion: '', kind: '', metadata: { name } },
        spec: {
          ...{ matchingPrecedence, priorityLevelConfiguration: { name: 'exempt' } },
          rules: [
            {
              subjects: [{ kind: 'Group', group: { name: '*' } }],
              nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/metrics/*'] }],
            },
          ],
        },
      });
    const own = inOrder([of('c', 7), of('b', 7), of('a', 8)]);
    expect(own.map(({ name }) => name)).toEqual(['b', 'c', 'a']);
    expect(matching(own, user('x'), path('get', '/metrics/slis'))?.name).toBe('b');
    expect(matching(own, user('x'), path('get', '/metrics'))).toBeUndefined();
  });
});

it('flows of a schema are told apart by user, by namespace or not at all', () => {
  const flowOf = (name: string) => {
    const schema = schemas.find((it) => it.name === name);
    if (schema === undefined) throw new Error(`There is no ${name}`);
    return distinguisherOf(schema, user('ada'), resource('get', 'pods', 'shop'));
  };
  expect([flowOf('global-default'), flowOf('kube-scheduler'), flowOf('exempt')]).toEqual(['ada', 'shop', '']);
});
