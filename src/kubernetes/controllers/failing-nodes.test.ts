import { expect, it } from 'vitest';
import type { Node } from './node-fit.ts';
import { readyCondition } from './node-lifecycle/objects.ts';
import { conditionOf, type Deployment, type Pod } from './objects.ts';
import { isActive, isReady } from './pods.ts';
import { openSimulation, type Simulation } from './testing/simulation.ts';
import type { Claim, Volume } from './volumes/objects.ts';

const names = ['n1', 'n2', 'n3', 'n4'];
const claimNames = ['a', 'b', 'c', 'd', 'e'];
const volumeNames = ['v1', 'v2', 'v3'];

const deployment = {
  metadata: { name: 'web' },
  spec: {
    ...{ replicas: 4, selector: { matchLabels: { app: 'web' } } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        containers: [{ name: 'c', image: 'nginx', resources: { requests: { cpu: '100m' } } }],
        tolerations: ['not-ready', 'unreachable'].map((key) => ({
          key: `node.kubernetes.io/${key}`,
          ...{ operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 30 },
        })),
      },
    },
  },
};
const autoscaler = {
  metadata: { name: 'web' },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    ...{ minReplicas: 2, maxReplicas: 6 },
    metrics: [
      {
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
      },
    ],
  },
};
const claim = (name: string) => ({
  metadata: { name },
  spec: {
    ...{ accessModes: ['ReadWriteOnce'], storageClassName: 'hand' },
    resources: { requests: { storage: '1Gi' } },
  },
});
const volume = (name: string) => ({
  metadata: { name },
  spec: {
    ...{ capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], storageClassName: 'hand' },
    hostPath: { path: `/srv/${name}` },
  },
});

/** What has happened to nodes so far. */
interface Seen {
  /** Those that have been silent or away at some time. */
  readonly failed: Set<string>;
  readonly away: Set<string>;
  /** Volumes that were removed at some time. */
  readonly removed: Set<string>;
}

const any = (sim: Simulation, of: readonly string[]): string => of[sim.random.integer(of.length)] ?? '';

const makeMissing = async (sim: Simulation, resource: string, name: string, body: object): Promise<void> => {
  const there = await sim.list<Pod>(resource);
  if (!there.some(({ metadata }) => metadata.name === name)) await sim.create(resource, body);
};

const deeds: readonly ((sim: Simulation, seen: Seen) => Promise<void>)[] = [
  async (sim, { failed }) => {
    const name = any(sim, names);
    failed.add(name);
    sim.silence(name);
  },
  async (sim) => sim.silence(any(sim, names), false),
  async (sim, { failed, away }) => {
    const name = any(sim, names);
    failed.add(name);
    away.add(name);
    await sim.remove('nodes', name);
  },
  async (sim, { away }) => {
    const [name] = away;
    if (name === undefined) return;
    away.delete(name);
    await sim.node(name);
  },
  async (sim) => makeMissing(sim, 'persistentvolumeclaims', ...named(any(sim, claimNames), claim)),
  async (sim) => makeMissing(sim, 'persistentvolumes', ...named(any(sim, volumeNames), volume)),
  // Several may wait for one volume.
  async (sim) => {
    for (const name of claimNames) await makeMissing(sim, 'persistentvolumeclaims', ...named(name, claim));
  },
  async (sim) => sim.remove('persistentvolumeclaims', any(sim, claimNames)),
  async (sim, { removed }) => {
    const name = any(sim, volumeNames.slice(1));
    removed.add(name);
    await sim.remove('persistentvolumes', name);
  },
  async (sim) => {
    const cpuMillis = sim.random.integer(100);
    sim.use(() => cpuMillis);
  },
  (sim) => sim.crash(),
  async (sim) => sim.trouble(sim.random.float() * 0.2),
];

const named = (name: string, body: (name: string) => object): readonly [string, object] => [name, body(name)];

/** Holds at every moment. */
async function holds(sim: Simulation, { failed, removed }: Seen): Promise<void> {
  for (const { metadata, spec, status } of await sim.list<Pod>('pods'))
    if (conditionOf(status, 'DisruptionTarget') !== undefined)
      expect(failed.has(spec.nodeName ?? ''), `${metadata.name} on ${spec.nodeName}`).toBe(true);
  const claims = await sim.list<Claim>('persistentvolumeclaims');
  const volumes = await sim.list<Volume>('persistentvolumes');
  const taken = claims.filter(({ status }) => status?.phase === 'Bound').map(({ spec }) => spec.volumeName);
  // One whose volume is gone and made anew is not bound to the new one; it is told so in its own turn.
  const real = taken.filter((name) =>
    volumes.some(
      ({ metadata, spec }) =>
        metadata.name === name && claims.some((it) => it.metadata.uid === spec.claimRef?.uid),
    ),
  );
  expect(new Set(real).size, `${real}`).toBe(real.length);
  for (const { metadata, spec, status } of claims)
    if (status?.phase === 'Lost') expect(removed.has(spec.volumeName ?? ''), metadata.name).toBe(true);
  const owners = volumes.flatMap(({ spec }) => spec.claimRef?.uid ?? []);
  expect(new Set(owners).size).toBe(owners.length);
  const [web] = await sim.list<Deployment>('deployments.apps');
  expect(web?.spec.replicas).toBeGreaterThanOrEqual(2);
  expect(web?.spec.replicas).toBeLessThanOrEqual(6);
}

/** Holds once all is well: what is not so is named. */
async function notSettled(sim: Simulation): Promise<readonly string[]> {
  const pods = await sim.list<Pod>('pods');
  const [web] = await sim.list<Deployment>('deployments.apps');
  const wrong: string[] = [];
  for (const node of await sim.list<Node>('nodes')) {
    if (readyCondition(node)?.status !== 'True') wrong.push(`${node.metadata.name} is not ready`);
    if ((node.spec?.taints ?? []).length > 0) wrong.push(`${node.metadata.name} is tainted`);
  }
  if (pods.filter(isActive).length !== web?.spec.replicas) wrong.push(`${pods.length} pods`);
  for (const pod of pods) if (!isReady(pod)) wrong.push(`${pod.metadata.name} is not ready`);
  const volumes = await sim.list<Volume>('persistentvolumes');
  const claims = await sim.list<Claim>('persistentvolumeclaims');
  for (const { metadata, status } of claims) {
    const { phase = '' } = status ?? {};
    const owned = volumes.some(({ spec }) => spec.claimRef?.uid === metadata.uid);
    if (phase === 'Lost' ? owned : (phase === 'Bound') !== owned) wrong.push(`${metadata.name} is ${phase}`);
    const isFree = volumes.some(({ status: { phase: is } = {} }) => is === 'Available');
    if (phase === 'Pending' && isFree) wrong.push(`${metadata.name} waits beside a free volume`);
  }
  for (const { metadata, spec, status } of volumes) {
    const owner = claims.find(({ metadata: { uid } }) => uid === spec.claimRef?.uid);
    const phase = spec.claimRef === undefined ? 'Available' : owner === undefined ? 'Released' : 'Bound';
    if (status?.phase !== phase) wrong.push(`${metadata.name} is ${status?.phase}, not ${phase}`);
  }
  return wrong;
}

it.each(Array.from({ length: 12 }, (_, at) => at + 1))(
  'nodes fall silent, go and come back: pods leave those alone, and nothing is bound twice (seed %i)',
  async (seed) => {
    await using sim = await openSimulation(seed);
    const seen: Seen = { failed: new Set(), away: new Set(), removed: new Set() };
    for (const name of names) await sim.node(name);
    sim.place(
      () =>
        any(
          sim,
          names.filter((name) => !seen.away.has(name)),
        ) || 'n1',
    );
    await sim.create('deployments.apps', deployment);
    await sim.create('horizontalpodautoscalers.autoscaling', autoscaler);
    for (let step = 0; step < 60; step++) {
      await deeds[sim.random.integer(deeds.length)]?.(sim, seen);
      await sim.clock.advance(sim.random.integer(sim.random.float() < 0.3 ? 120_000 : 5_000));
      await holds(sim, seen);
    }
    sim.trouble(0);
    sim.use(() => 50);
    for (const name of names) {
      sim.silence(name, false);
      if (seen.away.delete(name)) await sim.node(name);
    }
    await sim.crash();
    for (let minute = 0; minute < 30 && (await notSettled(sim)).length > 0; minute++)
      await sim.clock.advance(60_000);
    expect(await notSettled(sim)).toEqual([]);
  },
);
