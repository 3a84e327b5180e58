import { Cron } from 'croner';
import type { ScheduledActionRecord } from './records.ts';

/** When a scheduled action runs, as its expression says it. */
type Schedule =
  | { readonly type: 'at'; readonly at: number }
  | { readonly type: 'rate'; readonly everyMs: number }
  | { readonly type: 'cron'; readonly cron: Cron };

export interface Expression extends Pick<ScheduledActionRecord, 'schedule' | 'timezone'> {}

/** What times of an expression go by. */
export interface Times
  extends Expression,
    Pick<ScheduledActionRecord, 'startsAt' | 'endsAt' | 'configuredAt'> {}

/** The first time after one; undefined: there is none any more. All in epoch milliseconds. */
export function nextTime(times: Times, after: number): number | undefined {
  const schedule = readSchedule(times);
  const { startsAt, endsAt = Number.POSITIVE_INFINITY, configuredAt } = times;
  if (schedule === undefined) return undefined;
  if (schedule.type === 'at') return schedule.at > after ? schedule.at : undefined;
  const next = (): number | undefined => {
    // It runs when it starts, and as it recurs from then on.
    if (startsAt !== undefined && after < startsAt) return startsAt;
    if (schedule.type === 'cron') return schedule.cron.nextRun(new Date(after))?.getTime();
    const anchor = startsAt ?? configuredAt;
    return anchor + (Math.floor((after - anchor) / schedule.everyMs) + 1) * schedule.everyMs;
  };
  const time = next();
  return time === undefined || time > endsAt ? undefined : time;
}

/** The last time in `(after, now]`, for an action that runs once for all that it has missed; undefined: there is none. */
export function lastTime(times: Times, after: number, now: number): number | undefined {
  const first = nextTime(times, after);
  if (first === undefined || first > now) return undefined;
  const schedule = readSchedule(times);
  const { startsAt, endsAt = Number.POSITIVE_INFINITY, configuredAt } = times;
  const until = Math.min(now, endsAt);
  if (schedule?.type === 'rate') {
    const anchor = startsAt ?? configuredAt;
    return anchor + Math.floor((until - anchor) / schedule.everyMs) * schedule.everyMs;
  }
  if (schedule?.type !== 'cron') return first;
  const [previous] = schedule.cron.previousRuns(1, new Date(until + 1));
  return Math.max(first, previous?.getTime() ?? first);
}

/** What is wrong with an expression; undefined: nothing. */
export function faultOf(expression: Expression): string | undefined {
  const { schedule, timezone = 'UTC' } = expression;
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone });
  } catch {
    return `Timezone ${timezone} is not known: use a name of the IANA time zone database`;
  }
  if (readSchedule(expression) !== undefined) return undefined;
  return `Schedule ${schedule} is not valid: use at(yyyy-mm-ddThh:mm:ss), rate(value unit) or cron(fields)`;
}

const unitMs: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** Undefined: it is no expression. */
function readSchedule({ schedule, timezone = 'UTC' }: Expression): Schedule | undefined {
  const [, form, inner = ''] = /^(at|rate|cron)\((.*)\)$/.exec(schedule.trim()) ?? [];
  switch (form) {
    case 'at': {
      const at = instantOf(inner, timezone);
      return at === undefined ? undefined : { type: 'at', at };
    }
    case 'rate': {
      const [, value, unit = ''] = /^([1-9]\d{0,5}) +(minute|hour|day)s?$/.exec(inner.trim()) ?? [];
      return value === undefined ? undefined : { type: 'rate', everyMs: Number(value) * (unitMs[unit] ?? 0) };
    }
    case 'cron': {
      const pattern = patternOf(inner);
      const cron = pattern === undefined ? undefined : cronOf(pattern, timezone);
      return cron === undefined ? undefined : { type: 'cron', cron };
    }
    default:
      return undefined;
  }
}

/** `2026-01-15T12:00:00` in a time zone. */
function instantOf(text: string, timezone: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(text)) return undefined;
  const asUtc = new Date(`${text}Z`);
  // The 30th of February is no day.
  if (Number.isNaN(asUtc.getTime()) || !asUtc.toISOString().startsWith(text)) return undefined;
  return new Cron(text, { timezone, paused: true }).nextRun(new Date(0))?.getTime();
}

/** The highest value of each field: minutes, hours, days, months, days of the week. */
const highest = [59, 23, 31, 12, 7, 2199];

/** AWS's six fields in the words of the library; seconds come first there, and years have bounds. */
function patternOf(text: string): string | undefined {
  const fields = text.trim().toUpperCase().split(/\s+/);
  const [, , dayOfMonth, , dayOfWeek] = fields;
  // One of the two days says nothing (EventBridge user guide, "Cron expressions reference").
  if (fields.length !== 6 || (dayOfMonth === '?') === (dayOfWeek === '?')) return undefined;
  const translated = fields.map((field, place) => {
    // Saturday: the last day of a week.
    if (place === 4 && field === 'L') return '7';
    if (place === 5 && field === '*') return '1970-2199';
    // From a value on, so many apart.
    return field.replaceAll(/(^|,)(\w+)\/(?=\d)/g, `$1$2-${highest[place]}/`);
  });
  return ['0', ...translated].join(' ');
}

function cronOf(pattern: string, timezone: string): Cron | undefined {
  try {
    // Days of the week are numbered from 1, Sunday.
    return new Cron(pattern, {
      mode: '7-part',
      alternativeWeekdays: true,
      domAndDow: true,
      timezone,
      paused: true,
    });
  } catch {
    return undefined;
  }
}
