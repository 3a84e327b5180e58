import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mendedRbac } from './clusters/bootstrap-rbac.ts';
import { type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';

const rbac = '/apis/rbac.authorization.k8s.io/v1';
const label = (to: string) => ({ [`rbac.authorization.k8s.io/aggregate-to-${to}`]: 'true' });

let server: EksServer;
let harbor: TestCluster;
beforeAll(async () => {
  server = await startEks();
  harbor = await server.cluster('harbor');
  await server.reconcilers.idle();
});
afterAll(() => server[Symbol.asyncDispose]());

const ruleOn = (resource: string) => ({ verbs: ['get'], apiGroups: ['x.io'], resources: [resource] });
const rulesOf = async (name: string) => {
  await server.reconcilers.idle();
  return (await harbor.call('GET', `${rbac}/clusterroles/${name}`)).json.rules;
};

describe('a ClusterRole that is made of others', () => {
  it('has what they have, those of a new cluster from the beginning', async () => {
    const { json } = await harbor.call('GET', `${rbac}/clusterroles/view`);
    const before = json.metadata.resourceVersion;
    expect(json.rules).toEqual(await rulesOf('system:aggregate-to-view'));
    // Nothing was to be written after the start.
    expect((await harbor.call('GET', `${rbac}/clusterroles/admin`)).json.metadata.generation).toBeUndefined();
    await server.reconcilers.idle();
    expect((await harbor.call('GET', `${rbac}/clusterroles/view`)).json.metadata.resourceVersion).toBe(
      before,
    );
  });

  it('takes in who is labelled so, through those that it is part of, and lets go', async () => {
    const widgets = { metadata: { name: 'widgets-view', labels: label('view') }, rules: [ruleOn('widgets')] };
    await harbor.call('POST', `${rbac}/clusterroles`, widgets);
    for (const name of ['view', 'edit', 'admin'])
      expect(await rulesOf(name)).toContainEqual(ruleOn('widgets'));
    await harbor.call('PUT', `${rbac}/clusterroles/widgets-view`, { ...widgets, rules: [ruleOn('gadgets')] });
    expect(await rulesOf('admin')).toContainEqual(ruleOn('gadgets'));
    expect(await rulesOf('admin')).not.toContainEqual(ruleOn('widgets'));
    await harbor.call('DELETE', `${rbac}/clusterroles/widgets-view`);
    expect(await rulesOf('admin')).not.toContainEqual(ruleOn('gadgets'));
  });

  it('is made by who may do everything, and nobody else', async () => {
    await harbor.call('POST', `${rbac}/clusterroles`, {
      metadata: { name: 'roles' },
      rules: [
        {
          verbs: ['*'],
          apiGroups: ['rbac.authorization.k8s.io'],
          resources: ['clusterroles'],
          resourceNames: ['none'],
        },
        { verbs: ['create'], apiGroups: ['rbac.authorization.k8s.io'], resources: ['clusterroles'] },
      ],
    });
    await harbor.call('POST', `${rbac}/clusterrolebindings`, {
      metadata: { name: 'roles' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'roles' },
      subjects: [{ kind: 'User', name: 'ada' }],
    });
    const made = {
      metadata: { name: 'all' },
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { any: 'thing' } }] },
    };
    const { status, json } = await harbor.call('POST', `${rbac}/clusterroles`, made, {
      'impersonate-user': 'ada',
    });
    expect([status, json.message]).toEqual([
      403,
      'clusterroles.rbac.authorization.k8s.io "all" is forbidden: must have cluster-admin privileges to use the aggregationRule',
    ]);
    expect((await harbor.call('POST', `${rbac}/clusterroles`, made)).status).toBe(201);
  });
});

describe('a role of the beginning', () => {
  const wanted = {
    metadata: {
      name: 'r',
      annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
      labels: {},
    },
    rules: [ruleOn('a'), ruleOn('b')],
  };
  const present = (annotation: string, rules: object[]) => ({
    ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', rules: rules as never },
    metadata: {
      name: 'r',
      annotations: { 'rbac.authorization.kubernetes.io/autoupdate': annotation },
      labels: {},
    },
  });

  it('gets back what it lacks at the next start, and keeps what was added', () => {
    const mended = mendedRbac(present('true', [ruleOn('b'), ruleOn('c')]), wanted);
    expect(mended.rules).toEqual([ruleOn('b'), ruleOn('c'), ruleOn('a')]);
    const whole = present('true', wanted.rules);
    expect(mendedRbac(whole, wanted)).toBe(whole);
  });

  it('stays as somebody made it who said so', () => {
    const own = present('false', []);
    expect(mendedRbac(own, wanted)).toBe(own);
  });
});

describe('controllers', () => {
  const roles = `${rbac}/clusterroles`;
  const named = (name: string) => `system:controller:${name}`;

  it('have upstream’s roles, each bound to its ServiceAccount in kube-system', async () => {
    const { json: all } = await harbor.call('GET', roles);
    const own = all.items
      .map(({ metadata }: { metadata: { name: string } }) => metadata.name)
      .filter((name: string) => name.startsWith(named('')));
    expect(own).toHaveLength(37);
    const { json: bindings } = await harbor.call('GET', `${rbac}/clusterrolebindings`);
    for (const name of own) {
      const binding = bindings.items.find((it: { metadata: { name: string } }) => it.metadata.name === name);
      expect(binding).toMatchObject({
        metadata: { labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
        subjects: [{ kind: 'ServiceAccount', name: name.slice(named('').length), namespace: 'kube-system' }],
      });
    }
    expect((await harbor.call('GET', `${roles}/${named('job-controller')}`)).json.rules).toEqual([
      { verbs: ['get', 'list', 'patch', 'update', 'watch'], apiGroups: ['batch'], resources: ['jobs'] },
      { verbs: ['update'], apiGroups: ['batch'], resources: ['jobs/status'] },
      { verbs: ['update'], apiGroups: ['batch'], resources: ['jobs/finalizers'] },
      { verbs: ['create', 'delete', 'list', 'patch', 'watch'], apiGroups: [''], resources: ['pods'] },
      { verbs: ['create', 'patch', 'update'], apiGroups: ['', 'events.k8s.io'], resources: ['events'] },
    ]);
  });

  it('may do what they say and no more', async () => {
    const can = async (account: string, verb: string, group: string, resource: string) => {
      const { json } = await harbor.call('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
        spec: {
          user: `system:serviceaccount:kube-system:${account}`,
          resourceAttributes: { namespace: 'default', verb, group, resource },
        },
      });
      return json.status.allowed;
    };
    expect(await can('replicaset-controller', 'create', '', 'pods')).toBe(true);
    expect(await can('replicaset-controller', 'create', '', 'secrets')).toBe(false);
    expect(await can('generic-garbage-collector', 'delete', 'x.io', 'widgets')).toBe(true);
    expect(await can('ttl-controller', 'delete', '', 'nodes')).toBe(false);
    expect(await can('nobody', 'list', '', 'pods')).toBe(false);
  });
});
