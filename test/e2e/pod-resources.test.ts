import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock, systemRandom } from '../../src/clock/index.ts';
import { silentLog } from '../../src/log.ts';
import { TestNode, TestNodes } from '../../src/node/kubelet/testing/test-cluster.ts';
import { type DockerRuntime, openDockerRuntime } from '../../src/runtime/index.ts';
import { askEngine } from './footprint.ts';
import { testImage } from './image.ts';

/** What pods may use, on the machine's Engine and by its kernel. */
let nodes: TestNodes;
let node: TestNode;
let runtime: DockerRuntime;
let image: string;
const name = 'ip-10-0-1-11';
const instanceId = `i-e2e${process.pid}`;

beforeAll(async () => {
  image = await testImage();
  runtime = await openDockerRuntime({ clock: systemClock(), random: systemRandom(), log: silentLog });
  nodes = await TestNodes.open();
  node = new TestNode(await nodes.access(name), { name, instanceId });
  await node.start({ runtime });
});

afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
  await nodes?.[Symbol.asyncDispose]();
  for (const { id } of (await runtime?.listSandboxes(node.labels)) ?? []) await runtime.removeSandbox(id);
  await askEngine('DELETE', '/networks/pods-test');
  await runtime?.[Symbol.asyncDispose]();
});

type Json = Awaited<ReturnType<TestNodes['get']>>;
/** A machine that does much else takes its time. */
const until = (path: string, what: string, holds: (json: Json) => boolean, withinMs = 100_000) =>
  nodes.until(path, what, holds, withinMs);
const container = (of: string, script: string, resources: object = {}, more: object = {}) => ({
  ...{ name: of, image, imagePullPolicy: 'IfNotPresent', command: ['sh', '-c', script], resources },
  ...more,
});
const idle = 'while true; do sleep 1; done';
const writer = (file: string, resources: object = {}, more: object = {}) =>
  container('c', `dd if=/dev/zero of=${file} bs=1M count=8; ${idle}`, resources, more);
const storage = (size: string) => ({ limits: { 'ephemeral-storage': size } });
const isRunning = ({ status }: Json) => status.phase === 'Running';
const first = (json: Json) => json.status.containerStatuses?.[0];
const bind = (pod: string, spec: object) =>
  nodes.bind(name, pod, { terminationGracePeriodSeconds: 1, ...spec });
async function end(path: string): Promise<void> {
  await nodes.cluster.call('DELETE', path);
  await until(path, 'gone', (json) => json.code === 404);
}
/** A shell command's words in one of a pod's containers. */
async function within(json: Json, command: string, index = 0): Promise<string> {
  const id = json.status.containerStatuses[index].containerID.replace('docker://', '');
  return (await runtime.exec(id, ['sh', '-c', command], { timeoutMs: 60_000 })).output;
}
/** Of the container's own cgroup, on either version. */
const limits =
  'cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us cpu/cpu.shares 2>/dev/null || cat memory.max cpu.max cpu.weight';
const cgroupOf = async (json: Json) =>
  /^(?:\d+:memory|0:):(.*)\/[^/]+$/m.exec(await within(json, 'cat /proc/1/cgroup'))?.[1] ?? '';

describe('a pod', () => {
  it('is in its class, held to its limits, and killed after those who asked for less', async () => {
    const resources = { requests: { cpu: '100m', memory: '1Gi' }, limits: { cpu: '500m', memory: '2Gi' } };
    const [burstable = '', guaranteed = '', bestEffort = ''] = await Promise.all([
      bind('burstable', { containers: [container('c', idle, resources)] }),
      bind('guaranteed', { containers: [container('c', idle, { limits: resources.limits })] }),
      bind('best-effort', { containers: [container('c', idle)] }),
    ]);
    const running = await until(burstable, 'running', isRunning);
    expect(await cgroupOf(running)).toBe(
      `/catamaran-${instanceId}/kubepods/burstable/pod-${running.metadata.uid}-0`,
    );
    expect(await within(running, limits)).toMatch(/^2147483648\n50000( 100000)?\n(102|4|17)\n$/);
    expect(await within(running, 'cat /proc/1/oom_score_adj')).toBe('875\n');
    const second = await until(guaranteed, 'running', isRunning);
    expect(await cgroupOf(second)).toBe(`/catamaran-${instanceId}/kubepods/pod-${second.metadata.uid}-0`);
    expect(Number(await within(second, 'cat /proc/1/oom_score_adj'))).toBeLessThanOrEqual(0);
    const third = await until(bestEffort, 'running', isRunning);
    expect(await within(third, 'cat /proc/1/oom_score_adj')).toBe('1000\n');
    await Promise.all([burstable, guaranteed, bestEffort].map(end));
  }, 180_000);

  it('whose container uses more memory than it may says so, also when a child of it did', async () => {
    // The Engine listens for that from a moment after the start on.
    const [moment, greedy] = ['sleep 1', 'tail /dev/zero'];
    const limits = { memory: '16Mi' };
    const ends = async (): Promise<readonly Json[]> => {
      const path = await bind('greedy', {
        restartPolicy: 'Never',
        containers: [
          container('itself', `${moment}; exec ${greedy}`, { limits }),
          container('child', `${moment}; ${greedy}; ${moment}; exit 3`, { limits }),
        ],
      });
      const { status } = await until(path, 'failed', (json) => json.status.phase === 'Failed');
      await end(path);
      return status.containerStatuses.map(({ state }: Json) => state.terminated);
    };
    // It hears of it from the container's cgroup, and of nothing where that has gone with the container before.
    await expect.poll(ends, { timeout: 150_000 }).toMatchObject([
      { exitCode: 137, reason: 'OOMKilled' },
      { exitCode: 3, reason: 'OOMKilled' },
    ]);
  }, 180_000);

  it('gets more and less of the kernel while it runs, its processes as they were', async () => {
    const both = (cpu: string, memory: string) => ({ requests: { cpu, memory }, limits: { cpu, memory } });
    const path = await bind('sized', { containers: [container('c', idle, both('200m', '32Mi'))] });
    const before = await until(path, 'running', isRunning);
    const resize = async (cpu: string, memory: string): Promise<Json> => {
      const spec = { containers: [{ name: 'c', resources: both(cpu, memory) }] };
      const type = { 'content-type': 'application/strategic-merge-patch+json' };
      expect((await nodes.cluster.call('PATCH', `${path}/resize`, { spec }, type)).status).toBe(200);
      return until(path, `a resize to ${cpu}`, ({ status }) => {
        const [{ resources }] = status.containerStatuses;
        const underWay = status.conditions.some((each: Json) => each.type === 'PodResizeInProgress');
        return resources.limits.cpu === cpu && resources.limits.memory === memory && !underWay;
      });
    };
    for (const [cpu, memory, seen] of [
      ['500m', '64Mi', /^67108864\n50000( 100000)?\n(512|20)\n$/],
      ['1500m', '24Mi', /^25165824\n150000( 100000)?\n(1536|59)\n$/],
      ['100m', '48Mi', /^50331648\n10000( 100000)?\n(102|4|17)\n$/],
    ] as const) {
      const after = await resize(cpu, memory);
      expect(await within(after, limits)).toMatch(seen);
      expect(after.status.containerStatuses[0]).toMatchObject({
        ...{ restartCount: 0, containerID: first(before).containerID },
      });
    }
    await end(path);
  }, 180_000);

  it.each([
    [
      'its emptyDir',
      () => ({
        volumes: [{ name: 'v', emptyDir: { sizeLimit: '4Mi' } }],
        containers: [writer('/v/file', {}, { volumeMounts: [{ name: 'v', mountPath: '/v' }] })],
      }),
      'Usage of EmptyDir volume "v" exceeds the limit "4Mi". ',
    ],
    [
      'its container',
      () => ({ containers: [writer('/file', storage('4Mi')), container('d', idle, storage('1Gi'))] }),
      'Container c exceeded its local ephemeral storage limit "4Mi". ',
    ],
  ])(
    'that writes more than %s may hold is evicted',
    async (_, spec, message) => {
      const path = await bind('writes', spec());
      const { status } = await until(path, 'the end', (json) => json.status.phase === 'Failed');
      expect(status).toMatchObject({ reason: 'Evicted', message });
      await end(path);
    },
    150_000,
  );

  it('by the dozen, all of which end again and again, leaves room for one that runs', async () => {
    const crashing = await Promise.all(
      Array.from({ length: 24 }, (_, index) =>
        bind(`crash-${index}`, { containers: [container('c', 'exit 1')] }),
      ),
    );
    const isLooping = ({ status }: Json) =>
      first({ status })?.restartCount >= 1 && first({ status }).state.waiting?.reason === 'CrashLoopBackOff';
    await Promise.all(crashing.map((path) => until(path, 'a crash loop', isLooping, 240_000)));
    const calm = await bind('calm', { containers: [container('c', idle)] });
    await until(calm, 'running', isRunning);
    await Promise.all([...crashing, calm].map(end));
    await expect.poll(() => runtime.listContainers(node.labels)).toEqual([]);
  }, 480_000);
});
