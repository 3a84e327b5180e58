import type { Scope } from '../arn.ts';
import {
  type Metric,
  type MetricStore,
  maxSeries,
  metricKey,
  rollUps,
  type Sample,
  type Slot,
  type SlotQuery,
  slotStart,
} from './metric-store.ts';
import { mergeStatistics, type Statistics } from './statistics.ts';

interface Series {
  readonly scope: Scope;
  readonly metric: Metric;
  readonly unit: string;
  lastTimestamp: number;
  /** For each roll-up, the slots by their start. */
  readonly slots: readonly Map<number, Statistics>[];
}

/** Data points in memory: for tests and simulations. */
export class MemoryMetricStore implements MetricStore {
  readonly #series = new Map<string, Series>();

  async put(scope: Scope, samples: readonly Sample[], now: number): Promise<void> {
    for (const sample of samples) {
      const series = this.#seriesOf(scope, sample);
      series.lastTimestamp = Math.max(series.lastTimestamp, sample.timestamp);
      rollUps.forEach(({ resolutionMs, keptMs }, place) => {
        const slots = series.slots[place];
        if (slots === undefined) return;
        const start = slotStart(sample.timestamp, resolutionMs);
        const known = slots.get(start);
        slots.set(start, known === undefined ? sample.statistics : mergeStatistics(known, sample.statistics));
        if (known !== undefined) return;
        for (const old of slots.keys()) if (old < now - keptMs) slots.delete(old);
      });
    }
  }

  async read(scope: Scope, query: SlotQuery): Promise<readonly Slot[]> {
    const place = rollUps.findIndex(({ resolutionMs }) => resolutionMs === query.resolutionMs);
    const found: Slot[] = [];
    for (const series of this.#series.values()) {
      if (!isIn(series, scope) || metricKey(series.metric) !== metricKey(query.metric)) continue;
      if (query.unit !== undefined && query.unit !== series.unit) continue;
      for (const [start, statistics] of series.slots[place] ?? []) {
        if (start >= query.from && start < query.to) found.push({ start, unit: series.unit, statistics });
      }
    }
    return found.sort((a, b) => a.start - b.start || (a.unit < b.unit ? -1 : 1));
  }

  async metrics(scope: Scope, since: number): Promise<readonly Metric[]> {
    const found = new Map<string, Metric>();
    for (const series of this.#series.values()) {
      if (isIn(series, scope) && series.lastTimestamp >= since)
        found.set(metricKey(series.metric), series.metric);
    }
    return [...found.values()];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#series.clear();
  }

  #seriesOf(scope: Scope, { metric, unit, timestamp }: Sample): Series {
    const key = `${scope.accountId} ${scope.region} ${unit} ${metricKey(metric)}`;
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    if (this.#series.size >= maxSeries) this.#dropOldest();
    const slots = rollUps.map(() => new Map<number, Statistics>());
    const made = { scope, metric, unit, lastTimestamp: timestamp, slots };
    this.#series.set(key, made);
    return made;
  }

  #dropOldest(): void {
    let oldest: readonly [string, Series] | undefined;
    for (const entry of this.#series) {
      if (oldest === undefined || entry[1].lastTimestamp < oldest[1].lastTimestamp) oldest = entry;
    }
    if (oldest !== undefined) this.#series.delete(oldest[0]);
  }
}

const isIn = (series: Series, scope: Scope): boolean =>
  series.scope.accountId === scope.accountId && series.scope.region === scope.region;
