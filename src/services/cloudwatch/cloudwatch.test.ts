import {
  CloudWatch,
  type PutMetricAlarmCommandInput,
  paginateDescribeAlarms,
  paginateGetMetricData,
  ResourceNotFound,
  waitUntilAlarmExists,
} from '@aws-sdk/client-cloudwatch';
import { AwsQueryProtocol, AwsSmithyRpcV2CborProtocol } from '@aws-sdk/core/protocols';
import type { HttpRequest } from '@smithy/types';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seededRandom, VirtualClock } from '../../clock/index.ts';
import { createGateway } from '../../gateway/index.ts';
import { rootOnly } from '../../gateway/testing/root-only.ts';
import { signerOf } from '../../gateway/testing/signing.ts';
import { silentLog } from '../../log.ts';
import { openState, type Reconcilers, type State, startReconcilers } from '../../reconcile/index.ts';
import { openMemoryStore } from '../../store/index.ts';
import type { OperationTable } from '../service.ts';
import { alarmReadings, createCloudWatch, loadCloudWatchReconcilers, MemoryMetricStore } from './index.ts';

/** As users meet it: the official SDK over HTTP, on a clock that the test moves. */
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };
const scope = { accountId: '111122223333', region: 'us-east-1' };
const start = Date.UTC(2026, 0, 15, 12);
const minuteMs = 60_000;

let sdk: CloudWatch;
let endpoint: string;
let clock: VirtualClock;
let state: State;
let reconcilers: Reconcilers;
let operations: OperationTable;
let stack: AsyncDisposableStack;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  clock = new VirtualClock(start);
  const random = seededRandom(1);
  const store = stack.adopt(openMemoryStore({ clock }), (it) => it.close());
  const opened = stack.adopt(await openState(store, { clock }), (it) => it.close());
  state = opened;
  const context = { state, metrics: stack.use(new MemoryMetricStore()), clock };
  const service = createCloudWatch(context);
  operations = await service.loadOperations();
  const gateway = createGateway({
    services: [service],
    clock,
    random,
    log: silentLog,
    ...rootOnly(scope.accountId, credentials),
  });
  stack.adopt(gateway, (it) => it.close());
  const { port } = await gateway.listen({ host: '127.0.0.1', port: 0 });
  endpoint = `http://127.0.0.1:${port}`;
  sdk = client({});
  reconcilers = stack.use(
    startReconcilers({
      state,
      store,
      clock,
      random,
      log: silentLog,
      reconcilers: await loadCloudWatchReconcilers(context),
    }),
  );
});
afterEach(() => stack.disposeAsync());

function client(config: object): CloudWatch {
  // Signed with the test's time, which is the server's.
  const signature = signerOf('monitoring', credentials);
  const made = new CloudWatch({
    endpoint,
    region: scope.region,
    credentials,
    maxAttempts: 1,
    signer: {
      sign: (request: HttpRequest) => signature.sign(request, { signingDate: new Date(clock.now()) }),
    },
    ...config,
  });
  stack.defer(() => made.destroy());
  return made;
}

async function advance(ms: number): Promise<void> {
  await reconcilers.idle();
  await clock.advance(ms);
  await reconcilers.idle();
}

const metric = { Namespace: 'Boats', MetricName: 'Speed', Dimensions: [{ Name: 'Boat', Value: 'blue' }] };
const datum = (Value: number, at = clock.now()) => ({
  MetricName: 'Speed',
  Dimensions: metric.Dimensions,
  Value,
  Timestamp: new Date(at),
});
const put = (...data: readonly object[]) =>
  sdk.putMetricData({
    Namespace: 'Boats',
    MetricData: data.map((each) => ({ MetricName: 'Speed', ...each })),
  });
const alarm: PutMetricAlarmCommandInput = {
  ...metric,
  AlarmName: 'too fast',
  Statistic: 'Maximum',
  Period: 60,
  EvaluationPeriods: 1,
  Threshold: 10,
  ComparisonOperator: 'GreaterThanThreshold',
};
const stateOf = async (name = 'too fast') =>
  (await sdk.describeAlarms({ AlarmNames: [name] })).MetricAlarms?.[0]?.StateValue;

describe('every operation', () => {
  it('has an entry, and works or refuses by its name', () => {
    const names = Object.getOwnPropertyNames(CloudWatch.prototype)
      .filter((name) => !/^(constructor|paginate|waitUntil)/.test(name))
      .map((name) => name.charAt(0).toUpperCase() + name.slice(1));
    expect(Object.keys(operations).toSorted()).toEqual(names.toSorted());
    for (const [name, entry] of Object.entries(operations)) {
      if ('refused' in entry) expect(entry.refused).toContain(`${name} is not supported by this version`);
      else expect(entry.action).toBe(`cloudwatch:${name}`);
    }
  });
});

describe.each([
  ['awsJson 1.0', {}],
  ['awsQuery', { protocol: AwsQueryProtocol }],
  ['rpc-v2-cbor', { protocol: AwsSmithyRpcV2CborProtocol }],
])('through %s', (_name, config) => {
  it('goes from data to an alarm and its refusals', async () => {
    sdk = client(config);
    await put(datum(4), datum(20), { Values: [1, 2], Counts: [3, 1], Unit: 'Count' });
    const { Datapoints, Label } = await sdk.getMetricStatistics({
      ...metric,
      StartTime: new Date(start),
      EndTime: new Date(start + minuteMs),
      Period: 60,
      Statistics: ['Average', 'SampleCount'],
    });
    expect(Label).toBe('Speed');
    expect(Datapoints).toEqual([{ Timestamp: new Date(start), Average: 12, SampleCount: 2, Unit: 'None' }]);
    await sdk.putMetricAlarm(alarm);
    await waitUntilAlarmExists({ client: sdk, maxWaitTime: 50 }, { AlarmNames: ['too fast'] });
    await expect(sdk.deleteAlarms({ AlarmNames: ['none'] })).rejects.toThrow(ResourceNotFound);
    await expect(sdk.putCompositeAlarm({ AlarmName: 'a', AlarmRule: 'TRUE' })).rejects.toThrow(
      'PutCompositeAlarm is not supported by this version of Catamaran yet',
    );
  });
});

describe('metrics', () => {
  it('are listed by what they have', async () => {
    await put(datum(1), { Value: 1 }, { Value: 1, Dimensions: [{ Name: 'Boat', Value: 'red' }] });
    const list = async (input: object) =>
      ((await sdk.listMetrics(input)).Metrics ?? []).map(({ Dimensions }) => Dimensions?.[0]?.Value ?? '');
    expect(await list({})).toEqual(['blue', 'red', '']);
    expect(await list({ Dimensions: [{ Name: 'Boat' }] })).toEqual(['blue', 'red']);
    expect(await list({ Dimensions: [{ Name: 'Boat', Value: 'red' }] })).toEqual(['red']);
    expect(await list({ Namespace: 'Cars' })).toEqual([]);
  });

  it('are read by queries, page by page, either way', async () => {
    await put(...[0, 1, 2, 3, 4].map((minute) => datum(minute, start - minute * minuteMs)));
    const query = (Id: string, Stat: string) => ({ Id, MetricStat: { Metric: metric, Period: 60, Stat } });
    const input = {
      MetricDataQueries: [
        query('a', 'Maximum'),
        { ...query('hidden', 'Sum'), ReturnData: false },
        query('b', 'p50'),
      ],
      StartTime: new Date(start - 10 * minuteMs),
      EndTime: new Date(start + minuteMs),
      MaxDatapoints: 3,
    };
    const read = async (ScanBy: 'TimestampAscending' | 'TimestampDescending') => {
      const values: Record<string, number[]> = {};
      for await (const page of paginateGetMetricData({ client: sdk }, { ...input, ScanBy })) {
        for (const { Id = '', Values = [], Timestamps = [] } of page.MetricDataResults ?? []) {
          expect(Timestamps).toHaveLength(Values.length);
          values[Id] = [...(values[Id] ?? []), ...Values];
        }
      }
      return values;
    };
    expect(await read('TimestampDescending')).toEqual({ a: [0, 1, 2, 3, 4], b: [0, 1, 2, 3, 4] });
    expect(await read('TimestampAscending')).toEqual({ a: [4, 3, 2, 1, 0], b: [4, 3, 2, 1, 0] });
  });

  it.each([
    [{ Value: 1, Unit: 'Knots' as 'None' }, /^The parameter MetricData.member.1.Unit must be one of/],
    [{}, /^The parameter MetricData.member.1.Value is required/],
    [{ Value: 1, Values: [1] }, /mutually exclusive/],
    [{ Values: [1, 2], Counts: [1] }, /must be of the same size/],
    [{ Value: 1, Timestamp: new Date(start - 15 * 86_400_000) }, /within the past two weeks/],
    [{ Value: 1, StorageResolution: 1 }, /StorageResolution of 1 second is not supported by this version/],
    [
      { Value: 1, Dimensions: [{ Name: '', Value: 'x' }] },
      /dimensions.1.member.name' failed to satisfy constraint/,
    ],
    [{ StatisticValues: { SampleCount: 0, Sum: 0, Minimum: 0, Maximum: 0 } }, /must be greater than 0/],
  ])('are refused as %o', async (bent, message) => {
    await expect(put(bent)).rejects.toThrow(message);
    expect((await sdk.listMetrics({})).Metrics).toEqual([]);
  });

  it("are nobody's to put under AWS/", async () => {
    await expect(
      sdk.putMetricData({ Namespace: 'AWS/ECS', MetricData: [{ MetricName: 'x', Value: 1 }] }),
    ).rejects.toThrow('AWS/');
  });

  it('are not computed with, and that is said', async () => {
    const range = { StartTime: new Date(start - 1), EndTime: new Date(start) };
    await expect(
      sdk.getMetricData({ ...range, MetricDataQueries: [{ Id: 'e', Expression: 'm1 + m2' }] }),
    ).rejects.toThrow('Metric math, SEARCH and Metrics Insights');
    await expect(
      sdk.getMetricStatistics({ ...metric, ...range, Period: 60, ExtendedStatistics: ['tm90'] }),
    ).rejects.toThrow('The statistic tm90 is not supported by this version');
    await expect(
      sdk.getMetricStatistics({
        ...metric,
        StartTime: new Date(start - 30 * 86_400_000),
        EndTime: new Date(start),
        Period: 60,
        Statistics: ['Sum'],
      }),
    ).rejects.toThrow('You have requested up to 43200 datapoints, which exceeds the limit of 1440');
  });
});

describe('alarms', () => {
  it('follow their metric, with reasons and a history', async () => {
    await sdk.putMetricAlarm(alarm);
    const first = (await sdk.describeAlarms({})).MetricAlarms?.[0];
    expect(first).toMatchObject({
      AlarmArn: 'arn:aws:cloudwatch:us-east-1:111122223333:alarm:too fast',
      StateValue: 'INSUFFICIENT_DATA',
      StateReason: 'Unchecked: Initial alarm creation',
      ActionsEnabled: true,
      AlarmActions: [],
      Statistic: 'Maximum',
    });
    await put(datum(20));
    await advance(70_000);
    expect(await stateOf()).toBe('ALARM');
    const alarmed = (await sdk.describeAlarms({ StateValue: 'ALARM' })).MetricAlarms?.[0];
    expect(alarmed?.StateReason).toMatch(
      /^Threshold Crossed: 1 out of the last 1 datapoints \[20\.0 \([\d/]+ [\d:]+\)\] was greater than the threshold \(10\.0\)/,
    );
    expect(JSON.parse(alarmed?.StateReasonData ?? '')).toMatchObject({
      version: '1.0',
      statistic: 'Maximum',
      period: 60,
      recentDatapoints: [20],
      threshold: 10,
    });
    await put(datum(3));
    await advance(minuteMs);
    expect(await stateOf()).toBe('OK');
    await advance(10 * minuteMs);
    expect(await stateOf()).toBe('INSUFFICIENT_DATA');
    const { AlarmHistoryItems = [] } = await sdk.describeAlarmHistory({ AlarmName: 'too fast' });
    expect(AlarmHistoryItems.map(({ HistorySummary }) => HistorySummary)).toEqual([
      'Alarm updated from OK to INSUFFICIENT_DATA',
      'Alarm updated from ALARM to OK',
      'Alarm updated from INSUFFICIENT_DATA to ALARM',
      'Alarm "too fast" created',
    ]);
    expect(JSON.parse(AlarmHistoryItems[1]?.HistoryData ?? '')).toMatchObject({
      oldState: { stateValue: 'ALARM' },
      newState: { stateValue: 'OK', stateReasonData: { recentDatapoints: [3] } },
    });
  });

  it('hold a state that was set until they are evaluated again', async () => {
    await sdk.putMetricAlarm(alarm);
    await reconcilers.idle();
    await sdk.setAlarmState({ AlarmName: 'too fast', StateValue: 'ALARM', StateReason: 'a drill' });
    await reconcilers.idle();
    expect(await stateOf()).toBe('ALARM');
    expect([...alarmReadings(state, scope, ['too fast', 'none'])]).toEqual([
      ['too fast', { state: 'ALARM', evaluationMs: 60_000 }],
    ]);
    await advance(70_000);
    expect(await stateOf()).toBe('INSUFFICIENT_DATA');
  });

  it('are evaluated on M of N data points and percentiles', async () => {
    await sdk.putMetricAlarm({
      ...alarm,
      Statistic: undefined,
      ExtendedStatistic: 'p90',
      EvaluationPeriods: 3,
      DatapointsToAlarm: 2,
    });
    await put(datum(20, start - 2 * minuteMs), datum(1, start - minuteMs), datum(30, start));
    await advance(70_000);
    expect(await stateOf()).toBe('ALARM');
  });

  it('are listed by name, prefix and metric, and in pages', async () => {
    for (const AlarmName of ['b', 'a2', 'a1']) await sdk.putMetricAlarm({ ...alarm, AlarmName });
    const names: (string | undefined)[] = [];
    for await (const page of paginateDescribeAlarms({ client: sdk, pageSize: 2 }, {})) {
      names.push(...(page.MetricAlarms ?? []).map(({ AlarmName }) => AlarmName));
    }
    expect(names).toEqual(['a1', 'a2', 'b']);
    const count = async (input: object) => (await sdk.describeAlarms(input)).MetricAlarms?.length;
    expect(await count({ AlarmNamePrefix: 'a' })).toBe(2);
    expect(await count({ AlarmNames: ['b', 'none'] })).toBe(1);
    expect(await count({ AlarmTypes: ['CompositeAlarm'] })).toBe(0);
    expect((await sdk.describeAlarmsForMetric(metric)).MetricAlarms).toHaveLength(3);
    expect((await sdk.describeAlarmsForMetric({ ...metric, Dimensions: [] })).MetricAlarms).toEqual([]);
    await sdk.deleteAlarms({ AlarmNames: ['a1', 'a2'] });
    expect(await count({})).toBe(1);
  });

  it('keep their state when they are configured anew, and their tags', async () => {
    await sdk.putMetricAlarm({ ...alarm, Tags: [{ Key: 'team', Value: 'hull' }] });
    await sdk.setAlarmState({ AlarmName: 'too fast', StateValue: 'OK', StateReason: 'a drill' });
    await sdk.disableAlarmActions({ AlarmNames: ['too fast', 'none'] });
    const ResourceARN = 'arn:aws:cloudwatch:us-east-1:111122223333:alarm:too fast';
    await sdk.tagResource({ ResourceARN, Tags: [{ Key: 'deck', Value: '1' }] });
    await sdk.untagResource({ ResourceARN, TagKeys: ['team'] });
    expect((await sdk.listTagsForResource({ ResourceARN })).Tags).toEqual([{ Key: 'deck', Value: '1' }]);
    expect((await sdk.describeAlarms({})).MetricAlarms?.[0]?.ActionsEnabled).toBe(false);
  });

  it('calls scaling policies, by which it is found', async () => {
    const policy = (account: string) =>
      `arn:aws:autoscaling:us-east-1:${account}:scalingPolicy:6d8972f3-efc8-437c-92d1-6270f29a66e7:` +
      'resource/ecs/service/default/web:policyName/out';
    const mine = policy(scope.accountId);
    await sdk.putMetricAlarm({ ...alarm, AlarmActions: [mine], OKActions: [mine] });
    const found = async (ActionPrefix: string) => (await sdk.describeAlarms({ ActionPrefix })).MetricAlarms;
    expect(await found('arn:aws:autoscaling:')).toMatchObject([
      { AlarmActions: [mine], OKActions: [mine], InsufficientDataActions: [] },
    ]);
    expect(await found('arn:aws:sns:')).toEqual([]);
    await expect(sdk.putMetricAlarm({ ...alarm, AlarmActions: [policy('999922223333')] })).rejects.toThrow(
      'in its own account and Region',
    );
    await expect(sdk.putMetricAlarm({ ...alarm, AlarmActions: Array(6).fill(mine) })).rejects.toThrow(
      'alarmActions',
    );
    await sdk.putMetricAlarm(alarm);
    expect(await found('arn:aws:autoscaling:')).toEqual([]);
  });

  it.each([
    [
      { AlarmActions: ['arn:aws:sns:us-east-1:111122223333:t'] },
      /^The alarm action arn:aws:sns:.* is not supported/,
    ],
    [{ ThresholdMetricId: 't' }, /anomaly detection are not supported by this version/],
    [{ Metrics: [{ Id: 'm' }] }, /metric math expressions \(Metrics\) are not supported/],
    [{ Period: 10 }, /below 60 seconds is not supported/],
    [{ Period: 90 }, /must be a multiple of 60/],
    [{ DatapointsToAlarm: 2 }, /DatapointsToAlarm must be less than or equal to EvaluationPeriods/],
    [{ EvaluationPeriods: 2000 }, /Metrics cannot be checked across more than a day/],
    [{ ComparisonOperator: 'Above' as 'LessThanThreshold' }, /Member must satisfy enum value set/],
    [{ TreatMissingData: 'maybe' }, /Option 'maybe' is not recognised/],
    [{ ExtendedStatistic: 'p50' }, /mutually exclusive/],
    [{ Threshold: undefined }, /The parameter Threshold is required/],
    [{ EvaluateLowSampleCountPercentile: 'ignore' }, /only allowed together with a percentile/],
  ])('are refused as %o', async (bent, message) => {
    await expect(sdk.putMetricAlarm({ ...alarm, ...bent })).rejects.toThrow(message);
    expect((await sdk.describeAlarms({})).MetricAlarms).toEqual([]);
  });
});
