import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { fastClock } from '../../../../test/system/fast-clock.ts';
import { createServer } from '../../../http.ts';
import type { PodDialer } from '../kubelet-options.ts';
import { directDialer } from '../probes/direct-dialer.ts';
import { TestNode, TestNodes, testNode } from '../testing/test-cluster.ts';
import { MountBackOff } from '../volumes/mount-back-off.ts';
import { durationText } from './crash-back-off.ts';
import { podLabels } from './names.ts';

let nodes: TestNodes;
let node: TestNode;
/** What the pods' program answers with 200. */
const answers = new Set<string>();
const hooks: string[] = [];
/** Who is last to end has been asked, which who is first waits for. */
const meanwhile = Promise.withResolvers<void>();
const server = createServer(({ url = '' }, response) => {
  if (url.startsWith('/hook/')) hooks.push(url);
  if (url === '/hook/last-to-end') meanwhile.resolve();
  const answer = () => response.writeHead(answers.has(url) || url.startsWith('/hook/') ? 200 : 503).end();
  if (url === '/hook/first-to-end') meanwhile.promise.then(answer);
  else answer();
});
let port: number;
/** Simulated containers listen nowhere: this one does for all of them. */
const dialer: PodDialer = {
  connect: (target, signal) => directDialer.connect({ ...target, address: '127.0.0.1' }, signal),
};

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
  nodes = await TestNodes.open();
  node = new TestNode(await nodes.access(testNode.name), {}, fastClock(20));
  await node.start({ dialer });
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await nodes[Symbol.asyncDispose]();
  server.close();
});

const container = (name: string, ...args: string[]) => ({ name, image: 'demo', args });
const bind = (name: string, spec: object, metadata?: object) =>
  nodes.bind(node.description.name, name, spec, metadata);
type Json = Awaited<ReturnType<TestNodes['get']>>;
const isRunning = (json: Json) => json.status.phase === 'Running';
const remove = (path: string) => nodes.cluster.call('DELETE', path);
const isGone = (json: Json) => json.code === 404;
const first = (json: Json) => json.status.containerStatuses?.[0];
const condition = (json: Json, type: string) =>
  json.status.conditions.find((each: { type: string }) => each.type === type);

describe('a pod', () => {
  it('runs, says so, and goes without a trace when it is deleted', async () => {
    const path = await bind('web', { containers: [container('web')] });
    const running = await nodes.until(path, 'running', isRunning);
    expect(running.status).toMatchObject({
      ...{ hostIP: '10.0.1.7', podIP: '10.251.0.10', qosClass: 'BestEffort' },
      podIPs: [{ ip: '10.251.0.10' }],
      containerStatuses: [
        { name: 'web', ready: true, started: true, restartCount: 0, image: 'demo', state: { running: {} } },
      ],
    });
    expect(first(running).containerID).toMatch(/^sim:\/\/[0-9a-f]{64}$/);
    expect(first(running).imageID).toBe('sha256:demo:latest');
    for (const type of [
      'PodReadyToStartContainers',
      'Initialized',
      'Ready',
      'ContainersReady',
      'PodScheduled',
    ])
      expect(condition(running, type)).toMatchObject({ status: 'True', observedGeneration: 1 });
    expect(node.machine.containers).toEqual([`k8s_web_web_default_${running.metadata.uid}_0`]);
    await expect
      .poll(() => nodes.eventsOf('web'))
      .toEqual([
        'Created: Container created',
        expect.stringMatching(
          /^Pulled: Successfully pulled image "demo" in \S+s \(\S+s including waiting\)\.$/,
        ),
        'Pulling: Pulling image "demo"',
        'Started: Container started',
      ]);
    await remove(path);
    await nodes.until(path, 'gone', isGone);
    expect(node.network.addresses.size).toBe(0);
    await expect.poll(() => nodes.eventsOf('web')).toContain('Killing: Stopping container web');
    await expect.poll(() => node.machine.containers).toEqual([]);
    await expect.poll(() => node.machine.engine.sandboxes({})).toEqual([]);
  });

  it('gives its volumes back before its address, which can’t be written down on a disk that they fill', async () => {
    const path = await bind('full', {
      ...{ containers: [container('full')], terminationGracePeriodSeconds: 1 },
      volumes: [{ name: 'scratch', emptyDir: {} }],
    });
    const { metadata } = await nodes.until(path, 'running', isRunning);
    const directory = join(node.stateDirectory, 'pods', metadata.uid);
    expect(existsSync(directory)).toBe(true);
    const release = node.network.release.bind(node.network);
    using _ = vi.spyOn(node.network, 'release').mockImplementation(async (uid) => {
      if (existsSync(directory)) throw new Error('ENOSPC');
      await release(uid);
    });
    await remove(path);
    await nodes.until(path, 'gone', isGone);
    expect(node.network.addresses.size).toBe(0);
  });

  it('waits for a secret that is not there, tells it less and less often, and runs soon after it is', async () => {
    const { clock } = node;
    const volumes = [{ name: 'v', secret: { secretName: 'late' } }];
    const sinceMs = clock.now();
    const path = await bind('waiting', { volumes, containers: [container('c')] });
    const query = new URLSearchParams({ fieldSelector: 'involvedObject.name=waiting,reason=FailedMount' });
    const message = 'MountVolume.SetUp failed for volume "v" : secret "late" not found';
    const told = async () =>
      (await nodes.get(`/api/v1/namespaces/default/events?${query}`)).items.filter(
        (each: Json) => each.message === message,
      );
    await expect.poll(() => clock.now() - sinceMs).toBeGreaterThan(90_000);
    await expect.poll(async () => (await told())[0]?.count).toBeGreaterThan(2);
    const [event, ...others] = await told();
    expect(others).toEqual([]);
    // At 0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 63.5 s and so on, or later where it is not tried just then.
    const backOff = new MountBackOff();
    let most = 0;
    for (let ms = 0; ms <= clock.now() - sinceMs; ms += 100) if (backOff.isDue(ms)) most += 1;
    expect(event.count).toBeLessThanOrEqual(most);
    await nodes.cluster.call('POST', '/api/v1/namespaces/default/secrets', {
      metadata: { name: 'late' },
      stringData: { a: '1' },
    });
    await nodes.until(path, 'running', isRunning);
    await remove(path);
    await nodes.until(path, 'gone', isGone);
  });

  it('that never restarts succeeds or fails with its containers', async () => {
    const restartPolicy = 'Never';
    const done = await bind('done', { restartPolicy, containers: [container('a', 'exit', '0')] });
    const failed = await bind('failed', {
      restartPolicy,
      containers: [container('a', 'exit', '0'), container('b', 'exit', '3')],
    });
    const succeeded = await nodes.until(done, 'the end', ({ status }) => status.phase === 'Succeeded');
    expect(condition(succeeded, 'Ready')).toMatchObject({ status: 'False', reason: 'PodCompleted' });
    expect(first(succeeded).state.terminated).toMatchObject({ exitCode: 0, reason: 'Completed' });
    const { status } = await nodes.until(failed, 'the end', (json) => json.status.phase === 'Failed');
    expect(status.containerStatuses[1].state.terminated).toMatchObject({ exitCode: 3, reason: 'Error' });
    // It holds no address any more, and its containers' ends can be read until it is deleted.
    await expect.poll(() => node.network.addresses.size).toBe(0);
    await Promise.all([remove(done), remove(failed)]);
    await nodes.until(done, 'gone', isGone);
    await nodes.until(failed, 'gone', isGone);
  });

  it('that has ended still tells its address, which another one has by now', async () => {
    const spec = { restartPolicy: 'Never', containers: [container('c', 'exit', '0')] };
    const ended = await bind('ended', spec);
    await nodes.until(ended, 'the end', ({ status }) => status.phase === 'Succeeded');
    await expect.poll(() => node.network.addresses.size).toBe(0);
    const next = await bind('next', { containers: [container('c')] });
    const { podIP, podIPs, hostIP } = (await nodes.until(next, 'running', isRunning)).status;
    const { status } = await nodes.get(ended);
    expect(status).toMatchObject({ podIP, podIPs, hostIP, phase: 'Succeeded' });
    expect(condition({ status }, 'PodReadyToStartContainers').status).toBe('False');
    await Promise.all([remove(ended), remove(next)]);
    await nodes.until(ended, 'gone', isGone);
    await nodes.until(next, 'gone', isGone);
  });

  it('whose container ends again and again waits longer each time', async () => {
    const path = await bind('crash', { containers: [container('c', 'exit', '1', '100')] });
    const backOffAfter = (restarts: number) =>
      `back-off ${durationText(Math.min(300_000, 10_000 * 2 ** (restarts - 1)))}`;
    const json = await nodes.until(
      ...([path, 'back-off'] as const),
      (seen) =>
        first(seen)?.restartCount >= 2 &&
        first(seen).state.waiting?.message?.startsWith(`${backOffAfter(first(seen).restartCount)} `),
    );
    const { name, namespace, uid } = json.metadata;
    expect(first(json).state.waiting).toEqual({
      reason: 'CrashLoopBackOff',
      message: `${backOffAfter(first(json).restartCount)} restarting failed container=c pod=${name}_${namespace}(${uid})`,
    });
    expect(first(json).lastState.terminated).toMatchObject({ exitCode: 1, reason: 'Error' });
    expect(json.status.phase).toBe('Running');
    expect(condition(json, 'Ready')).toMatchObject({
      ...{ status: 'False', reason: 'ContainersNotReady', message: 'containers with unready status: [c]' },
    });
    // The last two runs are kept.
    const attempts = () => node.machine.containers.map((each) => Number(each.at(-1)));
    await expect.poll(() => attempts().map((attempt) => attempt - Math.min(...attempts()))).toEqual([0, 1]);
    await expect
      .poll(() => nodes.eventsOf('crash'))
      .toContain(`BackOff: Back-off restarting failed container c in pod ${name}_${namespace}(${uid})`);
    await remove(path);
    await nodes.until(path, 'gone', isGone);
  });

  it('starts init containers one after the other, and sidecars before the others', async () => {
    const path = await bind('init', {
      initContainers: [
        container('first', 'end-when-told'),
        { ...container('side'), restartPolicy: 'Always' },
        container('second', 'exit', '0'),
      ],
      containers: [container('main')],
    });
    const waiting = await nodes.until(
      path,
      'first',
      ({ status }) => status.initContainerStatuses?.[0].state.running,
    );
    expect(waiting.status.phase).toBe('Pending');
    expect(first(waiting).state.waiting).toEqual({ reason: 'PodInitializing' });
    expect(condition(waiting, 'Initialized')).toMatchObject({
      ...{ status: 'False', message: 'containers with incomplete status: [first side second]' },
    });
    node.machine.tellToEnd();
    const running = await nodes.until(path, 'running', isRunning);
    const states = running.status.initContainerStatuses.map(({ state }: Json) => Object.keys(state)[0]);
    expect(states).toEqual(['terminated', 'running', 'terminated']);
    expect(condition(running, 'Initialized').status).toBe('True');
    await remove(path);
    await nodes.until(path, 'gone', isGone);
  });

  it('fails when an init container does, and never restarts', async () => {
    const initContainers = [container('first', 'exit', '7')];
    const path = await bind('bad-init', {
      restartPolicy: 'Never',
      initContainers,
      containers: [container('main')],
    });
    const { status } = await nodes.until(path, 'the end', (json) => json.status.phase === 'Failed');
    expect(status.initContainerStatuses[0].state.terminated.exitCode).toBe(7);
    expect(status.containerStatuses[0].state).toEqual({ waiting: { reason: 'PodInitializing' } });
    await remove(path);
    await nodes.until(path, 'gone', isGone);
  });

  it('says why its image is not here', async () => {
    const image = (name: string, of: string, imagePullPolicy = 'IfNotPresent') => ({
      name,
      image: of,
      imagePullPolicy,
    });
    const path = await bind('images', {
      containers: [image('missing', 'nowhere'), image('never', 'other', 'Never'), image('bad', 'UPPER')],
    });
    const reasons = (json: Json) =>
      json.status.containerStatuses?.map(({ state }: Json) => state.waiting?.reason).join(' ');
    const json = await nodes.until(
      ...([path, 'reasons'] as const),
      (seen) => reasons(seen) === 'ImagePullBackOff ErrImageNeverPull InvalidImageName',
    );
    expect(first(json).state.waiting.message).toMatch(/^Back-off pulling image "nowhere": ErrImagePull: /);
    await expect
      .poll(() => nodes.eventsOf('images'))
      .toEqual(
        expect.arrayContaining([
          'BackOff: Back-off pulling image "nowhere"',
          'ErrImageNeverPull: Container image "other" is not present with pull policy of Never',
          ...['ErrImagePull', 'ErrImageNeverPull', 'InvalidImageName'].map((it) => `Failed: Error: ${it}`),
        ]),
      );
    await remove(path);
    await nodes.until(path, 'gone', isGone);
  });

  it('that is too long at work fails', async () => {
    const path = await bind('deadline', { activeDeadlineSeconds: 5, containers: [container('c')] });
    const { status } = await nodes.until(path, 'the end', (json) => json.status.phase === 'Failed');
    expect(status).toMatchObject({
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
    });
    await remove(path);
    await nodes.until(path, 'gone', isGone);
  });

  it('says what the engine says of a container that cannot be started', async () => {
    const path = await bind('broken', { containers: [container('c', 'fail', 'no', 'such', 'file')] });
    const json = await nodes.until(
      path,
      'the error',
      (seen) => first(seen)?.lastState?.terminated?.reason === 'StartError',
    );
    // The first of them lasts until its back-off begins.
    expect(['RunContainerError', 'CrashLoopBackOff']).toContain(first(json).state.waiting?.reason);
    expect(first(json).lastState.terminated).toMatchObject({
      reason: 'StartError',
      exitCode: 128,
      message: 'no such file',
    });
    await remove(path);
    await nodes.until(path, 'gone', isGone);
  });

  it('has a container for debugging among the processes of another one, once there is one', async () => {
    const debug = (path: string) => {
      const target = { ...container('look', 'run'), targetContainerName: 'main' };
      const type = { 'content-type': 'application/strategic-merge-patch+json' };
      const body = { spec: { ephemeralContainers: [target] } };
      return nodes.cluster.call('PATCH', `${path}/ephemeralcontainers`, body, type);
    };
    const state = ({ status }: Json) => status.ephemeralContainerStatuses?.[0]?.state;
    const path = await bind('debugged', { containers: [container('main', 'run')] });
    await nodes.until(path, 'running', isRunning);
    expect((await debug(path)).status).toBe(200);
    const { metadata } = await nodes.until(path, 'looking', (json) => state(json)?.running !== undefined);
    const specs = node.machine.engine.containers({ 'io.kubernetes.pod.uid': metadata.uid });
    const [main, look] = ['main', 'look'].map((name) =>
      specs.find(({ spec }) => spec.labels['io.kubernetes.container.name'] === name),
    );
    expect(look?.spec.pidMode).toEqual({ container: main?.spec.name });
    expect(main?.spec.pidMode).toBeUndefined();
    const early = await bind('early', {
      initContainers: [container('first', 'run')],
      containers: [container('main', 'run')],
    });
    await debug(early);
    const json = await nodes.until(early, 'no target', (json) => state(json)?.waiting?.message !== undefined);
    expect(state(json).waiting).toEqual({
      ...{ reason: 'CreateContainerConfigError', message: 'unable to find target container main' },
    });
    for (const each of [path, early]) {
      await remove(each);
      await nodes.until(each, 'gone', isGone);
    }
  });

  it('is ended in order: the others first, sidecars after them, but for their hooks', async () => {
    const side = (name: string) => ({ ...container(name), restartPolicy: 'Always' });
    const preStop = (path: string) => ({ lifecycle: { preStop: { httpGet: { path, port } } } });
    const path = await bind('ordered', {
      terminationGracePeriodSeconds: 600,
      initContainers: [{ ...side('one'), ...preStop('/hook/last-to-end') }, side('two')],
      containers: [{ ...container('main'), ...preStop('/hook/first-to-end') }],
    });
    await nodes.until(path, 'running', isRunning);
    const ends: string[] = [];
    const watching = new AbortController();
    const watched = (async () => {
      for await (const event of node.machine.runtime.events({}, watching.signal))
        if (event.type === 'container' && !node.machine.engine.container(event.name)?.isRunning)
          ends.push(event.labels['io.kubernetes.container.name'] ?? '');
    })();
    await remove(path);
    await nodes.until(path, 'gone', isGone);
    watching.abort();
    await watched;
    expect([...new Set(ends)]).toEqual(['main', 'two', 'one']);
    await expect.poll(() => nodes.eventsOf('ordered')).toContain('Killing: Stopping container one');
    expect((await nodes.eventsOf('ordered')).join()).not.toContain('FailedPreStopHook');
  });

  it('is ready when its probe says so, and restarted when it is not well', async () => {
    const http = (path: string, more: object) => ({
      httpGet: { path, port: 'web' },
      ...{ periodSeconds: 1, timeoutSeconds: 600 },
      ...more,
    });
    const web = {
      ...container('web'),
      ports: [{ name: 'web', containerPort: port }],
      readinessProbe: http('/ready', {}),
      livenessProbe: http('/live', { failureThreshold: 2 }),
    };
    answers.add('/live');
    const path = await bind('probed', { containers: [web] });
    const unready = await nodes.until(path, 'running', isRunning);
    expect(first(unready)).toMatchObject({ ready: false, started: true });
    const unhealthy = 'Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 503';
    await expect.poll(() => nodes.eventsOf('probed')).toContain(unhealthy);
    answers.add('/ready');
    const ready = await nodes.until(path, 'ready', (json) => condition(json, 'Ready').status === 'True');
    expect(condition(ready, 'Ready').reason).toBeUndefined();
    answers.delete('/live');
    const json = await nodes.until(path, 'a restart', (seen) => first(seen).restartCount >= 1);
    expect(first(json).lastState.terminated.exitCode).toBe(143);
    await expect
      .poll(() => nodes.eventsOf('probed'))
      .toEqual(
        expect.arrayContaining([
          'Killing: Container web failed liveness probe, will be restarted',
          'Unhealthy: Liveness probe failed: HTTP probe failed with statuscode: 503',
        ]),
      );
    await remove(path);
    await nodes.until(path, 'gone', isGone);
  });

  it("runs its hooks: after a container's start, and before its end", async () => {
    const asked = hooks.length;
    const httpGet = (path: string) => ({ httpGet: { path, port } });
    const lifecycle = { postStart: httpGet('/hook/started'), preStop: httpGet('/hook/stopping') };
    const path = await bind('hooked', { containers: [{ ...container('c'), lifecycle }] });
    await nodes.until(path, 'running', isRunning);
    expect(hooks.slice(asked)).toEqual(['/hook/started']);
    await remove(path);
    await nodes.until(path, 'gone', isGone);
    expect(hooks.slice(asked)).toEqual(['/hook/started', '/hook/stopping']);
  });

  it('whose first hook fails is ended and tells it once, without what the hook said', async () => {
    const lifecycle = { postStart: { httpGet: { path: '/hook/started', port: 1 } } };
    const path = await bind('unhooked', { containers: [{ ...container('c'), lifecycle }] });
    const { resourceVersion } = (await nodes.get(path)).metadata;
    const query = new URLSearchParams({
      watch: '1',
      fieldSelector: 'metadata.name=unhooked',
      resourceVersion,
    });
    // It says so for a moment, until it is started again: all that was said since is looked through.
    const said = async () =>
      (await nodes.cluster.call('GET', `/api/v1/namespaces/default/pods?${query}&timeoutSeconds=1`)).text;
    await expect.poll(said).toContain('"reason":"PostStartHookError"');
    await expect
      .poll(() => nodes.eventsOf('unhooked'))
      .toContain('FailedPostStartHook: PostStartHook failed');
    const told = await nodes.eventsOf('unhooked');
    expect(told.filter((each) => each.startsWith('Failed'))).toHaveLength(1);
    await remove(path);
    await nodes.until(path, 'gone', isGone);
  });

  it("in its node's network has the node's address", async () => {
    const path = await bind('host', { hostNetwork: true, containers: [container('c')] });
    const { metadata, status } = await nodes.until(path, 'running', isRunning);
    expect(status).toMatchObject({ podIP: '10.0.1.7', hostIP: '10.0.1.7' });
    const spec = node.machine.engine.sandboxSpec(`pod-${metadata.uid}-0`);
    expect(spec).toMatchObject({
      network: { mode: 'namespace', path: await node.network.nodeNamespace() },
      hostname: node.description.name,
    });
    expect(node.network.addresses.get(metadata.uid)).toBeUndefined();
    await remove(path);
    await nodes.until(path, 'gone', isGone);
  });

  it("in its node's network has its ports of the node alone", async () => {
    const ports = [{ containerPort: 8_080 }];
    const spec = { hostNetwork: true, containers: [{ ...container('c'), ports }] };
    const path = await bind('first-there', spec);
    const { spec: defaulted } = await nodes.until(path, 'running', isRunning);
    expect(defaulted.containers[0].ports).toEqual([
      { containerPort: 8_080, hostPort: 8_080, protocol: 'TCP' },
    ]);
    const late = await bind('too-late', spec);
    const { status } = await nodes.until(late, 'the end', (json) => json.status.phase === 'Failed');
    expect(status.reason).toBe('NodePorts');
    for (const each of [late, path]) {
      await remove(each);
      await nodes.until(each, 'gone', isGone);
    }
  });

  it('is reached by the ports of its node that it asks for', async () => {
    const ports = [
      { containerPort: 80, hostPort: 8_080 },
      { containerPort: 53, hostPort: 5_353, hostIP: '10.0.1.7', protocol: 'UDP' },
      { containerPort: 81 },
    ];
    const path = await bind('on-port', { containers: [{ ...container('c'), ports }] });
    const { metadata } = await nodes.until(path, 'running', isRunning);
    expect(node.network.hostPorts.get(metadata.uid)).toEqual([
      { protocol: 'tcp', hostIp: '0.0.0.0', hostPort: 8_080, containerPort: 80 },
      { protocol: 'udp', hostIp: '10.0.1.7', hostPort: 5_353, containerPort: 53 },
    ]);
    await remove(path);
    await nodes.until(path, 'gone', isGone);
    expect(node.network.hostPorts.size).toBe(0);
  });

  it('that does not fit is rejected', async () => {
    const resources = { requests: { cpu: '3' } };
    const path = await bind('big', { containers: [{ ...container('c'), resources }] });
    const { status } = await nodes.until(path, 'the end', (json) => json.status.phase === 'Failed');
    const message = "Node didn't have enough resource: cpu, requested: 3000, used: 0, capacity: 1930";
    expect(status).toMatchObject({ reason: 'OutOfcpu', message: `Pod was rejected: ${message}` });
    await expect.poll(() => nodes.eventsOf('big')).toContain(`OutOfcpu: ${message}`);
    await remove(path);
    await nodes.until(path, 'gone', isGone);
  });

  it('has the room of one that has told its end, though the engine was not looked at since', async () => {
    const { runtime } = node.machine;
    const list = runtime.listContainers.bind(runtime);
    const held = Promise.withResolvers<void>();
    const ended = new Set<string>();
    using _ = vi.spyOn(runtime, 'listContainers').mockImplementation(async (labels) => {
      const uid = labels[podLabels.uid] ?? '';
      if (ended.has(uid)) await held.promise;
      const found = await list(labels);
      const brief = found.filter(({ name }) => name.startsWith('k8s_brief_'));
      if (uid === '' || brief.length === 0) return found;
      // As one that ends before the engine says that it began.
      await expect
        .poll(async () => (await list(labels)).map((each) => each.status.state))
        .toEqual(['exited']);
      ended.add(uid);
      return list(labels);
    });
    const resources = { requests: { cpu: '1500m' } };
    const asking = (...args: string[]) => [{ ...container('brief', ...args), resources }];
    const paths = [await bind('brief', { restartPolicy: 'Never', containers: asking('exit', '0') })];
    try {
      await nodes.until(paths[0] ?? '', 'the end', (json) => json.status.phase === 'Succeeded');
      const next = await bind('next', { containers: [{ ...container('c'), resources }] });
      paths.push(next);
      await nodes.until(next, 'running', isRunning);
    } finally {
      held.resolve();
    }
    for (const path of paths) {
      await remove(path);
      await nodes.until(path, 'gone', isGone);
    }
  });

  it('is taken by a label that the node was given just before', async () => {
    const labels = { berth: 'north' };
    const path = `/api/v1/nodes/${node.description.name}`;
    const patch = { 'content-type': 'application/merge-patch+json' };
    await nodes.cluster.call('PATCH', path, { metadata: { labels } }, patch);
    const [here, there] = await Promise.all([
      bind('here', { nodeSelector: labels, containers: [container('c')] }),
      bind('there', { nodeSelector: { berth: 'south' }, containers: [container('c')] }),
    ]);
    await nodes.until(here, 'running', isRunning);
    const { status } = await nodes.until(there, 'the end', (json) => json.status.phase === 'Failed');
    expect(status).toMatchObject({
      reason: 'NodeAffinity',
      message:
        "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
    });
    await Promise.all([here, there].map(remove));
    await nodes.until(here, 'gone', isGone);
  });

  it('that the node needs has the room of others, who end for it', async () => {
    const asking = (cpu: string) => [{ ...container('c'), resources: { requests: { cpu } } }];
    const [small, large] = await Promise.all([
      bind('small', { containers: asking('300m') }),
      bind('large', { containers: asking('1500m') }),
    ]);
    await Promise.all([small, large].map((each) => nodes.until(each, 'running', isRunning)));
    const critical = { priorityClassName: 'system-node-critical' };
    const needed = await bind('needed', { ...critical, containers: asking('500m') });
    await nodes.until(needed, 'running', isRunning);
    const { status } = await nodes.until(large, 'the end', (json) => json.status.phase === 'Failed');
    expect(status).toMatchObject({
      reason: 'Preempting',
      message: 'Preempted in order to admit critical pod',
    });
    expect(condition({ status }, 'DisruptionTarget')).toMatchObject({
      ...{ status: 'True', reason: 'TerminationByKubelet' },
      message: 'Pod was preempted by Kubelet to accommodate a critical pod.',
    });
    expect((await nodes.get(small)).status.phase).toBe('Running');
    const impossible = await bind('impossible', { ...critical, containers: asking('3') });
    const refused = await nodes.until(impossible, 'the end', (json) => json.status.phase === 'Failed');
    expect(refused.status).toMatchObject({
      reason: 'UnexpectedAdmissionError',
      message: expect.stringContaining(
        'no set of running pods found to reclaim resources: [(res: cpu, q: 1870), ]',
      ),
    });
    await Promise.all([small, large, needed, impossible].map(remove));
    for (const path of [small, large, needed, impossible]) await nodes.until(path, 'gone', isGone);
  });

  it('goes on when the kubelet is another one, which adopts it', async () => {
    await using other = new TestNode(await nodes.access('ip-10-0-1-8'), {
      name: 'ip-10-0-1-8',
      instanceId: 'i-8',
    });
    const before = await other.start();
    const [path, lost] = await Promise.all(
      ['kept', 'lost'].map((name) => nodes.bind('ip-10-0-1-8', name, { containers: [container('c')] })),
    );
    const first = await nodes.until(path ?? '', 'running', isRunning);
    await nodes.until(lost ?? '', 'running', isRunning);
    const ofKept = other.machine.containers.find((name) => name.includes('_kept_')) ?? '';
    await before.close();
    await nodes.cluster.call('DELETE', lost ?? '', { gracePeriodSeconds: 0 });
    await other.start();
    await expect.poll(() => other.machine.containers).toEqual([ofKept]);
    expect(other.machine.engine.container(ofKept)?.runs).toBe(1);
    const { status } = await nodes.get(path ?? '');
    expect(status).toEqual(first.status);
    other.machine.engine.container(ofKept)?.kill();
    const again = await nodes.until(
      path ?? '',
      'a restart',
      (json) => json.status.containerStatuses[0].restartCount === 1,
    );
    expect(again.status.containerStatuses[0].lastState.terminated).toMatchObject({ exitCode: 137 });
  });

  it('that takes its time to end keeps no kubelet from ending, and is ended by the next one', async () => {
    const access = await nodes.access('ip-10-0-1-9');
    await using other = new TestNode(access, { name: 'ip-10-0-1-9', instanceId: 'i-9' });
    const before = await other.start();
    const path = await nodes.bind('ip-10-0-1-9', 'deaf', { containers: [container('c', 'ignore-stop')] });
    await nodes.until(path, 'running', isRunning);
    await nodes.cluster.call('DELETE', path, { gracePeriodSeconds: 600 });
    await expect.poll(() => nodes.eventsOf('deaf')).toContain('Killing: Stopping container c');
    await before.close();
    expect((await nodes.get(path)).status.phase).toBe('Running');
    await other.start();
    await nodes.cluster.call('DELETE', path, { gracePeriodSeconds: 1 });
    await nodes.until(path, 'gone', isGone);
    await expect.poll(() => other.machine.containers).toEqual([]);
  });
});
