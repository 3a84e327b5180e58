import { describe, expect, it } from 'vitest';
import { podsToDelete } from '../pod-ranking.ts';
import { untilNextAvailable } from '../pods.ts';
import { slowStart } from '../slow-start.ts';
import { type PodLike, pod, start, template } from '../testing/builders.ts';
import { planReplicas, replicaStatus } from './plan.ts';

const second = 1_000;
const bounds = { most: 500, now: start };

describe('the pods that go first', () => {
  const cost = (value: string): PodLike['annotations'] & object => ({
    'controller.kubernetes.io/pod-deletion-cost': value,
  });
  it.each<readonly [why: string, first: PodLike, other: PodLike]>([
    ['have no node', { node: '' }, { phase: 'Pending' }],
    ['are pending', { phase: 'Pending' }, { phase: 'Running' }],
    ['are unknown', { phase: 'Unknown' }, { phase: 'Running' }],
    ['are not ready', {}, { readyAt: start }],
    ['cost less', { annotations: cost('-1') }, {}],
    ['cost what they do not say well', { annotations: cost('+5') }, { annotations: cost('1') }],
    ['are ready for a shorter time', { readyAt: start - 10 * second }, { readyAt: start - 10_000 * second }],
    ['were restarted more often', { restarts: 2 }, { restarts: 1 }],
    ['are newer', { createdAt: start - 10 * second }, { createdAt: start - 10_000 * second }],
  ])('%s', (_, first, other) => {
    const both = [pod('other', other), pod('first', first)];
    expect(podsToDelete(both, 1, both, start).map(({ metadata }) => metadata.name)).toEqual(['first']);
  });

  it('have more pods of the same workload beside them', () => {
    const alone = pod('alone', { node: 'b' });
    const two = [pod('one', { node: 'a' }), pod('two', { node: 'a' })];
    expect(podsToDelete([alone, ...two], 1, [alone, ...two], start)).not.toContain(alone);
  });

  it('are no others for being a second younger', () => {
    const pods = [pod('a', { readyAt: start - 100 * second }), pod('b', { readyAt: start - 99 * second })];
    expect(podsToDelete(pods, 1, pods, start)[0]?.metadata.name).toBe('a');
  });
});

describe('a ReplicaSet', () => {
  it('makes what is missing, and counts neither what has ended nor what is about to', () => {
    const own = [pod('a'), pod('b', { phase: 'Failed' }), pod('c', { deletedAt: start })];
    expect(planReplicas({ replicas: 3 }, own, own, bounds)).toEqual({ create: 2, remove: [] });
  });
  it('makes and deletes no more than 500 at once', () => {
    expect(planReplicas({ replicas: 800 }, [], [], bounds).create).toBe(500);
    const own = Array.from({ length: 800 }, (_, at) => pod(`p${at}`));
    expect(planReplicas({ replicas: 0 }, own, own, bounds).remove).toHaveLength(500);
  });

  const wanted = { replicas: 2, minReadySeconds: 10, template: template() };
  it('counts pods as available that have been ready for long enough', () => {
    const own = [
      pod('a', { readyAt: start - 10 * second }),
      pod('b', { readyAt: start - 4 * second }),
      pod('c', { labels: {} }),
      pod('d', { deletedAt: start }),
    ];
    expect(replicaStatus(wanted, { generation: 4, status: undefined }, own, undefined, start)).toEqual({
      ...{ replicas: 3, fullyLabeledReplicas: 2, readyReplicas: 2, availableReplicas: 1 },
      ...{ terminatingReplicas: 1, observedGeneration: 4 },
    });
    expect(untilNextAvailable(own, 10, start)).toBe(6_000);
  });
  it('tells the first failure until all is well', () => {
    const failure = { reason: 'FailedCreate', message: 'no' };
    const of = (status: ReturnType<typeof replicaStatus> | undefined, now?: typeof failure) =>
      replicaStatus(wanted, { generation: 1, status }, [], now, start);
    const first = of(undefined, failure);
    expect(first.conditions).toMatchObject([{ type: 'ReplicaFailure', status: 'True', ...failure }]);
    expect(of(first, { reason: 'FailedCreate', message: 'other' }).conditions).toEqual(first.conditions);
    expect(of(first).conditions).toBeUndefined();
  });
});

describe('slow start', () => {
  it('does twice as many at once each time', async () => {
    let running = 0;
    const together: number[] = [];
    const outcome = await slowStart(12, async () => {
      running++;
      await Promise.resolve();
      if (running > 0) together.push(running);
      running = 0;
    });
    expect([together, outcome]).toEqual([[1, 2, 4, 5], { succeeded: 12, error: undefined }]);
  });
  it('stops after the first failures', async () => {
    let tried = 0;
    const outcome = await slowStart(100, async (index) => {
      tried++;
      if (index === 2) throw new Error('no');
    });
    expect([tried, outcome.succeeded]).toEqual([3, 2]);
  });
});
