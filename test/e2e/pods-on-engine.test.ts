import { once } from 'node:events';
import { mkdir, readdir, readlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock, systemRandom } from '../../src/clock/index.ts';
import { silentLog } from '../../src/log.ts';
import { TestNode, TestNodes } from '../../src/node/kubelet/testing/test-cluster.ts';
import {
  busyboxLayer,
  type DockerRuntime,
  imageArchive,
  openDockerRuntime,
  tar,
} from '../../src/runtime/index.ts';
import { askEngine } from './footprint.ts';
import { testImage } from './image.ts';

/** A kubelet over the machine's Engine, with a cluster in this process and a plain network for its pods. */
let nodes: TestNodes;
let node: TestNode;
let runtime: DockerRuntime;
let image: string;
let seccompProfiles: string;
const name = 'ip-10-0-1-9';

beforeAll(async () => {
  image = await testImage();
  const clock = systemClock();
  runtime = await openDockerRuntime({ clock, random: systemRandom(), log: silentLog });
  nodes = await TestNodes.open();
  node = new TestNode(await nodes.access(name), { name, instanceId: `i-e2e${process.pid}` });
  seccompProfiles = join(node.stateDirectory, 'seccomp');
  await node.start({ runtime, settings: { seccompProfiles } });
});

afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
  await nodes?.[Symbol.asyncDispose]();
  for (const { id } of (await runtime?.listSandboxes(node.labels)) ?? []) await runtime.removeSandbox(id);
  // Networks are shared, so that none goes with its last sandbox.
  await askEngine('DELETE', '/networks/pods-test');
  await runtime?.[Symbol.asyncDispose]();
});

type Json = Awaited<ReturnType<TestNodes['get']>>;
const container = (of: string, script: string, more = {}) => ({
  ...{ name: of, image, imagePullPolicy: 'IfNotPresent', command: ['sh', '-c', script], ...more },
});
const first = (json: Json) => json.status.containerStatuses?.[0];
/** A machine that does much else takes its time. */
const until = (path: string, what: string, holds: (json: Json) => boolean) =>
  nodes.until(path, what, holds, 100_000);
async function end(path: string): Promise<void> {
  await nodes.cluster.call('DELETE', path);
  await until(path, 'gone', (json) => json.code === 404);
}
const idOf = (json: Json, index: number): string =>
  json.status.containerStatuses[index].containerID.replace('docker://', '');

describe('a pod on the Docker Engine', () => {
  it('has one address and one IPC namespace for all of its containers, within its limits', async () => {
    const path = await nodes.bind(name, 'shared', {
      terminationGracePeriodSeconds: 1,
      containers: [
        container('server', 'mkdir /www; echo hello > /www/index.html; exec httpd -f -p 8080 -h /www', {
          resources: { requests: { cpu: '100m' }, limits: { memory: '32Mi', cpu: '500m' } },
        }),
        container('client', 'while true; do sleep 1; done'),
      ],
    });
    const json = await until(path, 'running', ({ status }) => status.phase === 'Running');
    expect(json.status).toMatchObject({ podIP: '10.251.0.10', qosClass: 'Burstable' });
    const fetch = ['wget', '-qO-', `http://${json.status.podIP}:8080/`];
    await expect
      .poll(async () => (await runtime.exec(idOf(json, 1), fetch, { timeoutMs: 20_000 })).output)
      .toBe('hello\n');
    const stats = await runtime.stats(idOf(json, 0));
    expect(stats?.memoryLimitBytes).toBe(32 * 1_048_576);
    await end(path);
    await expect.poll(() => runtime.listContainers(node.labels)).toEqual([]);
    const sandboxes = async () => (await runtime.listSandboxes(node.labels)).map(({ id }) => id);
    await expect.poll(sandboxes).toEqual([]);
  }, 180_000);

  it('says how its containers ended, in their own words and their logs', async () => {
    const path = await nodes.bind(name, 'ends', {
      restartPolicy: 'Never',
      containers: [
        container('told', 'echo disk full > /dev/termination-log; exit 3'),
        container('logged', 'echo one; echo two >&2; exit 4', {
          terminationMessagePolicy: 'FallbackToLogsOnError',
        }),
      ],
    });
    const { status } = await until(path, 'failed', (json) => json.status.phase === 'Failed');
    const ends = status.containerStatuses.map(({ state }: Json) => state.terminated);
    const [told, logged] = [3, 4].map((exitCode) => ends.find((each: Json) => each.exitCode === exitCode));
    expect(told).toMatchObject({ reason: 'Error', message: 'disk full\n' });
    expect(logged.message.split('\n').toSorted()).toEqual(['', 'one', 'two']);
    await end(path);
  });

  it('is run by its users, with the rights that it was given and no more', async () => {
    const securityContext = {
      ...{ runAsUser: 1000, runAsGroup: 3000, readOnlyRootFilesystem: true },
      ...{ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    };
    const script = 'id; grep -E "CapEff|NoNewPrivs" /proc/self/status; touch /x 2>&1';
    const path = await nodes.bind(name, 'rights', {
      restartPolicy: 'Never',
      containers: [
        container('c', script, { securityContext, terminationMessagePolicy: 'FallbackToLogsOnError' }),
      ],
    });
    const json = await until(path, 'failed', ({ status }) => status.phase === 'Failed');
    const { message } = first(json).state.terminated;
    expect(message).toMatch(/uid=1000 gid=3000/);
    expect(message).toMatch(/CapEff:\s+0000000000000000/);
    expect(message).toMatch(/NoNewPrivs:\s+1/);
    expect(message).toMatch(/Read-only file system/);
    await end(path);
  });

  it('is in the groups that its image gives its user, unless it wants its own alone', async () => {
    const reference = `catamaran/crew-${process.pid}:1`;
    const files = await tar([
      { path: 'etc/passwd', content: 'sailor:x:1000:2000::/:/bin/sh\n' },
      { path: 'etc/group', linkTo: '../lib/crews' },
      { path: 'lib/crews', content: 'crew:x:50000:sailor\n' },
    ]);
    const layers = [await busyboxLayer(), files];
    await runtime.loadImage(await imageArchive({ reference, layers, config: {} }));
    const own = { runAsUser: 1000, runAsGroup: 3000, supplementalGroups: [4000] };
    for (const [supplementalGroupsPolicy, groups] of [
      ['Merge', [3000, 4000, 50_000]],
      ['Strict', [3000, 4000]],
    ] as const) {
      const path = await nodes.bind(name, `groups-${supplementalGroupsPolicy.toLowerCase()}`, {
        ...{ restartPolicy: 'Never', securityContext: { ...own, supplementalGroupsPolicy } },
        containers: [
          container('c', 'id -u; id -G; exit 1', {
            ...{ image: reference, terminationMessagePolicy: 'FallbackToLogsOnError' },
          }),
        ],
      });
      const json = await nodes.until(path, 'failed', ({ status }) => status.phase === 'Failed');
      const { state, user } = first(json);
      const [uid, told] = state.terminated.message.split('\n');
      expect(user.linux).toEqual({ uid: Number(uid), gid: 3000, supplementalGroups: groups });
      expect(told.split(' ').map(Number).toSorted()).toEqual(groups.toSorted());
      await end(path);
    }
    await expect.poll(() => runtime.listContainers(node.labels)).toEqual([]);
    await runtime.removeImage(reference);
  });

  it('is kept from what a profile of its machine forbids', async () => {
    const profile = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO' }],
    };
    await mkdir(join(seccompProfiles, 'crew'), { recursive: true });
    await writeFile(join(seccompProfiles, 'crew', 'no-mkdir.json'), JSON.stringify(profile));
    const under = (localhostProfile: string) => ({
      securityContext: { seccompProfile: { type: 'Localhost', localhostProfile } },
      ...{ terminationMessagePolicy: 'FallbackToLogsOnError' },
    });
    const path = await nodes.bind(name, 'profile', {
      restartPolicy: 'Never',
      containers: [container('c', 'touch /file && mkdir /dir', under('crew/no-mkdir.json'))],
    });
    const json = await nodes.until(path, 'failed', ({ status }) => status.phase === 'Failed');
    expect(first(json).state.terminated.message).toContain("can't create directory '/dir'");
    await end(path);

    const missing = await nodes.bind(name, 'no-profile', {
      containers: [container('c', 'true', under('none.json'))],
    });
    const waiting = await nodes.until(missing, 'waiting', (seen) => first(seen)?.state.waiting?.message);
    expect(first(waiting).state.waiting).toMatchObject({
      reason: 'CreateContainerError',
      message: expect.stringContaining(`cannot load seccomp profile "${join(seccompProfiles, 'none.json')}"`),
    });
    await end(missing);
  });

  it('is in its node’s network, and sees what the machine runs, where it asks for that', async () => {
    const server = createServer((_, answer) => answer.end('here')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const asks = `hostname; wget -qO- http://127.0.0.1:${port}/; test -d /proc/${process.pid} && echo seen; readlink /proc/self/ns/ipc; exit 1`;
    const path = await nodes.bind(name, 'on-node', {
      ...{ restartPolicy: 'Never', hostNetwork: true, hostPID: true, hostIPC: true },
      containers: [container('c', asks, { terminationMessagePolicy: 'FallbackToLogsOnError' })],
    });
    const json = await until(path, 'failed', ({ status }) => status.phase === 'Failed');
    server.close();
    expect(first(json).state.terminated.message.split('\n')).toEqual([
      ...[name, 'hereseen', await readlink('/proc/self/ns/ipc'), ''],
    ]);
    await end(path);
  });

  it('mounts images as volumes, whole or a part, which nothing can be written to', async () => {
    const reference = `catamaran/files-${process.pid}:1`;
    const layers = [
      await tar([
        { path: 'dir/file', content: 'old' },
        { path: 'gone', content: 'x' },
      ]),
      await tar([
        { path: 'dir/file', content: 'from an image\n' },
        { path: '.wh.gone', content: '' },
      ]),
    ];
    await runtime.loadImage(await imageArchive({ reference, layers, config: {} }));
    const volume = (of: string, more = {}) => ({ name: 'v', image: { reference: of, ...more } });
    const volumeMounts = [
      { name: 'v', mountPath: '/whole' },
      { name: 'v', mountPath: '/part', subPath: 'dir' },
    ];
    const script = 'ls -A /whole; cat /part/file; touch /whole/x /part/x 2>&1; exit 1';
    const more = { volumeMounts, terminationMessagePolicy: 'FallbackToLogsOnError' };
    const path = await nodes.bind(name, 'images', {
      ...{ restartPolicy: 'Never', volumes: [volume(reference)] },
      initContainers: [container('first', 'cat /whole/dir/file | grep image', { volumeMounts })],
      containers: [container('c', script, more)],
    });
    const json = await until(path, 'failed', ({ status }) => status.phase === 'Failed');
    expect(json.status.initContainerStatuses[0].state.terminated.exitCode).toBe(0);
    expect(first(json).state.terminated.message.split('\n')).toEqual([
      ...['dir', 'from an image', 'touch: /whole/x: Read-only file system'],
      ...['touch: /part/x: Read-only file system', ''],
    ]);
    await end(path);
    // A pod that has ended goes from the API at once, and what it held a little later.
    await expect.poll(() => readdir(join(node.stateDirectory, 'image-volumes'))).toEqual([]);
    await runtime.removeImage(reference);

    // A container that does not mount what is missing runs.
    const missing = await nodes.bind(name, 'no-images', {
      terminationGracePeriodSeconds: 1,
      volumes: [
        volume('127.0.0.1:1/no/such:1'),
        { ...volume(reference, { pullPolicy: 'Never' }), name: 'n' },
      ],
      containers: [
        container('waits', 'true', { volumeMounts }),
        container('never', 'true', { volumeMounts: [{ name: 'n', mountPath: '/n' }] }),
        container('runs', 'exec sleep 1000'),
      ],
    });
    const reasons = ({ status }: Json): unknown =>
      status.containerStatuses?.map(({ state }: Json) => state.waiting?.reason ?? Object.keys(state)[0]);
    const wanted = JSON.stringify(['ImagePullBackOff', 'ErrImageNeverPull', 'running']);
    await until(missing, 'what is missing', (seen) => JSON.stringify(reasons(seen)) === wanted);
    await expect
      .poll(() => nodes.eventsOf('no-images'))
      .toEqual(
        expect.arrayContaining([
          'Pulling: Pulling image "127.0.0.1:1/no/such:1"',
          'Failed: Error: ErrImagePull',
        ]),
      );
    await end(missing);
  }, 240_000);

  it('restarts what ends, and goes on under another kubelet', async () => {
    const path = await nodes.bind(name, 'adopted', {
      terminationGracePeriodSeconds: 1,
      containers: [container('c', 'exec sleep 1000')],
    });
    const before = await until(path, 'running', ({ status }) => status.phase === 'Running');
    await node.restart({ runtime });
    await runtime.stopContainer(idOf(before, 0), 0);
    const json = await until(path, 'a restart', (seen) => first(seen).restartCount === 1);
    expect(first(json).lastState.terminated).toMatchObject({ exitCode: 137, reason: 'Error' });
    expect(json.status.podIP).toBe(before.status.podIP);
    await end(path);
  }, 180_000);
});
