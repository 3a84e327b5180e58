import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { crontabs, define, definition, definitionsPath } from './testing/custom-definitions.ts';
import { type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';
import { type RemoteApiServer, type RemoteCall, startRemoteApi } from './testing/remote-api-server.ts';
import { upgraded } from './testing/upgraded.ts';

let server: EksServer;
let cluster: TestCluster;
beforeAll(async () => {
  server = await startEks();
  cluster = await server.cluster('harbor');
});
afterAll(() => server[Symbol.asyncDispose]());

const apiServices = '/apis/apiregistration.k8s.io/v1/apiservices';
const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const merge = { 'content-type': 'application/merge-patch+json' };

async function frontProxyAuthority(): Promise<string> {
  const path = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';
  return (await cluster.call('GET', path)).json.data['requestheader-client-ca-file'];
}

const resourceList = (groupVersion: string) => ({
  ...{ kind: 'APIResourceList', apiVersion: 'v1', groupVersion },
  resources: [
    {
      ...{ name: 'flunders', singularName: 'flunder', namespaced: true, kind: 'Flunder' },
      ...{ verbs: ['create', 'get', 'list', 'watch'], shortNames: ['fl'] },
    },
    { name: 'flunders/status', singularName: '', namespaced: true, kind: 'Flunder', verbs: ['get'] },
  ],
});

/** A server of one API, which says of every other request what it was. */
const sample =
  (groupVersion: string, more: (call: RemoteCall) => object | undefined = () => undefined) =>
  (call: RemoteCall, response: import('node:http').ServerResponse): void => {
    const told = more(call) ?? {
      ...(call.url === `/apis/${groupVersion}`
        ? resourceList(groupVersion)
        : call.url === '/openapi/v3'
          ? {
              paths: {
                [`apis/${groupVersion}`]: { serverRelativeURL: `/openapi/v3/apis/${groupVersion}?hash=ABC` },
              },
            }
          : { kind: 'Flunder', apiVersion: groupVersion, metadata: { name: call.url } }),
    };
    response.writeHead(200, { 'content-type': 'application/json', 'x-of': 'wardle' });
    response.end(JSON.stringify(told));
  };

/** Has another server answer `v1` of a group. */
async function served(
  group: string,
  answer = sample(`${group}/v1`),
  spec: object = {},
): Promise<RemoteApiServer> {
  const name = group.split('.')[0] ?? '';
  const remote = await startRemoteApi(answer, [`${name}.default.svc`], await frontProxyAuthority());
  await cluster.call('POST', '/api/v1/namespaces/default/services', {
    metadata: { name },
    spec: { type: 'ExternalName', externalName: 'localhost' },
  });
  const { status, text } = await cluster.call('POST', apiServices, {
    metadata: { name: `v1.${group}` },
    spec: {
      ...{ group, version: 'v1', groupPriorityMinimum: 2_000, versionPriority: 10 },
      service: { namespace: 'default', name, port: remote.port },
      caBundle: remote.caBundle,
      ...spec,
    },
  });
  if (status !== 201) throw new Error(text);
  await server.reconcilers.idle();
  return remote;
}

async function availability(name: string) {
  await server.reconcilers.idle();
  const { json } = await cluster.call('GET', `${apiServices}/${name}`);
  return json.status.conditions[0];
}

/** Where a look at its server took too long, the next one is half a minute later. */
const isAvailable = (group: string, is: object = { status: 'True', reason: 'Passed' }) =>
  vi.waitFor(async () => expect(await availability(`v1.${group}`)).toMatchObject(is));

describe('APIServices', () => {
  it('stand for every group and version that the cluster answers itself', async () => {
    await server.reconcilers.idle();
    const { json } = await cluster.call('GET', apiServices);
    const names = json.items.map((it: { metadata: { name: string } }) => it.metadata.name);
    expect(names).toEqual(expect.arrayContaining(['v1.', 'v1.apps', 'v2.autoscaling']));
    expect(names).not.toContain('v1.apiregistration.k8s.io');
    const apps = json.items.find((it: { metadata: { name: string } }) => it.metadata.name === 'v1.apps');
    expect(apps).toMatchObject({
      metadata: { labels: { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' } },
      spec: { group: 'apps', version: 'v1', groupPriorityMinimum: 17_800, versionPriority: 15 },
      status: { conditions: [{ type: 'Available', status: 'True', reason: 'Local' }] },
    });
  });

  it('come and go with CustomResourceDefinitions, and come back when they are deleted', async () => {
    const group = 'auto.example.com';
    await define(server, cluster, definition(group));
    const path = `${apiServices}/v1.${group}`;
    const { json } = await cluster.call('GET', path);
    expect(json.metadata.labels).toEqual({ 'kube-aggregator.kubernetes.io/automanaged': 'true' });
    expect(json.spec).toMatchObject({ groupPriorityMinimum: 1_000, versionPriority: 100 });
    await cluster.call('DELETE', path);
    await server.reconcilers.idle();
    expect((await cluster.call('GET', path)).status).toBe(200);
    await cluster.call('DELETE', `${definitionsPath}/crontabs.${group}`);
    await server.reconcilers.idle();
    expect((await cluster.call('GET', path)).status).toBe(404);
  });

  it('are shown with the service and whether they are available', async () => {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    const { json } = await cluster.call('GET', `${apiServices}/v1.apps`, undefined, { accept });
    expect(json.rows[0].cells.slice(0, 3)).toEqual(['v1.apps', 'Local', 'True']);
  });

  const refusals: readonly (readonly [string, string, object, string])[] = [
    [
      'another name',
      'x',
      {},
      'metadata.name: Invalid value: "x": must be `spec.version+"."+spec.group`: "v1.a.b"',
    ],
    [
      'no priority',
      'v1.a.b',
      { versionPriority: 0 },
      'spec.versionPriority: Invalid value: 0: must be positive',
    ],
    [
      'a bundle and no verification',
      'v1.a.b',
      { service: { namespace: 'a', name: 'b' }, insecureSkipTLSVerify: true, caBundle: 'QUJD' },
      'spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present',
    ],
  ];
  it.each(refusals)('are refused with %s', async (_what, name, spec, message) => {
    const { status, json } = await cluster.call('POST', apiServices, {
      metadata: { name },
      spec: { group: 'a.b', version: 'v1', groupPriorityMinimum: 1, versionPriority: 1, ...spec },
    });
    expect(status).toBe(422);
    expect(json.message).toContain(message);
  });
});

describe('an API of another server', () => {
  it('is asked in the name of whoever asks, by the certificate of the front proxy', async () => {
    await using remote = await served('wardle.example.com');
    await isAvailable('wardle.example.com');
    const path = '/apis/wardle.example.com/v1/namespaces/default/flunders';
    const { status, json, headers } = await cluster.call(
      ...(['POST', `${path}?dryRun=All`, { spec: { n: 1 } }] as const),
      { 'x-remote-user': 'eve', 'impersonate-user': 'jane', 'impersonate-group': 'system:masters' },
    );
    expect(status).toBe(200);
    expect(headers['x-of']).toBe('wardle');
    expect(json.metadata.name).toBe(`${path}?dryRun=All`);
    const call = remote.calls.find(({ method }) => method === 'POST');
    expect(call).toMatchObject({ body: '{"spec":{"n":1}}', client: 'front-proxy-client' });
    expect(call?.headers).toMatchObject({ 'x-remote-user': 'jane' });
    expect(call?.headers['x-remote-group']).toContain('system:masters');
    expect(call?.headers.authorization).toBeUndefined();
    expect(call?.headers['impersonate-user']).toBeUndefined();
  });

  it('is asked for nothing that one may not', async () => {
    await using remote = await served('closed.example.com');
    await isAvailable('closed.example.com');
    const path = '/apis/closed.example.com/v1/namespaces/default/flunders';
    const jane = { 'impersonate-user': 'jane' };
    const { status, json } = await cluster.call('GET', path, undefined, jane);
    expect(status).toBe(403);
    expect(json.message).toContain(
      'User "jane" cannot list resource "flunders" in API group "closed.example.com" in the namespace "default"',
    );
    expect((await cluster.call('GET', `${path}/..%2Fother`)).status).toBe(404);
    expect((await cluster.call('GET', `${path}//other`)).status).toBe(404);
    expect(remote.calls.filter(({ url }) => url.startsWith(path))).toEqual([]);
  });

  it('is in every form of discovery, by its priority', async () => {
    const group = 'found.example.com';
    await define(server, cluster, definition('zoo.example.com'));
    await using _ = await served(group);
    await isAvailable(group);
    const { json: plain } = await cluster.call('GET', '/apis');
    const names = plain.groups.map(({ name }: { name: string }) => name);
    expect(names.indexOf(group)).toBeGreaterThan(names.indexOf('resource.k8s.io'));
    expect(names.indexOf(group)).toBeLessThan(names.indexOf('zoo.example.com'));
    const { json: one } = await cluster.call('GET', `/apis/${group}`);
    expect(one).toMatchObject({ kind: 'APIGroup', preferredVersion: { groupVersion: `${group}/v1` } });
    const { json: list } = await cluster.call('GET', `/apis/${group}/v1`);
    expect(list.kind).toBe('APIResourceList');
    const accept = { accept: aggregatedType };
    const { json: all, headers } = await cluster.call('GET', '/apis', undefined, accept);
    const found = all.items.find((it: { metadata: { name: string } }) => it.metadata.name === group);
    expect(found.versions).toMatchObject([
      {
        ...{ version: 'v1', freshness: 'Current' },
        resources: [{ resource: 'flunders', scope: 'Namespaced', subresources: [{ subresource: 'status' }] }],
      },
    ]);
    const again = { ...accept, 'if-none-match': String(headers.etag) };
    expect((await cluster.call('GET', '/apis', undefined, again)).status).toBe(304);
    const { json: index } = await cluster.call('GET', '/openapi/v3');
    expect(index.paths[`apis/${group}/v1`].serverRelativeURL).toBe(`/openapi/v3/apis/${group}/v1?hash=ABC`);
    expect((await cluster.call('GET', `/openapi/v3/apis/${group}/v1?hash=ABC`)).json.kind).toBe('Flunder');
  });

  it('is unavailable while its server fails, and says why', async () => {
    const group = 'broken.example.com';
    let isBroken = true;
    await using _ = await served(group, (call, response) => {
      if (!isBroken) return sample(`${group}/v1`)(call, response);
      response.writeHead(500).end();
    });
    await isAvailable(group, {
      ...{ status: 'False', reason: 'FailedDiscoveryCheck' },
      message: expect.stringMatching(
        /^failing or missing response from https:\/\/localhost:\d+\/apis\/broken\.example\.com\/v1: bad status from /,
      ),
    });
    const { status, text, headers } = await cluster.call('GET', `/apis/${group}/v1/flunders`);
    expect([status, text, headers['content-type']]).toEqual([
      ...[503, 'service unavailable\n', 'text/plain; charset=utf-8'],
    ]);
    isBroken = false;
    await cluster.call(
      'PATCH',
      '/api/v1/namespaces/default/services/broken',
      { metadata: { labels: { a: 'b' } } },
      merge,
    );
    await isAvailable(group);
    expect((await cluster.call('GET', `/apis/${group}/v1/flunders`)).status).toBe(200);
  });

  it('is believed by its certificate alone', async () => {
    const group = 'forged.example.com';
    const bundle = Buffer.from(cluster.certificateAuthority).toString('base64');
    await using _ = await served(group, sample(`${group}/v1`), { caBundle: bundle });
    await isAvailable(group, {
      message: expect.stringContaining('x509: certificate signed by unknown authority'),
    });
    await cluster.call(
      ...(['PATCH', `${apiServices}/v1.${group}`] as const),
      { spec: { caBundle: null, insecureSkipTLSVerify: true } },
      merge,
    );
    await isAvailable(group);
  });

  it('streams a watch, and ends it with the one who watches', async () => {
    const group = 'stream.example.com';
    const ended = Promise.withResolvers<void>();
    await using _ = await served(group, (call, response) => {
      if (!call.url.includes('watch=true')) return sample(`${group}/v1`)(call, response);
      response.once('close', () => ended.resolve());
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"type":"ADDED"}\n');
    });
    await isAvailable(group);
    const abort = new AbortController();
    const { request } = await import('node:https');
    const first = await new Promise<string>((resolve, reject) => {
      cluster.token().then((token) =>
        request(
          `${cluster.endpoint}/apis/${group}/v1/flunders?watch=true`,
          {
            ...{ ca: cluster.certificateAuthority, signal: abort.signal },
            headers: { authorization: `Bearer ${token}` },
          },
          (response) => response.on('error', () => {}).once('data', (chunk) => resolve(String(chunk))),
        )
          .on('error', reject)
          .end(),
      );
    });
    expect(first).toBe('{"type":"ADDED"}\n');
    abort.abort();
    await ended.promise;
  });

  it('goes on in another protocol where its server does, in the name of whoever asks', async () => {
    const group = 'switched.example.com';
    await using remote = await served(group);
    await isAvailable(group);
    const path = `/apis/${group}/v1/namespaces/default/flunders/one/console`;
    const asked = () => remote.calls.filter(({ url }) => url === path);
    const as = { 'x-remote-user': 'eve', 'impersonate-user': 'jane', 'impersonate-group': 'system:masters' };
    const protocol = 'a, base64url.bearer.authorization.k8s.io.c2VjcmV0';
    const heard = await upgraded(cluster, path, { ...as, 'sec-websocket-protocol': protocol });
    expect(heard).toMatch(/^HTTP\/1.1 101 .*\r\n\r\nhello;TYPED$/s);
    const [{ headers } = {}] = asked();
    expect([headers?.['x-remote-user'], headers?.['sec-websocket-protocol']]).toEqual(['jane', 'a']);
    expect(headers?.authorization).toBeUndefined();

    expect(await upgraded(cluster, path, { upgrade: 'other' })).toMatch(/^HTTP\/1.1 400 .*none$/s);
    const before = asked().length;
    expect(await upgraded(cluster, path, { 'impersonate-user': 'jane' })).toMatch(/^HTTP\/1.1 403 /);
    expect(asked()).toHaveLength(before);
    await remote[Symbol.asyncDispose]();
    expect(await upgraded(cluster, path)).toMatch(/^HTTP\/1.1 503 .*connection refused\n/s);
  });

  it('says which part of its service is missing', async () => {
    const name = 'v1.lost.example.com';
    await cluster.call('POST', apiServices, {
      metadata: { name },
      spec: {
        ...{ group: 'lost.example.com', version: 'v1', groupPriorityMinimum: 100, versionPriority: 10 },
        ...{ service: { namespace: 'default', name: 'lost' }, insecureSkipTLSVerify: true },
      },
    });
    const of = 'service/lost in "default"';
    expect(await availability(name)).toMatchObject({
      ...{ reason: 'ServiceNotFound', message: `${of} is not present` },
    });
    const spec = (port: number) => ({ ports: [{ name: 'api', port }], selector: { app: 'lost' } });
    const services = '/api/v1/namespaces/default/services';
    await cluster.call('POST', services, { metadata: { name: 'lost' }, spec: spec(444) });
    expect(await availability(name)).toMatchObject({
      ...{ reason: 'ServicePortError', message: `${of} is not listening on port 443` },
    });
    await cluster.call('PATCH', `${services}/lost`, { spec: spec(443) }, merge);
    expect(await availability(name)).toMatchObject({
      reason: 'MissingEndpoints',
      message: `endpoints for ${of} have no addresses with port name "api"`,
    });
    await cluster.call('DELETE', `${apiServices}/${name}`);
    expect((await cluster.call('GET', '/apis/lost.example.com/v1/flunders')).status).toBe(404);
  });

  it('does not take the place of custom objects that go on beside it', async () => {
    const group = 'beside.example.com';
    await define(server, cluster, definition(group));
    await using _ = await served('v.beside.example.com', sample('v.beside.example.com/v1'));
    expect((await cluster.call('GET', crontabs(group))).json.kind).toBe('CronTabList');
  });
});
