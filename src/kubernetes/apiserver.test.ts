import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';

let server: EksServer;
let cluster: TestCluster;
beforeAll(async () => {
  server = await startEks();
  cluster = await server.cluster('harbor');
});
afterAll(() => server[Symbol.asyncDispose]());

let namespaces = 0;
/** A namespace of the test's own. @returns the path of a resource in it. */
async function namespace(): Promise<(resource: string, name?: string) => string> {
  const own = `ns-${++namespaces}`;
  const { status } = await cluster.call('POST', '/api/v1/namespaces', { metadata: { name: own } });
  expect(status).toBe(201);
  return (resource, name) => {
    const [plural = '', group] = resource.split(/\.(.*)/);
    const root = group === undefined ? '/api/v1' : `/apis/${group}/v1`;
    return `${root}/namespaces/${own}/${plural}${name === undefined ? '' : `/${name}`}`;
  };
}

const configMap = (name: string, data: object = { x: '1' }, metadata: object = {}) => ({
  ...{ apiVersion: 'v1', kind: 'ConfigMap' },
  ...{ metadata: { name, ...metadata }, data },
});

const deployment = (name: string, more: object = {}) => ({
  metadata: { name },
  spec: {
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'c', image: 'nginx:1' }] },
    },
    ...more,
  },
});

const patchAs = (type: string) => ({ 'content-type': `application/${type}-patch+json` });

describe('an object', () => {
  it('is created, read, replaced under its version, and deleted', async () => {
    const at = await namespace();
    const { status, json: created } = await cluster.call('POST', at('configmaps'), configMap('a'));
    expect([status, created.metadata.uid]).toEqual([201, expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    expect(created.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect((await cluster.call('GET', at('configmaps', 'a'))).json).toEqual(created);
    const { json: replaced } = await cluster.call('PUT', at('configmaps', 'a'), {
      ...created,
      data: { x: '2' },
    });
    expect(Number(replaced.metadata.resourceVersion)).toBeGreaterThan(
      Number(created.metadata.resourceVersion),
    );
    const stale = await cluster.call('PUT', at('configmaps', 'a'), { ...created, data: { x: '3' } });
    expect([stale.status, stale.json.message]).toEqual([
      409,
      'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
    ]);
    const { json: gone } = await cluster.call('DELETE', at('configmaps', 'a'));
    expect(gone).toMatchObject({
      status: 'Success',
      details: { name: 'a', kind: 'configmaps', uid: created.metadata.uid },
    });
    expect((await cluster.call('GET', at('configmaps', 'a'))).json).toEqual({
      ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason: 'NotFound', code: 404 },
      ...{ message: 'configmaps "a" not found', details: { name: 'a', kind: 'configmaps' } },
    });
  });

  it('is not made under another name than its path says', async () => {
    const at = await namespace();
    const { status, json } = await cluster.call('PUT', at('services', 'a'), {
      ...{ metadata: { name: 'b' }, spec: { ports: [{ port: 80 }] } },
    });
    expect([status, json.message]).toEqual([
      400,
      'the name of the object (b) does not match the name on the URL (a)',
    ]);
    expect((await cluster.call('GET', at('services', 'b'))).status).toBe(404);
  });

  it('keeps its version when nothing changes', async () => {
    const at = await namespace();
    const { json: created } = await cluster.call('POST', at('configmaps'), configMap('a'));
    const { json: same } = await cluster.call('PUT', at('configmaps', 'a'), configMap('a'));
    expect(same).toEqual(created);
  });

  it('gets a name of its prefix', async () => {
    const at = await namespace();
    const { json } = await cluster.call('POST', at('configmaps'), { metadata: { generateName: 'a-' } });
    expect(json.metadata.name).toMatch(/^a-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });

  it('that is only tried is not kept', async () => {
    const at = await namespace();
    expect((await cluster.call('POST', `${at('configmaps')}?dryRun=All`, configMap('a'))).status).toBe(201);
    expect((await cluster.call('GET', at('configmaps', 'a'))).status).toBe(404);
  });

  it('waits for its finalizers, and takes no new ones then', async () => {
    const at = await namespace();
    await cluster.call('POST', at('configmaps'), configMap('a', {}, { finalizers: ['x.io/y'] }));
    const { json: waiting } = await cluster.call('DELETE', at('configmaps', 'a'));
    expect(waiting).toMatchObject({ kind: 'ConfigMap', metadata: { deletionTimestamp: expect.any(String) } });
    const more = { metadata: { finalizers: ['x.io/y', 'x.io/z'] } };
    const refused = await cluster.call('PATCH', at('configmaps', 'a'), more, patchAs('merge'));
    expect(refused.json.message).toBe(
      'ConfigMap "a" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers ["x.io/z"]',
    );
    await cluster.call('PATCH', at('configmaps', 'a'), { metadata: { finalizers: null } }, patchAs('merge'));
    expect((await cluster.call('GET', at('configmaps', 'a'))).status).toBe(404);
  });

  it('counts the changes of its spec, and its status is written by its own endpoint alone', async () => {
    const at = await namespace();
    const path = at('deployments.apps');
    const { json: created } = await cluster.call('POST', path, {
      ...deployment('web'),
      status: { replicas: 7 },
    });
    expect(created).toMatchObject({
      metadata: { generation: 1 },
      spec: { replicas: 1, revisionHistoryLimit: 10 },
    });
    expect(created.status).toBeUndefined();
    const own = at('deployments.apps', 'web');
    const { json: seen } = await cluster.call(
      'PATCH',
      `${own}/status`,
      { status: { replicas: 3 }, spec: { replicas: 9 } },
      patchAs('merge'),
    );
    expect(seen).toMatchObject({
      metadata: { generation: 1 },
      spec: { replicas: 1 },
      status: { replicas: 3 },
    });
    // Its controller writes it as well, and knows better.
    await expect.poll(async () => (await cluster.call('GET', own)).json.status.replicas).toBe(1);
    const { json: scaled } = await cluster.call(
      'PATCH',
      `${own}/scale`,
      { spec: { replicas: 4 } },
      patchAs('merge'),
    );
    expect(scaled).toMatchObject({
      kind: 'Scale',
      spec: { replicas: 4 },
      status: { replicas: 1, selector: 'app=web' },
    });
    expect((await cluster.call('GET', own)).json).toMatchObject({
      metadata: { generation: 2 },
      spec: { replicas: 4 },
    });
  });

  it('is refused for all that is wrong with it', async () => {
    const at = await namespace();
    const { status, json } = await cluster.call('POST', at('pods'), {
      ...{ metadata: { name: 'P' }, spec: { containers: [{ name: 'c' }] } },
    });
    expect(status).toBe(422);
    expect(json).toMatchObject({
      ...{
        reason: 'Invalid',
        code: 422,
        message: expect.stringMatching(/^Pod "P" is invalid: \[metadata\.name: Invalid value: "P"/),
      },
      details: {
        kind: 'Pod',
        causes: [
          { reason: 'FieldValueInvalid', field: 'metadata.name' },
          { reason: 'FieldValueRequired', field: 'spec.containers[0].image', message: 'Required value' },
        ],
      },
    });
  });

  it('with fields that its kind does not have is warned of, or refused', async () => {
    const at = await namespace();
    const odd = { ...configMap('a'), foo: 1 };
    const { headers, json } = await cluster.call('POST', at('configmaps'), odd);
    expect([headers.warning, json.foo]).toEqual([String.raw`299 - "unknown field \"foo\""`, undefined]);
    const strict = await cluster.call('POST', `${at('configmaps')}?fieldValidation=Strict`, odd);
    expect([strict.status, strict.json.message]).toEqual([
      400,
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "foo"',
    ]);
    const mistyped = await cluster.call('POST', at('configmaps'), configMap('b', { x: 1 }));
    expect([mistyped.status, mistyped.json.reason]).toEqual([400, 'BadRequest']);
  });
});

describe('a patch', () => {
  it('of each kind changes what it says', async () => {
    const at = await namespace();
    await cluster.call('POST', at('deployments.apps'), deployment('web'));
    const own = at('deployments.apps', 'web');
    const containers = async () => (await cluster.call('GET', own)).json.spec.template.spec.containers;
    const sidecar = { spec: { template: { spec: { containers: [{ name: 'd', image: 'x:1' }] } } } };
    await cluster.call('PATCH', own, sidecar, patchAs('strategic-merge'));
    expect((await containers()).map(({ name }: { name: string }) => name)).toEqual(['d', 'c']);
    const without = { spec: { template: { spec: { containers: [{ name: 'd', $patch: 'delete' }] } } } };
    await cluster.call('PATCH', own, without, patchAs('strategic-merge'));
    const image = [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'nginx:2' }];
    await cluster.call('PATCH', own, image, patchAs('json'));
    expect(await containers()).toMatchObject([{ name: 'c', image: 'nginx:2' }]);
    await cluster.call('PATCH', own, sidecar, patchAs('merge'));
    expect(await containers()).toMatchObject([{ name: 'd', image: 'x:1' }]);
  });

  it('that does not fit is refused', async () => {
    const at = await namespace();
    await cluster.call('POST', at('configmaps'), configMap('a'));
    const own = at('configmaps', 'a');
    const test = [{ op: 'test', path: '/data/x', value: '2' }];
    expect((await cluster.call('PATCH', own, test, patchAs('json'))).status).toBe(422);
    const apply = await cluster.call('PATCH', own, {}, { 'content-type': 'application/apply-patch+cbor' });
    expect([apply.status, apply.json.reason]).toEqual([415, 'UnsupportedMediaType']);
  });

  it('that copies its copies until nothing can hold them is refused', async () => {
    const at = await namespace();
    await cluster.call('POST', at('configmaps'), configMap('a', { x: 'a'.repeat(1_000) }));
    const doubling = Array.from({ length: 16 }, (_, index) => ({
      ...{ op: 'copy', from: '/data', path: `/data/x${index}` },
    }));
    const { status, json } = await cluster.call('PATCH', at('configmaps', 'a'), doubling, patchAs('json'));
    expect([status, json.reason]).toEqual([413, 'RequestEntityTooLarge']);
    expect(json.message).toContain('the accumulated size increase of copy is');
  });

  it('goes on top of what others wrote at the same time', async () => {
    const at = await namespace();
    await cluster.call('POST', at('configmaps'), configMap('a', {}));
    const keys = Array.from({ length: 12 }, (_, index) => `k${index}`);
    const answers = await Promise.all(
      keys.map((key) =>
        cluster.call('PATCH', at('configmaps', 'a'), { data: { [key]: '1' } }, patchAs('merge')),
      ),
    );
    const written = keys.filter((_, index) => answers[index]?.status === 200);
    expect(Object.keys((await cluster.call('GET', at('configmaps', 'a'))).json.data).sort()).toEqual(
      written.sort(),
    );
    expect(written.length).toBeGreaterThan(0);
  });
});

describe('a list', () => {
  it('comes in pages of one revision', async () => {
    const at = await namespace();
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      await cluster.call('POST', at('secrets'), { metadata: { name } });
    const { json: first } = await cluster.call('GET', `${at('secrets')}?limit=2`);
    await cluster.call('DELETE', at('secrets', 'c'));
    const { json: second } = await cluster.call(
      'GET',
      `${at('secrets')}?limit=2&continue=${first.metadata.continue}`,
    );
    const { json: third } = await cluster.call(
      'GET',
      `${at('secrets')}?limit=2&continue=${second.metadata.continue}`,
    );
    const names = [first, second, third].map(({ items }) =>
      items.map((it: { metadata: { name: string } }) => it.metadata.name),
    );
    expect(names).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
    expect(new Set([first, second, third].map(({ metadata }) => metadata.resourceVersion)).size).toBe(1);
    expect([first, second, third].map(({ metadata }) => metadata.remainingItemCount)).toEqual([
      3,
      1,
      undefined,
    ]);
    // How many of the rest a selector would select nobody knows.
    const { json: selected } = await cluster.call('GET', `${at('secrets')}?limit=2&labelSelector=!none`);
    expect(selected.metadata.continue).toBeTypeOf('string');
    expect(selected.metadata.remainingItemCount).toBeUndefined();
    expect(third.metadata.continue).toBeUndefined();
    expect((await cluster.call('GET', `${at('secrets')}?continue=x`)).status).toBe(400);
  });

  it('is narrowed by labels and fields', async () => {
    const at = await namespace();
    const labels: Readonly<Record<string, object>> = {
      a: { tier: 'web' },
      b: { tier: 'db', new: '1' },
      c: {},
    };
    for (const [name, own] of Object.entries(labels))
      await cluster.call('POST', at('secrets'), {
        metadata: { name, labels: own },
        type: name === 'c' ? 'x/y' : 'Opaque',
      });
    const names = async (query: string) =>
      (await cluster.call('GET', `${at('secrets')}?${query}`)).json.items.map(
        (it: { metadata: { name: string } }) => it.metadata.name,
      );
    const select = (selector: string) => names(`labelSelector=${encodeURIComponent(selector)}`);
    expect(await select('tier=web')).toEqual(['a']);
    expect(await select('tier in (web,db),!new')).toEqual(['a']);
    expect(await select('tier!=web')).toEqual(['b', 'c']);
    expect(await select('tier notin (db)')).toEqual(['a', 'c']);
    expect(await select('new')).toEqual(['b']);
    expect(await names('fieldSelector=type%3Dx/y')).toEqual(['c']);
    expect(await names('fieldSelector=metadata.name%3Db')).toEqual(['b']);
    const wrong = await cluster.call('GET', `${at('secrets')}?fieldSelector=data%3Dx`);
    expect(wrong.json.message).toBe('field label not supported: data');
  });

  it('is refused at a revision that is not there yet', async () => {
    const { status, json } = await cluster.call('GET', '/api/v1/namespaces?resourceVersion=999999999');
    expect(status).toBe(504);
    expect(json).toMatchObject({
      reason: 'Timeout',
      details: { causes: [{ reason: 'ResourceVersionTooLarge' }] },
    });
  });

  it('is a table for kubectl', async () => {
    const at = await namespace();
    await cluster.call('POST', at('configmaps'), configMap('a', { x: '1', y: '2' }));
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
    const { json } = await cluster.call(
      'GET',
      `${at('configmaps')}?fieldSelector=metadata.name%3Da`,
      undefined,
      { accept },
    );
    expect(json).toMatchObject({
      ...{ kind: 'Table', apiVersion: 'meta.k8s.io/v1' },
      columnDefinitions: [{ name: 'Name', format: 'name' }, { name: 'Data' }, { name: 'Age' }],
      rows: [{ cells: ['a', 2, expect.stringMatching(/^\d+s$/)], object: { kind: 'PartialObjectMetadata' } }],
    });
  });
});

describe('a watch', () => {
  /** What a watch tells until all that `act` did has come: until another object does, which is made after it. */
  async function watched(path: string, query: string, act: () => Promise<unknown>) {
    const sent = request(`${cluster.endpoint}${path}?watch=true&${query}`, {
      ...{ ca: cluster.certificateAuthority, agent: false },
      headers: { authorization: `Bearer ${await cluster.token()}` },
    }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(200);
    await act();
    await cluster.call('POST', path, { metadata: { name: 'end', labels: { x: 'y' } } });
    const events = [];
    for await (const line of createInterface({ input: response })) {
      const event = JSON.parse(line);
      if (event.object.metadata.name === 'end') break;
      events.push(event);
    }
    response.destroy();
    return events;
  }
  const told = ({ type, object }: { type: string; object: { metadata: { name?: string } } }) =>
    `${type} ${object.metadata.name ?? ''}`.trim();

  it('tells what happens from a revision on, once and in order', async () => {
    const at = await namespace();
    await cluster.call('POST', at('secrets'), { metadata: { name: 'old' } });
    const { json } = await cluster.call('GET', at('secrets'));
    await cluster.call('POST', at('secrets'), { metadata: { name: 'a' } });
    const events = await watched(
      at('secrets'),
      `resourceVersion=${json.metadata.resourceVersion}`,
      async () => {
        await cluster.call(
          'PATCH',
          at('secrets', 'a'),
          { metadata: { labels: { x: 'y' } } },
          patchAs('merge'),
        );
        await cluster.call('DELETE', at('secrets', 'a'));
      },
    );
    expect(events.map(told)).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a']);
    const versions = events.map(({ object }) => Number(object.metadata.resourceVersion));
    expect(versions).toEqual(versions.toSorted((one, other) => one - other));
    expect(new Set(versions).size).toBe(3);
  });

  it('begins with what there is, and says where that ends', async () => {
    const at = await namespace();
    await cluster.call('POST', at('secrets'), { metadata: { name: 'a' } });
    const query = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const events = await watched(at('secrets'), query, async () => {});
    expect(events.map(told)).toEqual(['ADDED a', 'BOOKMARK']);
    expect(events[1].object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
  });

  it('with a selector sees come and go what begins and ceases to be meant', async () => {
    const at = await namespace();
    await cluster.call('POST', at('secrets'), { metadata: { name: 'a' } });
    const { json } = await cluster.call('GET', at('secrets'));
    const label = (x: string | null) =>
      cluster.call('PATCH', at('secrets', 'a'), { metadata: { labels: { x } } }, patchAs('merge'));
    const events = await watched(
      at('secrets'),
      `labelSelector=x&resourceVersion=${json.metadata.resourceVersion}`,
      async () => {
        await label('y');
        await label('z');
        await label(null);
      },
    );
    expect(events.map(told)).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a']);
  });

  it('of a revision that is no longer kept is refused', async () => {
    const revision = await server.store.revision();
    await cluster.call('POST', '/api/v1/namespaces/default/configmaps', { metadata: { name: 'later' } });
    await server.store.compact(await server.store.revision());
    const { status, json } = await cluster.call(
      'GET',
      `/api/v1/configmaps?watch=true&resourceVersion=${revision - 5}`,
    );
    expect([status, json.reason]).toEqual([410, 'Expired']);
  });
});

describe('a namespace', () => {
  it('has its ServiceAccount and the authority of its cluster', async () => {
    const at = await namespace();
    await server.reconcilers.idle();
    expect((await cluster.call('GET', at('serviceaccounts', 'default'))).status).toBe(200);
    const { json } = await cluster.call('GET', at('configmaps', 'kube-root-ca.crt'));
    expect(json.data['ca.crt']).toBe(cluster.certificateAuthority);
  });

  it('takes along what is in it, and takes nothing new meanwhile', async () => {
    const at = await namespace();
    const path = at('configmaps').replace('/configmaps', '');
    await cluster.call('POST', at('configmaps'), configMap('held', {}, { finalizers: ['x.io/y'] }));
    await cluster.call('POST', at('deployments.apps'), deployment('web'));
    const { json: ending } = await cluster.call('DELETE', path);
    expect(ending.status.phase).toBe('Terminating');
    const { status, json } = await cluster.call('POST', at('configmaps'), configMap('b'));
    expect([status, json.details.causes[0].reason]).toEqual([403, 'NamespaceTerminating']);
    await cluster.call(
      'PATCH',
      at('configmaps', 'held'),
      { metadata: { finalizers: null } },
      patchAs('merge'),
    );
    await expect.poll(async () => (await cluster.call('GET', path)).status).toBe(404);
    expect(
      (await server.store.read('/kubernetes/')).entries.filter(({ key }) =>
        key.includes(path.split('/').at(-1) ?? ''),
      ),
    ).toEqual([]);
  });

  it('that every cluster has stays', async () => {
    const { status, json } = await cluster.call('DELETE', '/api/v1/namespaces/default');
    expect([status, json.message]).toEqual([
      403,
      'namespaces "default" is forbidden: this namespace may not be deleted',
    ]);
  });

  it('has to be there', async () => {
    const { status, json } = await cluster.call(
      'POST',
      '/api/v1/namespaces/nowhere/configmaps',
      configMap('a'),
    );
    expect([status, json.message]).toEqual([404, 'namespaces "nowhere" not found']);
  });
});

describe('a service', () => {
  const service = (name: string, spec: object = {}) => ({
    metadata: { name },
    spec: { ports: [{ port: 80 }], ...spec },
  });

  it('has an address of its own until it goes', async () => {
    const at = await namespace();
    const { json } = await cluster.call('POST', at('services'), service('web'));
    const { clusterIP } = json.spec;
    expect(json.spec).toMatchObject({
      type: 'ClusterIP',
      clusterIPs: [clusterIP],
      ports: [{ protocol: 'TCP', targetPort: 80 }],
    });
    const taken = await cluster.call('POST', at('services'), service('other', { clusterIP }));
    expect(taken.json.message).toContain('provided IP is already allocated');
    await cluster.call('DELETE', at('services', 'web'));
    expect((await cluster.call('POST', at('services'), service('other', { clusterIP }))).status).toBe(201);
  });

  it('gives its address back with its last finalizer, or when it becomes the name of another', async () => {
    const at = await namespace();
    const held = { ...service('web'), metadata: { name: 'web', finalizers: ['x.io/y'] } };
    const { clusterIP } = (await cluster.call('POST', at('services'), held)).json.spec;
    await cluster.call('DELETE', at('services', 'web'));
    const freed = { metadata: { finalizers: null } };
    await cluster.call('PATCH', at('services', 'web'), freed, patchAs('merge'));
    const next = await cluster.call('POST', at('services'), service('next', { clusterIP }));
    expect(next.status).toBe(201);

    const elsewhere = { spec: { type: 'ExternalName', externalName: 'example.com' } };
    const { json } = await cluster.call('PATCH', at('services', 'next'), elsewhere, patchAs('merge'));
    expect([json.spec.type, json.spec.clusterIP]).toEqual(['ExternalName', undefined]);
    expect((await cluster.call('POST', at('services'), service('third', { clusterIP }))).status).toBe(201);
    await cluster.call('DELETE', at('services', 'next'));
    const taken = await cluster.call('POST', at('services'), service('fourth', { clusterIP }));
    expect(taken.json.message).toContain('provided IP is already allocated');
    const named = service('fifth', { ...elsewhere.spec, clusterIP });
    expect((await cluster.call('POST', at('services'), named)).status).toBe(422);
  });

  it('outside the range is refused', async () => {
    const at = await namespace();
    expect((await cluster.call('POST', at('services'), service('a', { clusterIP: '1.2.3.4' }))).status).toBe(
      422,
    );
  });
});

describe('discovery', () => {
  it('tells the same in both forms', async () => {
    const { json: core } = await cluster.call('GET', '/api/v1');
    expect(core.resources).toContainEqual(
      expect.objectContaining({
        name: 'pods',
        kind: 'Pod',
        shortNames: ['po'],
        storageVersionHash: 'xPOwRZ+Yhw8=',
      }),
    );
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
    const aggregated = await cluster.call('GET', '/apis', undefined, { accept });
    const groups = aggregated.json.items.map((it: { metadata: { name: string } }) => it.metadata.name);
    const { json: plain } = await cluster.call('GET', '/apis');
    expect(groups).toEqual(plain.groups.map(({ name }: { name: string }) => name));
    const again = await cluster.call('GET', '/apis', undefined, {
      accept,
      'if-none-match': String(aggregated.headers.etag),
    });
    expect(again.status).toBe(304);
  });

  it('tells the same with a slash at the end', async () => {
    for (const path of ['/api', '/apis', '/api/v1', '/apis/apps', '/apis/apps/v1', '/api/v1/namespaces']) {
      const { json } = await cluster.call('GET', path);
      expect((await cluster.call('GET', `${path}/`)).json).toEqual(json);
    }
  });

  it('leads to the shapes of all kinds', async () => {
    const { json } = await cluster.call('GET', '/openapi/v3');
    const { json: apps } = await cluster.call('GET', json.paths['apis/apps/v1'].serverRelativeURL);
    expect(apps.components.schemas['io.k8s.api.core.v1.PodSpec'].properties.containers).toMatchObject({
      ...{ type: 'array', 'x-kubernetes-patch-merge-key': 'name', 'x-kubernetes-patch-strategy': 'merge' },
    });
    expect(apps.paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}'].patch).toBeDefined();
  });

  it('ends where nothing is', async () => {
    for (const path of [
      '/apis/x.io/v1/things',
      '/api/v1/things',
      '/nowhere',
      '/api/v1/namespaces/a/pods/b/log',
    ]) {
      const { status, json } = await cluster.call('GET', path);
      expect([path, status, json.kind]).toEqual([path, 404, 'Status']);
    }
    expect((await cluster.call('POST', '/api/v1/pods', {})).status).toBe(405);
  });
});

describe('who asks in the name of somebody', () => {
  it('may what that one may, if he may impersonate him', async () => {
    const at = await namespace();
    await cluster.call('POST', at('rolebindings.rbac.authorization.k8s.io'), {
      ...{ metadata: { name: 'viewers' }, roleRef: { kind: 'ClusterRole', name: 'view' } },
      subjects: [{ kind: 'Group', name: 'viewers' }],
    });
    const bob = { authorization: `Bearer ${await cluster.token()}`, 'impersonate-user': 'bob' };
    const viewer = { ...bob, 'impersonate-group': 'viewers' };
    expect((await cluster.call('GET', at('configmaps'), undefined, viewer)).status).toBe(200);
    expect((await cluster.call('GET', at('secrets'), undefined, viewer)).status).toBe(403);
    const denied = await cluster.call('GET', at('configmaps'), undefined, bob);
    expect(denied.json.message).toMatch(
      /^configmaps is forbidden: User "bob" cannot list resource "configmaps"/,
    );
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    const { json } = await cluster.call(
      'POST',
      '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      review,
      viewer,
    );
    expect(json.status.userInfo).toEqual({ username: 'bob', groups: ['viewers', 'system:authenticated'] });
    const groupAlone = { authorization: bob.authorization, 'impersonate-group': 'viewers' };
    expect((await cluster.call('GET', at('configmaps'), undefined, groupAlone)).status).toBe(400);
  });
});

describe('who may little', () => {
  const binder = async (rules: readonly object[]) => {
    const name = `role-${++namespaces}`;
    const group = '/apis/rbac.authorization.k8s.io/v1';
    await cluster.call('POST', `${group}/clusterroles`, { metadata: { name }, rules });
    await cluster.call('POST', `${group}/clusterrolebindings`, {
      ...{ metadata: { name }, roleRef: { kind: 'ClusterRole', name } },
      subjects: [{ kind: 'User', name }],
    });
    return { authorization: `Bearer ${await cluster.token()}`, 'impersonate-user': name };
  };
  const bindings = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
  const toMallory = (name: string, roleRef: object) => ({
    ...{ metadata: { name }, roleRef, subjects: [{ kind: 'User', name: 'mallory' }] },
  });

  it('does not bind a role of the cluster as if it were a namespace’s, nor one that may yet come', async () => {
    const resources = ['clusterrolebindings'];
    const rule = { verbs: ['create'], apiGroups: ['rbac.authorization.k8s.io'], resources };
    const headers = await binder([rule]);
    const asRole = toMallory('sly', { kind: 'Role', name: 'cluster-admin' });
    expect((await cluster.call('POST', bindings, asRole, headers)).status).toBe(404);
    const byMaster = await cluster.call('POST', bindings, asRole);
    expect([byMaster.status, byMaster.json.details.causes]).toEqual([
      422,
      [expect.objectContaining({ reason: 'FieldValueNotSupported', field: 'roleRef.kind' })],
    ]);
    const later = toMallory('early', { kind: 'ClusterRole', name: 'not-there-yet' });
    const refused = await cluster.call('POST', bindings, later, headers);
    expect([refused.status, refused.json.message]).toEqual([
      404,
      'clusterroles.rbac.authorization.k8s.io "not-there-yet" not found',
    ]);
    expect((await cluster.call('POST', bindings, later)).status).toBe(201);
  });

  it('does not create by a selector what he may only name', async () => {
    const at = await namespace();
    const headers = await binder([
      { verbs: ['*'], apiGroups: [''], resources: ['configmaps'], resourceNames: ['mine'] },
    ]);
    const selector = '?fieldSelector=metadata.name%3Dmine';
    const created = await cluster.call('POST', `${at('configmaps')}${selector}`, configMap('other'), headers);
    expect(created.status).toBe(403);
    const listed = await cluster.call('GET', `${at('configmaps')}${selector}`, undefined, headers);
    expect(listed.status).toBe(200);
  });
});

describe('who asks without a token', () => {
  const nobody = { authorization: '' };

  it('learns the version and nothing else', async () => {
    const call = (path: string) =>
      cluster.call('GET', path, undefined, nobody).then(({ status, json, text }) => ({ status, json, text }));
    expect(await call('/version')).toMatchObject({ status: 200, json: { major: '1', minor: '36' } });
    expect(await call('/livez')).toMatchObject({ status: 200, text: 'ok' });
    expect((await call('/api/v1/namespaces/default/secrets')).json.message).toBe(
      'secrets is forbidden: User "system:anonymous" cannot list resource "secrets" in API group "" in the namespace "default"',
    );
    expect((await call('/apis')).json.message).toBe(
      'forbidden: User "system:anonymous" cannot get path "/apis"',
    );
  });
});
