import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fastClock } from '../../../../test/system/fast-clock.ts';
import { TestNode, TestNodes } from '../testing/test-cluster.ts';
import type { FileSystemSpace } from '../usage/node-disk.ts';

let nodes: TestNodes;
let node: TestNode;
const name = 'ip-10-0-1-13';
const GiB = 1_073_741_824;
const roomy: FileSystemSpace = {
  ...{ totalBytes: 100 * GiB, availableBytes: 100 * GiB, totalInodes: 0, freeInodes: 0 },
};
let machineDisk = () => roomy;

beforeAll(async () => {
  nodes = await TestNodes.open();
  // 1,426 MiB of it are for pods.
  const capacity = { cpuMillis: 2_000, memoryMiB: 2_000, pods: 29, ephemeralStorageBytes: 20 * GiB };
  node = new TestNode(await nodes.access(name), { name, instanceId: 'i-13', capacity }, fastClock(50));
  await start();
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await nodes[Symbol.asyncDispose]();
});

/** A kubelet that begins anew is short of nothing yet; else it would say so for longer than a test takes. */
const start = () =>
  node.restart({ machineDisk: async () => machineDisk(), settings: { pressureTransitionMs: 36_000_000 } });

type Json = Awaited<ReturnType<TestNodes['get']>>;
const until = (path: string, what: string, holds: (json: Json) => boolean) => nodes.until(path, what, holds);
const container = (args: readonly string[], requests: object = {}, more: object = {}) => ({
  ...{ name: 'c', image: 'demo', args, resources: { requests } },
  ...more,
});
const isRunning = ({ status }: Json) => status.phase === 'Running';
const hasFailed = ({ status }: Json) => status.phase === 'Failed';
const conditionOf = (json: Json, type: string) =>
  json.status.conditions.find((each: { type: string }) => each.type === type);
const isRunningInEngine = (pod: string): boolean =>
  node.machine.engine.containers({ 'io.kubernetes.pod.name': pod }).some((each) => each.isRunning);
const nodePath = `/api/v1/nodes/${name}`;
const pressure = (type: string, status: string) =>
  until(nodePath, `${type} ${status}`, (json) => conditionOf(json, type)?.status === status);
async function end(path: string): Promise<void> {
  await nodes.cluster.call('DELETE', path);
  await until(path, 'gone', (json) => json.code === 404);
}
const bind = (pod: string, args: readonly string[], requests: object = {}, more: object = {}) =>
  nodes.bind(name, pod, { ...more, containers: [container(args, requests)] });

describe('a node short of memory', () => {
  it('evicts who uses more than he asked for, says so, and takes nobody who asked for none', async () => {
    const modest = await bind('modest', ['use', '900'], { memory: '900Mi' });
    const needed = await bind('needed', ['use', '50'], {}, { priorityClassName: 'system-node-critical' });
    const greedy = await bind('greedy', ['use', '400'], { memory: '10Mi' });
    const { status, metadata } = await until(greedy, 'the end', hasFailed);
    const message =
      'The node was low on resource: memory. Threshold quantity: 100Mi, available: 76Mi. Container c was using 400Mi, request is 10Mi, has larger consumption of memory. ';
    expect(status).toMatchObject({ reason: 'Evicted', message });
    expect(conditionOf({ status }, 'DisruptionTarget')).toMatchObject({
      ...{ status: 'True', reason: 'TerminationByKubelet', message },
    });
    await expect.poll(() => nodes.eventsOf('greedy')).toContain(`Evicted: ${message}`);
    await pressure('MemoryPressure', 'True');
    const { items } = await nodes.get(
      `/api/v1/namespaces/default/events?fieldSelector=involvedObject.name=${name},reason=EvictionThresholdMet`,
    );
    expect(items.map((event: Json) => event.message)).toEqual(['Attempting to reclaim memory']);
    const late = await until(await bind('late', []), 'the end', hasFailed);
    expect(late.status).toMatchObject({
      ...{ reason: 'Evicted', message: 'Pod was rejected: The node had condition: [MemoryPressure]. ' },
    });
    const asking = await bind('asking', [], { memory: '10Mi' });
    await Promise.all([modest, needed, asking].map((path) => until(path, 'running', isRunning)));
    // It stays as it is told under the next kubelet.
    await start();
    await pressure('MemoryPressure', 'False');
    expect((await nodes.get(greedy)).status).toMatchObject({ reason: 'Evicted', message });
    expect((await nodes.get(greedy)).metadata.uid).toBe(metadata.uid);
    await Promise.all([modest, needed, greedy, asking, '/api/v1/namespaces/default/pods/late'].map(end));
  });
});

describe('a node whose disk fills up', () => {
  it('removes what nobody uses first, and only then evicts who has written most', async () => {
    const ours = await nodes.bind(name, 'ours', {
      restartPolicy: 'Never',
      containers: [{ ...container(['exit', '0']), image: 'pulled' }],
    });
    await until(ours, 'the end', ({ status }) => status.phase === 'Succeeded');
    await node.machine.runtime.pullImage('of-others', { signal: new AbortController().signal });
    const [little, much] = [
      await bind('little', ['use', '1', '10']),
      await bind('much', ['use', '1', '900']),
    ];
    await Promise.all([little, much].map((path) => until(path, 'running', isRunning)));
    // Images that have just come stay.
    await node.clock.sleep(150_000);
    machineDisk = () => ({ ...roomy, availableBytes: isRunningInEngine('much') ? GiB : 100 * GiB });
    const { status } = await until(much, 'the end', hasFailed);
    machineDisk = () => roomy;
    expect(status).toMatchObject({
      reason: 'Evicted',
      message:
        'The node was low on resource: ephemeral-storage. Threshold quantity: 2Gi, available: 1Gi. Container c was using 900Mi, request is 0, has larger consumption of ephemeral-storage. ',
    });
    await pressure('DiskPressure', 'True');
    const image = (reference: string) => node.machine.runtime.inspectImage(reference);
    await expect.poll(() => image('pulled')).toBeUndefined();
    expect(await image('of-others')).toBeDefined();
    expect(await image('demo')).toBeDefined();
    // What has ended is told of as before, also without its containers.
    expect(node.machine.containers.filter((each) => each.includes('_ours_'))).toEqual([]);
    const over = await nodes.get(ours);
    expect(over.status).toMatchObject({ phase: 'Succeeded' });
    expect(over.status.containerStatuses[0].state.terminated).toMatchObject({
      exitCode: 0,
      reason: 'Completed',
    });
    await start();
    await pressure('DiskPressure', 'False');
    await until(little, 'running', isRunning);
    await Promise.all([ours, little, much].map(end));
  });
});

describe('a pod that writes more than it may', () => {
  it('is evicted for its emptyDir', async () => {
    const volumes = [{ name: 'scratch', emptyDir: { sizeLimit: '1Mi' } }];
    const volumeMounts = [{ name: 'scratch', mountPath: '/scratch' }];
    const path = await nodes.bind(name, 'writes', {
      volumes,
      containers: [container([], {}, { volumeMounts })],
    });
    const { metadata } = await until(path, 'running', isRunning);
    const directory = join(
      node.stateDirectory,
      'pods',
      metadata.uid,
      'volumes/kubernetes.io~empty-dir/scratch',
    );
    await writeFile(join(directory, 'file'), Buffer.alloc(2 * 1_048_576));
    const { status } = await until(path, 'the end', hasFailed);
    expect(status).toMatchObject({
      ...{ reason: 'Evicted', message: 'Usage of EmptyDir volume "scratch" exceeds the limit "1Mi". ' },
    });
    expect(conditionOf({ status }, 'DisruptionTarget')).toBeUndefined();
    await expect.poll(() => existsSync(directory)).toBe(false);
    await end(path);
  });
});
