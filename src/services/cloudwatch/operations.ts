import type { CloudWatch } from '@aws-sdk/client-cloudwatch';
import type { OperationsOf, RefusedOperation } from '../service.ts';
import { cloudWatchAuthorization } from './authorization.ts';
import type { CloudWatchContext } from './context.ts';
import {
  deleteAlarms,
  describeAlarms,
  describeAlarmsForMetric,
  disableAlarmActions,
  enableAlarmActions,
  setAlarmState,
} from './operations/alarm.ts';
import { describeAlarmHistory } from './operations/alarm-history.ts';
import { getMetricData } from './operations/get-metric-data.ts';
import { getMetricStatistics } from './operations/get-metric-statistics.ts';
import { listMetrics } from './operations/list-metrics.ts';
import { putMetricAlarm } from './operations/put-metric-alarm.ts';
import { putMetricData } from './operations/put-metric-data.ts';
import { listTagsForResource, tagResource, untagResource } from './operations/tags.ts';

/** Every operation of CloudWatch. */
export function cloudWatchOperations(context: CloudWatchContext): OperationsOf<CloudWatch> {
  const on = cloudWatchAuthorization(context.state);
  return {
    AssociateDatasetKmsKey: refused('AssociateDatasetKmsKey', 'there are no datasets'),
    CreateResourceMetricsConfiguration: refused(
      'CreateResourceMetricsConfiguration',
      'metrics are published at one resolution',
    ),
    DeleteAlarmMuteRule: refused('DeleteAlarmMuteRule', 'there are no alarm mute rules'),
    DeleteAlarms: {
      action: 'cloudwatch:DeleteAlarms',
      ...on.alarmsByName,
      run: (input, call) => deleteAlarms(context, input, call),
    },
    DeleteAnomalyDetector: refused('DeleteAnomalyDetector', 'there is no anomaly detection'),
    DeleteDashboards: refused('DeleteDashboards', 'there are no dashboards'),
    DeleteInsightRules: refused('DeleteInsightRules', 'there are no Contributor Insights rules'),
    DeleteMetricStream: refused('DeleteMetricStream', 'there are no metric streams'),
    DeleteResourceMetricsConfiguration: refused(
      'DeleteResourceMetricsConfiguration',
      'metrics are published at one resolution',
    ),
    DescribeAlarmContributors: refused('DescribeAlarmContributors', 'alarms watch single metrics'),
    DescribeAlarmHistory: {
      action: 'cloudwatch:DescribeAlarmHistory',
      ...on.alarm,
      run: (input, call) => describeAlarmHistory(context, input, call),
    },
    DescribeAlarms: {
      action: 'cloudwatch:DescribeAlarms',
      ...on.allAlarms,
      run: (input, call) => describeAlarms(context, input, call),
    },
    DescribeAlarmsForMetric: {
      action: 'cloudwatch:DescribeAlarmsForMetric',
      ...on.metrics,
      run: (input, call) => describeAlarmsForMetric(context, input, call),
    },
    DescribeAnomalyDetectors: refused('DescribeAnomalyDetectors', 'there is no anomaly detection'),
    DescribeInsightRules: refused('DescribeInsightRules', 'there are no Contributor Insights rules'),
    DisableAlarmActions: {
      action: 'cloudwatch:DisableAlarmActions',
      ...on.alarmsByName,
      run: (input, call) => disableAlarmActions(context, input, call),
    },
    DisableInsightRules: refused('DisableInsightRules', 'there are no Contributor Insights rules'),
    DisassociateDatasetKmsKey: refused('DisassociateDatasetKmsKey', 'there are no datasets'),
    EnableAlarmActions: {
      action: 'cloudwatch:EnableAlarmActions',
      ...on.alarmsByName,
      run: (input, call) => enableAlarmActions(context, input, call),
    },
    EnableInsightRules: refused('EnableInsightRules', 'there are no Contributor Insights rules'),
    GetAlarmMuteRule: refused('GetAlarmMuteRule', 'there are no alarm mute rules'),
    GetDashboard: refused('GetDashboard', 'there are no dashboards'),
    GetDataset: refused('GetDataset', 'there are no datasets'),
    GetInsightRuleReport: refused('GetInsightRuleReport', 'there are no Contributor Insights rules'),
    GetMetricData: {
      action: 'cloudwatch:GetMetricData',
      ...on.metrics,
      run: (input, call) => getMetricData(context, input, call),
    },
    GetMetricStatistics: {
      action: 'cloudwatch:GetMetricStatistics',
      ...on.metrics,
      run: (input, call) => getMetricStatistics(context, input, call),
    },
    GetMetricStream: refused('GetMetricStream', 'there are no metric streams'),
    GetMetricWidgetImage: refused('GetMetricWidgetImage', 'there are no dashboards'),
    GetOTelEnrichment: refused('GetOTelEnrichment', 'there is no OpenTelemetry enrichment'),
    GetResourceMetricsConfiguration: refused(
      'GetResourceMetricsConfiguration',
      'metrics are published at one resolution',
    ),
    ListAlarmMuteRules: refused('ListAlarmMuteRules', 'there are no alarm mute rules'),
    ListDashboards: refused('ListDashboards', 'there are no dashboards'),
    ListManagedInsightRules: refused('ListManagedInsightRules', 'there are no Contributor Insights rules'),
    ListMetricStreams: refused('ListMetricStreams', 'there are no metric streams'),
    ListMetrics: {
      action: 'cloudwatch:ListMetrics',
      ...on.metrics,
      run: (input, call) => listMetrics(context, input, call),
    },
    ListTagsForResource: {
      action: 'cloudwatch:ListTagsForResource',
      ...on.resource,
      run: (input, call) => listTagsForResource(context, input, call),
    },
    PutAlarmMuteRule: refused('PutAlarmMuteRule', 'there are no alarm mute rules'),
    PutAnomalyDetector: refused('PutAnomalyDetector', 'there is no anomaly detection'),
    PutCompositeAlarm: refused('PutCompositeAlarm', 'alarms watch single metrics'),
    PutDashboard: refused('PutDashboard', 'there are no dashboards'),
    PutInsightRule: refused('PutInsightRule', 'there are no Contributor Insights rules'),
    PutLogAlarm: refused('PutLogAlarm', 'alarms watch single metrics'),
    PutManagedInsightRules: refused('PutManagedInsightRules', 'there are no Contributor Insights rules'),
    PutMetricAlarm: {
      action: 'cloudwatch:PutMetricAlarm',
      ...on.newAlarm,
      run: (input, call) => putMetricAlarm(context, input, call),
    },
    PutMetricData: {
      action: 'cloudwatch:PutMetricData',
      ...on.newMetrics,
      run: (input, call) => putMetricData(context, input, call),
    },
    PutMetricStream: refused('PutMetricStream', 'there are no metric streams'),
    SetAlarmState: {
      action: 'cloudwatch:SetAlarmState',
      ...on.alarm,
      run: (input, call) => setAlarmState(context, input, call),
    },
    StartMetricStreams: refused('StartMetricStreams', 'there are no metric streams'),
    StartOTelEnrichment: refused('StartOTelEnrichment', 'there is no OpenTelemetry enrichment'),
    StopMetricStreams: refused('StopMetricStreams', 'there are no metric streams'),
    StopOTelEnrichment: refused('StopOTelEnrichment', 'there is no OpenTelemetry enrichment'),
    TagResource: {
      action: 'cloudwatch:TagResource',
      ...on.taggedResource,
      run: (input, call) => tagResource(context, input, call),
    },
    UntagResource: {
      action: 'cloudwatch:UntagResource',
      ...on.untaggedResource,
      run: (input, call) => untagResource(context, input, call),
    },
    UpdateOTelEnrichment: refused('UpdateOTelEnrichment', 'there is no OpenTelemetry enrichment'),
    UpdateResourceMetricsConfiguration: refused(
      'UpdateResourceMetricsConfiguration',
      'metrics are published at one resolution',
    ),
  };
}

function refused(operation: string, reason: string): RefusedOperation {
  return { refused: `${operation} is not supported by this version of Catamaran yet: ${reason}.` };
}
