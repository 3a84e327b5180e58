/**
 * Kubernetes' scheduler over 1,000 and 5,000 simulated nodes in three zones: decisions a second by themselves, and pods bound a
 * second with the API server's own writes and events, over a memory store; then a Deployment of 1,000 replicas in a
 * whole control plane, from its creation until every pod has a node. Prints one JSON line.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom, systemClock, systemRandom } from '../src/clock/index.ts';
import type { Admission } from '../src/kubernetes/apiserver/admission/chain.ts';
import type { Cluster } from '../src/kubernetes/apiserver/cluster.ts';
import type { KubernetesContext } from '../src/kubernetes/context.ts';
import { clusterWide, nodes, pods, services } from '../src/kubernetes/controllers/collections.ts';
import { timestamp } from '../src/kubernetes/objects/object.ts';
import { alone, ObjectStore } from '../src/kubernetes/objects/object-store.ts';
import { ObjectsInMemory } from '../src/kubernetes/objects/objects-in-memory.ts';
import { ClusterScheduler } from '../src/kubernetes/scheduler/cluster-scheduler.ts';
import { podScheduler } from '../src/kubernetes/scheduler/index.ts';
import { startEks } from '../src/kubernetes/testing/eks-server.ts';
import { silentLog } from '../src/log.ts';
import {
  openState,
  type RecordKey,
  recordKey,
  type State,
  startReconcilers,
} from '../src/reconcile/index.ts';
import { openMemoryStore, type Store, type Write } from '../src/store/index.ts';
import { round } from './load.ts';

const replicas = 1_000;
const perCommit = 256;
const place = { accountId: '123456789012', region: 'eu-west-1', id: 'bench' };
const say = (text: string): void => void process.stderr.write(`scheduler: ${text}\n`);

const now = timestamp(Date.now());
const meta = (name: string) => ({ name, uid: name, creationTimestamp: now });

const node = (number: number) => ({
  ...{ apiVersion: 'v1', kind: 'Node' },
  metadata: {
    ...meta(`node-${number}`),
    labels: {
      'kubernetes.io/hostname': `node-${number}`,
      'topology.kubernetes.io/zone': `eu-west-1${'abc'[number % 3]}`,
      'node.kubernetes.io/instance-type': 'm5.large',
    },
  },
  spec: {},
  status: {
    allocatable: { cpu: '4', memory: '16Gi', pods: '58', 'ephemeral-storage': '100Gi' },
    conditions: [{ type: 'Ready', status: 'True' }],
  },
});

/** As of a Deployment with a service: spread over nodes and zones by default. */
const pod = (number: number) => ({
  ...{ apiVersion: 'v1', kind: 'Pod' },
  metadata: {
    ...{ ...meta(`web-${number}`), namespace: 'default', generation: 1 },
    labels: { app: 'web', 'pod-template-hash': '5d4f8c7b9' },
  },
  spec: {
    containers: [
      {
        ...{ name: 'app', image: 'app:1', imagePullPolicy: 'IfNotPresent' },
        ...{ terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File' },
        resources: { requests: { cpu: '100m', memory: '128Mi' } },
        ports: [{ containerPort: 80, protocol: 'TCP' }],
      },
    ],
    ...{ restartPolicy: 'Always', dnsPolicy: 'ClusterFirst', terminationGracePeriodSeconds: 30 },
    ...{ schedulerName: 'default-scheduler', securityContext: {}, enableServiceLinks: true },
    ...{ serviceAccountName: 'default', serviceAccount: 'default', priority: 0 },
    ...{ preemptionPolicy: 'PreemptLowerPriority' },
    tolerations: ['not-ready', 'unreachable'].map((it) => ({
      ...{ key: `node.kubernetes.io/${it}`, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
    })),
  },
  status: { phase: 'Pending', qosClass: 'Burstable' },
});

const service = {
  ...{ apiVersion: 'v1', kind: 'Service', metadata: { ...meta('web'), namespace: 'default' } },
  spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
};

function write(kind: { noun: string }, value: object, ...ids: string[]): Write {
  const { accountId, region, id } = place;
  const collection = { service: 'kubernetes', noun: kind.noun, indexes: {} };
  return { type: 'put', key: recordKey(collection, accountId, region, id, ...ids), value: value as never };
}

async function fill(store: Store, nodeCount: number, podCount: number): Promise<void> {
  const writes = [write(services, service, 'default', 'web')];
  for (let number = 0; number < nodeCount; number++)
    writes.push(write(nodes, node(number), `node-${number}`));
  for (let number = 0; number < podCount; number++)
    writes.push(write(pods, pod(number), 'default', `web-${number}`));
  for (let at = 0; at < writes.length; at += perCommit)
    await store.commit([], writes.slice(at, at + perCommit));
}

interface Measured {
  readonly perSecond: number;
  /** The same per second of this process's own processor time: what a machine without neighbours would do. */
  readonly perCpuSecond: number;
}

/** From now on. */
function stopwatch(): (count: number) => Measured {
  const began = performance.now();
  const usage = process.cpuUsage();
  return (count) => {
    const { user, system } = process.cpuUsage(usage);
    return {
      perSecond: Math.round(count / ((performance.now() - began) / 1_000)),
      perCpuSecond: Math.round(count / ((user + system) / 1e6)),
    };
  };
}

const bound = (state: State): number => {
  let count = 0;
  for (const { value } of state.list(pods)) if (value.spec.nodeName !== undefined) count++;
  return count;
};

async function measureSize(nodeCount: number, podCount = 5_000): Promise<object> {
  const clock = systemClock();
  await using stack = new AsyncDisposableStack();
  const store = stack.adopt(openMemoryStore({ clock }), (it) => it.close());
  await fill(store, nodeCount, podCount);
  const state = stack.adopt(await openState(store, { clock }), (it) => it.close());
  say(`${nodeCount} nodes, decisions`);
  const work = `${clusterWide(write(pods, {}, 'default', 'any').key as RecordKey, pods)}`;
  const alone = new ClusterScheduler(state, (kind) => clusterWide(work, kind), {
    ...{ random: seededRandom(1), words: { namesTaints: false }, now: clock.now() },
  });
  const deciding = stopwatch();
  const { placed } = alone.decide(clock.now(), () => false);
  const decisions = deciding(placed.length);
  say(`${nodeCount} nodes, bindings`);
  const cluster = clusterOver(store, state, clock);
  const context = {
    store,
    state,
    clock,
    random: systemRandom(),
    log: silentLog,
  } as unknown as KubernetesContext;
  const binding = stopwatch();
  stack.use(
    startReconcilers({
      ...{ state, store, clock, random: systemRandom(), log: silentLog },
      reconcilers: [podScheduler(context, { clusterOf: () => cluster })],
    }),
  );
  await until(() => bound(state) === podCount);
  return { nodes: nodeCount, pods: podCount, decisions, bindings: binding(podCount) };
}

/** What a binding asks of an API server, whose rules let everything pass. */
function clusterOver(store: Store, state: State, clock: ReturnType<typeof systemClock>): Cluster {
  const admission: Admission = {
    mutate: async () => ({ alongside: alone, isPatched: false }),
    validate: async () => alone,
    connect: async ({ object }) => object,
    charged: (_, commit) => commit(alone),
  };
  const objects = new ObjectStore(store, place);
  const inMemory = new ObjectsInMemory(state, place);
  const random = systemRandom();
  return { objects, inMemory, clock, random, version: '1.36', admission } as unknown as Cluster;
}

/** A Deployment of which every pod has a node, in a control plane with all its rules and controllers. */
async function measureRollout(): Promise<object> {
  await using server = await startEks();
  const cluster = await server.cluster('bench');
  const call = async (method: string, path: string, body?: object) => {
    const answer = await cluster.call(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.json;
  };
  const [some] = [...server.state.list(services)];
  if (some === undefined) throw new Error('The cluster has no service');
  const start = clusterWide(some.key, nodes);
  for (let number = 0; number < 1_000; number++)
    await server.store.commit(
      [],
      [{ type: 'put', key: `${start}node-${number}`, value: node(number) as never }],
    );
  await server.reconcilers.idle();
  say(`a Deployment of ${replicas} replicas`);
  const { metadata, spec } = pod(0);
  const began = performance.now();
  await call('POST', '/apis/apps/v1/namespaces/default/deployments', {
    metadata: { name: 'web' },
    spec: {
      ...{ replicas, selector: { matchLabels: { app: 'web' } } },
      template: { metadata: { labels: { app: metadata.labels.app } }, spec: { containers: spec.containers } },
    },
  });
  await until(() => bound(server.state) === replicas);
  return { nodes: 1_000, replicas, seconds: round((performance.now() - began) / 1_000, 2) };
}

async function until(is: () => boolean): Promise<void> {
  const clock = systemClock();
  const end = clock.now() + 300_000;
  while (!is()) {
    if (clock.now() > end) throw new Error('It took more than five minutes');
    await sleep(5);
  }
}

// What is loaded and compiled the first time is no part of it.
await measureSize(100, 1_000);
console.log(
  JSON.stringify({
    bench: 'scheduler',
    sizes: [await measureSize(1_000), await measureSize(5_000)],
    rollout: await measureRollout(),
    budget: { bindingsPerSecond: 5_000 },
  }),
);
