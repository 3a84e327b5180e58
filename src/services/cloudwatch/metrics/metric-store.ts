import type { Scope } from '../arn.ts';
import type { Statistics } from './statistics.ts';

/**
 * Where data points live: a store of its own beside the records, because they are many, are only ever added to,
 * are read by time, and nobody watches one (docs/decisions/0015).
 *
 * Each value is kept in three roll-ups at once, slots of one minute, five minutes and an hour, and each of them
 * expires after its own time, as CloudWatch's do.
 */
export interface MetricStore extends AsyncDisposable {
  /** Adds to the slots of the samples' times; all or none. What has expired at `now` is dropped on the way. */
  put(scope: Scope, samples: readonly Sample[], now: number): Promise<void>;
  /** The slots of a metric in `[from, to)` that have data, by time and then by unit. */
  read(scope: Scope, query: SlotQuery): Promise<readonly Slot[]>;
  /** The metrics that got data at `since` or later, in no order. */
  metrics(scope: Scope, since: number): Promise<readonly Metric[]>;
}

/** What identifies a metric. */
export interface Metric {
  readonly namespace: string;
  readonly name: string;
  /** By name. */
  readonly dimensions: readonly Dimension[];
}

export interface Dimension {
  readonly name: string;
  readonly value: string;
}

export interface Sample {
  readonly metric: Metric;
  /** E.g. `Percent`; `None` where nothing was said. */
  readonly unit: string;
  /** Epoch milliseconds. */
  readonly timestamp: number;
  readonly statistics: Statistics;
}

export interface SlotQuery {
  readonly metric: Metric;
  /** Undefined: every unit. */
  readonly unit?: string | undefined;
  readonly from: number;
  readonly to: number;
  readonly resolutionMs: ResolutionMs;
}

export interface Slot {
  /** When it begins; epoch milliseconds, a multiple of the resolution. */
  readonly start: number;
  readonly unit: string;
  readonly statistics: Statistics;
}

export const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** The roll-ups, and how long each is kept (CloudWatch user guide, "Metrics retention"). */
export const rollUps = [
  { resolutionMs: minuteMs, keptMs: 15 * dayMs },
  { resolutionMs: 5 * minuteMs, keptMs: 63 * dayMs },
  { resolutionMs: hourMs, keptMs: 455 * dayMs },
] as const;

export type ResolutionMs = (typeof rollUps)[number]['resolutionMs'];

/**
 * Series (a metric in one unit) at most. When another comes, the one that has been silent the longest goes. With
 * what a series keeps, this bounds the whole.
 */
export const maxSeries = 10_000;

/** The text by which a metric is found; dimensions in any order give the same. */
export function metricKey({ namespace, name, dimensions }: Metric): string {
  return JSON.stringify([namespace, name, ...dimensions.map((each) => [each.name, each.value])]);
}

/** Of dimensions as a request brings them. */
export function sortedDimensions(dimensions: readonly Dimension[]): readonly Dimension[] {
  return dimensions.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

export const slotStart = (timestamp: number, resolutionMs: number): number =>
  timestamp - (timestamp % resolutionMs);
