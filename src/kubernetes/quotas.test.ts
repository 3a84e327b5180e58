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
/** A namespace of the test's own, with its ServiceAccount. */
async function namespace(): Promise<string> {
  const name = `ns-${++namespaces}`;
  await cluster.call('POST', '/api/v1/namespaces', { metadata: { name } });
  await server.reconcilers.idle();
  return `/api/v1/namespaces/${name}`;
}

/** A quota that has counted what there is. */
async function quota(at: string, hard: object, more: object = {}): Promise<void> {
  const body = { metadata: { name: 'q' }, spec: { hard, ...more } };
  const { status, text } = await cluster.call('POST', `${at}/resourcequotas`, body);
  expect(status, text).toBe(201);
  await server.reconcilers.idle();
}

const usedOf = async (at: string): Promise<object> =>
  (await cluster.call('GET', `${at}/resourcequotas/q`)).json.status.used;

const pod = (name: string, resources: object = {}, more: object = {}) => ({
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'nginx', resources }], ...more },
});

describe('a ResourceQuota', () => {
  it('counts what is there, what comes and what goes', async () => {
    const at = await namespace();
    await cluster.call('POST', `${at}/configmaps`, { metadata: { name: 'a' } });
    await quota(at, { configmaps: '5', 'count/configmaps': 5, secrets: '1' });
    // With the authority's certificate, which every namespace has.
    expect(await usedOf(at)).toEqual({ configmaps: '2', 'count/configmaps': '2', secrets: '0' });
    await cluster.call('POST', `${at}/configmaps`, { metadata: { name: 'b' } });
    expect(await usedOf(at)).toMatchObject({ configmaps: '3' });
    await cluster.call('DELETE', `${at}/configmaps/a`);
    await server.reconcilers.idle();
    expect(await usedOf(at)).toMatchObject({ configmaps: '2', 'count/configmaps': '2' });
  });

  it('refuses what exceeds it, also in a dry run, and says by how much', async () => {
    const at = await namespace();
    await quota(at, { pods: '1', 'requests.cpu': '500m' });
    const resources = { requests: { cpu: '300m' } };
    expect((await cluster.call('POST', `${at}/pods`, pod('a', resources))).status).toBe(201);
    for (const query of ['', '?dryRun=All']) {
      const { status, json } = await cluster.call('POST', `${at}/pods${query}`, pod('b', resources));
      expect([status, json.message]).toEqual([
        403,
        'pods "b" is forbidden: exceeded quota: q, requested: pods=1,requests.cpu=300m, used: pods=1,requests.cpu=300m, limited: pods=1,requests.cpu=500m',
      ]);
    }
    expect(await usedOf(at)).toEqual({ pods: '1', 'requests.cpu': '300m' });
  });

  it('wants pods to say what it limits', async () => {
    const at = await namespace();
    await quota(at, { 'limits.memory': '1Gi', cpu: '1' });
    const { status, json } = await cluster.call('POST', `${at}/pods`, pod('a'));
    expect([status, json.message]).toEqual([
      403,
      'pods "a" is forbidden: failed quota: q: must specify cpu for: c; limits.memory for: c',
    ]);
  });

  it('lets a pod go that has ended', async () => {
    const at = await namespace();
    await quota(at, { pods: '1' });
    await cluster.call('POST', `${at}/pods`, pod('a'));
    const { status } = await cluster.call(
      'PATCH',
      `${at}/pods/a/status`,
      { status: { phase: 'Succeeded' } },
      { 'content-type': 'application/merge-patch+json' },
    );
    expect(status).toBe(200);
    await server.reconcilers.idle();
    expect((await cluster.call('POST', `${at}/pods`, pod('b'))).status).toBe(201);
  });

  it('counts the pods of its scopes alone', async () => {
    const at = await namespace();
    await quota(at, { pods: '1' }, { scopes: ['BestEffort'] });
    const requests = { requests: { cpu: '1' } };
    const made = [
      ...[pod('a'), pod('b', requests), pod('c')].map((body) => cluster.call('POST', `${at}/pods`, body)),
    ];
    expect((await Promise.all(made)).map(({ status }) => status).toSorted()).toEqual([201, 201, 403]);
    expect(await usedOf(at)).toEqual({ pods: '1' });
  });

  it('is kept to by many who come at once', async () => {
    const at = await namespace();
    await quota(at, { secrets: '10' });
    const made = Array.from({ length: 40 }, (_, index) =>
      cluster.call('POST', `${at}/secrets`, { metadata: { name: `s-${index}` } }),
    );
    const statuses = (await Promise.all(made)).map(({ status }) => status);
    expect(statuses.filter((it) => it === 201)).toHaveLength(10);
    expect(statuses.filter((it) => it === 403)).toHaveLength(30);
    expect(await usedOf(at)).toEqual({ secrets: '10' });
    const { json } = await cluster.call('GET', `${at}/secrets`);
    expect(json.items).toHaveLength(10);
  });

  it('counts services and claims by what they take', async () => {
    const at = await namespace();
    await quota(at, { services: '2', 'fast.storageclass.storage.k8s.io/requests.storage': '10Gi' });
    const claim = (name: string, storage: string) => ({
      metadata: { name },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'fast',
        resources: { requests: { storage } },
      },
    });
    expect((await cluster.call('POST', `${at}/persistentvolumeclaims`, claim('a', '8Gi'))).status).toBe(201);
    const { json } = await cluster.call('POST', `${at}/persistentvolumeclaims`, claim('b', '4Gi'));
    expect(json.message).toBe(
      'persistentvolumeclaims "b" is forbidden: exceeded quota: q, requested: fast.storageclass.storage.k8s.io/requests.storage=4Gi, used: fast.storageclass.storage.k8s.io/requests.storage=8Gi, limited: fast.storageclass.storage.k8s.io/requests.storage=10Gi',
    );
  });

  it.each([
    [
      { hard: { nonsense: '1' } },
      'spec.hard[nonsense]: Invalid value: "nonsense": must be a standard resource for quota',
    ],
    [{ hard: { pods: '-1' } }, 'spec.hard[pods]: Invalid value: "-1": must be greater than or equal to 0'],
  ])('with %j is refused', async (spec, told) => {
    const at = await namespace();
    const { status, json } = await cluster.call('POST', `${at}/resourcequotas`, {
      metadata: { name: 'q' },
      spec,
    });
    expect([status, json.message]).toEqual([422, `ResourceQuota "q" is invalid: ${told}`]);
  });
});

describe('a LimitRange', () => {
  const range = (limits: readonly object[]) => ({ metadata: { name: 'l' }, spec: { limits } });

  it('gives containers what they do not say, and tells of it', async () => {
    const at = await namespace();
    await cluster.call(
      'POST',
      `${at}/limitranges`,
      range([{ type: 'Container', default: { cpu: '1' }, defaultRequest: { cpu: '200m', memory: '64Mi' } }]),
    );
    const { json } = await cluster.call('POST', `${at}/pods`, pod('a'));
    expect(json.spec.containers[0].resources).toEqual({
      limits: { cpu: '1' },
      requests: { cpu: '200m', memory: '64Mi' },
    });
    expect(json.metadata.annotations['kubernetes.io/limit-ranger']).toBe(
      'LimitRanger plugin set: cpu, memory request for container c; cpu limit for container c',
    );
  });

  it.each([
    [
      'Container',
      { min: { cpu: '100m' } },
      { requests: { cpu: '50m' } },
      'minimum cpu usage per Container is 100m, but request is 50m',
    ],
    [
      'Container',
      { maxLimitRequestRatio: { cpu: '2' } },
      { requests: { cpu: '1' }, limits: { cpu: '4' } },
      'cpu max limit to request ratio per Container is 2, but provided ratio is 4.000000',
    ],
    [
      'Pod',
      { max: { memory: '1Gi' } },
      { limits: { memory: '2Gi' } },
      '[maximum memory usage per Pod is 1Gi, but limit is 2Gi]',
    ],
    ['Pod', { max: { memory: '1Gi' } }, {}, '[maximum memory usage per Pod is 1Gi.  No limit is specified]'],
  ])('holds a %s to %j', async (type, limit, resources, told) => {
    const at = await namespace();
    const { status: made, text } = await cluster.call(
      'POST',
      `${at}/limitranges`,
      range([{ type, ...limit }]),
    );
    expect(made, text).toBe(201);
    const { status, json } = await cluster.call('POST', `${at}/pods`, pod('a', resources));
    const plain = told.replace(/^\[(.*)\]$/, '$1');
    expect([status, json.message]).toEqual([403, `pods "a" is forbidden: ${plain}`]);
  });
});
