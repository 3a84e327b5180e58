/**
 * What is kept of the values of a metric in one slot of time. Sum, count and extremes are exact; the distribution
 * answers percentiles to within half a percent, in a size that does not grow with the number of values.
 */
export interface Statistics {
  readonly sampleCount: number;
  readonly sum: number;
  readonly minimum: number;
  readonly maximum: number;
  /** Undefined when only a statistic set was ever told: what lay between its extremes is not known. */
  readonly distribution: Distribution | undefined;
}

/**
 * How often each value occurred, values rounded to three digits: exact for what people count and measure by hand, and
 * of bounded size for everything else.
 */
export type Distribution = ReadonlyMap<number, number>;

const rounded = (value: number): number => Number(value.toPrecision(3));

/** Of values, each with how often it occurred. */
export function statisticsOf(values: readonly (readonly [value: number, count: number])[]): Statistics {
  const distribution = new Map<number, number>();
  let sampleCount = 0;
  let sum = 0;
  let minimum = Number.POSITIVE_INFINITY;
  let maximum = Number.NEGATIVE_INFINITY;
  for (const [value, count] of values) {
    sampleCount += count;
    sum += value * count;
    minimum = Math.min(minimum, value);
    maximum = Math.max(maximum, value);
    const bucket = rounded(value);
    distribution.set(bucket, (distribution.get(bucket) ?? 0) + count);
  }
  return { sampleCount, sum, minimum, maximum, distribution };
}

/** Of a statistic set. Where its extremes are equal, so are all its values. */
export function statisticsOfSet(set: Omit<Statistics, 'distribution'>): Statistics {
  const isKnown = set.minimum === set.maximum;
  return {
    ...set,
    distribution: isKnown ? new Map([[rounded(set.minimum), set.sampleCount]]) : undefined,
  };
}

export function mergeStatistics(one: Statistics, other: Statistics): Statistics {
  return {
    sampleCount: one.sampleCount + other.sampleCount,
    sum: one.sum + other.sum,
    minimum: Math.min(one.minimum, other.minimum),
    maximum: Math.max(one.maximum, other.maximum),
    distribution: mergeDistributions(one.distribution, other.distribution),
  };
}

function mergeDistributions(
  one: Distribution | undefined,
  other: Distribution | undefined,
): Distribution | undefined {
  if (one === undefined || other === undefined) return undefined;
  const merged = new Map(one);
  for (const [bucket, count] of other) merged.set(bucket, (merged.get(bucket) ?? 0) + count);
  return merged;
}

export const simpleStatistics = ['SampleCount', 'Average', 'Sum', 'Minimum', 'Maximum'] as const;

const percentilePattern = /^p(\d{1,2}(?:\.\d{1,10})?|100)$/;

/** The number in `p99.9`; undefined when it is no percentile. */
export function percentileOf(statistic: string): number | undefined {
  const digits = percentilePattern.exec(statistic)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

export const isStatistic = (name: string): boolean =>
  simpleStatistics.some((known) => known === name) || percentileOf(name) !== undefined;

/** The value of a statistic by its name; undefined when it can't be known. */
export function statisticValue(statistics: Statistics, statistic: string): number | undefined {
  switch (statistic) {
    case 'SampleCount':
      return statistics.sampleCount;
    case 'Average':
      return statistics.sum / statistics.sampleCount;
    case 'Sum':
      return statistics.sum;
    case 'Minimum':
      return statistics.minimum;
    case 'Maximum':
      return statistics.maximum;
    default: {
      const percentile = percentileOf(statistic);
      return percentile === undefined ? undefined : percentileValue(statistics, percentile);
    }
  }
}

function percentileValue({ distribution, ...exact }: Statistics, percentile: number): number | undefined {
  if (distribution === undefined) return undefined;
  if (percentile === 0) return exact.minimum;
  if (percentile === 100) return exact.maximum;
  const wanted = (percentile / 100) * exact.sampleCount;
  let below = 0;
  for (const [bucket, count] of [...distribution].sort(([a], [b]) => a - b)) {
    below += count;
    if (below >= wanted) return Math.min(exact.maximum, Math.max(exact.minimum, bucket));
  }
  return exact.maximum;
}
