import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { datapoints, roundedStart } from './datapoints.ts';
import { MemoryMetricStore } from './memory.ts';
import { type Metric, type MetricStore, maxSeries, minuteMs, rollUps, type Sample } from './metric-store.ts';
import { SqliteMetricStore } from './sqlite.ts';
import { statisticsOf, statisticValue } from './statistics.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'catamaran-metrics-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const drivers = [
  { name: 'memory', open: (): MetricStore => new MemoryMetricStore() },
  { name: 'sqlite', open: (): MetricStore => new SqliteMetricStore(join(folder, `${files++}.sqlite`)) },
];

const hourMs = 60 * minuteMs;
const now = Date.UTC(2026, 0, 15, 12);
const scope = { accountId: '111122223333', region: 'us-east-1' };
const speed: Metric = { namespace: 'Boats', name: 'Speed', dimensions: [{ name: 'Boat', value: 'blue' }] };
const sample = (timestamp: number, value: number, bent: Partial<Sample> = {}): Sample => ({
  metric: speed,
  unit: 'None',
  timestamp,
  statistics: statisticsOf([[value, 1]]),
  ...bent,
});
const whole = { metric: speed, from: 0, to: now + hourMs, resolutionMs: minuteMs } as const;

describe.each(drivers)('metric store: $name', ({ open }) => {
  it('gathers the values of a slot, in each roll-up', async () => {
    await using store = open();
    await store.put(scope, [sample(now, 1), sample(now + 59_999, 5)], now);
    await store.put(scope, [sample(now + minuteMs, 6)], now);
    const sums = async (resolutionMs: (typeof rollUps)[number]['resolutionMs']) =>
      (await store.read(scope, { ...whole, resolutionMs })).map(({ start, statistics }) => [
        start - now,
        statistics.sampleCount,
        statistics.sum,
        statisticValue(statistics, 'p100'),
      ]);
    expect(await sums(60_000)).toEqual([
      [0, 2, 6, 5],
      [minuteMs, 1, 6, 6],
    ]);
    expect(await sums(300_000)).toEqual([[0, 3, 12, 6]]);
    expect(await sums(3_600_000)).toEqual([[0, 3, 12, 6]]);
  });

  it('keeps metrics, units, accounts and regions apart', async () => {
    await using store = open();
    const red = { ...speed, dimensions: [{ name: 'Boat', value: 'red' }] };
    await store.put(
      scope,
      [sample(now, 1), sample(now, 2, { metric: red }), sample(now, 3, { unit: 'Count' })],
      now,
    );
    await store.put({ ...scope, region: 'eu-west-1' }, [sample(now, 4)], now);
    const read = async (bent: object, at = scope) =>
      (await store.read(at, { ...whole, ...bent })).map(
        ({ unit, statistics }) => `${unit} ${statistics.sum}`,
      );
    expect(await read({})).toEqual(['Count 3', 'None 1']);
    expect(await read({ unit: 'Count' })).toEqual(['Count 3']);
    expect(await read({ metric: red })).toEqual(['None 2']);
    expect(await read({}, { ...scope, region: 'eu-west-1' })).toEqual(['None 4']);
    expect(await read({}, { ...scope, accountId: '444455556666' })).toEqual([]);
  });

  it('reads from a time up to a time', async () => {
    await using store = open();
    await store.put(
      scope,
      [0, 1, 2, 3].map((minute) => sample(now + minute * minuteMs, minute)),
      now,
    );
    const slots = await store.read(scope, { ...whole, from: now + minuteMs, to: now + 3 * minuteMs });
    expect(slots.map(({ statistics }) => statistics.sum)).toEqual([1, 2]);
  });

  it('lists the metrics that got data lately', async () => {
    await using store = open();
    const plain = { ...speed, dimensions: [] };
    await store.put(
      scope,
      [
        sample(now - hourMs, 1),
        sample(now, 1, { metric: plain }),
        sample(now, 1, { metric: plain, unit: 'Count' }),
      ],
      now,
    );
    expect(await store.metrics(scope, now)).toEqual([plain]);
    expect(await store.metrics(scope, 0)).toHaveLength(2);
    expect(await store.metrics({ ...scope, region: 'eu-west-1' }, 0)).toEqual([]);
  });

  it('drops from each roll-up what has expired there', async () => {
    await using store = open();
    await store.put(scope, [sample(now, 1)], now);
    const [minutes, fives, hours] = rollUps;
    const left = async (later: number) => {
      await store.put(scope, [sample(later, 2)], later);
      return Promise.all(
        rollUps.map(
          async ({ resolutionMs }) => (await store.read(scope, { ...whole, to: later, resolutionMs })).length,
        ),
      );
    };
    expect(await left(now + minutes.keptMs)).toEqual([1, 1, 1]);
    expect(await left(now + minutes.keptMs + minuteMs)).toEqual([1, 2, 2]);
    expect(await left(now + fives.keptMs + 2 * hourMs)).toEqual([0, 1, 2]);
    expect(await left(now + hours.keptMs + 2 * hourMs)).toEqual([0, 0, 2]);
  });

  it('lets the metric go that was silent the longest when there are too many', async () => {
    await using store = open();
    const metric = (index: number) => ({ ...speed, dimensions: [{ name: 'Boat', value: `b${index}` }] });
    const all = Array.from({ length: maxSeries + 1 }, (_, index) =>
      sample(now + index, 1, { metric: metric(index) }),
    );
    await store.put(scope, all, now);
    expect(await store.metrics(scope, 0)).toHaveLength(maxSeries);
    expect(await store.read(scope, { ...whole, metric: metric(0) })).toEqual([]);
    expect(await store.read(scope, { ...whole, metric: metric(1) })).toHaveLength(1);
  });

  it('gathers periods of any length from the start of the range, losing nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ at: fc.nat(5 * hourMs), value: fc.integer({ min: 1, max: 9 }) }), {
          maxLength: 30,
        }),
        fc.constantFrom(1, 2, 5, 7, 15, 60, 120),
        fc.nat(120),
        async (points, periodMinutes, startMinute) => {
          await using store = open();
          await store.put(
            scope,
            points.map(({ at, value }) => sample(now + at, value)),
            now,
          );
          const from = now + startMinute * minuteMs;
          const periodMs = periodMinutes * minuteMs;
          const found = await datapoints(store, scope, {
            metric: speed,
            from,
            to: now + 9 * hourMs,
            periodMs,
          });
          const expected = new Map<number, number>();
          for (const { at, value } of points) {
            const minute = now + at - (at % minuteMs);
            if (minute < from) continue;
            const start = minute - ((minute - from) % periodMs);
            expected.set(start, (expected.get(start) ?? 0) + value);
          }
          expect(found.map(({ start, statistics }) => [start, statistics.sum])).toEqual(
            [...expected].sort(([a], [b]) => a - b),
          );
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe('metric store: sqlite', () => {
  it('keeps data points over a restart, and waits for puts when it is closed', async () => {
    const path = join(folder, 'kept.sqlite');
    const store = new SqliteMetricStore(path);
    const puts = [1, 2, 3].map((value) => store.put(scope, [sample(now, value)], now));
    await store[Symbol.asyncDispose]();
    await Promise.all(puts);
    await expect(store.put(scope, [sample(now, 1)], now)).rejects.toThrow('closed');
    await using reopened = new SqliteMetricStore(path);
    expect((await reopened.read(scope, whole)).map(({ statistics }) => statistics.sum)).toEqual([6]);
  });
});

describe('the start of a range', () => {
  const dayMs = 24 * hourMs;
  it.each([
    ['a minute', now - 3 * dayMs + 61_234, now - 3 * dayMs + 60_000],
    ['five minutes', now - 20 * dayMs + 61_234, now - 20 * dayMs],
    ['an hour', now - 100 * dayMs + 61_234, now - 100 * dayMs],
  ])('is rounded down to %s', (_what, start, rounded) => {
    expect(roundedStart(start, now)).toBe(rounded);
  });
});
