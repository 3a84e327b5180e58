import { describe, expect, it } from 'vitest';
import { timestamp } from '../../objects/object.ts';
import type { Pod } from '../objects.ts';
import { pod, start, template } from '../testing/builders.ts';
import { backOffMs, jobBackOffMs } from './back-off.ts';
import { countPods } from './count.ts';
import { firstOthers, indexAnnotation, indexesText, parseIndexes, withIndexes } from './indexes.ts';
import { type Job, type JobSpec, type JobStatus, trackingFinalizer } from './objects.ts';
import { type JobPlan, planJob } from './plan.ts';
import { metSuccessRule, verdictOf } from './policies.ts';
import { trackJob } from './track.ts';

const job = (spec: Partial<JobSpec> = {}, status?: JobStatus): Job => ({
  ...{ apiVersion: 'batch/v1', kind: 'Job' },
  metadata: { name: 'a', namespace: 'default', uid: 'a', creationTimestamp: timestamp(start) },
  spec: { parallelism: 1, completions: 1, backoffLimit: 6, selector: {}, template: template(), ...spec },
  ...(status && { status }),
});

interface Made {
  readonly phase?: string;
  readonly index?: number;
  readonly failures?: number;
  readonly exitCode?: number;
  readonly endedAt?: number;
  readonly isCounted?: boolean;
  readonly isGoing?: boolean;
}

function jobPod(name: string, made: Made = {}): Pod {
  const { phase = 'Running', index, failures, exitCode, endedAt, isCounted = false, isGoing = false } = made;
  const base = pod(name, { phase, ...(isGoing && { deletedAt: start }) });
  const annotations = {
    ...(index !== undefined && { [indexAnnotation]: String(index) }),
    ...(failures !== undefined && { 'batch.kubernetes.io/job-index-failure-count': String(failures) }),
  };
  const terminated = { exitCode: exitCode ?? 1, finishedAt: timestamp(endedAt ?? start) };
  return {
    ...base,
    metadata: { ...base.metadata, annotations, ...(!isCounted && { finalizers: [trackingFinalizer] }) },
    status: {
      ...base.status,
      ...(phase === 'Failed' || phase === 'Succeeded'
        ? { containerStatuses: [{ name: 'c', state: { terminated } }] }
        : {}),
    },
  };
}

const plan = (of: Job, pods: readonly Pod[], now = start): JobPlan =>
  planJob(of, pods, countPods(of, pods), now);

describe('indexes', () => {
  it.each([
    ['', 5, ''],
    ['1,3-5,7', 10, '1,3-5,7'],
    ['0,1', 5, '0,1'],
    ['0-2,3', 9, '0-3'],
    ['3-9', 6, '3-5'],
    ['7', 5, ''],
    ['x,2', 5, '2'],
  ])('%j of %i are %j', (text, completions, written) => {
    expect(indexesText(parseIndexes(text, completions))).toBe(written);
  });
  it('are joined, and the first that are missing found', () => {
    const some = withIndexes(parseIndexes('1,3-4', 10), [2, 8]);
    expect(indexesText(some)).toBe('1-4,8');
    expect(firstOthers(some, 4, 10)).toEqual([0, 5, 6, 7]);
    expect(firstOthers(some, 9, 10)).toEqual([0, 5, 6, 7, 9]);
  });
});

describe('how many pods a Job makes', () => {
  it.each<readonly [why: string, spec: Partial<JobSpec>, pods: readonly Pod[], create: number]>([
    ['as many as may run', { parallelism: 3, completions: 5 }, [], 3],
    [
      'no more than are missing',
      { parallelism: 3, completions: 2 },
      [jobPod('p', { phase: 'Succeeded' })],
      1,
    ],
    [
      'none once one has succeeded, of a queue',
      { parallelism: 3, completions: undefined },
      [jobPod('p', { phase: 'Succeeded' }), jobPod('q')],
      0,
    ],
    [
      'at once for one that goes',
      { podReplacementPolicy: 'TerminatingOrFailed' },
      [jobPod('p', { isGoing: true, endedAt: start - 60_000 })],
      0,
    ],
    [
      'not before one that goes has gone',
      { podReplacementPolicy: 'Failed' },
      [jobPod('p', { isGoing: true })],
      0,
    ],
  ] as never)('%s', (_, spec, pods, create) => {
    expect(plan(job(spec), pods).create).toHaveLength(create);
  });
  it('is what back-off allows: 10 s, 20 s, 40 s, at most 10 min', () => {
    expect([0, 1, 2, 3, 9].map((failures) => backOffMs(failures, start, start))).toEqual([
      ...[0, 10_000, 20_000, 40_000, 600_000],
    ]);
    const failed = jobPod('p', { phase: 'Failed', endedAt: start });
    expect(plan(job(), [failed])).toMatchObject({ create: [], afterMs: 10_000 });
    expect(plan(job(), [failed], start + 10_000).create).toHaveLength(1);
    const later = jobPod('q', { phase: 'Succeeded', endedAt: start + 1_000 });
    expect(jobBackOffMs(job(), [failed, later], start + 1_000)).toBe(0);
  });
  it('of indexes are the first that are missing, and one pod of each', () => {
    const indexed = job({ completions: 4, parallelism: 3, completionMode: 'Indexed' });
    expect(plan(indexed, [jobPod('p', { index: 1 })]).create).toEqual([0, 2]);
    const twice = [jobPod('p', { index: 0 }), jobPod('q', { index: 0 }), jobPod('r')];
    expect(plan(indexed, twice).retire).toHaveLength(2);
  });
});

describe('how a Job ends', () => {
  const ending = (of: Job, pods: readonly Pod[], now?: number) => plan(of, pods, now).ending?.reason;
  const failed = jobPod('p', { phase: 'Failed' });

  it('by failures, restarts, time', () => {
    expect(ending(job({ backoffLimit: 0 }), [failed])).toBe('BackoffLimitExceeded');
    expect(ending(job({ backoffLimit: 1 }), [failed])).toBeUndefined();
    const spec = { ...template().spec, restartPolicy: 'OnFailure' };
    const restarted: Pod = {
      ...jobPod('p'),
      status: { phase: 'Running', containerStatuses: [{ name: 'c', restartCount: 2 }] },
    };
    expect(ending(job({ backoffLimit: 2, template: { spec } }), [restarted])).toBe('BackoffLimitExceeded');
    const limited = job({ activeDeadlineSeconds: 5 }, { startTime: timestamp(start) });
    expect(plan(limited, [jobPod('p')], start + 1_000).afterMs).toBe(4_000);
    expect(ending(limited, [], start + 5_000)).toBe('DeadlineExceeded');
  });
  it('by indexes', () => {
    const each: Partial<JobSpec> = {
      ...{ completions: 3, parallelism: 3, completionMode: 'Indexed' },
      ...{ backoffLimit: 99, backoffLimitPerIndex: 1 },
    };
    const lost = (index: number) => jobPod(`p${index}`, { phase: 'Failed', index, failures: 1 });
    expect(ending(job(each), [lost(0)])).toBeUndefined();
    expect(ending(job({ ...each, maxFailedIndexes: 0 }), [lost(0)])).toBe('MaxFailedIndexesExceeded');
    expect(ending(job(each), [0, 1, 2].map(lost))).toBe('FailedIndexes');
    const again = plan(job(each), [jobPod('p', { phase: 'Failed', index: 0, failures: 0 })], start + 60_000);
    expect(again.create).toEqual([0, 1, 2]);
  });
  it('as it was told before, whatever happens then', () => {
    const told = { type: 'FailureTarget', status: 'True', reason: 'DeadlineExceeded', message: 'm' };
    expect(plan(job({}, { conditions: [told] }), [jobPod('p')])).toMatchObject({
      ending: { type: 'FailureTarget', reason: 'DeadlineExceeded', message: 'm' },
      remove: [{ metadata: { name: 'p' } }],
    });
  });
});

describe('policies', () => {
  const rules = [
    { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
    { action: 'FailIndex', onExitCodes: { operator: 'In', values: [42] } },
    { action: 'FailJob', onExitCodes: { containerName: 'c', operator: 'NotIn', values: [1] } },
  ];
  const of = job({ podFailurePolicy: { rules } });
  it('say what a failure means by their first rule that matches', () => {
    const failed = (exitCode: number) => jobPod('p', { phase: 'Failed', exitCode });
    expect(verdictOf(of, failed(42))).toEqual({ action: 'FailIndex', counts: true });
    expect(verdictOf(of, failed(1))).toEqual({ action: undefined, counts: true });
    expect(verdictOf(of, failed(7)).failsJob).toBe(
      'Container c for pod default/p failed with exit code 7 matching FailJob rule at index 2',
    );
    const disrupted = {
      ...failed(7),
      status: { conditions: [{ type: 'DisruptionTarget', status: 'True' }] },
    };
    expect(verdictOf(of, disrupted)).toEqual({ action: 'Ignore', counts: false });
  });
  it.each([
    [{ succeededIndexes: '0-2' }, '0,1', undefined],
    [{ succeededIndexes: '0-2' }, '0-3', 0],
    [{ succeededIndexes: '0-2', succeededCount: 2 }, '0,2', 0],
    [{ succeededCount: 3 }, '0,4', undefined],
    [{ succeededCount: 2 }, '0,4', 0],
  ])('of success %j are met by %s: %s', (rule, succeeded, met) => {
    const with1 = job({ completions: 5, successPolicy: { rules: [rule] } });
    expect(metSuccessRule(with1, parseIndexes(succeeded, 5))).toBe(met);
  });
});

describe('whatever is written and whatever is not, a pod is counted once', () => {
  /** A turn that is killed before its last writes, again and again. */
  it('also when turns end between the status and the finalizers', () => {
    let of = job({ completions: 3, parallelism: 3, backoffLimit: 9 });
    let pods = [
      ...[jobPod('p', { phase: 'Succeeded' }), jobPod('q', { phase: 'Succeeded' })],
      jobPod('r', { phase: 'Failed', endedAt: start - 60_000 }),
    ];
    for (let turn = 0; turn < 12; turn++) {
      const count = countPods(of, pods);
      const made = planJob(of, pods, count, start);
      const tracked = trackJob(of, pods, count, made, { created: 0, deleted: [] }, start);
      if (turn % 3 !== 0) of = { ...of, status: tracked.status };
      const isReleased = (each: Pod) => turn % 2 === 1 && turn % 3 !== 0 && tracked.release.includes(each);
      pods = pods.map((each) =>
        isReleased(each) ? { ...each, metadata: { ...each.metadata, finalizers: [] } } : each,
      );
    }
    expect(of.status).toMatchObject({ succeeded: 2, failed: 1, uncountedTerminatedPods: {} });
    expect(countPods(of, pods)).toMatchObject({ succeeded: 2, failed: 1 });
  });
});
