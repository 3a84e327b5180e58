import type { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import type { OperationsOf, RefusedOperation } from '../service.ts';
import { logsAuthorization } from './authorization.ts';
import type { LogsContext } from './context.ts';
import { filterLogEvents } from './operations/filter-log-events.ts';
import { getLogEvents } from './operations/get-log-events.ts';
import {
  createLogGroup,
  deleteLogGroup,
  describeLogGroups,
  listLogGroups,
  putLogGroupDeletionProtection,
} from './operations/log-group.ts';
import { createLogStream, deleteLogStream, describeLogStreams } from './operations/log-stream.ts';
import { putLogEvents } from './operations/put-log-events.ts';
import { deleteRetentionPolicy, putRetentionPolicy } from './operations/retention-policy.ts';
import {
  listTagsForResource,
  listTagsLogGroup,
  tagLogGroup,
  tagResource,
  untagLogGroup,
  untagResource,
} from './operations/tags.ts';

/** Every operation of CloudWatch Logs. */
export function logsOperations(context: LogsContext): OperationsOf<CloudWatchLogs> {
  const on = logsAuthorization(context.state);
  return {
    AssociateKmsKey: refused('AssociateKmsKey', 'it encrypts with AWS KMS'),
    AssociateSourceToS3TableIntegration: refused(
      'AssociateSourceToS3TableIntegration',
      'there are no integrations',
    ),
    CancelExportTask: refused('CancelExportTask', 'there are no export and import tasks'),
    CancelImportTask: refused('CancelImportTask', 'there are no export and import tasks'),
    CreateDelivery: refused('CreateDelivery', 'there are no log deliveries'),
    CreateExportTask: refused('CreateExportTask', 'there are no export and import tasks'),
    CreateImportTask: refused('CreateImportTask', 'there are no export and import tasks'),
    CreateLogAnomalyDetector: refused('CreateLogAnomalyDetector', 'there is no anomaly detection'),
    CreateLogGroup: {
      action: 'logs:CreateLogGroup',
      ...on.newGroup,
      run: (input, call) => createLogGroup(context, input, call),
    },
    CreateLogStream: {
      action: 'logs:CreateLogStream',
      ...on.stream,
      run: (input, call) => createLogStream(context, input, call),
    },
    CreateLookupTable: refused('CreateLookupTable', 'there are no CloudWatch Logs Insights queries'),
    CreateScheduledQuery: refused('CreateScheduledQuery', 'there are no CloudWatch Logs Insights queries'),
    DeleteAccountPolicy: refused('DeleteAccountPolicy', 'there are no policies'),
    DeleteDataProtectionPolicy: refused('DeleteDataProtectionPolicy', 'there are no policies'),
    DeleteDelivery: refused('DeleteDelivery', 'there are no log deliveries'),
    DeleteDeliveryDestination: refused('DeleteDeliveryDestination', 'there are no log deliveries'),
    DeleteDeliveryDestinationPolicy: refused(
      'DeleteDeliveryDestinationPolicy',
      'there are no log deliveries',
    ),
    DeleteDeliverySource: refused('DeleteDeliverySource', 'there are no log deliveries'),
    DeleteDestination: refused('DeleteDestination', 'there are no subscriptions'),
    DeleteIndexPolicy: refused('DeleteIndexPolicy', 'there are no policies'),
    DeleteIntegration: refused('DeleteIntegration', 'there are no integrations'),
    DeleteLogAnomalyDetector: refused('DeleteLogAnomalyDetector', 'there is no anomaly detection'),
    DeleteLogGroup: {
      action: 'logs:DeleteLogGroup',
      ...on.group,
      run: (input, call) => deleteLogGroup(context, input, call),
    },
    DeleteLogStream: {
      action: 'logs:DeleteLogStream',
      ...on.stream,
      run: (input, call) => deleteLogStream(context, input, call),
    },
    DeleteLookupTable: refused('DeleteLookupTable', 'there are no CloudWatch Logs Insights queries'),
    DeleteMetricFilter: refused('DeleteMetricFilter', 'there are no metric filters'),
    DeleteQueryDefinition: refused('DeleteQueryDefinition', 'there are no CloudWatch Logs Insights queries'),
    DeleteResourcePolicy: refused('DeleteResourcePolicy', 'there are no policies'),
    DeleteRetentionPolicy: {
      action: 'logs:DeleteRetentionPolicy',
      ...on.group,
      run: (input, call) => deleteRetentionPolicy(context, input, call),
    },
    DeleteScheduledQuery: refused('DeleteScheduledQuery', 'there are no CloudWatch Logs Insights queries'),
    DeleteSubscriptionFilter: refused('DeleteSubscriptionFilter', 'there are no subscriptions'),
    DeleteSyslogConfiguration: refused('DeleteSyslogConfiguration', 'there are no integrations'),
    DeleteTransformer: refused('DeleteTransformer', 'there are no transformers'),
    DescribeAccountPolicies: refused('DescribeAccountPolicies', 'there are no policies'),
    DescribeConfigurationTemplates: refused('DescribeConfigurationTemplates', 'there are no log deliveries'),
    DescribeDeliveries: refused('DescribeDeliveries', 'there are no log deliveries'),
    DescribeDeliveryDestinations: refused('DescribeDeliveryDestinations', 'there are no log deliveries'),
    DescribeDeliverySources: refused('DescribeDeliverySources', 'there are no log deliveries'),
    DescribeDestinations: refused('DescribeDestinations', 'there are no subscriptions'),
    DescribeExportTasks: refused('DescribeExportTasks', 'there are no export and import tasks'),
    DescribeFieldIndexes: refused('DescribeFieldIndexes', 'there are no field indexes'),
    DescribeImportTaskBatches: refused('DescribeImportTaskBatches', 'there are no export and import tasks'),
    DescribeImportTasks: refused('DescribeImportTasks', 'there are no export and import tasks'),
    DescribeIndexPolicies: refused('DescribeIndexPolicies', 'there are no policies'),
    DescribeLogGroups: {
      action: 'logs:DescribeLogGroups',
      ...on.allGroups,
      run: (input, call) => describeLogGroups(context, input, call),
    },
    DescribeLogStreams: {
      action: 'logs:DescribeLogStreams',
      ...on.group,
      run: (input, call) => describeLogStreams(context, input, call),
    },
    DescribeLookupTables: refused('DescribeLookupTables', 'there are no CloudWatch Logs Insights queries'),
    DescribeMetricFilters: refused('DescribeMetricFilters', 'there are no metric filters'),
    DescribeQueries: refused('DescribeQueries', 'there are no CloudWatch Logs Insights queries'),
    DescribeQueryDefinitions: refused(
      'DescribeQueryDefinitions',
      'there are no CloudWatch Logs Insights queries',
    ),
    DescribeResourcePolicies: refused('DescribeResourcePolicies', 'there are no policies'),
    DescribeSubscriptionFilters: refused('DescribeSubscriptionFilters', 'there are no subscriptions'),
    DisassociateKmsKey: refused('DisassociateKmsKey', 'it encrypts with AWS KMS'),
    DisassociateSourceFromS3TableIntegration: refused(
      'DisassociateSourceFromS3TableIntegration',
      'there are no integrations',
    ),
    FilterLogEvents: {
      action: 'logs:FilterLogEvents',
      ...on.group,
      run: (input, call) => filterLogEvents(context, input, call),
    },
    GetDataProtectionPolicy: refused('GetDataProtectionPolicy', 'there are no policies'),
    GetDelivery: refused('GetDelivery', 'there are no log deliveries'),
    GetDeliveryDestination: refused('GetDeliveryDestination', 'there are no log deliveries'),
    GetDeliveryDestinationPolicy: refused('GetDeliveryDestinationPolicy', 'there are no log deliveries'),
    GetDeliverySource: refused('GetDeliverySource', 'there are no log deliveries'),
    GetIntegration: refused('GetIntegration', 'there are no integrations'),
    GetLogAnomalyDetector: refused('GetLogAnomalyDetector', 'there is no anomaly detection'),
    GetLogEvents: {
      action: 'logs:GetLogEvents',
      ...on.stream,
      run: (input, call) => getLogEvents(context, input, call),
    },
    GetLogFields: refused('GetLogFields', 'there are no CloudWatch Logs Insights queries'),
    GetLogGroupFields: refused('GetLogGroupFields', 'there are no CloudWatch Logs Insights queries'),
    GetLogObject: refused('GetLogObject', 'there are no CloudWatch Logs Insights queries'),
    GetLogRecord: refused('GetLogRecord', 'there are no CloudWatch Logs Insights queries'),
    GetLookupTable: refused('GetLookupTable', 'there are no CloudWatch Logs Insights queries'),
    GetQueryResults: refused('GetQueryResults', 'there are no CloudWatch Logs Insights queries'),
    GetScheduledQuery: refused('GetScheduledQuery', 'there are no CloudWatch Logs Insights queries'),
    GetScheduledQueryHistory: refused(
      'GetScheduledQueryHistory',
      'there are no CloudWatch Logs Insights queries',
    ),
    GetStorageTierPolicy: refused('GetStorageTierPolicy', 'there are no policies'),
    GetTransformer: refused('GetTransformer', 'there are no transformers'),
    ListAggregateLogGroupSummaries: refused('ListAggregateLogGroupSummaries', 'there are no field indexes'),
    ListAnomalies: refused('ListAnomalies', 'there is no anomaly detection'),
    ListIntegrations: refused('ListIntegrations', 'there are no integrations'),
    ListLogAnomalyDetectors: refused('ListLogAnomalyDetectors', 'there is no anomaly detection'),
    ListLogGroups: {
      action: 'logs:ListLogGroups',
      ...on.allGroups,
      run: (input, call) => listLogGroups(context, input, call),
    },
    ListLogGroupsForQuery: refused('ListLogGroupsForQuery', 'there are no CloudWatch Logs Insights queries'),
    ListScheduledQueries: refused('ListScheduledQueries', 'there are no CloudWatch Logs Insights queries'),
    ListSourcesForS3TableIntegration: refused(
      'ListSourcesForS3TableIntegration',
      'there are no integrations',
    ),
    ListSyslogConfigurations: refused('ListSyslogConfigurations', 'there are no integrations'),
    ListTagsForResource: {
      action: 'logs:ListTagsForResource',
      ...on.resource,
      run: (input, call) => listTagsForResource(context, input, call),
    },
    ListTagsLogGroup: {
      action: 'logs:ListTagsLogGroup',
      ...on.group,
      run: (input, call) => listTagsLogGroup(context, input, call),
    },
    PutAccountPolicy: refused('PutAccountPolicy', 'there are no policies'),
    PutBearerTokenAuthentication: refused('PutBearerTokenAuthentication', 'requests are signed'),
    PutDataProtectionPolicy: refused('PutDataProtectionPolicy', 'there are no policies'),
    PutDeliveryDestination: refused('PutDeliveryDestination', 'there are no log deliveries'),
    PutDeliveryDestinationPolicy: refused('PutDeliveryDestinationPolicy', 'there are no log deliveries'),
    PutDeliverySource: refused('PutDeliverySource', 'there are no log deliveries'),
    PutDestination: refused('PutDestination', 'there are no subscriptions'),
    PutDestinationPolicy: refused('PutDestinationPolicy', 'there are no subscriptions'),
    PutIndexPolicy: refused('PutIndexPolicy', 'there are no policies'),
    PutIntegration: refused('PutIntegration', 'there are no integrations'),
    PutLogEvents: {
      action: 'logs:PutLogEvents',
      ...on.stream,
      run: (input, call) => putLogEvents(context, input, call),
    },
    PutLogGroupDeletionProtection: {
      action: 'logs:PutLogGroupDeletionProtection',
      ...on.group,
      run: (input, call) => putLogGroupDeletionProtection(context, input, call),
    },
    PutMetricFilter: refused('PutMetricFilter', 'there are no metric filters'),
    PutQueryDefinition: refused('PutQueryDefinition', 'there are no CloudWatch Logs Insights queries'),
    PutResourcePolicy: refused('PutResourcePolicy', 'there are no policies'),
    PutRetentionPolicy: {
      action: 'logs:PutRetentionPolicy',
      ...on.group,
      run: (input, call) => putRetentionPolicy(context, input, call),
    },
    PutStorageTierPolicy: refused('PutStorageTierPolicy', 'there are no policies'),
    PutSubscriptionFilter: refused('PutSubscriptionFilter', 'there are no subscriptions'),
    PutSyslogConfiguration: refused('PutSyslogConfiguration', 'there are no integrations'),
    PutTransformer: refused('PutTransformer', 'there are no transformers'),
    StartLiveTail: refused(
      'StartLiveTail',
      'there is no live tail session; poll FilterLogEvents, as `aws logs tail --follow` does',
    ),
    StartQuery: refused('StartQuery', 'there are no CloudWatch Logs Insights queries'),
    StopQuery: refused('StopQuery', 'there are no CloudWatch Logs Insights queries'),
    TagLogGroup: {
      action: 'logs:TagLogGroup',
      ...on.taggedGroup,
      run: (input, call) => tagLogGroup(context, input, call),
    },
    TagResource: {
      action: 'logs:TagResource',
      ...on.taggedResource,
      run: (input, call) => tagResource(context, input, call),
    },
    TestMetricFilter: refused('TestMetricFilter', 'there are no metric filters'),
    TestTransformer: refused('TestTransformer', 'there are no transformers'),
    UntagLogGroup: {
      action: 'logs:UntagLogGroup',
      ...on.untaggedGroup,
      run: (input, call) => untagLogGroup(context, input, call),
    },
    UntagResource: {
      action: 'logs:UntagResource',
      ...on.untaggedResource,
      run: (input, call) => untagResource(context, input, call),
    },
    UpdateAnomaly: refused('UpdateAnomaly', 'there is no anomaly detection'),
    UpdateDeliveryConfiguration: refused('UpdateDeliveryConfiguration', 'there are no log deliveries'),
    UpdateLogAnomalyDetector: refused('UpdateLogAnomalyDetector', 'there is no anomaly detection'),
    UpdateLookupTable: refused('UpdateLookupTable', 'there are no CloudWatch Logs Insights queries'),
    UpdateScheduledQuery: refused('UpdateScheduledQuery', 'there are no CloudWatch Logs Insights queries'),
  };
}

function refused(operation: string, reason: string): RefusedOperation {
  return { refused: `${operation} is not supported by this version of Catamaran yet: ${reason}.` };
}
