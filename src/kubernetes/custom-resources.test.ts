import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../clock/index.ts';
import { openMemoryStore } from '../store/index.ts';
import { crontabs, define, definition, definitionsPath } from './testing/custom-definitions.ts';
import { type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';

let server: EksServer;
let cluster: TestCluster;
beforeAll(async () => {
  server = await startEks();
  cluster = await server.cluster('harbor');
});
afterAll(() => server[Symbol.asyncDispose]());

const merge = { 'content-type': 'application/merge-patch+json' };
const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

async function groupsOf(of: TestCluster): Promise<readonly string[]> {
  const { json } = await of.call('GET', '/apis');
  return json.groups.map(({ name }: { readonly name: string }) => name);
}

describe('a CustomResourceDefinition', () => {
  it('is established, and its kind is in every form of discovery at once', async () => {
    const group = 'discovery.example.com';
    const { json: before, headers } = await cluster.call('GET', '/apis', undefined, {
      accept: aggregatedType,
    });
    expect(before.items.map((it: { metadata: object }) => it.metadata)).not.toContainEqual({ name: group });
    const established = await define(server, cluster, definition(group));
    expect(established.status).toMatchObject({
      acceptedNames: { plural: 'crontabs', singular: 'crontab', kind: 'CronTab', listKind: 'CronTabList' },
      storedVersions: ['v1'],
      conditions: [
        { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' },
        { type: 'Established', status: 'True', reason: 'InitialNamesAccepted' },
      ],
    });
    expect((await groupsOf(cluster)).at(-1)).toBe(group);
    const { json: list } = await cluster.call('GET', `/apis/${group}/v1`);
    expect(list.resources).toMatchObject([
      {
        ...{
          name: 'crontabs',
          singularName: 'crontab',
          namespaced: true,
          kind: 'CronTab',
          shortNames: ['ct'],
        },
        verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
      },
    ]);
    const after = await cluster.call('GET', '/apis', undefined, { accept: aggregatedType });
    expect(after.headers.etag).not.toBe(headers.etag);
    expect(after.json.items.at(-1)).toMatchObject({
      metadata: { name: group },
      versions: [{ version: 'v1', resources: [{ resource: 'crontabs', scope: 'Namespaced' }] }],
    });
    const { json: openapi } = await cluster.call('GET', `/openapi/v3/apis/${group}/v1`);
    expect(Object.keys(openapi.components.schemas)).toContain('com.example.discovery.v1.CronTab');
  });

  it('is not established while another has its names, and is when that one has gone', async () => {
    const group = 'names.example.com';
    await define(server, cluster, definition(group));
    const names = {
      plural: 'tabs',
      singular: 'tab',
      kind: 'CronTab',
      listKind: 'TabList',
      shortNames: ['ct'],
    };
    await cluster.call('POST', definitionsPath, definition(group, { names }));
    await server.reconcilers.idle();
    const at = `${definitionsPath}/tabs.${group}`;
    const { json: waiting } = await cluster.call('GET', at);
    expect(waiting.status.conditions).toMatchObject([
      {
        type: 'NamesAccepted',
        status: 'False',
        reason: 'KindConflict',
        message: '"CronTab" is already in use',
      },
      { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' },
    ]);
    expect((await cluster.call('GET', `/apis/${group}/v1/tabs`)).status).toBe(404);
    await cluster.call('DELETE', `${definitionsPath}/crontabs.${group}`);
    await server.reconcilers.idle();
    expect((await cluster.call('GET', `/apis/${group}/v1/tabs`)).json.kind).toBe('TabList');
  });

  it('lists its versions as Kubernetes prefers them', async () => {
    const group = 'versions.example.com';
    const names = ['v1beta1', 'v10', 'v2', 'v2alpha1', 'foo'];
    const { versions } = definition(group).spec;
    await define(
      server,
      cluster,
      definition(group, {
        versions: names.map((name) => ({ ...versions[0], name, storage: name === 'v2' })),
      }),
    );
    const { json } = await cluster.call('GET', `/apis/${group}`);
    expect(json.versions.map(({ version }: { version: string }) => version)).toEqual([
      ...['v10', 'v2', 'v1beta1', 'v2alpha1', 'foo'],
    ]);
    expect(json.preferredVersion).toEqual({ groupVersion: `${group}/v10`, version: 'v10' });
    const at = crontabs(group, 'v1beta1');
    const { status, json: made } = await cluster.call('POST', at, {
      metadata: { name: 'a' },
      spec: { x: 1 },
    });
    expect([status, made.apiVersion]).toEqual([201, `${group}/v1beta1`]);
    const { json: other } = await cluster.call('GET', `${crontabs(group, 'v10')}/a`);
    expect(other).toEqual({ ...made, apiVersion: `${group}/v10` });
  });

  it('is gone when its objects are, and with them what discovery says', async () => {
    const group = 'removal.example.com';
    await define(server, cluster, definition(group));
    const finalizers = ['example.com/held'];
    await cluster.call('POST', crontabs(group), { metadata: { name: 'held', finalizers } });
    await cluster.call('POST', crontabs(group), { metadata: { name: 'free' } });
    const at = `${definitionsPath}/crontabs.${group}`;
    const { json: deleted } = await cluster.call('DELETE', at);
    expect(deleted).toMatchObject({
      metadata: { finalizers: ['customresourcecleanup.apiextensions.k8s.io'] },
      status: { conditions: expect.arrayContaining([expect.objectContaining({ type: 'Terminating' })]) },
    });
    await expect.poll(async () => (await cluster.call('GET', `${crontabs(group)}/free`)).status).toBe(404);
    const refused = await cluster.call('POST', crontabs(group), { metadata: { name: 'late' } });
    expect([refused.status, refused.json.message]).toEqual([
      405,
      'create not allowed while custom resource definition is terminating',
    ]);
    await cluster.call('PATCH', `${crontabs(group)}/held`, { metadata: { finalizers: null } }, merge);
    await expect.poll(async () => (await cluster.call('GET', at)).status, { timeout: 5_000 }).toBe(404);
    expect(await groupsOf(cluster)).not.toContain(group);
    expect((await cluster.call('GET', crontabs(group))).status).toBe(404);
  });

  it('is served again after a restart, and goes with its cluster', async () => {
    const clock = systemClock();
    await using store = openMemoryStore({ clock });
    const group = 'restart.example.com';
    const first = await startEks({ store });
    const harbor = await first.cluster('harbor');
    await define(first, harbor, definition(group));
    await harbor.call('POST', crontabs(group), { metadata: { name: 'a' } });
    await first[Symbol.asyncDispose]();
    await using second = await startEks({ store });
    await second.reconcilers.idle();
    expect((await harbor.call('GET', `${crontabs(group)}/a`)).status).toBe(200);
    await second.eks.deleteCluster({ name: 'harbor' });
    await second.reconcilers.idle();
    expect((await store.read('/kubernetes/')).entries).toEqual([]);
  });

  const refusals: readonly (readonly [what: string, spec: object, message: string])[] = [
    [
      'another name',
      { group: 'other.com' },
      'metadata.name: Invalid value: "crontabs.bad.example.com": must be spec.names.plural+"."+spec.group',
    ],
    [
      'a group without a dot',
      { group: 'x' },
      'spec.group: Invalid value: "x": should be a domain with at least one dot',
    ],
    [
      'another scope',
      { scope: 'World' },
      'spec.scope: Unsupported value: "World": supported values: "Cluster", "Namespaced"',
    ],
    ['no versions', { versions: [] }, 'must have exactly one version marked as storage version'],
    [
      'no schema',
      { versions: [{ name: 'v1', served: true, storage: true }] },
      'spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required',
    ],
    [
      'a webhook that converts',
      { conversion: { strategy: 'Webhook' } },
      'spec.conversion.strategy: Forbidden: Webhook is not supported by this version of Catamaran yet',
    ],
  ];
  it.each(refusals)('is refused with %s', async (_what, spec, message) => {
    const { status, json } = await cluster.call('POST', definitionsPath, definition('bad.example.com', spec));
    expect(status).toBe(422);
    expect(json.message).toContain(message);
  });
});

describe('a custom object', () => {
  it('is created, read, listed, watched, patched and deleted', async () => {
    const group = 'objects.example.com';
    await define(server, cluster, definition(group));
    const at = crontabs(group);
    const { json: made } = await cluster.call('POST', at, { metadata: { name: 'a' }, spec: { replicas: 1 } });
    expect(made).toMatchObject({ apiVersion: `${group}/v1`, kind: 'CronTab', metadata: { generation: 1 } });
    const { json: list } = await cluster.call('GET', at);
    expect([list.kind, list.items.length]).toEqual(['CronTabList', 1]);
    const patched = await cluster.call('PATCH', `${at}/a`, { spec: { replicas: 2 } }, merge);
    expect(patched.json).toMatchObject({ spec: { replicas: 2 }, metadata: { generation: 2 } });
    const strategic = await cluster.call(
      'PATCH',
      `${at}/a`,
      {},
      {
        'content-type': 'application/strategic-merge-patch+json',
      },
    );
    expect(strategic.status).toBe(415);
    const unversioned = await cluster.call('PUT', `${at}/a`, { metadata: { name: 'a' }, spec: {} });
    expect(unversioned.json.message).toContain(
      'metadata.resourceVersion: Invalid value: 0: must be specified',
    );
    const { text } = await cluster.call(
      'GET',
      `${at}?watch=true&resourceVersion=${made.metadata.resourceVersion}&timeoutSeconds=1`,
    );
    expect(JSON.parse(text.split('\n')[0] ?? '')).toMatchObject({
      type: 'MODIFIED',
      object: { apiVersion: `${group}/v1`, spec: { replicas: 2 } },
    });
    const { json: partial } = await cluster.call('GET', `${at}/a`, undefined, {
      accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
    });
    expect(partial).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'a' } });
    expect((await cluster.call('DELETE', at)).json.items.length).toBe(1);
    expect((await cluster.call('GET', at)).json.items).toEqual([]);
  });

  it('goes with its namespace', async () => {
    const group = 'namespaced.example.com';
    await define(server, cluster, definition(group));
    await cluster.call('POST', '/api/v1/namespaces', { metadata: { name: 'doomed' } });
    await cluster.call('POST', crontabs(group, 'v1', 'doomed'), { metadata: { name: 'a' } });
    await cluster.call('DELETE', '/api/v1/namespaces/doomed');
    await expect
      .poll(async () => (await cluster.call('GET', '/api/v1/namespaces/doomed')).status, { timeout: 5_000 })
      .toBe(404);
    expect((await cluster.call('GET', `/apis/${group}/v1/crontabs`)).json.items).toEqual([]);
  });
});
