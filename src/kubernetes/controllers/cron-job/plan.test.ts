import { describe, expect, it } from 'vitest';
import { timestamp } from '../../objects/object.ts';
import type { Job } from '../job/objects.ts';
import { start, template } from '../testing/builders.ts';
import type { CronJob, CronJobStatus } from './objects.ts';
import { planCronJob } from './plan.ts';
import { readSchedule, zonedTimestamp } from './schedule.ts';

const minute = 60_000;
const cronJob = (spec: Partial<CronJob['spec']> = {}, status: CronJobStatus = {}): CronJob => ({
  ...{ apiVersion: 'batch/v1', kind: 'CronJob' },
  metadata: { name: 'tick', namespace: 'default', uid: 'tick', creationTimestamp: timestamp(start) },
  spec: {
    ...{ schedule: '*/5 * * * *', concurrencyPolicy: 'Allow' },
    ...{ successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 },
    jobTemplate: { spec: job('x').spec },
    ...spec,
  },
  status,
});

function job(name: string, ended?: 'Complete' | 'Failed', at = start): Job {
  return {
    ...{ apiVersion: 'batch/v1', kind: 'Job' },
    metadata: { name, namespace: 'default', uid: name, creationTimestamp: timestamp(at) },
    spec: { parallelism: 1, completions: 1, backoffLimit: 6, selector: {}, template: template() },
    status: {
      startTime: timestamp(at),
      ...(ended && { conditions: [{ type: ended, status: 'True' }] }),
      ...(ended === 'Complete' && { completionTime: timestamp(at + 1_000) }),
    },
  };
}

const active = (name: string) => ({
  ...{ apiVersion: 'batch/v1', kind: 'Job', namespace: 'default', name, uid: name },
});
const plan = (of: CronJob, jobs: readonly Job[], now: number) =>
  planCronJob(of, jobs, readSchedule(of.spec.schedule, of.spec.timeZone ?? 'UTC'), now);
const reasons = (of: ReturnType<typeof plan>) => of.told.map(({ reason }) => reason);

describe('a CronJob', () => {
  it('waits for its time, and starts a job for it', () => {
    expect(plan(cronJob(), [], start + minute)).toMatchObject({
      start: undefined,
      afterMs: 4 * minute + 100,
    });
    expect(plan(cronJob(), [], start + 5 * minute)).toMatchObject({
      ...{ start: start + 5 * minute, afterMs: 5 * minute + 100 },
    });
  });
  it('starts one for the last of the times that it has missed', () => {
    const late = plan(cronJob(), [], start + 23 * minute);
    expect([late.start, reasons(late)]).toEqual([start + 20 * minute, []]);
    const years = plan(cronJob(), [], start + 7 * 24 * 60 * minute + 1);
    expect([years.start, reasons(years)]).toEqual([start + 7 * 24 * 60 * minute, ['TooManyMissedTimes']]);
  });
  it('starts none twice for a time', () => {
    const done = { lastScheduleTime: timestamp(start + 5 * minute) };
    expect(plan(cronJob({}, done), [], start + 6 * minute).start).toBeUndefined();
  });
  it('starts none that is too late', () => {
    const late = plan(cronJob({ startingDeadlineSeconds: 30 }), [], start + 6 * minute);
    expect(late.start).toBeUndefined();
    const once = cronJob({ startingDeadlineSeconds: 200 });
    expect(plan(once, [], start + 6 * minute).start).toBe(start + 5 * minute);
  });
  it('does what it says while one still runs', () => {
    const status = { active: [active('old')] };
    const at = start + 5 * minute;
    const run = (concurrencyPolicy: string) => plan(cronJob({ concurrencyPolicy }, status), [job('old')], at);
    expect(run('Allow').start).toBe(at);
    expect([run('Forbid').start, reasons(run('Forbid'))]).toEqual([undefined, ['JobAlreadyActive']]);
    expect(run('Replace')).toMatchObject({ start: at, replace: [{ metadata: { name: 'old' } }] });
  });
  it('sees what has become of its jobs', () => {
    const status = { active: [active('done'), active('lost')] };
    const seen = plan(cronJob({ suspend: true }, status), [job('done', 'Complete'), job('other')], start);
    expect(reasons(seen)).toEqual(['SawCompletedJob', 'UnexpectedJob', 'MissingJob']);
    expect(seen.status).toEqual({ lastSuccessfulTime: timestamp(start + 1_000) });
  });
  it('forgets the oldest', () => {
    const jobs = [5, 4, 3, 2, 1].map((age) => job(`ok-${age}`, 'Complete', start - age * minute));
    const failed = [2, 1].map((age) => job(`bad-${age}`, 'Failed', start - age * minute));
    expect(plan(cronJob(), [...jobs, ...failed], start).forget.map(({ metadata }) => metadata.name)).toEqual([
      ...['ok-5', 'ok-4', 'bad-2'],
    ]);
  });
});

describe('a schedule', () => {
  it.each([
    ['30 2 * * *', 'Europe/Berlin', '2026-03-30T12:00:00Z', '2026-03-31T00:30:00Z'],
    ['0 9 * * 1', 'UTC', '2026-01-01T00:00:00Z', '2026-01-05T09:00:00Z'],
    ['@hourly', 'UTC', '2026-01-01T00:30:00Z', '2026-01-01T01:00:00Z'],
    ['@every 1h30m', 'UTC', '2026-01-01T00:30:00Z', '2026-01-01T02:00:00Z'],
    ['0 0 13 * 5', 'UTC', '2026-01-01T00:30:00Z', '2026-01-02T00:00:00Z'],
  ])('%s in %s after %s is at %s', (text, timeZone, after, next) => {
    const at = readSchedule(text, timeZone).next(Date.parse(after)) ?? 0;
    expect(timestamp(at)).toBe(next);
  });
  it('is told in its time zone', () => {
    expect(zonedTimestamp(start, 'UTC')).toBe('2026-01-01T00:00:00Z');
    expect(zonedTimestamp(start, 'Asia/Kolkata')).toBe('2026-01-01T05:30:00+05:30');
  });
});
