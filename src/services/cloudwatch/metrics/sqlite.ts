import { setImmediate } from 'node:timers';
import { SqliteFile, type SqlRow } from '../../../store/index.ts';
import type { Scope } from '../arn.ts';
import {
  type Dimension,
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
import { type Distribution, mergeStatistics, type Statistics } from './statistics.ts';

/** `metric` is the key of `metricKey`; a slot is one row that is written over as values come. */
const schema = `
  CREATE TABLE IF NOT EXISTS series (
    id INTEGER PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, metric TEXT NOT NULL, unit TEXT NOT NULL,
    last_timestamp INTEGER NOT NULL, UNIQUE (account, region, metric, unit)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS series_by_age ON series (last_timestamp);
  CREATE TABLE IF NOT EXISTS slot (
    series INTEGER NOT NULL, resolution INTEGER NOT NULL, start INTEGER NOT NULL, sample_count REAL NOT NULL,
    sum REAL NOT NULL, minimum REAL NOT NULL, maximum REAL NOT NULL, distribution TEXT,
    PRIMARY KEY (series, resolution, start)
  ) STRICT, WITHOUT ROWID;
`;

interface PendingPut {
  readonly scope: Scope;
  readonly samples: readonly Sample[];
  readonly now: number;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Data points in a SQLite file. Puts of one turn of the event loop share a transaction. What was put survives the
 * end of the process; before a power cut the last moments may be lost, which is less than a flush a minute costs.
 */
export class SqliteMetricStore implements MetricStore {
  readonly #path: string;
  #opened: SqliteFile | undefined;
  readonly #pending: PendingPut[] = [];
  #flushing: NodeJS.Immediate | undefined;
  #isClosed = false;

  /** @param path The file; opened when it is first needed, made when it is not there. */
  constructor(path: string) {
    this.#path = path;
  }

  put(scope: Scope, samples: readonly Sample[], now: number): Promise<void> {
    if (this.#isClosed)
      return Promise.reject(new Error('Cannot put metric data: the metric store is closed'));
    if (samples.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#pending.push({ scope, samples, now, resolve, reject });
      this.#flushing ??= setImmediate(() => this.#flush());
    });
  }

  async read({ accountId, region }: Scope, query: SlotQuery): Promise<readonly Slot[]> {
    const { metric, unit, from, to, resolutionMs } = query;
    const rows = this.#file.all(
      `SELECT slot.*, series.unit FROM series JOIN slot ON slot.series = series.id
       WHERE account = ? AND region = ? AND metric = ? AND (? IS NULL OR unit = ?)
         AND resolution = ? AND start >= ? AND start < ? ORDER BY start, unit`,
      accountId,
      region,
      metricKey(metric),
      unit ?? null,
      unit ?? null,
      resolutionMs,
      from,
      to,
    );
    return rows.map((row) => ({
      start: Number(row.start),
      unit: String(row.unit),
      statistics: statisticsOf(row),
    }));
  }

  async metrics({ accountId, region }: Scope, since: number): Promise<readonly Metric[]> {
    const rows = this.#file.all(
      'SELECT DISTINCT metric FROM series WHERE account = ? AND region = ? AND last_timestamp >= ?',
      accountId,
      region,
      since,
    );
    return rows.map((row) => metricOf(String(row.metric)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#flush();
    this.#isClosed = true;
    this.#opened?.[Symbol.dispose]();
  }

  get #file(): SqliteFile {
    if (this.#isClosed) throw new Error('The metric store is closed');
    this.#opened ??= new SqliteFile(this.#path, { schema, version: 1, durability: 'normal' });
    return this.#opened;
  }

  #flush(): void {
    this.#flushing = undefined;
    const batch = this.#pending.splice(0);
    if (batch.length === 0) return;
    try {
      this.#file.transact(() => {
        for (const { scope, samples, now } of batch) {
          for (const sample of samples) this.#add(scope, sample, now);
        }
      });
    } catch (cause) {
      const error = new Error('Cannot store metric data', { cause });
      for (const { reject } of batch) reject(error);
      return;
    }
    for (const { resolve } of batch) resolve();
  }

  #add(scope: Scope, sample: Sample, now: number): void {
    const series = this.#seriesNumber(scope, sample);
    for (const { resolutionMs, keptMs } of rollUps) {
      const start = slotStart(sample.timestamp, resolutionMs);
      const known = this.#file.one(
        'SELECT * FROM slot WHERE series = ? AND resolution = ? AND start = ?',
        series,
        resolutionMs,
        start,
      );
      const { sampleCount, sum, minimum, maximum, distribution } =
        known === undefined ? sample.statistics : mergeStatistics(statisticsOf(known), sample.statistics);
      this.#file.run(
        'INSERT OR REPLACE INTO slot VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        series,
        resolutionMs,
        start,
        sampleCount,
        sum,
        minimum,
        maximum,
        distribution === undefined ? null : JSON.stringify([...distribution]),
      );
      if (known === undefined) {
        this.#file.run(
          'DELETE FROM slot WHERE series = ? AND resolution = ? AND start < ?',
          series,
          resolutionMs,
          now - keptMs,
        );
      }
    }
  }

  #seriesNumber({ accountId, region }: Scope, { metric, unit, timestamp }: Sample): number {
    const key = metricKey(metric);
    const known = this.#file.one(
      `UPDATE series SET last_timestamp = max(last_timestamp, ?)
       WHERE account = ? AND region = ? AND metric = ? AND unit = ? RETURNING id`,
      timestamp,
      accountId,
      region,
      key,
      unit,
    );
    if (known !== undefined) return Number(known.id);
    const count = Number(this.#file.one('SELECT count(*) AS count FROM series')?.count);
    if (count >= maxSeries) this.#dropOldest();
    const made = this.#file.one(
      'INSERT INTO series (account, region, metric, unit, last_timestamp) VALUES (?, ?, ?, ?, ?) RETURNING id',
      accountId,
      region,
      key,
      unit,
      timestamp,
    );
    return Number(made?.id);
  }

  #dropOldest(): void {
    const oldest = Number(this.#file.one('SELECT id FROM series ORDER BY last_timestamp LIMIT 1')?.id);
    this.#file.run('DELETE FROM slot WHERE series = ?', oldest);
    this.#file.run('DELETE FROM series WHERE id = ?', oldest);
  }
}

function statisticsOf(row: SqlRow): Statistics {
  return {
    sampleCount: Number(row.sample_count),
    sum: Number(row.sum),
    minimum: Number(row.minimum),
    maximum: Number(row.maximum),
    distribution: distributionOf(row.distribution),
  };
}

function distributionOf(text: SqlRow[string] | undefined): Distribution | undefined {
  if (typeof text !== 'string') return undefined;
  const entries: [number, number][] = JSON.parse(text);
  return new Map(entries);
}

/** The way back from `metricKey`. */
function metricOf(key: string): Metric {
  const [namespace, name, ...dimensions]: [string, string, ...[string, string][]] = JSON.parse(key);
  return { namespace, name, dimensions: dimensions.map(([name, value]): Dimension => ({ name, value })) };
}
