import type {
  GetMetricDataCommandInput,
  GetMetricDataOutput,
  MetricDataQuery,
  MetricDataResult,
} from '@aws-sdk/client-cloudwatch';
import { Constraints } from '../../constraints.ts';
import type { Call } from '../../service.ts';
import type { CloudWatchContext } from '../context.ts';
import { invalidNextToken, invalidValue, missingParameter, unsupported, validationError } from '../errors.ts';
import { datapointsOfAnyUnit, type PeriodQuery, roundedStart } from '../metrics/datapoints.ts';
import { statisticValue } from '../metrics/statistics.ts';
import { checkStatistic, checkUnit, metricOf, periodMsOf, rangeOf } from './metric-input.ts';

const maxQueries = 500;
const maxDatapoints = 100_800;

export async function getMetricData(
  { metrics }: CloudWatchContext,
  input: GetMetricDataCommandInput,
  call: Call,
): Promise<GetMetricDataOutput> {
  const { MetricDataQueries = [], ScanBy = 'TimestampDescending', MaxDatapoints = maxDatapoints } = input;
  new Constraints(validationError)
    .list('metricDataQueries', MetricDataQueries, { min: 1, max: maxQueries })
    .text('scanBy', ScanBy, { oneOf: ['TimestampDescending', 'TimestampAscending'] })
    .number('maxDatapoints', MaxDatapoints, { min: 1, max: maxDatapoints })
    .throwIfViolated();
  const { from, to } = rangeOf(input.StartTime, input.EndTime);
  const range = { from: roundedStart(from, call.now), to };
  const queries = MetricDataQueries.map((query, index) => parse(query, index, range));
  if (new Set(queries.map(({ id }) => id)).size !== queries.length)
    throw invalidValue('The values for parameter id in MetricDataQueries must be unique.');

  const results: MetricDataResult[] = [];
  const place = placeOf(input.NextToken, queries.length);
  let left = MaxDatapoints;
  for (const [index, query] of queries.entries()) {
    if (index < place.query || !query.isReturned) continue;
    const found = await datapointsOfAnyUnit(metrics, call, query.periods);
    const points = [...found].flatMap(([start, statistics]) => {
      const value = statisticValue(statistics, query.statistic);
      return value === undefined ? [] : [{ start, value }];
    });
    if (ScanBy === 'TimestampDescending') points.reverse();
    const rest = points.slice(index === place.query ? place.point : 0);
    const given = rest.slice(0, left);
    left -= given.length;
    const isComplete = given.length === rest.length;
    results.push({
      Id: query.id,
      Label: query.label,
      Timestamps: given.map(({ start }) => new Date(start)),
      Values: given.map(({ value }) => value),
      StatusCode: isComplete ? 'Complete' : 'PartialData',
    });
    if (!isComplete) {
      const point = points.length - rest.length + given.length;
      return { MetricDataResults: results, Messages: [], NextToken: tokenOf({ query: index, point }) };
    }
  }
  return { MetricDataResults: results, Messages: [] };
}

interface ParsedQuery {
  readonly id: string;
  readonly label: string;
  readonly statistic: string;
  readonly isReturned: boolean;
  readonly periods: PeriodQuery;
}

/** @throws InvalidParameterValueException and others, also for what isn't built: expressions. */
function parse(
  query: MetricDataQuery,
  index: number,
  range: { readonly from: number; readonly to: number },
): ParsedQuery {
  const { Id = '', MetricStat, Expression, Label, AccountId, ReturnData = true } = query;
  const path = `MetricDataQueries.member.${index + 1}`;
  new Constraints(validationError)
    .text(`metricDataQueries.${index + 1}.member.id`, query.Id, {
      isRequired: true,
      maxLength: 255,
      pattern: '[a-z][a-zA-Z0-9_]*',
    })
    .throwIfViolated();
  if (Expression !== undefined)
    throw unsupported(`Metric math, SEARCH and Metrics Insights (${path}.Expression) are`);
  if (AccountId !== undefined) throw unsupported(`Reading another account's metrics (${path}.AccountId) is`);
  if (Label?.includes('${') === true) throw unsupported(`Dynamic labels (${path}.Label) are`);
  if (MetricStat === undefined) throw missingParameter(`${path}.MetricStat`);
  const { Metric = {}, Period = 0, Stat = '', Unit: unit } = MetricStat;
  const metric = metricOf(Metric, `metricDataQueries.${index + 1}.member.metricStat.metric.`);
  checkStatistic(`${path}.MetricStat.Stat`, Stat);
  checkUnit(`${path}.MetricStat.Unit`, unit);
  const periodMs = periodMsOf(`${path}.MetricStat.Period`, Period);
  return {
    id: Id,
    label: Label ?? metric.name,
    statistic: Stat,
    isReturned: ReturnData,
    periods: { metric, unit, periodMs, ...range },
  };
}

/** Where the next page goes on: a query, and how many of its points were given. */
interface Place {
  readonly query: number;
  readonly point: number;
}

const tokenOf = ({ query, point }: Place): string => Buffer.from(`${query}:${point}`).toString('base64url');

function placeOf(token: string | undefined, queries: number): Place {
  if (token === undefined) return { query: 0, point: 0 };
  const [, query, point] = /^(\d{1,3}):(\d{1,9})$/.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  if (query === undefined || Number(query) >= queries)
    throw invalidNextToken('The parameter NextToken is invalid.');
  return { query: Number(query), point: Number(point) };
}
