import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Node } from './node-fit.ts';
import type { Pod } from './objects.ts';
import { isReady } from './pods.ts';
import { openSimulation, type Simulation } from './testing/simulation.ts';
import { openWorkloads, type Workloads } from './testing/workloads.ts';

describe('a node', () => {
  let work: Workloads;
  beforeAll(async () => {
    work = await openWorkloads();
  });
  afterAll(() => work[Symbol.asyncDispose]());

  const ready = (status: string) => ({
    status: { conditions: [{ type: 'Ready', status, lastHeartbeatTime: '2026-01-01T00:00:00Z' }] },
  });
  const patch = { 'content-type': 'application/merge-patch+json' };
  const path = '/api/v1/nodes';
  const get = async (name: string) => {
    await work.settled();
    return (await work.cluster.call('GET', `${path}/${name}`)).json;
  };

  it('takes pods once it says that it is ready, and none while it is cordoned', async () => {
    const labels = { 'kubernetes.io/os': 'linux' };
    await work.cluster.call('POST', path, { metadata: { name: 'a', labels }, ...ready('False') });
    const made = await get('a');
    expect(made.spec.taints).toMatchObject([{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }]);
    expect(made.metadata).toMatchObject({
      labels: { 'beta.kubernetes.io/os': 'linux' },
      annotations: { 'node.alpha.kubernetes.io/ttl': '0' },
    });
    await work.cluster.call('PATCH', `${path}/a/status`, ready('True'), patch);
    expect((await get('a')).spec.taints).toBeUndefined();
    await work.cluster.call('PATCH', `${path}/a`, { spec: { unschedulable: true } }, patch);
    expect((await get('a')).spec.taints).toMatchObject([
      { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' },
    ]);
    // Its UID, and no namespace: so `kubectl describe node` looks for them.
    const about = `involvedObject.uid=${made.metadata.uid},involvedObject.namespace=`;
    const found = `/api/v1/namespaces/default/events?fieldSelector=${encodeURIComponent(about)}`;
    const { json } = await work.cluster.call('GET', found);
    expect(json.items.map(({ message }: { message: string }) => message)).toContain(
      'Node a event: Registered Node a in Controller',
    );
  });

  it('with a taint that evicts loses pods that do not stand it, which say why they went', async () => {
    await work.cluster.call('POST', path, { metadata: { name: 'b' }, ...ready('True') });
    const at = await work.namespace();
    const pod = (name: string, tolerations: readonly object[]) => ({
      metadata: { name, finalizers: ['example.com/seen'] },
      spec: { nodeName: 'b', containers: [{ name: 'c', image: 'nginx' }], tolerations },
    });
    await at.create('pods', pod('goes', []));
    await at.create('pods', pod('stays', [{ key: 'dry', operator: 'Exists' }]));
    await at.create(
      'pods',
      pod('waits', [{ key: 'dry', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 3_600 }]),
    );
    await work.settled();
    const taints = [{ key: 'dry', value: 'yes', effect: 'NoExecute' }];
    await work.cluster.call('PATCH', `${path}/b`, { spec: { taints } }, patch);
    const [goes, stays, waits] = await at.list('pods');
    expect(goes.metadata.deletionTimestamp).toBeDefined();
    expect(goes.status.conditions).toContainEqual(
      expect.objectContaining({
        ...{ type: 'DisruptionTarget', status: 'True', reason: 'DeletionByTaintManager' },
        message: 'Taint manager: deleting due to NoExecute taint',
      }),
    );
    expect([stays, waits].map(({ metadata }) => metadata.deletionTimestamp)).toEqual([undefined, undefined]);
    await work.cluster.call('PATCH', `${path}/b`, { spec: { taints: null } }, patch);
    const events = await at.list('events');
    expect(events.map(({ reason, message }) => `${reason}: ${message}`)).toEqual([
      `TaintManagerEviction: Marking for deletion Pod ${at.name}/goes`,
      `TaintManagerEviction: Cancelling deletion of Pod ${at.name}/waits`,
    ]);
  });
});

describe('a node that falls silent', () => {
  const web = { matchLabels: { app: 'web' } };
  const deployment = {
    metadata: { name: 'web' },
    spec: {
      ...{ replicas: 2, selector: web },
      template: {
        metadata: { labels: web.matchLabels },
        spec: {
          containers: [{ name: 'c', image: 'nginx' }],
          tolerations: ['not-ready', 'unreachable'].map((key) => ({
            key: `node.kubernetes.io/${key}`,
            ...{ operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
          })),
        },
      },
    },
  };
  const taintsOf = async (sim: Simulation, name: string): Promise<string[]> =>
    (await sim.list<Node>('nodes'))
      .find(({ metadata }) => metadata.name === name)
      ?.spec?.taints?.map(({ key, effect }) => `${key.split('/')[1]}:${effect}`)
      .toSorted() ?? [];

  /** Makes the deployment and waits until its pods run. */
  const runs = async (sim: Simulation): Promise<void> => {
    await sim.create('deployments.apps', deployment);
    const isRunning = async () => (await sim.list<Pod>('pods')).filter(isReady).length === 2;
    for (let second = 0; second < 3_600 && !(await isRunning()); second++) await sim.clock.advance(1_000);
    expect(await isRunning()).toBe(true);
  };

  it('is unreachable after 50 s, and its pods are made elsewhere after five minutes', async () => {
    await using sim = await openSimulation(1);
    for (const name of ['n1', 'n2', 'n3']) await sim.node(name);
    sim.place(() => 'n1');
    await runs(sim);
    sim.place(() => 'n2');
    sim.silence('n1');
    await sim.clock.advance(45_000);
    expect(await taintsOf(sim, 'n1')).toEqual([]);
    await sim.clock.advance(20_000);
    expect(await taintsOf(sim, 'n1')).toEqual(['unreachable:NoExecute', 'unreachable:NoSchedule']);
    const [node] = await sim.list<Node>('nodes');
    expect(node?.status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      ...{ status: 'Unknown', reason: 'NodeStatusUnknown' },
      message: 'Kubelet stopped posting node status.',
    });
    const ready = async () =>
      (await sim.list<Pod>('pods')).map(
        ({ spec, status }) =>
          `${spec.nodeName} ${status?.conditions?.find(({ type }) => type === 'Ready')?.status}`,
      );
    expect(await ready()).toEqual(['n1 False', 'n1 False']);
    await sim.clock.advance(240_000);
    expect(await ready()).toHaveLength(2);
    await sim.clock.advance(60_000);
    const pods = await sim.list<Pod>('pods');
    expect(pods.filter(({ spec }) => spec.nodeName === 'n2')).toHaveLength(2);
    // Nobody there says that they have ended.
    const old = pods.filter(({ spec }) => spec.nodeName === 'n1');
    expect(old.map(({ metadata }) => metadata.deletionTimestamp !== undefined)).toEqual([true, true]);
    sim.silence('n1', false);
    await sim.clock.advance(15_000);
    expect(await taintsOf(sim, 'n1')).toEqual([]);
    expect(await ready()).toEqual(['n2 True', 'n2 True']);
  });

  it('that comes back in time keeps its pods', async () => {
    await using sim = await openSimulation(2);
    for (const name of ['n1', 'n2', 'n3']) await sim.node(name);
    sim.place(() => 'n1');
    await runs(sim);
    const before = (await sim.list<Pod>('pods')).map(({ metadata }) => metadata.uid);
    sim.silence('n1');
    await sim.clock.advance(120_000);
    sim.silence('n1', false);
    await sim.clock.advance(600_000);
    expect((await sim.list<Pod>('pods')).map(({ metadata }) => metadata.uid)).toEqual(before);
  });

  it('with all others is waited for: none of them loses its pods', async () => {
    await using sim = await openSimulation(3);
    for (const name of ['n1', 'n2']) await sim.node(name);
    sim.place((pod) => (pod.metadata.uid < '8' ? 'n1' : 'n2'));
    await runs(sim);
    const before = (await sim.list<Pod>('pods')).map(({ metadata }) => metadata.uid);
    for (const name of ['n1', 'n2']) sim.silence(name);
    await sim.clock.advance(3_600_000);
    expect(await taintsOf(sim, 'n1')).toEqual(['unreachable:NoSchedule']);
    expect((await sim.list<Pod>('pods')).map(({ metadata }) => metadata.uid)).toEqual(before);
  });

  it('and is deleted has its pods ended after 40 s, which nobody else would do', async () => {
    await using sim = await openSimulation(4);
    for (const name of ['n1', 'n2']) await sim.node(name);
    sim.place(() => 'n1');
    await runs(sim);
    sim.place(() => 'n2');
    sim.silence('n1');
    await sim.remove('nodes', 'n1');
    await sim.clock.advance(35_000);
    expect((await sim.list<Pod>('pods')).map(({ spec }) => spec.nodeName)).toEqual(['n1', 'n1']);
    await sim.clock.advance(15_000);
    const pods = await sim.list<Pod>('pods');
    expect(pods.map(({ spec }) => spec.nodeName)).toEqual(['n2', 'n2']);
  });
});
