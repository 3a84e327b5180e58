import { describe, expect, it } from 'vitest';
import type { DaemonSet } from './daemon-set/objects.ts';
import { type Job, trackingFinalizer } from './job/objects.ts';
import { controllerOf, type Deployment, type Kept, type Pod, type ReplicaSet } from './objects.ts';
import { isActive, isReady } from './pods.ts';
import type { StatefulSet } from './stateful-set/objects.ts';
import { openSimulation, type Simulation } from './testing/simulation.ts';

const template = (app: string, image: string, spec: object = {}) => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: 'c', image }], ...spec },
});
const spec = (app: string, image: string, more: object) => ({
  metadata: { name: app },
  spec: { selector: { matchLabels: { app } }, template: template(app, image), ...more },
});

/** The machine's clock is set: up to an hour ahead, or back. */
const mostJumpMs = 7_200_000;

/** What people and machines do, whatever the controllers are at. */
const deeds: readonly ((sim: Simulation) => Promise<void>)[] = [
  async (sim) => {
    const replicas = sim.random.integer(6);
    await sim.change<Deployment>('deployments.apps', 'web', (it) => ({
      ...it,
      spec: { ...it.spec, replicas },
    }));
  },
  async (sim) => {
    const replicas = sim.random.integer(5);
    await sim.change<StatefulSet>('statefulsets.apps', 'db', (it) => ({
      ...it,
      spec: { ...it.spec, replicas },
    }));
  },
  async (sim) => {
    const next = template('web', `nginx:${sim.random.integer(3)}`) as Deployment['spec']['template'];
    await sim.change<Deployment>('deployments.apps', 'web', (it) => ({
      ...it,
      spec: { ...it.spec, template: next },
    }));
  },
  async (sim) => {
    const pods = await sim.list<Pod>('pods');
    const pod = pods[sim.random.integer(Math.max(1, pods.length))];
    // Pods of Jobs are kept until they have been counted.
    if (pod !== undefined && pod.metadata.finalizers === undefined)
      await sim.remove('pods', pod.metadata.name);
  },
  async (sim) => {
    const luck = sim.random.float();
    sim.decide((pod) => fateOf(pod, sim.random.float() < luck));
  },
  async (sim) => sim.silence(`n${1 + sim.random.integer(2)}`, sim.random.float() < 0.5),
  (sim) => sim.crash(),
  async (sim) => sim.clock.jump(sim.random.integer(mostJumpMs) - mostJumpMs / 2),
  async (sim) => sim.trouble(sim.random.float() * 0.2),
];

const fateOf = (pod: Pod, isWell: boolean) => {
  if (controllerOf(pod)?.kind !== 'Job') return isWell ? 'Ready' : 'Running';
  if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return undefined;
  return isWell ? 'Succeeded' : 'Running';
};

const ofOwner = (pods: readonly Pod[], { metadata }: Kept): readonly Pod[] =>
  pods.filter((pod) => controllerOf(pod)?.uid === metadata.uid);

/** How many of those pods are its own. */
const countOf = (owners: ReadonlyMap<string, string | undefined>, of: Kept | undefined): number =>
  [...owners.values()].filter((owner) => owner === of?.metadata.uid).length;

/** Holds at every moment: nobody has more pods than he ever asked for. */
async function nothingTwice(sim: Simulation): Promise<void> {
  const pods = await sim.list<Pod>('pods');
  for (const set of await sim.list<ReplicaSet>('replicasets.apps')) {
    const most = sim.mostReplicas.get(set.metadata.uid) ?? 0;
    expect(ofOwner(pods, set).filter(isActive).length, set.metadata.name).toBeLessThanOrEqual(most);
  }
  for (const job of await sim.list<Job>('jobs.batch')) {
    expect(ofOwner(pods, job).filter(isActive).length).toBeLessThanOrEqual(job.spec.parallelism);
    expect(job.status?.succeeded ?? 0).toBeLessThanOrEqual(countOf(sim.succeeded, job));
  }
}

/** Holds once all is well and everybody has done his work. */
async function isSettled(sim: Simulation): Promise<boolean> {
  const [pods, [web], [db], [job], [log]] = await Promise.all([
    sim.list<Pod>('pods'),
    sim.list<Deployment>('deployments.apps'),
    sim.list<StatefulSet>('statefulsets.apps'),
    sim.list<Job>('jobs.batch'),
    sim.list<DaemonSet>('daemonsets.apps'),
  ]);
  if (web === undefined || db === undefined || job === undefined || log === undefined) return false;
  const sets = await sim.list<ReplicaSet>('replicasets.apps');
  const owned = sets.flatMap((set) => ofOwner(pods, set)).filter(isActive);
  const { replicas } = web.spec;
  const { status = {} } = web;
  const [image] = web.spec.template.spec.containers;
  return (
    owned.length === replicas &&
    owned.every((pod) => isReady(pod) && pod.spec.containers[0]?.image === image?.image) &&
    (status.updatedReplicas ?? 0) === replicas &&
    (status.availableReplicas ?? 0) === replicas &&
    (status.replicas ?? 0) === replicas &&
    ofOwner(pods, db).length === db.spec.replicas &&
    (db.status?.readyReplicas ?? 0) === db.spec.replicas &&
    job.status?.conditions?.some(({ type }) => type === 'Complete') === true &&
    log.status?.numberReady === 2 &&
    ofOwner(pods, log).length === 2
  );
}

describe('controllers that are killed at any point, with events that come late and again, and clocks that are set', () => {
  it.each(Array.from({ length: 100 }, (_, at) => at + 1))('do their work once (seed %i)', async (seed) => {
    await using sim = await openSimulation(seed);
    for (const name of ['n1', 'n2']) await sim.node(name);
    sim.place((pod) => (pod.metadata.uid < '8' ? 'n1' : 'n2'));
    await sim.create('deployments.apps', spec('web', 'nginx:0', { replicas: 3 }));
    await sim.create('statefulsets.apps', spec('db', 'db:0', { replicas: 2 }));
    await sim.create('daemonsets.apps', spec('log', 'log:0', {}));
    const job = template('sum', 'sum', { restartPolicy: 'Never' });
    await sim.create('jobs.batch', {
      ...{ metadata: { name: 'sum' } },
      // Pods that silent nodes had to give up may be many.
      spec: { backoffLimit: 1_000, completions: 5, parallelism: 2, template: { spec: job.spec } },
    });
    sim.decide((pod) => fateOf(pod, true));
    for (let step = 0; step < 40; step++) {
      await deeds[sim.random.integer(deeds.length)]?.(sim);
      for (let moment = 0; moment < 3; moment++) {
        await sim.clock.advance(sim.random.integer(400));
        await nothingTwice(sim);
      }
    }
    sim.trouble(0);
    for (const name of ['n1', 'n2']) sim.silence(name, false);
    sim.decide((pod) => fateOf(pod, true));
    await sim.crash();
    for (let minute = 0; minute < 20 && !(await isSettled(sim)); minute++) await sim.clock.advance(60_000);
    expect(await isSettled(sim)).toBe(true);
    const pods = await sim.list<Pod>('pods');
    expect(pods.filter((pod) => controllerOf(pod) === undefined)).toEqual([]);
    expect(pods.filter(({ metadata }) => metadata.finalizers?.includes(trackingFinalizer))).toEqual([]);
    const [sum] = await sim.list<Job>('jobs.batch');
    expect(sum?.status).toMatchObject({ succeeded: 5, uncountedTerminatedPods: {} });
    // Pods that a silent node had to give up count as failed, nobody else's.
    expect(sum?.status?.failed ?? 0).toBeLessThanOrEqual(countOf(sim.disrupted, sum));
  });
});
