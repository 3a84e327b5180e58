import { describe, expect, it } from 'vitest';
import { faultOf, lastTime, nextTime, type Times } from './schedule.ts';

const at = (text: string): number => Date.parse(`${text}Z`);
const iso = (time: number | undefined): string | undefined =>
  time === undefined ? undefined : new Date(time).toISOString().slice(0, 16);
/** A Thursday. */
const noon = at('2026-01-15T12:00');
const times = (schedule: string, more: Partial<Times> = {}): Times => ({
  schedule,
  configuredAt: noon,
  ...more,
});

function next(count: number, of: Times, after = noon): (string | undefined)[] {
  const found: (string | undefined)[] = [];
  let from = after;
  for (let index = 0; index < count; index++) {
    const time = nextTime(of, from);
    found.push(iso(time));
    if (time === undefined) break;
    from = time;
  }
  return found;
}

describe('a schedule', () => {
  it.each([
    ['cron(0 10 * * ? *)', ['2026-01-16T10:00', '2026-01-17T10:00']],
    ['cron(15 12 * * ? *)', ['2026-01-15T12:15', '2026-01-16T12:15']],
    ['cron(0 18 ? * MON-FRI *)', ['2026-01-15T18:00', '2026-01-16T18:00', '2026-01-19T18:00']],
    ['cron(0 8 1 * ? *)', ['2026-02-01T08:00', '2026-03-01T08:00']],
    ['cron(0/15 * * * ? *)', ['2026-01-15T12:15', '2026-01-15T12:30']],
    ['cron(0/10 * ? * MON-FRI *)', ['2026-01-15T12:10', '2026-01-15T12:20']],
    ['cron(0/5 8-17 ? * MON-FRI *)', ['2026-01-15T12:05', '2026-01-15T12:10']],
    ['cron(5,35 14 * * ? *)', ['2026-01-15T14:05', '2026-01-15T14:35']],
    ['cron(0 8 L * ? *)', ['2026-01-31T08:00', '2026-02-28T08:00']],
    ['cron(0 8 3W * ? *)', ['2026-02-03T08:00', '2026-03-03T08:00', '2026-04-03T08:00', '2026-05-04T08:00']],
    ['cron(0 8 ? * 5L *)', ['2026-01-29T08:00', '2026-02-26T08:00']],
    ['cron(0 8 ? * 6#3 *)', ['2026-01-16T08:00', '2026-02-20T08:00']],
    ['cron(0 8 ? * L *)', ['2026-01-17T08:00', '2026-01-24T08:00']],
    ['cron(0 8 ? * 1 *)', ['2026-01-18T08:00']],
    ['cron(0 8 ? jan-mar mon 2026-2028)', ['2026-01-19T08:00']],
    ['cron(0 8 1 1 ? 2025)', [undefined]],
    ['cron(0 8 30 2 ? *)', [undefined]],
    ['rate(1 minute)', ['2026-01-15T12:01', '2026-01-15T12:02']],
    ['rate(5 hours)', ['2026-01-15T17:00', '2026-01-15T22:00']],
    ['rate(2 days)', ['2026-01-17T12:00']],
    ['at(2026-03-01T08:30:00)', ['2026-03-01T08:30', undefined]],
    ['at(2026-01-15T12:00:00)', [undefined]],
  ])('%s runs at %j', (schedule, expected) => {
    expect(faultOf({ schedule })).toBeUndefined();
    expect(next(expected.length, times(schedule))).toEqual(expected);
  });

  it('goes by its time zone, through the change to summer time', () => {
    const timezone = 'America/New_York';
    expect(next(2, times('cron(30 9 * * ? *)', { timezone }), at('2026-03-07T00:00'))).toEqual([
      ...['2026-03-07T14:30', '2026-03-08T13:30'],
    ]);
    expect(next(1, times('at(2026-07-01T08:00:00)', { timezone }))).toEqual(['2026-07-01T12:00']);
  });

  it('runs when it starts, then as it recurs, and not after its end', () => {
    const startsAt = at('2026-01-20T12:30');
    expect(next(2, times('cron(0 10 * * ? *)', { startsAt }))).toEqual([
      '2026-01-20T12:30',
      '2026-01-21T10:00',
    ]);
    const endsAt = at('2026-01-20T13:45');
    expect(next(4, times('rate(1 hour)', { startsAt, endsAt }))).toEqual([
      ...['2026-01-20T12:30', '2026-01-20T13:30', undefined],
    ]);
  });

  it.each([
    ...[
      'cron(0 10 * * * *)',
      'cron(0 10 ? * ? *)',
      'cron(0 10 * * ?)',
      'cron(61 10 * * ? *)',
      'cron(x)',
      '0 10 * * ? *',
    ],
    ...[
      'rate(0 minutes)',
      'rate(1 week)',
      'rate(minute)',
      'at(2026-02-30T08:00:00)',
      'at(2026-01-15)',
      'at()',
    ],
  ])('%s is none', (schedule) => {
    expect(faultOf({ schedule })).toContain('is not valid');
    expect(nextTime(times(schedule), noon)).toBeUndefined();
  });

  it('is of a time zone that there is', () => {
    expect(faultOf({ schedule: 'rate(1 day)', timezone: 'Mars/Olympus' })).toContain('Mars/Olympus');
  });
});

it('of several times that were missed the last one counts', () => {
  const late = at('2026-01-20T09:30');
  const last = (of: Times) => iso(lastTime(of, noon, late));
  expect(last(times('cron(0 10 * * ? *)'))).toBe('2026-01-19T10:00');
  expect(last(times('rate(1 hour)'))).toBe('2026-01-20T09:00');
  expect(last(times('at(2026-01-16T00:00:00)'))).toBe('2026-01-16T00:00');
  expect(last(times('cron(0 10 * * ? *)', { endsAt: at('2026-01-18T00:00') }))).toBe('2026-01-17T10:00');
  expect(last(times('cron(0 10 * * ? *)', { startsAt: at('2026-01-19T11:00') }))).toBe('2026-01-19T11:00');
  expect(lastTime(times('cron(0 10 * * ? *)'), late, late + 1)).toBeUndefined();
  expect(lastTime(times('cron(30 9 * * ? *)'), late - 1, late)).toBe(late);
});
