import { describe, expect, it } from 'vitest';
import { timestamp } from '../../objects/object.ts';
import { controllerReference } from '../objects.ts';
import { pod, replicaSet, start } from '../testing/builders.ts';
import type { DisruptionBudget, DisruptionStatus } from './objects.ts';
import { planBudget } from './plan.ts';

const budget = (spec: DisruptionBudget['spec'], status?: DisruptionStatus): DisruptionBudget => ({
  ...{ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', spec },
  metadata: { name: 'b', namespace: 'default', uid: 'b', creationTimestamp: timestamp(start), generation: 2 },
  ...(status && { status }),
});
const owner = replicaSet('web', [10]);
const owned = (name: string, isReady = true, deletedAt?: number) => {
  const one = pod(name, {
    ...(isReady && { readyAt: start }),
    ...(deletedAt !== undefined && { deletedAt }),
  });
  return { ...one, metadata: { ...one.metadata, ownerReferences: [controllerReference(owner)] } };
};
const pods = ['a', 'b', 'c'].map((name) => owned(name));
const of = (spec: DisruptionBudget['spec'], seen = pods) =>
  planBudget(budget(spec), seen, () => 10, start).status;

describe('how many pods may be disrupted', () => {
  it.each<readonly [DisruptionBudget['spec'], expected: number, desired: number, allowed: number]>([
    [{ minAvailable: 2 }, 3, 2, 1],
    [{ minAvailable: 5 }, 3, 5, 0],
    [{ minAvailable: '25%' }, 10, 3, 0],
    [{ minAvailable: '11%' }, 10, 2, 1],
    [{ maxUnavailable: 8 }, 10, 2, 1],
    [{ maxUnavailable: '75%' }, 10, 2, 1],
  ])('%j of 3 pods and 10 wanted', (spec, expected, desired, allowed) => {
    expect(of(spec)).toMatchObject({
      ...{ expectedPods: expected, desiredHealthy: desired, disruptionsAllowed: allowed, currentHealthy: 3 },
    });
  });
  it('counts neither who is not ready, nor who goes, nor whose eviction was allowed', () => {
    const seen = [owned('a'), owned('b', false), owned('c', true, start), owned('d')];
    const disruptedPods = { d: timestamp(start - 60_000), gone: timestamp(start) };
    const status = {
      ...{ disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 },
      disruptedPods,
    };
    const planned = planBudget(budget({ minAvailable: 1 }, status), seen, () => 10, start);
    expect(planned.status).toMatchObject({ currentHealthy: 1, disruptedPods: { d: disruptedPods.d } });
    expect(planned.afterMs).toBe(60_001);
    const late = planBudget(budget({ minAvailable: 1 }, status), seen, () => 10, start + 60_001);
    expect([late.notDeleted.length, late.status.currentHealthy]).toEqual([1, 2]);
  });
  it('is none where nobody knows how many there are to be, or there are no pods', () => {
    const unknown = planBudget(budget({ maxUnavailable: 1 }), pods, () => undefined, start).status;
    expect(unknown).toMatchObject({
      disruptionsAllowed: 0,
      conditions: [{ reason: 'SyncFailed', message: 'found no controllers for pod "a"' }],
    });
    expect(of({ maxUnavailable: 1 }, []).disruptionsAllowed).toBe(0);
    const lone = planBudget(budget({ maxUnavailable: 1 }), [pod('x')], () => 10, start);
    expect(lone.unmanaged).toHaveLength(1);
  });
});
