import * as sdk from '@aws-sdk/client-cloudwatch';
import { accountId } from '../iam/testing/iam-server.ts';
import { authorizationSuite, type Case } from '../testing/authorization-suite.ts';
import { openGuarded, region } from '../testing/guarded.ts';
import { MemoryMetricStore } from './metrics/index.ts';
import { cloudWatchOperations } from './operations.ts';

const arn = (name: string) => `arn:aws:cloudwatch:${region}:${accountId}:alarm:${name}`;
const tagged = { 'aws:ResourceTag/team': 'blue' };
const tagging = { 'aws:RequestTag/Pier': 'nine', 'aws:TagKeys': ['Pier'] };
const Tags = [{ Key: 'Pier', Value: 'nine' }];
const any = ['*'];
const metric = { Namespace: 'Harbor', MetricName: 'Waves' };
const period = { StartTime: new Date(0), EndTime: new Date(60_000), Period: 60 };
const onFog = { on: [arn('fog')], keys: tagged };
const onBoth = { on: [arn('ice'), arn('fog')], keys: tagged };
const alarm = {
  ...{ ...metric, AlarmName: 'fog', Period: 60, EvaluationPeriods: 1, Threshold: 1 },
  ...({ Statistic: 'Sum', ComparisonOperator: 'GreaterThanThreshold' } as const),
};
const AlarmNames = ['ice', 'fog'];

const cases: Readonly<Record<string, Case>> = {
  DeleteAlarms: { input: { AlarmNames }, ...onBoth },
  DescribeAlarmHistory: { input: { AlarmName: 'fog' }, ...onFog },
  DescribeAlarms: { input: { AlarmNames }, on: [arn('*')] },
  DescribeAlarmsForMetric: { input: metric, on: any },
  DisableAlarmActions: { input: { AlarmNames }, ...onBoth },
  EnableAlarmActions: { input: { AlarmNames }, ...onBoth },
  GetMetricData: { input: { ...period, MetricDataQueries: [] }, on: any },
  GetMetricStatistics: { input: { ...metric, ...period }, on: any },
  ListMetrics: { input: {}, on: any },
  ListTagsForResource: { input: { ResourceARN: arn('fog') }, ...onFog },
  PutMetricAlarm: {
    input: { ...alarm, Tags, AlarmActions: ['arn:horn'], OKActions: ['arn:bell'] },
    on: [arn('fog')],
    keys: { ...tagged, ...tagging, 'cloudwatch:AlarmActions': ['arn:horn', 'arn:bell'] },
    besides: [{ action: 'cloudwatch:TagResource', on: arn('fog'), keys: tagging }],
  },
  PutMetricData: {
    input: { Namespace: 'Harbor', MetricData: [] },
    on: any,
    keys: { 'cloudwatch:namespace': 'Harbor' },
  },
  SetAlarmState: { input: { AlarmName: 'fog', StateValue: 'OK', StateReason: 'clear' }, ...onFog },
  TagResource: {
    input: { ResourceARN: arn('fog'), Tags },
    on: [arn('fog')],
    keys: { ...tagged, ...tagging },
  },
  UntagResource: {
    input: { ResourceARN: arn('fog'), TagKeys: ['Pier'] },
    on: [arn('fog')],
    keys: { ...tagged, 'aws:TagKeys': ['Pier'] },
  },
};

/**
 * Service Authorization Reference, "Actions defined by Amazon CloudWatch". Datasets, which GetMetricData and ListMetrics
 * may also be limited by, are not built; DescribeAlarms is asked for all alarms, which have no tags together.
 */
const resourceTag = ['aws:ResourceTag'];
const requestTags = ['aws:RequestTag', 'aws:TagKeys'];
const listedKeys = {
  DeleteAlarms: resourceTag,
  DescribeAlarmHistory: resourceTag,
  DescribeAlarms: resourceTag,
  DescribeAlarmsForMetric: [],
  DisableAlarmActions: resourceTag,
  EnableAlarmActions: resourceTag,
  GetMetricData: resourceTag,
  GetMetricStatistics: [],
  ListMetrics: resourceTag,
  ListTagsForResource: resourceTag,
  PutMetricAlarm: [...resourceTag, ...requestTags, 'cloudwatch:AlarmActions'],
  PutMetricData: ['cloudwatch:namespace'],
  SetAlarmState: resourceTag,
  TagResource: [...resourceTag, ...requestTags],
  UntagResource: [...resourceTag, 'aws:TagKeys'],
};

authorizationSuite({
  ...{ prefix: 'cloudwatch', sdk, listedKeys },
  casesIn: () => cases,
  without: { DescribeAlarms: resourceTag, GetMetricData: resourceTag, ListMetrics: resourceTag },
  open: () =>
    openGuarded({
      signingName: 'monitoring',
      loadSdk: () => import('@aws-sdk/client-cloudwatch'),
      operations: (parts) => cloudWatchOperations({ ...parts, metrics: new MemoryMetricStore() }),
      build: async (root) => {
        const cloudWatch = new sdk.CloudWatch(root);
        await cloudWatch.putMetricAlarm({ ...alarm, Tags: [{ Key: 'team', Value: 'blue' }] });
        cloudWatch.destroy();
      },
    }),
  client: (settings) => new sdk.CloudWatchClient(settings),
  denied: { name: 'AccessDenied', status: 403 },
});
