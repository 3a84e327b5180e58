import { expect, it } from 'vitest';
import type { Autoscaler } from './autoscaler/objects.ts';
import type { Deployment, Pod } from './objects.ts';
import { isReady } from './pods.ts';
import { openSimulation, type Simulation } from './testing/simulation.ts';

const deployment = {
  metadata: { name: 'web' },
  spec: {
    ...{ replicas: 2, selector: { matchLabels: { app: 'web' } } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'c', image: 'nginx', resources: { requests: { cpu: '100m' } } }] },
    },
  },
};
const autoscaler = {
  metadata: { name: 'web' },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    ...{ minReplicas: 1, maxReplicas: 8 },
    metrics: [
      {
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
      },
    ],
  },
};

const until = async (sim: Simulation, holds: () => Promise<boolean>): Promise<void> => {
  for (let second = 0; second < 3_600 && !(await holds()); second++) await sim.clock.advance(1_000);
  expect(await holds()).toBe(true);
};
const replicas = async (sim: Simulation): Promise<number | undefined> =>
  (await sim.list<Deployment>('deployments.apps'))[0]?.spec.replicas;
const ready = async (sim: Simulation): Promise<number> =>
  (await sim.list<Pod>('pods')).filter(isReady).length;

it('a deployment under load grows, and shrinks five minutes after the load has gone, through a crash', async () => {
  await using sim = await openSimulation(1);
  await sim.node('n1');
  await sim.create('deployments.apps', deployment);
  await until(sim, async () => (await ready(sim)) === 2);
  sim.use(() => 200);
  await sim.create('horizontalpodautoscalers.autoscaling', autoscaler);
  await until(sim, async () => (await ready(sim)) === 8);
  const [hpa] = await sim.list<Autoscaler>('horizontalpodautoscalers.autoscaling');
  expect(hpa?.status).toMatchObject({ desiredReplicas: 8 });
  expect(hpa?.status?.conditions?.map(({ type, status }) => `${type} ${status}`)).toEqual([
    ...['AbleToScale True', 'ScalingActive True', 'ScalingLimited True'],
  ]);
  const events = await sim.list<Pod & { reason: string; message: string }>('events');
  const grown = (size: number) =>
    `New size: ${size}; reason: cpu resource utilization (percentage of request) above target`;
  expect(
    events
      .filter(({ reason }) => reason === 'SuccessfulRescale')
      .map(({ message }) => message)
      .toSorted(),
  ).toEqual([grown(4), grown(8)]);
  sim.use(() => 12);
  const since = sim.clock.now();
  await sim.crash();
  await until(sim, async () => (await replicas(sim)) === 2);
  expect(sim.clock.now() - since).toBeGreaterThanOrEqual(290_000);
  sim.use(() => undefined);
  await sim.clock.advance(3_600_000);
  expect(await replicas(sim)).toBe(2);
});

it('an autoscaler without a target says so', async () => {
  await using sim = await openSimulation(2);
  await sim.create('horizontalpodautoscalers.autoscaling', autoscaler);
  await until(sim, async () => {
    const [hpa] = await sim.list<Autoscaler>('horizontalpodautoscalers.autoscaling');
    return hpa?.status?.conditions !== undefined;
  });
  const [hpa] = await sim.list<Autoscaler>('horizontalpodautoscalers.autoscaling');
  expect(hpa?.status?.conditions).toMatchObject([
    {
      ...{ type: 'AbleToScale', status: 'False', reason: 'FailedGetScale' },
      message: `the HPA controller was unable to get the target's current scale: deployments.apps "web" not found`,
    },
  ]);
});
