import { Cron } from 'croner';

/** When something recurs, in ms since the epoch. */
export interface Schedule {
  /** The first time after one; undefined: there is none any more. */
  next(after: number): number | undefined;
  /** The last time in `(after, until]`, and how many there were: counted up to a bound. */
  last(after: number, until: number): { readonly at: number; readonly count: number } | undefined;
}

/** So many missed times are counted. */
const mostCounted = 101;

const units = { h: 3_600_000, m: 60_000, s: 1_000 };

/** `@every 1h30m` counts from the time before, anything else goes by the calendar. @throws {Error} it is none. */
export function readSchedule(schedule: string, timeZone: string): Schedule {
  const every = /^@every (.+)$/.exec(schedule)?.[1];
  if (every !== undefined) return interval(durationMs(every));
  const mode = schedule.startsWith('@') ? 'auto' : '5-part';
  const cron = new Cron(schedule, { mode, timezone: timeZone, paused: true });
  const next = (after: number) => cron.nextRun(new Date(after))?.getTime();
  return {
    next,
    last: (after, until) => {
      let [at, count] = [next(after), 0];
      if (at === undefined || at > until) return undefined;
      for (let time: number | undefined = at; time !== undefined && time <= until; time = next(time)) {
        at = time;
        if (++count >= mostCounted) break;
      }
      if (count < mostCounted) return { at, count };
      const [previous] = cron.previousRuns(1, new Date(until + 1));
      return { at: previous?.getTime() ?? at, count };
    },
  };
}

function interval(everyMs: number): Schedule {
  return {
    next: (after) => Math.floor(after / 1_000) * 1_000 + everyMs,
    last: (after, until) => {
      const start = Math.floor(after / 1_000) * 1_000;
      const count = Math.floor((until - start) / everyMs);
      return count < 1 ? undefined : { at: start + count * everyMs, count: Math.min(count, mostCounted) };
    },
  };
}

/** At least a second. */
function durationMs(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|m|s)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text)
    throw new Error(`${text} is no duration such as 1h30m`);
  const ms = parts.reduce(
    (sum, [, number, unit]) => sum + Number(number) * units[unit as keyof typeof units],
    0,
  );
  return Math.max(1_000, Math.floor(ms / 1_000) * 1_000);
}

/** `2026-01-02T03:04:05+01:00`, in a time zone. */
export function zonedTimestamp(ms: number, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-CA', {
    ...{ timeZone, hourCycle: 'h23', timeZoneName: 'longOffset' },
    ...{ year: 'numeric', month: '2-digit', day: '2-digit' },
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit' },
  }).formatToParts(new Date(ms));
  const part = (type: Intl.DateTimeFormatPartTypes): string =>
    parts.find((each) => each.type === type)?.value ?? '';
  const date = `${part('year')}-${part('month')}-${part('day')}`;
  const offset = part('timeZoneName').replace('GMT', '').replace('+00:00', '') || 'Z';
  return `${date}T${part('hour')}:${part('minute')}:${part('second')}${offset}`;
}
