import { array, assert, constantFrom, integer, oneof, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conditionOf, type Deployment, type ReplicaSet } from '../objects.ts';
import { deployment, replicaSet, start, template } from '../testing/builders.ts';
import { maxSurge, maxUnavailable } from './bounds.ts';
import { type Plan, planDeployment } from './plan.ts';
import { availableOf, oldSizes, replicasOf } from './rolling.ts';
import { scaledSizes } from './scaling.ts';

const plan = (
  wanted: Deployment,
  replicaSets: readonly ReplicaSet[],
  more: { readonly isTaken?: boolean; readonly isRunning?: boolean; readonly now?: number } = {},
): Plan =>
  planDeployment({
    ...{ deployment: wanted, replicaSets, now: more.now ?? start },
    isTaken: () => more.isTaken ?? false,
    isRunning: () => more.isRunning ?? false,
  });

/** `web-1: 3 -> 5`, `delete web-1`, `create 3`. */
const told = ({ steps }: Plan): readonly string[] =>
  steps.map((step) => {
    if (step.type === 'create') return `create ${step.replicaSet.spec.replicas}`;
    if (step.type === 'delete') return `delete ${step.replicaSet.metadata.name}`;
    return `${step.after.metadata.name}: ${step.before.spec.replicas} -> ${step.after.spec.replicas}`;
  });

const rolling = (surge: number | string, unavailable: number | string) => ({
  type: 'RollingUpdate',
  rollingUpdate: { maxSurge: surge, maxUnavailable: unavailable },
});
const annotated = (revision: number, desired = 10, max = 13) => ({
  'deployment.kubernetes.io/revision': String(revision),
  'deployment.kubernetes.io/desired-replicas': String(desired),
  'deployment.kubernetes.io/max-replicas': String(max),
});

describe('how many pods may be there beside those wanted, and how many may be missing', () => {
  it.each([
    [10, '25%', '25%', 3, 2],
    [1, '25%', '25%', 1, 0],
    [3, '30%', '70%', 1, 2],
    [10, 0, 0, 0, 1],
    [4, '0%', '10%', 0, 1],
    [2, 0, 5, 0, 2],
    [0, '25%', '25%', 0, 0],
  ])('%i replicas, surge %s, unavailable %s: %i and %i', (replicas, surge, unavailable, most, missing) => {
    const wanted = deployment({ replicas, strategy: rolling(surge, unavailable) });
    expect([maxSurge(wanted), maxUnavailable(wanted)]).toEqual([most, missing]);
  });
});

describe('a rollout', () => {
  const current = (sizes: readonly [number, number?, number?]) =>
    replicaSet('web-2', sizes, { image: 'nginx:2', annotations: annotated(2) });
  const old = (sizes: readonly [number, number?, number?]) =>
    replicaSet('web-1', sizes, { annotations: annotated(1) });
  const wanted = deployment({ template: template('nginx:2') });

  it('begins with a ReplicaSet that is as large as the surge allows', () => {
    expect(told(plan(wanted, [old([10])]))).toEqual(['create 3']);
  });

  it.each([
    ['grows the new one first', [3, 3, 0], [10], ['web-1: 10 -> 8']],
    ['fills the room that the old one left', [3, 3, 3], [8], ['web-2: 3 -> 5']],
    ['takes no more away while as many are missing as may', [5, 5, 0], [8], []],
    ['takes away what is of no use, whatever is missing', [5, 5, 0], [10, 10, 5], ['web-1: 10 -> 8']],
    ['ends the old one', [10, 10, 10], [3], ['web-1: 3 -> 0']],
  ] as const)('%s', (_, now, before, steps) => {
    expect(told(plan(wanted, [current(now), old(before)]))).toEqual(steps);
  });

  it('tells a collision, and takes another name', () => {
    const collided = plan(wanted, [], { isTaken: true });
    expect([collided.steps, collided.status.collisionCount]).toEqual([[], 1]);
    const names = [undefined, 1].map((collisionCount) => {
      const [step] = plan({ ...wanted, status: { ...(collisionCount && { collisionCount }) } }, []).steps;
      return step?.type === 'create' ? step.replicaSet.metadata.name : '';
    });
    expect(new Set(names).size).toBe(2);
  });

  it('that gets on no more has timed out after its deadline', () => {
    const sets = [current([3, 3, 0]), old([8])];
    const begun = plan(wanted, sets);
    expect(conditionOf(begun.status, 'Progressing')).toMatchObject({ reason: 'ReplicaSetUpdated' });
    const waiting = { ...wanted, status: begun.status };
    expect(plan(waiting, sets).afterMs).toBe(601_000);
    const late = plan(waiting, sets, { now: start + 601_000 });
    expect(conditionOf(late.status, 'Progressing')).toMatchObject({
      ...{ status: 'False', reason: 'ProgressDeadlineExceeded' },
      message: 'ReplicaSet "web-2" has timed out progressing.',
    });
    expect(late.afterMs).toBeUndefined();
  });

  it('that is complete lets the oldest revisions go', () => {
    const done = deployment(
      { template: template('nginx:2'), revisionHistoryLimit: 1 },
      { status: { replicas: 10, updatedReplicas: 10, availableReplicas: 10, observedGeneration: 1 } },
    );
    const ended = (revision: number) =>
      replicaSet(`web-old-${revision}`, [0], { annotations: annotated(revision) });
    const now = replicaSet('web-9', [10], { image: 'nginx:2', annotations: annotated(9) });
    expect(told(plan(done, [ended(3), ended(1), ended(2), now]))).toEqual([
      'delete web-old-1',
      'delete web-old-2',
    ]);
  });

  it('that is Recreate waits for the last of the old pods', () => {
    const recreate = deployment({ template: template('nginx:2'), strategy: { type: 'Recreate' } });
    expect(told(plan(recreate, [old([10])]))).toEqual(['web-1: 10 -> 0']);
    expect(told(plan(recreate, [old([0, 2, 2])], { isRunning: true }))).toEqual([]);
    expect(told(plan(recreate, [old([0])]))).toEqual(['create 10']);
  });
});

describe('another number of replicas', () => {
  const sizesOf = (replicas: number, sets: readonly ReplicaSet[]) => {
    const [current, ...old] = sets;
    return Object.fromEntries(scaledSizes(deployment({ replicas }), current, old));
  };
  const set = (name: string, replicas: number, desired: number, max: number) =>
    replicaSet(name, [replicas, replicas, 0], { annotations: annotated(1, desired, max) });

  it('goes to the only one', () => {
    expect(sizesOf(20, [set('a', 10, 10, 13), set('b', 0, 10, 13)])).toEqual({ a: 20 });
  });
  it('is spread by size while a rollout is under way, its rest to the largest', () => {
    expect(sizesOf(15, [set('a', 5, 10, 13), set('b', 8, 10, 13)])).toEqual({ b: 12, a: 7 });
    expect(sizesOf(5, [set('a', 5, 10, 13), set('b', 8, 10, 13)])).toEqual({ b: 4, a: 3 });
  });
  it('of none leaves none', () => {
    expect(sizesOf(0, [set('a', 5, 10, 13), set('b', 8, 10, 13)])).toEqual({ b: 0, a: 0 });
  });
});

describe('whatever pods do while a Deployment rolls out', () => {
  const sizes = record({ replicas: integer({ min: 0, max: 12 }), available: integer({ min: 0, max: 12 }) });
  const bound = oneof(integer({ min: 0, max: 6 }), constantFrom('0%', '10%', '25%', '60%', '100%'));

  it('no step goes beyond the surge, or below what has to be available', () => {
    const steps = property(
      ...([
        integer({ min: 0, max: 12 }),
        bound,
        bound,
        array(sizes, { minLength: 2, maxLength: 5 }),
      ] as const),
      (replicas, surge, unavailable, seen) => {
        const wanted = deployment({
          replicas,
          template: template('nginx:0'),
          strategy: rolling(surge, unavailable),
        });
        const sets = seen.map((it, at) =>
          replicaSet(`web-${at}`, [it.replicas, it.replicas, Math.min(it.available, it.replicas)], {
            image: `nginx:${at}`,
            annotations: annotated(9 - at, replicas, replicas + maxSurge(wanted)),
          }),
        );
        const [current, ...old] = sets as [ReplicaSet, ...ReplicaSet[]];
        const after = afterSteps(sets, plan(wanted, sets));
        expect(replicasOf(after)).toBeLessThanOrEqual(
          Math.max(replicas + maxSurge(wanted), replicasOf(sets)),
        );
        // A ReplicaSet that shrinks deletes pods that are not available first.
        const kept = after.reduce(
          (sum, { spec, status }) => sum + Math.min(spec.replicas, status?.availableReplicas ?? 0),
          0,
        );
        const isShrinkingItself = current.spec.replicas > replicas;
        if (!isShrinkingItself)
          expect(kept).toBeGreaterThanOrEqual(Math.min(replicas - maxUnavailable(wanted), availableOf(sets)));
        for (const [, size] of oldSizes(wanted, current, old)) expect(size).toBeGreaterThanOrEqual(0);
      },
    );
    assert(steps, { numRuns: 2_000 });
  });

  it('it is rolled out once pods become available', () => {
    const runs = property(
      ...([
        integer({ min: 0, max: 12 }),
        bound,
        bound,
        array(integer({ min: 0, max: 3 }), { maxLength: 40 }),
      ] as const),
      (replicas, surge, unavailable, luck) => {
        const wanted = deployment({
          replicas,
          template: template('nginx:0'),
          strategy: rolling(surge, unavailable),
        });
        let sets: readonly ReplicaSet[] = [
          replicaSet('web-1', [replicas], {
            image: 'nginx:1',
            annotations: annotated(1, replicas, replicas),
          }),
        ];
        for (let pass = 0; pass < 200; pass++) {
          sets = afterSteps(sets, plan(wanted, sets)).map((set) => observed(set, luck[pass] ?? 12));
          const total = replicasOf(sets);
          expect(total).toBeLessThanOrEqual(replicas + maxSurge(wanted));
        }
        const live = sets.filter(({ spec }) => spec.replicas > 0);
        expect(live.map(({ spec }) => [spec.template.spec.containers[0]?.image, spec.replicas])).toEqual(
          replicas === 0 ? [] : [['nginx:0', replicas]],
        );
      },
    );
    assert(runs, { numRuns: 100 });
  });

  function afterSteps(sets: readonly ReplicaSet[], { steps }: Plan): readonly ReplicaSet[] {
    let after = sets;
    for (const step of steps) {
      if (step.type === 'create') {
        const { name } = step.replicaSet.metadata;
        const metadata = {
          ...step.replicaSet.metadata,
          uid: name,
          creationTimestamp: '2026-01-01T00:00:00Z',
        };
        after = [...after, { ...step.replicaSet, metadata }];
      } else if (step.type === 'update')
        after = after.map((set) => (set.metadata.uid === step.before.metadata.uid ? step.after : set));
      else after = after.filter((set) => set.metadata.uid !== step.replicaSet.metadata.uid);
    }
    return after;
  }

  /** Its pods are there, and so many more of them are available. */
  function observed(set: ReplicaSet, more: number): ReplicaSet {
    const { replicas } = set.spec;
    const available = Math.min(replicas, (set.status?.availableReplicas ?? 0) + more);
    return {
      ...set,
      status: { replicas, readyReplicas: available, availableReplicas: available, observedGeneration: 1 },
    };
  }
});
