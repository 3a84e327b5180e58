import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorkloads, type Workloads } from './testing/workloads.ts';

let work: Workloads;
beforeAll(async () => {
  work = await openWorkloads();
});
afterAll(() => work[Symbol.asyncDispose]());

const job = (name: string, spec: object = {}, image = 'busybox') => ({
  metadata: { name },
  spec: {
    template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image }] } },
    ...spec,
  },
});

/** Runs Jobs' pods: an image `exit:<code>` ends with that, others succeed. */
const ending: Parameters<Workloads['decide']>[0] = (pod) => {
  if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return undefined;
  return String(pod.spec.containers[0]?.image).startsWith('exit:') ? 'Failed' : 'Succeeded';
};

// biome-ignore lint/suspicious/noExplicitAny: an object of the API.
const conditions = ({ status }: any): string[] =>
  status.conditions.map(
    ({ type, reason, message }: Record<string, string>) => `${type} ${reason}: ${message}`,
  );

describe('a Job', () => {
  it('makes pods until as many have succeeded as it asks for, and counts each once', async () => {
    const at = await work.namespace();
    work.decide(ending);
    await at.create('jobs.batch', job('a', { completions: 5, parallelism: 2 }));
    const done = await at.get('jobs.batch', 'a');
    expect(done.status).toMatchObject({
      succeeded: 5,
      ready: 0,
      terminating: 0,
      uncountedTerminatedPods: {},
    });
    expect([done.status.active, done.status.failed]).toEqual([undefined, undefined]);
    expect(done.status.completionTime).toBeDefined();
    const reached = 'CompletionsReached: Reached expected number of succeeded pods';
    expect(conditions(done)).toEqual([`SuccessCriteriaMet ${reached}`, `Complete ${reached}`]);
    const pods = await at.list('pods');
    expect(pods).toHaveLength(5);
    expect(pods.map(({ metadata }) => metadata.finalizers)).toEqual(Array(5).fill(undefined));
    expect(pods[0].metadata.labels).toMatchObject({
      ...{ 'batch.kubernetes.io/job-name': 'a', 'job-name': 'a' },
      'batch.kubernetes.io/controller-uid': done.metadata.uid,
    });
    const events = await at.list('events');
    expect(events.filter(({ reason }) => reason === 'Completed')).toMatchObject([
      { message: 'Job completed', source: { component: 'job-controller' } },
    ]);
  });

  it('that is Indexed gives each pod its index', async () => {
    const at = await work.namespace();
    work.decide(ending);
    await at.create('jobs.batch', job('a', { completions: 4, parallelism: 4, completionMode: 'Indexed' }));
    const done = await at.get('jobs.batch', 'a');
    expect(done.status).toMatchObject({ succeeded: 4, completedIndexes: '0-3' });
    const pods = await at.list('pods');
    expect(pods.map(({ spec }) => spec.hostname).toSorted()).toEqual(['a-0', 'a-1', 'a-2', 'a-3']);
    const [pod] = pods;
    const index = pod.metadata.annotations['batch.kubernetes.io/job-completion-index'];
    expect(pod.metadata.name).toMatch(new RegExp(`^a-${index}-[a-z0-9]{5}$`));
    expect(pod.metadata.labels['batch.kubernetes.io/job-completion-index']).toBe(index);
    expect(pod.spec.containers[0].env).toEqual([
      {
        name: 'JOB_COMPLETION_INDEX',
        valueFrom: {
          fieldRef: {
            apiVersion: 'v1',
            fieldPath: "metadata.labels['batch.kubernetes.io/job-completion-index']",
          },
        },
      },
    ]);
  });

  it('fails beyond its back-off limit', async () => {
    const at = await work.namespace();
    work.decide(ending);
    await at.create('jobs.batch', job('a', { backoffLimit: 0 }, 'exit:1'));
    const failed = await at.get('jobs.batch', 'a');
    expect(failed.status).toMatchObject({ failed: 1 });
    const told = 'BackoffLimitExceeded: Job has reached the specified backoff limit';
    expect(conditions(failed)).toEqual([`FailureTarget ${told}`, `Failed ${told}`]);
    expect(failed.status.completionTime).toBeUndefined();
  });

  it('fails at once by a rule of its pod failure policy', async () => {
    const at = await work.namespace();
    work.decide(ending);
    const rules = [
      { action: 'FailJob', onExitCodes: { containerName: 'c', operator: 'In', values: [3, 4] } },
    ];
    await at.create('jobs.batch', job('a', { podFailurePolicy: { rules } }, 'exit:3'));
    const [pod] = await at.list('pods');
    const told = `PodFailurePolicy: Container c for pod ${at.name}/${pod.metadata.name} failed with exit code 3 matching FailJob rule at index 0`;
    expect(conditions(await at.get('jobs.batch', 'a'))).toEqual([`FailureTarget ${told}`, `Failed ${told}`]);
  });

  it('counts failures of each index by itself', async () => {
    const at = await work.namespace();
    work.decide((pod) => {
      if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return undefined;
      return pod.spec.hostname === 'a-1' ? 'Failed' : 'Succeeded';
    });
    await at.create(
      'jobs.batch',
      job('a', { completions: 3, parallelism: 3, completionMode: 'Indexed', backoffLimitPerIndex: 0 }),
    );
    const failed = await at.get('jobs.batch', 'a');
    expect(failed.status).toMatchObject({ succeeded: 2, completedIndexes: '0,2', failedIndexes: '1' });
    expect(conditions(failed)).toEqual([
      'FailureTarget FailedIndexes: Job has failed indexes',
      'Failed FailedIndexes: Job has failed indexes',
    ]);
  });

  it('is done when its success policy is met, and ends the others', async () => {
    const at = await work.namespace();
    work.decide((pod) => {
      if (pod.status?.phase === 'Succeeded') return undefined;
      return pod.spec.hostname === 'a-0' ? 'Succeeded' : 'Ready';
    });
    const successPolicy = { rules: [{ succeededIndexes: '0' }] };
    await at.create(
      'jobs.batch',
      job('a', { completions: 3, parallelism: 3, completionMode: 'Indexed', successPolicy }),
    );
    const done = await at.get('jobs.batch', 'a');
    expect(conditions(done)).toEqual([
      'SuccessCriteriaMet SuccessPolicy: Matched rules at index 0',
      'Complete SuccessPolicy: Matched rules at index 0',
    ]);
    expect(done.status).toMatchObject({ succeeded: 1, completedIndexes: '0' });
    expect(await at.list('pods')).toHaveLength(1);
  });

  it('that is suspended has no pods until it is resumed', async () => {
    const at = await work.namespace();
    work.decide(() => 'Ready');
    await at.create('jobs.batch', job('a', { parallelism: 2, completions: 2 }));
    expect(await at.list('pods')).toHaveLength(2);
    await at.patch('jobs.batch', 'a', { spec: { suspend: true } });
    expect(await at.list('pods')).toHaveLength(0);
    expect(conditions(await at.get('jobs.batch', 'a'))).toEqual(['Suspended JobSuspended: Job suspended']);
    await at.patch('jobs.batch', 'a', { spec: { suspend: false } });
    expect(await at.list('pods')).toHaveLength(2);
    const resumed = await at.get('jobs.batch', 'a');
    expect(conditions(resumed)).toEqual(['Suspended JobResumed: Job resumed']);
    expect(resumed.status).toMatchObject({ active: 2, ready: 2 });
  });

  it('goes after its end when it asks to, and is left alone when another manages it', async () => {
    const at = await work.namespace();
    work.decide(ending);
    await at.create('jobs.batch', job('gone', { ttlSecondsAfterFinished: 0 }));
    await at.create('jobs.batch', job('other', { managedBy: 'example.com/other' }));
    const [other] = await at.list('jobs.batch');
    expect([other.metadata.name, other.status]).toEqual(['other', undefined]);
    const left = await at.list('pods');
    expect(left.flatMap(({ metadata }) => metadata.finalizers ?? [])).toEqual([]);
  });
});

describe('a CronJob', () => {
  const cronJob = (name: string, spec: object = {}) => ({
    metadata: { name },
    spec: {
      schedule: '@every 1s',
      jobTemplate: { metadata: { labels: { of: name } }, spec: job('x').spec },
      ...spec,
    },
  });

  it('starts Jobs when it is time, and keeps as many that ended as it says', async () => {
    const at = await work.namespace();
    work.decide(ending);
    await at.create('cronjobs.batch', cronJob('tick', { successfulJobsHistoryLimit: 1 }));
    await expect
      .poll(async () => (await at.get('cronjobs.batch', 'tick')).status?.lastSuccessfulTime)
      .toBeDefined();
    const found = await at.get('cronjobs.batch', 'tick');
    await at.patch('cronjobs.batch', 'tick', { spec: { suspend: true } });
    expect(found.status.lastScheduleTime).toBeDefined();
    const [made] = await at.list('jobs.batch');
    const minutes = Math.floor(Date.parse(found.status.lastScheduleTime) / 60_000);
    expect(Number(made.metadata.name.replace('tick-', ''))).toBeGreaterThan(minutes - 2);
    expect(made.metadata).toMatchObject({
      labels: { of: 'tick' },
      ownerReferences: [{ kind: 'CronJob', name: 'tick', uid: found.metadata.uid, controller: true }],
      annotations: { 'batch.kubernetes.io/cronjob-scheduled-timestamp': expect.stringMatching(/Z$/) },
    });
    const told = (await at.list('events')).map(({ message }) => message);
    expect(told).toContain(`Created job ${made.metadata.name}`);
    expect(told).toContain(`Saw completed job: ${made.metadata.name}, condition: Complete`);
  });
});
