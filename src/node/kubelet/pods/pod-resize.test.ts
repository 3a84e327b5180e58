import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fastClock } from '../../../../test/system/fast-clock.ts';
import { TestNode, TestNodes } from '../testing/test-cluster.ts';

let nodes: TestNodes;
let node: TestNode;
const name = 'ip-10-0-1-12';

beforeAll(async () => {
  nodes = await TestNodes.open();
  node = new TestNode(await nodes.access(name), { name, instanceId: 'i-12' }, fastClock(20));
  await node.start();
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await nodes[Symbol.asyncDispose]();
});

type Json = Awaited<ReturnType<TestNodes['get']>>;
const strategic = { 'content-type': 'application/strategic-merge-patch+json' };
const both = (cpu: string, memory: string) => ({ requests: { cpu, memory }, limits: { cpu, memory } });
const container = (resources: object, more: object = {}) => ({
  name: 'c',
  image: 'demo',
  resources,
  ...more,
});
const isRunning = ({ status }: Json) => status.phase === 'Running';
const first = (json: Json) => json.status.containerStatuses[0];
const condition = (json: Json, type: string) =>
  json.status.conditions.find((each: { type: string }) => each.type === type);
const resize = async (path: string, resources: object): Promise<void> => {
  const body = { spec: { containers: [{ name: 'c', resources }] } };
  const { status, text } = await nodes.cluster.call('PATCH', `${path}/resize`, body, strategic);
  expect(status, text).toBe(200);
};
const isResized = (cpu: string) => (json: Json) =>
  first(json).resources?.limits?.cpu === cpu && condition(json, 'PodResizeInProgress') === undefined;
const engineOf = (pod: string) =>
  node.machine.engine
    .containers({ 'io.kubernetes.pod.name': pod })
    .toSorted((one, other) => (one.spec.name < other.spec.name ? 1 : -1))[0];
async function end(path: string): Promise<void> {
  await nodes.cluster.call('DELETE', path);
  await nodes.until(path, 'gone', (json) => json.code === 404);
}

describe('a running pod', () => {
  it('is resized in place: its container, the whole of it and its class', async () => {
    const path = await nodes.bind(name, 'grows', { containers: [container(both('500m', '64Mi'))] });
    const before = await nodes.until(path, 'running', isRunning);
    expect(first(before)).toMatchObject({
      ...{ allocatedResources: { cpu: '500m', memory: '64Mi' }, resources: both('500m', '64Mi') },
    });
    await resize(path, both('1', '128Mi'));
    const after = await nodes.until(path, 'the resize', isResized('1'));
    expect(first(after)).toMatchObject({
      ...{ restartCount: 0, containerID: first(before).containerID },
      ...{ allocatedResources: { cpu: '1', memory: '128Mi' }, resources: both('1', '128Mi') },
    });
    expect(after.status.observedGeneration).toBe(2);
    expect(engineOf('grows')?.spec).toMatchObject({ cpuShares: 1_024, cpuMillis: 1_000, memoryMiB: 128 });
    const sandbox = node.machine.engine.sandboxSpec(`pod-${after.metadata.uid}-0`);
    expect(sandbox).toMatchObject({ cpuShares: 1_024, cpuMillis: 1_000, memoryMiB: 128 });
    const told =
      '{"containers":[{"name":"c","resources":{"limits":{"cpu":"1","memory":"128Mi"},"requests":{"cpu":"1","memory":"128Mi"}}}],"generation":2}';
    await expect
      .poll(() => nodes.eventsOf('grows'))
      .toEqual(
        expect.arrayContaining([
          `ResizeCompleted: Pod resize completed: ${told}`,
          `ResizeStarted: Pod resize started: ${told}`,
        ]),
      );
    await end(path);
  });

  it('begins anew where its policy says so, and counts that', async () => {
    const resizePolicy = [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }];
    const spec = {
      terminationGracePeriodSeconds: 1,
      containers: [container(both('500m', '64Mi'), { resizePolicy })],
    };
    const path = await nodes.bind(name, 'restarts', spec);
    await nodes.until(path, 'running', isRunning);
    await resize(path, both('1', '128Mi'));
    const after = await nodes.until(path, 'the resize', isResized('1'));
    expect(first(after)).toMatchObject({ restartCount: 1, resources: both('1', '128Mi') });
    expect(engineOf('restarts')?.spec).toMatchObject({ cpuMillis: 1_000, memoryMiB: 128 });
    await expect
      .poll(() => nodes.eventsOf('restarts'))
      .toContain('Killing: Container c resize requires restart');
    await end(path);
  });

  it('keeps what it has while others have the rest, or when the node will never have it', async () => {
    const other = await nodes.bind(name, 'other', { containers: [container(both('1', '64Mi'))] });
    const path = await nodes.bind(name, 'waits', { containers: [container(both('500m', '64Mi'))] });
    await Promise.all([other, path].map((each) => nodes.until(each, 'running', isRunning)));
    await resize(path, both('1500m', '64Mi'));
    const deferred = await nodes.until(path, 'no', (json) => condition(json, 'PodResizePending'));
    expect(condition(deferred, 'PodResizePending')).toMatchObject({
      ...{ status: 'True', reason: 'Deferred', observedGeneration: 2 },
      message: "Node didn't have enough resource: cpu, requested: 1500, used: 1000, capacity: 1930",
    });
    expect(first(deferred).resources).toEqual(both('500m', '64Mi'));
    await resize(path, both('3', '64Mi'));
    const infeasible = await nodes.until(
      ...([path, 'never'] as const),
      (json) => condition(json, 'PodResizePending')?.reason === 'Infeasible',
    );
    expect(condition(infeasible, 'PodResizePending')).toMatchObject({
      ...{
        observedGeneration: 3,
        message: "Node didn't have enough capacity: cpu, requested: 3000, capacity: 1930",
      },
    });
    await resize(path, both('1500m', '64Mi'));
    await nodes.until(path, 'no', (json) => condition(json, 'PodResizePending')?.reason === 'Deferred');
    // With the other one gone there is room.
    await end(other);
    const given = await nodes.until(path, 'the resize', isResized('1500m'));
    expect(condition(given, 'PodResizePending')).toBeUndefined();
    await end(path);
  });

  it('is not taken below what it uses', async () => {
    const path = await nodes.bind(name, 'uses', { containers: [container(both('500m', '64Mi'))] });
    await nodes.until(path, 'running', isRunning);
    await resize(path, both('500m', '8Mi'));
    const stuck = await nodes.until(
      path,
      'an error',
      (json) => condition(json, 'PodResizeInProgress')?.reason,
    );
    expect(condition(stuck, 'PodResizeInProgress')).toMatchObject({
      ...{ status: 'True', reason: 'Error', observedGeneration: 2 },
      message: 'attempting to set container "c" memory limit (8388608) below current usage (16777216)',
    });
    expect(first(stuck)).toMatchObject({
      resources: both('500m', '64Mi'),
      allocatedResources: { memory: '8Mi' },
    });
    await resize(path, both('250m', '32Mi'));
    await nodes.until(path, 'the resize', isResized('250m'));
    await end(path);
  });

  it('is resized by the next kubelet, which asks first whether there is room', async () => {
    const [kept, refused] = await Promise.all(
      ['kept', 'refused'].map((each) =>
        nodes.bind(name, each, { containers: [container(both('500m', '64Mi'))] }),
      ),
    );
    const paths = [kept ?? '', refused ?? ''] as const;
    await Promise.all(paths.map((each) => nodes.until(each, 'running', isRunning)));
    const ids = await Promise.all(paths.map(async (each) => first(await nodes.get(each)).containerID));
    await (await node.restart()).close();
    await resize(paths[0], both('1', '96Mi'));
    await resize(paths[1], both('1500m', '64Mi'));
    await node.start();
    const after = await nodes.until(paths[0], 'the resize', isResized('1'));
    expect(first(after)).toMatchObject({
      containerID: ids[0],
      restartCount: 0,
      resources: both('1', '96Mi'),
    });
    const waiting = await nodes.until(paths[1], 'no', (json) => condition(json, 'PodResizePending'));
    expect(condition(waiting, 'PodResizePending').reason).toBe('Deferred');
    expect(engineOf('refused')?.spec.cpuMillis).toBe(500);
    await Promise.all(paths.map(end));
  });
});
