import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fastClock } from '../../../../test/system/fast-clock.ts';
import { TestNode, TestNodes, testNode } from '../testing/test-cluster.ts';
import { handlersOf } from './runtime-handlers.ts';

let nodes: TestNodes;
let node: TestNode;
const classes = '/apis/node.k8s.io/v1/runtimeclasses';
beforeAll(async () => {
  nodes = await TestNodes.open();
  node = new TestNode(await nodes.access(testNode.name), {}, fastClock(20));
  await node.start();
  for (const [name, handler] of [
    ['plain', 'sim'],
    ['strange', 'kata'],
  ])
    await nodes.cluster.call('POST', classes, { metadata: { name }, handler });
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await nodes[Symbol.asyncDispose]();
});

const bind = (name: string, spec: object) =>
  nodes.bind(node.description.name, name, { containers: [{ name: 'main', image: 'demo' }], ...spec });
const ofPod = (uid: string) => node.machine.engine.containers({ 'io.kubernetes.pod.uid': uid });
/** What its sandbox failed for, once an event tells, and what has become of the pod. */
async function failureOf(path: string) {
  const name = path.split('/').at(-1) ?? '';
  const query = new URLSearchParams({
    fieldSelector: `involvedObject.name=${name},reason=FailedCreatePodSandBox`,
  });
  const { items } = await nodes.until(
    `/api/v1/namespaces/default/events?${query}`,
    'an event of its sandbox',
    (json) => json.items.length > 0,
  );
  const { metadata, status } = await nodes.until(path, 'a status', (json) => json.status.containerStatuses);
  const [{ state }] = status.containerStatuses;
  expect(ofPod(metadata.uid)).toEqual([]);
  return { phase: status.phase, waits: state.waiting.reason, message: items[0].message };
}
const pending = { phase: 'Pending', waits: 'ContainerCreating' };

describe('a pod of a RuntimeClass', () => {
  it('has its containers under the engine’s runtime that the handler names', async () => {
    const path = await bind('known', { runtimeClassName: 'plain' });
    const { metadata } = await nodes.until(path, 'running', ({ status }) => status.phase === 'Running');
    expect(ofPod(metadata.uid).map(({ spec }) => spec.ociRuntime)).toEqual(['sim']);
  });

  it('goes on with it when the class has gone', async () => {
    await nodes.cluster.call('POST', classes, { metadata: { name: 'brief' }, handler: 'sim' });
    const path = await bind('outlives', {
      runtimeClassName: 'brief',
      containers: [{ name: 'main', image: 'demo', args: ['exit', '1', '500'] }],
    });
    await nodes.until(path, 'a run', ({ status }) => status.containerStatuses?.[0].containerID);
    await nodes.cluster.call('DELETE', `${classes}/brief`);
    const [{ restartCount }] = (await nodes.get(path)).status.containerStatuses;
    await nodes.until(
      path,
      'a restart',
      ({ status }) => status.containerStatuses[0].restartCount > restartCount,
    );
  });

  it('waits, and says why, where the node has no such runtime', async () => {
    expect(await failureOf(await bind('unknown', { runtimeClassName: 'strange' }))).toEqual({
      ...pending,
      message:
        'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get sandbox runtime: no runtime for "kata" is configured',
    });
  });
});

describe('a pod that is to have users of its own', () => {
  const refused = "Failed to create pod sandbox: can't set `spec.hostUsers: false`,";
  it('never runs among those of the machine', async () => {
    expect(await failureOf(await bind('users', { hostUsers: false }))).toEqual({
      ...{ ...pending, message: `${refused} runtime does not support user namespaces` },
    });
    for (const [runtimeClassName, why] of [
      ['plain', 'RuntimeClass handler "sim" does not support user namespaces'],
      [
        'strange',
        'RuntimeClass handler "kata" does not support user namespaces: the handler "kata" is not known',
      ],
    ] as const) {
      const path = await bind(`users-${runtimeClassName}`, { hostUsers: false, runtimeClassName });
      expect(await failureOf(path)).toEqual({ ...pending, message: `${refused} ${why}` });
    }
  });
});

describe('a node', () => {
  it('tells of its handlers and of what they have not', async () => {
    const { status } = await nodes.get(`/api/v1/nodes/${node.description.name}`);
    const features = { recursiveReadOnlyMounts: false, userNamespaces: false };
    expect(status.runtimeHandlers).toEqual([
      { name: '', features },
      { name: 'sim', features },
    ]);
    expect(status.features).toEqual({ supplementalGroupsPolicy: true });
  });

  it('has those alone that keep pods apart, where its pods are to be', () => {
    const info = { runtimes: ['runsc', 'runc', 'gvisor-kvm'] };
    expect(handlersOf(info, undefined)).toEqual(['gvisor-kvm', 'runc', 'runsc']);
    expect(handlersOf(info, 'gvisor')).toEqual(['gvisor-kvm', 'runsc']);
  });
});
