import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';

let server: EksServer;
let cluster: TestCluster;
beforeAll(async () => {
  server = await startEks();
  cluster = await server.cluster('harbor');
});
afterAll(() => server[Symbol.asyncDispose]());

const namespace = '/api/v1/namespaces/default';
const pods = `${namespace}/pods`;
const merge = { 'content-type': 'application/merge-patch+json' };
const strategic = { 'content-type': 'application/strategic-merge-patch+json' };
const container = { name: 'c', image: 'i:1' };

async function makePod(name: string, spec: object = {}, metadata: object = {}): Promise<void> {
  const body = { metadata: { name, ...metadata }, spec: { containers: [container], ...spec } };
  const { status, json } = await cluster.call('POST', pods, body);
  expect([status, json.message]).toEqual([201, undefined]);
  // The scheduler has said that there is no node for it.
  await server.reconcilers.idle();
}

const bind = (name: string, node = 'n1', path = `${pods}/${name}/binding`) =>
  cluster.call('POST', path, { metadata: { name }, target: { kind: 'Node', name: node } });

describe('a binding', () => {
  it('places a pod, once', async () => {
    await makePod('bound');
    expect((await bind('bound')).json).toMatchObject({ kind: 'Status', status: 'Success', code: 201 });
    const { json } = await cluster.call('GET', `${pods}/bound`);
    expect(json.spec.nodeName).toBe('n1');
    expect(json.status.conditions).toMatchObject([{ type: 'PodScheduled', status: 'True' }]);
    expect((await bind('bound', 'n2')).json).toMatchObject({
      ...{ code: 409, reason: 'Conflict' },
      message:
        'Operation cannot be fulfilled on pods/binding "bound": pod bound is already assigned to node "n1"',
    });
  });

  it('may be an object of its own, and waits for gates', async () => {
    await makePod('gated', { schedulingGates: [{ name: 'a' }] });
    const refused = await bind('gated', 'n1', `${namespace}/bindings`);
    expect(refused.json.message).toContain('pod gated has non-empty .spec.schedulingGates');
    await cluster.call('PATCH', `${pods}/gated`, { spec: { schedulingGates: null } }, merge);
    expect((await bind('gated', 'n1', `${namespace}/bindings`)).status).toBe(201);
  });

  it('without a node, or of no pod, is refused', async () => {
    await makePod('lost');
    expect((await bind('lost', '')).json.message).toBe(
      'Binding "lost" is invalid: target.name: Required value',
    );
    expect((await bind('nobody')).status).toBe(404);
  });
});

describe('an eviction', () => {
  const evict = (name: string, more: object = {}) =>
    cluster.call('POST', `${pods}/${name}/eviction`, {
      ...{ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } },
      ...more,
    });
  const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';

  async function runningPod(name: string, app: string): Promise<void> {
    await makePod(name, {}, { labels: { app } });
    const ready = [{ type: 'Ready', status: 'True' }];
    await cluster.call(
      'PATCH',
      `${pods}/${name}/status`,
      { status: { phase: 'Running', conditions: ready } },
      merge,
    );
  }

  it('deletes a pod that no budget protects', async () => {
    await runningPod('free', 'free');
    expect((await evict('free')).status).toBe(201);
    expect((await cluster.call('GET', `${pods}/free`)).status).toBe(404);
  });

  it('says on the pod that it is no fault of its own, of the one that was asked for alone', async () => {
    await runningPod('told', 'told');
    await cluster.call('PATCH', `${pods}/told`, { metadata: { finalizers: ['example.com/kept'] } }, merge);
    const { metadata } = (await cluster.call('GET', `${pods}/told`)).json;
    const given = (preconditions: object) => ({ deleteOptions: { preconditions } });
    expect((await evict('told', { deleteOptions: { dryRun: ['All'] } })).status).toBe(201);
    expect((await evict('told', given({ uid: 'another' }))).status).toBe(409);
    expect((await evict('told', given({ resourceVersion: '1' }))).status).toBe(409);
    expect((await cluster.call('GET', `${pods}/told`)).json.metadata.resourceVersion).toBe(
      metadata.resourceVersion,
    );
    const { uid, resourceVersion } = metadata;
    expect((await evict('told', given({ uid, resourceVersion }))).status).toBe(201);
    const { json } = await cluster.call('GET', `${pods}/told`);
    expect(json.metadata.deletionTimestamp).toBeDefined();
    expect(json.status.conditions).toContainEqual({
      ...{ type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' },
      ...{ message: 'Eviction API: evicting', lastTransitionTime: expect.any(String) },
    });
  });

  it('goes as far as the budget allows, and is counted', async () => {
    const spec = { minAvailable: 1, selector: { matchLabels: { app: 'kept' } } };
    await cluster.call('POST', budgets, { metadata: { name: 'b' }, spec });
    for (const name of ['k1', 'k2']) await runningPod(name, 'kept');
    await server.reconcilers.idle();
    expect((await evict('k1', { deleteOptions: { dryRun: ['All'] } })).status).toBe(201);
    expect((await evict('k1')).status).toBe(201);
    await server.reconcilers.idle();
    const { json } = await cluster.call('GET', `${budgets}/b`);
    expect(json.status).toMatchObject({ disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1 });
    expect((await evict('k2')).json).toMatchObject({
      ...{ code: 429, reason: 'TooManyRequests' },
      message: "Cannot evict pod as it would violate the pod's disruption budget.",
      details: {
        causes: [
          {
            reason: 'DisruptionBudget',
            message: 'The disruption budget b needs 1 healthy pods and has 1 currently',
          },
        ],
      },
    });
    expect((await cluster.call('GET', `${pods}/k2`)).status).toBe(200);
  });
});

describe('a pod that runs', () => {
  it('takes ephemeral containers, and keeps them', async () => {
    await makePod('debugged');
    const own = `${pods}/debugged/ephemeralcontainers`;
    const debug = { name: 'd', image: 'busybox', targetContainerName: 'c' };
    const add = (given: object) =>
      cluster.call('PATCH', own, { spec: { ephemeralContainers: [given] } }, strategic);
    const added = await add(debug);
    expect(added.json.spec.ephemeralContainers).toMatchObject([{ ...debug, imagePullPolicy: 'Always' }]);
    expect((await add({ name: 'e', image: 'i', targetContainerName: 'x' })).json.message).toMatch(
      /spec.ephemeralContainers\[\d\].targetContainerName: Not found: "x"/,
    );
    const { json } = await cluster.call('GET', own);
    const without = { ...json, spec: { ...json.spec, ephemeralContainers: [] } };
    expect((await cluster.call('PUT', own, without)).json.message).toContain(
      'existing ephemeral containers "d" may not be removed',
    );
    expect(
      (await cluster.call('PATCH', `${pods}/debugged`, { metadata: { labels: { a: 'b' } } }, merge)).status,
    ).toBe(200);
  });

  it('is resized, within its class', async () => {
    await makePod('sized', { containers: [{ ...container, resources: { requests: { cpu: '100m' } } }] });
    const resize = (resources: object) =>
      cluster.call(
        ...(['PATCH', `${pods}/sized/resize`] as const),
        { spec: { containers: [{ name: 'c', resources }] } },
        strategic,
      );
    const resized = await resize({ requests: { cpu: '200m' } });
    expect(resized.json.spec.containers[0].resources.requests).toEqual({ cpu: '200m' });
    expect(resized.json.metadata.generation).toBe(2);
    const whole = (resources: object) =>
      cluster.call(
        'PATCH',
        `${pods}/sized/resize`,
        { spec: { containers: [{ ...container, resources }] } },
        merge,
      );
    expect((await whole({ requests: { memory: '1Mi' } })).json.message).toBe(
      'Pod "sized" is invalid: spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed',
    );
    const same = { cpu: '200m', memory: '1Gi' };
    expect((await resize({ requests: same, limits: same })).json.message).toBe(
      'Pod "sized" is invalid: metadata: Invalid value: "Guaranteed": Pod QOS Class may not change as a result of resizing',
    );
  });
});

describe('what only a machine can answer', () => {
  it('is refused for a pod without one as Kubernetes does, and else by name', async () => {
    await makePod('far');
    for (const what of ['log', 'exec?command=ls', 'attach', 'portforward', 'proxy/a/b']) {
      const { status, json } = await cluster.call('GET', `${pods}/far/${what}`);
      expect([status, json.message]).toEqual([400, 'pod far does not have a host assigned']);
    }
    await bind('far');
    const gone = await cluster.call('GET', `${pods}/far/log`);
    expect([gone.status, gone.json.message]).toEqual([404, 'nodes "n1" not found']);
    expect((await cluster.call('GET', `${namespace}/services/kubernetes/proxy/`)).status).toBe(503);
    expect((await cluster.call('GET', `${pods}/none/log`)).status).toBe(404);
    const proxied = await cluster.call('GET', `${namespace}/services/https:kubernetes:443/proxy/healthz`);
    expect([proxied.status, proxied.json.reason]).toEqual([503, 'ServiceUnavailable']);
  });
});

it('the path of old watches as the parameter does', async () => {
  const { json } = await cluster.call('GET', `${namespace}/configmaps`);
  await cluster.call('POST', `${namespace}/configmaps`, { metadata: { name: 'seen' } });
  const query = `timeoutSeconds=1&resourceVersion=${json.metadata.resourceVersion}`;
  for (const path of ['configmaps', 'configmaps/seen']) {
    const { text } = await cluster.call('GET', `/api/v1/watch/namespaces/default/${path}?${query}`);
    expect(JSON.parse(text)).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'seen' } } });
  }
});
