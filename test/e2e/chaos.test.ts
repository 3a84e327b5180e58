import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { EKS } from '@aws-sdk/client-eks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Container, DockerRuntime } from '../../src/runtime/index.ts';
import { waitFor } from './installation.ts';
import { PodCluster } from './pod-cluster.ts';
import { isAlive, PrivateEngine } from './private-engine.ts';

/** What is needed of a pod. */
interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly status: {
    readonly phase: string;
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly {
      readonly restartCount: number;
      readonly state: { readonly waiting?: { readonly reason?: string } };
    }[];
  };
}

/**
 * Catamaran, the Engine and containers die under a cluster's load. Afterwards all is as it was asked for, and nothing is left over.
 * The Engine is the test's own.
 */
describe('a cluster under load', () => {
  let engine: PrivateEngine;
  let runtime: DockerRuntime;
  let cluster: PodCluster;
  let installationId: string;
  /** On the machine, and `/hold` in its pods. */
  let hold: string;
  const k = (...args: string[]) => cluster.k(...args);

  beforeAll(async () => {
    hold = await mkdtemp(join(tmpdir(), 'catamaran-chaos-'));
    engine = await PrivateEngine.start({ liveRestore: true });
    runtime = await engine.runtime();
    cluster = await PodCluster.start(2, { engine });
    const file = await readFile(join(cluster.installation.stateDirectory, 'installation.json'), 'utf8');
    installationId = JSON.parse(file).id;
    await cluster.apply(
      workload('Deployment', 'web', serve, { replicas: 4 }),
      workload('StatefulSet', 'db', serve, { replicas: 3, serviceName: 'db' }),
    );
    await both();
  }, 480_000);
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
    await runtime?.[Symbol.asyncDispose]();
    await engine?.[Symbol.asyncDispose]();
    await rm(hold, { recursive: true, force: true });
  });

  const workload = (kind: string, name: string, command: string, more: object) => ({
    ...{ apiVersion: 'apps/v1', kind, metadata: { name } },
    spec: {
      ...{ selector: { matchLabels: { app: name } }, ...more },
      template: { metadata: { labels: { app: name } }, spec: podSpec(command) },
    },
  });
  const podSpec = (command: string) => ({
    ...{ terminationGracePeriodSeconds: 0, automountServiceAccountToken: false },
    volumes: [{ name: 'hold', hostPath: { path: hold } }],
    containers: [{ ...cluster.container(command), volumeMounts: [{ name: 'hold', mountPath: '/hold' }] }],
  });
  const serve = 'mkdir -p /www && hostname > /www/index.html && exec httpd -f -p 8080 -h /www';

  /** Also while the API server is not there yet. */
  async function read(path: string) {
    return waitFor(path, async () => {
      const { status, text } = await cluster.get(path).catch(() => ({ status: 0, text: '' }));
      return status === 200 ? JSON.parse(text) : undefined;
    });
  }
  const status = async (path: string) => (await read(path)).status;

  async function podsOf(selector: string): Promise<readonly Pod[]> {
    const { items } = await read(`/api/v1/namespaces/default/pods?labelSelector=${selector}`);
    return items;
  }
  const isReady = ({ metadata, status }: Pod): boolean =>
    metadata.deletionTimestamp === undefined &&
    status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
  const ids = (pods: readonly Pod[]) => pods.map(({ metadata }) => metadata.uid).toSorted();
  const addresses = (pods: readonly Pod[]) => pods.map(({ status }) => status.podIP).toSorted();

  /** Those of one workload, once they are as many as wanted and Ready. */
  async function ready(app: string, count: number): Promise<readonly Pod[]> {
    let seen: readonly Pod[] = [];
    return waitFor(
      `${count} pods of ${app}`,
      async () => {
        seen = await podsOf(`app=${app}`);
        return seen.length === count && seen.every(isReady) ? seen : undefined;
      },
      () => seen.map(({ metadata, status }) => ({ metadata: metadata.name, status })),
      120_000,
    );
  }

  /** The pods of `web` and of `db`, whose names are their ordinals. */
  async function both(): Promise<readonly Pod[]> {
    const [web, db] = [await ready('web', 4), await ready('db', 3)];
    expect(db.map(({ metadata }) => metadata.name).toSorted()).toEqual(['db-0', 'db-1', 'db-2']);
    return [...web, ...db];
  }

  const containers = () => runtime.listContainers({ 'catamaran.installation': installationId });
  const ofPod = (all: readonly Container[], { metadata }: Pod) =>
    all.find(({ labels }) => labels['io.kubernetes.pod.uid'] === metadata.uid);

  /** They run before they listen. */
  async function answer(pods: readonly Pod[]): Promise<void> {
    const [db] = await ready('db', 3);
    for (const address of addresses(pods)) {
      const words = ['timeout', '10', 'wget', '-q', '-O', '-', `http://${address}:8080`];
      let said = '';
      await waitFor(
        `${address} to answer`,
        async () => {
          const { code, stderr } = await cluster.say('exec', db?.metadata.name ?? '', '--', ...words);
          said = stderr;
          return code === 0 || undefined;
        },
        () => said,
      );
    }
  }

  /** In the Engine, of those pods that are there and run, by their uids. */
  async function runningOf(pods: readonly Pod[]): Promise<ReadonlyMap<string, string>> {
    const running = (await containers()).filter(({ status }) => status.state === 'running');
    return new Map(
      pods.flatMap((pod) => {
        const found = ofPod(running, pod);
        return found ? [[pod.metadata.uid, found.runtimeId] as const] : [];
      }),
    );
  }

  /** Whatever runs or stands about in the Engine is of a pod that the cluster knows; and none is there twice. */
  async function noOrphans(): Promise<void> {
    let seen: unknown;
    await waitFor(
      'no containers but those of pods',
      async () => {
        const known = new Set((await read('/api/v1/pods')).items.map((it: Pod) => it.metadata.uid));
        const labels = { 'catamaran.installation': installationId };
        const uidOf = (it: { readonly labels: Readonly<Record<string, string>> }) =>
          it.labels['io.kubernetes.pod.uid'] ?? '';
        const running = (await containers()).filter(({ status }) => status.state === 'running').map(uidOf);
        const there = [...(await containers()), ...(await runtime.listSandboxes(labels))].map(uidOf);
        seen = { running, strangers: there.filter((uid) => !known.has(uid)) };
        return there.every((uid) => known.has(uid)) && new Set(running).size === running.length
          ? true
          : undefined;
      },
      () => seen,
    );
  }

  it('has its pods as they were when somebody kills and removes their containers', async () => {
    const before = await ready('web', 4);
    const all = await containers();
    const sandboxes = await runtime.listSandboxes({ 'catamaran.installation': installationId });
    const [killed, removed, adrift, stopped] = before;
    if (!killed || !removed || !adrift || !stopped) throw new Error('There are four pods');
    const nameOf = (pod: Pod) => ofPod(all, pod)?.name ?? '';
    await runtime.stopContainer(nameOf(killed), 0);
    await runtime.removeContainer(nameOf(removed));
    const sandbox = sandboxes.find(({ labels }) => labels['io.kubernetes.pod.uid'] === adrift.metadata.uid);
    await runtime.removeSandbox(sandbox?.id ?? '');
    await runtime.removeContainer(nameOf(stopped));
    await waitFor('all to have begun again', async () => {
      const running = (await containers()).filter(({ status }) => status.state === 'running');
      const news = before.map((pod) => ofPod(running, pod)?.runtimeId);
      return news.every((id, at) => id && id !== ofPod(all, before[at] as Pod)?.runtimeId) ? true : undefined;
    });
    const after = await ready('web', 4);
    expect(ids(after)).toEqual(ids(before));
    expect(addresses(after)).toEqual(addresses(before));
    await answer(after);
  }, 300_000);

  it('rolls out and completes once what it was about to, however often Catamaran is killed', async () => {
    const before = await both();
    await using lives = await livesOf(engine.socket, 'db-');
    const index = '$JOB_COMPLETION_INDEX';
    await cluster.apply({
      ...{ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'haul' } },
      spec: {
        ...{ completions: 8, parallelism: 2, completionMode: 'Indexed', backoffLimit: 0 },
        template: {
          spec: { ...podSpec(`sleep 1; echo ${index} >> /hold/hauled`), restartPolicy: 'Never' },
        },
      },
    });
    await k('rollout', 'restart', 'deployment/web', 'statefulset/db');
    const apps = '/apis/apps/v1/namespaces/default';
    const [web, db] = [`${apps}/deployments/web`, `${apps}/statefulsets/db`];
    const haul = '/apis/batch/v1/namespaces/default/jobs/haul';
    const moments: Readonly<Record<string, () => Promise<boolean>>> = {
      'a pod of the new revision': async () => (await status(web)).updatedReplicas > 0,
      'a pod that gives its name to the next': async () =>
        (await podsOf('app=db')).some((it) => !isReady(it)) || (await status(db)).updatedReplicas > 1,
      'some completions': async () => ((await status(haul)).succeeded ?? 0) > 2,
    };
    // The Engine goes on, as its containers do: what ends meanwhile is seen afterwards.
    for (const [what, hasCome] of Object.entries(moments)) {
      await waitFor(what, async () => ((await hasCome()) ? true : undefined));
      await cluster.installation.kill9();
      await cluster.installation.up();
    }
    const isDone: Readonly<Record<string, (status: Record<string, unknown>) => boolean>> = {
      [haul]: ({ succeeded }) => succeeded === 8,
      [web]: ({ replicas, updatedReplicas }) => replicas === 4 && updatedReplicas === 4,
      [db]: ({ currentRevision, updateRevision }) => currentRevision === updateRevision,
    };
    for (const [path, is] of Object.entries(isDone)) {
      let seen: Record<string, unknown> = {};
      await waitFor(
        path,
        async () => {
          seen = await status(path);
          return is(seen) ? true : undefined;
        },
        () => seen,
        120_000,
      );
    }
    const after = await both();
    expect(ids(after).filter((id) => ids(before).includes(id))).toEqual([]);
    expect(await status(haul)).toMatchObject({ succeeded: 8, completedIndexes: '0-7' });
    expect((await readFile(join(hold, 'hauled'), 'utf8')).split('\n').toSorted()).toEqual([
      '',
      ...'01234567',
    ]);
    expect(lives.doubled()).toEqual([]);
    // It has seen what it was to see.
    expect(new Set(lives.names())).toEqual(new Set(['db-0', 'db-1', 'db-2']));
    await noOrphans();
  }, 480_000);

  it('goes on in the same containers when the Engine is killed and takes them up again', async () => {
    const before = await both();
    const [victim] = await ready('web', 4);
    if (!victim) throw new Error('There are four pods');
    const found = await runningOf(before);
    const { status } =
      (await containers()).find(({ runtimeId }) => runtimeId === found.get(victim.metadata.uid)) ?? {};
    if (status?.state !== 'running') throw new Error('The container does not run');
    const { pid } = status;
    await engine.stop('SIGKILL');
    process.kill(pid, 'SIGKILL');
    await waitFor('the process to end', async () => (isAlive(pid) ? undefined : true));
    await k('scale', 'deployment/web', '--replicas=5');
    await engine.up({ liveRestore: true });
    await ready('web', 5);
    await waitFor('the one that ended to have begun again', async () => {
      const [pod] = (await podsOf('app=web')).filter(({ metadata }) => metadata.uid === victim.metadata.uid);
      return (pod?.status.containerStatuses?.[0]?.restartCount ?? 0) > 0 ? true : undefined;
    });
    await k('scale', 'deployment/web', '--replicas=4');
    await ready('web', 4);
    const others = before.filter(({ metadata }) => metadata.uid !== victim.metadata.uid);
    const now = await runningOf(others);
    // Any one of the five may have gone, but no other has changed its container.
    for (const [uid, container] of now) expect(container).toBe(found.get(uid));
    await noOrphans();
  }, 480_000);

  it('begins again in the same pods when the Engine is killed and ends their containers', async () => {
    const before = await both();
    await engine.stop('SIGKILL');
    await engine.up({ liveRestore: false });
    await waitFor('all to have begun again', async () => {
      const pods = [...(await podsOf('app=web')), ...(await podsOf('app=db'))];
      const has = pods.filter((pod) => {
        const was = before.find(({ metadata }) => metadata.uid === pod.metadata.uid);
        const count = (it: Pod | undefined) => it?.status.containerStatuses?.[0]?.restartCount ?? 0;
        return was !== undefined && count(pod) > count(was);
      });
      return has.length === before.length ? true : undefined;
    });
    const after = await both();
    expect(ids(after)).toEqual(ids(before));
    expect(addresses(after)).toEqual(addresses(before));
    await answer(after);
    await noOrphans();
  }, 480_000);

  it('leaves nothing when it is deleted', async () => {
    await k('delete', 'deployment,statefulset,job', '--all', '--timeout=100s');
    await waitFor('no containers', async () => ((await containers()).length === 0 ? true : undefined));
    const sandboxes = () => runtime.listSandboxes({ 'catamaran.installation': installationId });
    await waitFor('no sandboxes', async () => ((await sandboxes()).length === 0 ? true : undefined));
    const eks = new EKS(cluster.installation.clientOptions());
    const group = { clusterName: 'harbor', nodegroupName: 'blue' };
    await eks.deleteNodegroup(group);
    await waitFor('the node group to go', async () => {
      const { nodegroups } = await eks.listNodegroups(group);
      return nodegroups?.length === 0 ? true : undefined;
    });
    eks.destroy();
    // Those of the control plane stay with it.
    await waitFor('the interfaces of its nodes and pods to go', async () => {
      const { NetworkInterfaces = [] } = await cluster.installation.ec2().describeNetworkInterfaces();
      return NetworkInterfaces.every(({ Description }) => Description === 'Amazon EKS harbor') || undefined;
    });
  }, 300_000);
});

/** Follows when containers of pods whose names begin so start and end, as the Engine itself tells it. */
async function livesOf(socketPath: string, prefix: string) {
  const filters = JSON.stringify({ type: ['container'], event: ['start', 'die'] });
  const events = request({ socketPath, path: `/events?filters=${encodeURIComponent(filters)}` });
  const alive = new Map<string, Set<string>>();
  const doubled: string[] = [];
  const [response] = (await once(events.end(), 'response')) as [IncomingMessage];
  // It ends in the middle, by this test or with the Engine.
  const lines = createInterface({ input: response });
  for (const each of [events, response, lines]) each.on('error', () => {});
  lines.on('line', (line) => {
    const { Action, Actor } = JSON.parse(line) as EngineEvent;
    const { 'io.kubernetes.pod.name': name = '', 'io.kubernetes.container.name': container } =
      Actor.Attributes;
    if (!name.startsWith(prefix) || container !== 'main') return;
    const own = alive.get(name) ?? new Set();
    alive.set(name, own);
    if (Action === 'die') own.delete(Actor.ID);
    else if (own.add(Actor.ID).size > 1) doubled.push(name);
  });
  return {
    doubled: () => doubled,
    names: () => alive.keys(),
    async [Symbol.asyncDispose]() {
      events.destroy();
    },
  };
}

interface EngineEvent {
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
}
