import type { ListMetricsCommandInput, ListMetricsOutput } from '@aws-sdk/client-cloudwatch';
import { Constraints } from '../../constraints.ts';
import { ascending, page } from '../../pages.ts';
import type { Call } from '../../service.ts';
import type { CloudWatchContext } from '../context.ts';
import { invalidNextToken, unsupported, validationError } from '../errors.ts';
import { type Metric, metricKey } from '../metrics/metric-store.ts';
import { sdkDimensions } from './metric-input.ts';

const pageLength = 500;
const hourMs = 60 * 60 * 1000;
/** Metrics without new data for longer are not listed (API reference, ListMetrics). */
const listedMs = 14 * 24 * hourMs;
const recentlyActiveMs = 3 * hourMs;

export async function listMetrics(
  { metrics }: CloudWatchContext,
  input: ListMetricsCommandInput,
  call: Call,
): Promise<ListMetricsOutput> {
  const { Namespace, MetricName, Dimensions = [], RecentlyActive, NextToken } = input;
  new Constraints(validationError)
    .list('dimensions', Dimensions, { max: 10 })
    .text('recentlyActive', RecentlyActive, { oneOf: ['PT3H'] })
    .throwIfViolated();
  if (input.IncludeLinkedAccounts === true || input.OwningAccount !== undefined)
    throw unsupported('Listing metrics of linked accounts is');
  const isWanted = ({ namespace, name, dimensions }: Metric): boolean =>
    (Namespace === undefined || namespace === Namespace) &&
    (MetricName === undefined || name === MetricName) &&
    Dimensions.every(({ Name, Value }) =>
      dimensions.some((each) => each.name === Name && (Value === undefined || each.value === Value)),
    );
  const since = call.now - (RecentlyActive === undefined ? listedMs : recentlyActiveMs);
  const found = (await metrics.metrics(call, since))
    .filter(isWanted)
    .sort((a, b) => ascending(metricKey(a), metricKey(b)));
  const { items, nextToken } = page(found, metricKey, ascending, {
    limit: pageLength,
    nextToken: NextToken,
    refuse: invalidNextToken,
  });
  return {
    Metrics: items.map(({ namespace, name, dimensions }) => ({
      Namespace: namespace,
      MetricName: name,
      Dimensions: sdkDimensions(dimensions),
    })),
    ...(nextToken === undefined ? {} : { NextToken: nextToken }),
  };
}
