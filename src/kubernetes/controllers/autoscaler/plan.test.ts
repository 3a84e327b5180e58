import { describe, expect, it } from 'vitest';
import { timestamp } from '../../objects/object.ts';
import type { Pod } from '../objects.ts';
import type { PodMetrics } from '../pod-metrics.ts';
import { pod, start } from '../testing/builders.ts';
import { limitedReplicas, type Memory } from './limits.ts';
import type { Autoscaler, MetricSpec } from './objects.ts';
import { noMemory, planAutoscaler } from './plan.ts';
import { replicasFor } from './replicas.ts';

const now = start + 3_600_000;
const tolerances = { up: 0.1, down: 0.1 };
type State = 'failed' | 'going' | 'pending' | 'ready' | 'starting';

/** A pod that asks for a whole processor, and has begun an hour ago. */
function asking(name: string, state: State = 'ready'): Pod {
  const base = pod(name, {
    phase: state === 'pending' ? 'Pending' : state === 'failed' ? 'Failed' : 'Running',
    ...(state !== 'starting' && { readyAt: start + 10_000 }),
    ...(state === 'going' && { deletedAt: now }),
  });
  const startTime = timestamp(state === 'starting' ? now - 20_000 : start);
  const containers = [{ name: 'c', resources: { requests: { cpu: '1', memory: '1Ki' } } }];
  return { ...base, spec: { ...base.spec, containers }, status: { ...base.status, startTime } };
}

/** What pods use, by their place: thousandths of a processor; undefined: nobody knows. */
const using = (...cpuMillis: readonly (number | undefined)[]): PodMetrics => ({
  pod: (_, name) => {
    const used = cpuMillis[Number(name)];
    if (used === undefined) return undefined;
    const look = { cpuNanoCores: used * 1_000_000, memoryBytes: used, timeMs: now, windowMs: 15_000 };
    return { containers: new Map([['c', look]]) };
  },
});
const podsOf = (states: readonly State[]): readonly Pod[] =>
  states.map((state, at) => asking(String(at), state));
const half = { resource: 'cpu', utilization: 50 };

describe('how many pods there have to be', () => {
  const ready: readonly State[] = ['ready', 'ready', 'ready'];
  it.each<readonly [string, readonly State[], readonly (number | undefined)[], number]>([
    ['as meant', ready, [500, 500, 500], 3],
    ['a little more than meant', ready, [540, 550, 560], 3],
    ['more', ready, [600, 700, 800], 5],
    ['less', ready, [100, 200, 300], 2],
    ['nothing', ready, [0, 0, 0], 0],
    ['more, but one of which nothing is known may be idle', ready, [900, undefined, 900], 4],
    ['much less, but one of which nothing is known may be busy', ready, [100, undefined, 100], 3],
    ['less, but those of which nothing is known may be busy', ready, [undefined, undefined, 100], 3],
    ['more, and new ones are taken for idle', ['ready', 'starting', 'ready'], [900, 900, 900], 4],
    ['less, and new ones do not count', ['ready', 'starting', 'ready'], [200, 900, 200], 1],
    ['more, and pending ones are taken for idle', ['ready', 'ready', 'pending'], [600, 600, undefined], 3],
    ['more than failed and ending ones', ['ready', 'failed', 'going'], [1_000, 900, 900], 2],
  ])('that use %s', (_, states, used, replicas) => {
    const found = replicasFor(podsOf(states), using(...used), half, states.length, tolerances, now);
    expect(found.replicas).toBe(replicas);
  });
  it('by an amount for each', () => {
    const wanted = { resource: 'cpu', value: 250 };
    const found = replicasFor(podsOf(ready), using(500, 500, 500), wanted, 3, tolerances, now);
    expect(found).toEqual({ replicas: 6, utilization: undefined, averageValue: 500 });
  });
  it('as asked for by its own tolerance', () => {
    const found = replicasFor(podsOf(ready), using(525, 525, 525), half, 3, { up: 0.02, down: 0.1 }, now);
    expect(found.replicas).toBe(4);
  });
  it.each<readonly [string, readonly State[], PodMetrics | undefined, string]>([
    ['there are none', [], using(), 'no pods returned by selector while calculating replica count'],
    [
      'nothing is known of any',
      ...([ready, using()] as const),
      'unable to get metrics for resource cpu: no metrics returned from resource metrics API',
    ],
    [
      'nobody tells them',
      ...([ready, undefined] as const),
      'unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)',
    ],
    [
      'none has been at work',
      ...([['starting'], using(100)] as const),
      'did not receive metrics for targeted pods (pods might be unready)',
    ],
  ])('is not known where %s', (_, states, metrics, message) => {
    expect(() => replicasFor(podsOf(states), metrics, half, 3, tolerances, now)).toThrow(message);
  });
  it('is not known where one asks for nothing', () => {
    const wanted = { resource: 'cpu', utilization: 50 };
    expect(() =>
      replicasFor([pod('0', { readyAt: start })], using(100), wanted, 1, tolerances, now),
    ).toThrow();
    const idle = { ...asking('0'), spec: pod('0').spec };
    expect(() => replicasFor([idle], using(100), wanted, 1, tolerances, now)).toThrow(
      'missing request for cpu in container c of Pod 0',
    );
  });
});

const hpa = (spec: Partial<Autoscaler['spec']> = {}): Autoscaler => ({
  ...{ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' },
  metadata: {
    name: 'web',
    namespace: 'default',
    uid: 'h',
    creationTimestamp: timestamp(start),
    generation: 1,
  },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    ...{ minReplicas: 2, maxReplicas: 10, metrics: [cpu] },
    ...spec,
  },
});
const cpu: MetricSpec = {
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
};
const memory = (more: Partial<Memory> = {}): Memory => ({ recommendations: [], ups: [], downs: [], ...more });

describe('the number that was found', () => {
  it.each<readonly [string, number, number, Memory, number, string]>([
    ['is taken', 5, 4, memory(), 5, 'DesiredWithinRange'],
    ['is no more than the most', 50, 9, memory(), 10, 'TooManyReplicas'],
    ['is no fewer than the least', 1, 4, memory(), 2, 'TooFewReplicas'],
    ['is at most twice as many', 9, 3, memory(), 6, 'ScaleUpLimit'],
    [
      'is not lower than any of the last five minutes',
      ...([3, 8, memory({ recommendations: [{ at: now - 299_000, replicas: 7 }] })] as const),
      ...([7, 'DesiredWithinRange'] as const),
    ],
    [
      'may be lower than one of long ago',
      ...([3, 8, memory({ recommendations: [{ at: now - 301_000, replicas: 7 }] })] as const),
      ...([3, 'DesiredWithinRange'] as const),
    ],
  ])('%s', (_, found, current, known, replicas, reason) => {
    const limited = limitedReplicas(hpa(), found, current, known, now);
    expect([limited.replicas, limited.limited.reason]).toEqual([replicas, reason]);
  });

  const behavior = {
    scaleUp: {
      ...{ stabilizationWindowSeconds: 60, selectPolicy: 'Max' },
      policies: [
        { type: 'Pods', value: 1, periodSeconds: 60 },
        { type: 'Percent', value: 50, periodSeconds: 60 },
      ],
    },
    scaleDown: { selectPolicy: 'Min', policies: [{ type: 'Percent', value: 50, periodSeconds: 60 }] },
  };
  it.each<readonly [string, number, number, Memory, number, string, string]>([
    ['rises by the larger policy', 9, 4, memory(), 6, 'ReadyForNewScale', 'ScaleUpLimit'],
    [
      'rises no further where it has risen in the period',
      ...([9, 6, memory({ ups: [{ at: now - 30_000, change: 2 }] })] as const),
      ...([6, 'ReadyForNewScale', 'ScaleUpLimit'] as const),
    ],
    [
      'rises as far as all of the window said',
      ...([9, 4, memory({ recommendations: [{ at: now - 30_000, replicas: 5 }] })] as const),
      ...([5, 'ScaleUpStabilized', 'DesiredWithinRange'] as const),
    ],
    ['falls by the smaller policy', 2, 8, memory(), 4, 'ReadyForNewScale', 'ScaleDownLimit'],
    ['stays', 4, 4, memory(), 4, 'ReadyForNewScale', 'DesiredWithinRange'],
  ])('by rules of its own %s', (_, found, current, known, replicas, able, reason) => {
    const limited = limitedReplicas(hpa({ behavior }), found, current, known, now);
    expect([limited.replicas, limited.able.reason, limited.limited.reason]).toEqual([replicas, able, reason]);
  });
  it('does not fall where that is disabled', () => {
    const disabled = { scaleDown: { ...behavior.scaleDown, selectPolicy: 'Disabled' } };
    expect(limitedReplicas(hpa({ behavior: disabled }), 2, 8, memory(), now).replicas).toBe(8);
  });
});

describe('an autoscaler', () => {
  const planned = (of: Autoscaler, replicas: number, metrics?: PodMetrics) => {
    const pods = podsOf(Array.from({ length: replicas }, () => 'ready'));
    return planAutoscaler(of, { replicas, pods, metrics }, noMemory(replicas, now), now);
  };
  const said = (plan: ReturnType<typeof planned>) =>
    plan.conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`);

  it('says what it found and what it does', () => {
    const plan = planned(hpa(), 2, using(900, 900));
    expect(plan.rescale).toEqual({
      ...{ replicas: 4, reason: 'cpu resource utilization (percentage of request) above target' },
    });
    expect(plan.currentMetrics).toEqual([
      {
        type: 'Resource',
        resource: { name: 'cpu', current: { averageUtilization: 90, averageValue: '900m' } },
      },
    ]);
    expect(said(plan)).toEqual([
      ...['AbleToScale True ReadyForNewScale', 'ScalingActive True ValidMetricFound'],
      'ScalingLimited False DesiredWithinRange',
    ]);
    expect(plan.memory.ups).toEqual([{ at: now, change: 2 }]);
  });
  it.each([
    [12, { replicas: 10, reason: 'Current number of replicas above Spec.MaxReplicas' }],
    [1, { replicas: 2, reason: 'Current number of replicas below Spec.MinReplicas' }],
  ])('brings %i pods back into its range', (replicas, rescale) => {
    expect(planned(hpa(), replicas).rescale).toEqual(rescale);
  });
  it('leaves a target alone that is scaled to nothing', () => {
    expect(said(planned(hpa(), 0))).toContain('ScalingActive False ScalingDisabled');
  });
  it('refuses metrics that nobody tells, and goes on by the others only upwards', () => {
    const custom: MetricSpec = { type: 'Pods', pods: { metric: { name: 'requests' } } };
    const alone = planned(hpa({ metrics: [custom] }), 2, using(900, 900));
    expect(alone.rescale).toBeUndefined();
    expect(said(alone)).toContain('ScalingActive False FailedGetPodsMetric');
    expect(alone.warnings.map(({ message }) => message)).toEqual([
      'unable to get metric requests: unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered',
      'invalid metrics (1 invalid out of 1), first error is: unable to get metric requests: unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered',
    ]);
    const both = hpa({ metrics: [custom, cpu] });
    expect(planned(both, 2, using(900, 900)).rescale).toMatchObject({ replicas: 4 });
    expect(planned(both, 4, using(100, 100, 100, 100)).rescale).toBeUndefined();
  });
  it('says that it knows nothing where nothing is known', () => {
    const plan = planned(hpa(), 2, using());
    expect(plan.conditions.find(({ type }) => type === 'ScalingActive')).toMatchObject({
      ...{ status: 'False', reason: 'FailedGetResourceMetric' },
      message:
        'the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API',
    });
  });
});
