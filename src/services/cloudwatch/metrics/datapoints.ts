import type { Scope } from '../arn.ts';
import { type MetricStore, minuteMs, type ResolutionMs, rollUps, type SlotQuery } from './metric-store.ts';
import { mergeStatistics, type Statistics } from './statistics.ts';

export interface PeriodQuery extends Omit<SlotQuery, 'resolutionMs'> {
  /** A multiple of a minute. Periods are counted from `from`, which is a whole minute too. */
  readonly periodMs: number;
}

export interface Datapoint {
  /** Epoch milliseconds. */
  readonly start: number;
  readonly unit: string;
  readonly statistics: Statistics;
}

/**
 * The data of a metric, gathered into periods; a period without data is absent. Each unit is on its own, as
 * CloudWatch converts none. By time, then by unit.
 */
export async function datapoints(
  store: MetricStore,
  scope: Scope,
  query: PeriodQuery,
): Promise<readonly Datapoint[]> {
  const { from, periodMs } = query;
  const slots = await store.read(scope, { ...query, resolutionMs: coarsestFor(from, periodMs) });
  const found = new Map<string, Datapoint>();
  for (const { start: slot, unit, statistics } of slots) {
    const start = slot - ((slot - from) % periodMs);
    const key = `${start} ${unit}`;
    const known = found.get(key);
    const merged = known === undefined ? statistics : mergeStatistics(known.statistics, statistics);
    found.set(key, { start, unit, statistics: merged });
  }
  return [...found.values()];
}

/** As `datapoints`, with the units of a period taken together: for who asks for one line whatever the unit. */
export async function datapointsOfAnyUnit(
  store: MetricStore,
  scope: Scope,
  query: PeriodQuery,
): Promise<ReadonlyMap<number, Statistics>> {
  const found = new Map<number, Statistics>();
  for (const { start, statistics } of await datapoints(store, scope, query)) {
    const known = found.get(start);
    found.set(start, known === undefined ? statistics : mergeStatistics(known, statistics));
  }
  return found;
}

/** The fewest rows that tell the same. */
function coarsestFor(from: number, periodMs: number): ResolutionMs {
  const fitting = rollUps.filter(
    ({ resolutionMs }) => periodMs % resolutionMs === 0 && from % resolutionMs === 0,
  );
  return fitting.at(-1)?.resolutionMs ?? minuteMs;
}

/**
 * The start of a request's range, rounded as AWS rounds it: to the minute when it is less than 15 days ago, then
 * to five minutes, then to the hour; that is to the finest roll-up that is still kept.
 */
export function roundedStart(start: number, now: number): number {
  const kept = rollUps.find(({ keptMs }) => start > now - keptMs) ?? rollUps[rollUps.length - 1];
  const resolutionMs = kept?.resolutionMs ?? minuteMs;
  return Math.floor(start / resolutionMs) * resolutionMs;
}
