import * as sdk from '@aws-sdk/client-cloudwatch-logs';
import { accountId } from '../iam/testing/iam-server.ts';
import { authorizationSuite, type Case } from '../testing/authorization-suite.ts';
import { openGuarded, region } from '../testing/guarded.ts';
import { MemoryEventStore } from './events/index.ts';
import { logsOperations } from './operations.ts';

const group = `arn:aws:logs:${region}:${accountId}:log-group:/harbor`;
const tagged = { 'aws:ResourceTag/team': 'blue' };
const tagging = { 'aws:RequestTag/Pier': 'nine', 'aws:TagKeys': ['Pier'] };
const tags = { Pier: 'nine' };
const all = [`arn:aws:logs:${region}:${accountId}:log-group::log-stream:`];
const logGroupName = '/harbor';
const names = { logGroupName, logStreamName: 'watch' };
const onGroup = { on: [`${group}:log-stream:`], keys: tagged };
const onStream = { on: [`${group}:log-stream:watch`], keys: tagged };

const cases: Readonly<Record<string, Case>> = {
  CreateLogGroup: {
    input: { logGroupName, tags },
    on: [`${group}:log-stream:`],
    keys: { ...tagged, ...tagging },
    besides: [{ action: 'logs:TagResource', on: group, keys: tagging }],
  },
  CreateLogStream: { input: names, ...onStream },
  DeleteLogGroup: { input: { logGroupName }, ...onGroup },
  DeleteLogStream: { input: names, ...onStream },
  DeleteRetentionPolicy: { input: { logGroupName }, ...onGroup },
  DescribeLogGroups: { input: {}, on: all },
  DescribeLogStreams: { input: { logGroupIdentifier: `${group}:*` }, ...onGroup },
  FilterLogEvents: { input: { logGroupIdentifier: group }, ...onGroup },
  GetLogEvents: { input: names, ...onStream },
  ListLogGroups: { input: {}, on: all },
  ListTagsForResource: { input: { resourceArn: group }, on: [group], keys: tagged },
  ListTagsLogGroup: { input: { logGroupName }, ...onGroup },
  PutLogEvents: { input: { ...names, logEvents: [] }, ...onStream },
  PutLogGroupDeletionProtection: {
    input: { logGroupIdentifier: logGroupName, deletionProtectionEnabled: true },
    ...onGroup,
  },
  PutRetentionPolicy: { input: { logGroupName, retentionInDays: 1 }, ...onGroup },
  TagLogGroup: { input: { logGroupName, tags }, ...onGroup, keys: { ...tagged, ...tagging } },
  TagResource: {
    input: { resourceArn: `${group}:*`, tags },
    ...{ on: [group], keys: { ...tagged, ...tagging } },
  },
  UntagLogGroup: {
    input: { logGroupName, tags: ['Pier'] },
    ...onGroup,
    keys: { ...tagged, 'aws:TagKeys': ['Pier'] },
  },
  UntagResource: {
    input: { resourceArn: group, tagKeys: ['Pier'] },
    on: [group],
    keys: { ...tagged, 'aws:TagKeys': ['Pier'] },
  },
};

/** Service Authorization Reference, "Actions defined by Amazon CloudWatch Logs". */
const resourceTag = ['aws:ResourceTag'];
const requestTags = ['aws:RequestTag', 'aws:TagKeys'];
const listedKeys = {
  CreateLogGroup: [...resourceTag, ...requestTags],
  CreateLogStream: resourceTag,
  DeleteLogGroup: resourceTag,
  DeleteLogStream: resourceTag,
  DeleteRetentionPolicy: resourceTag,
  DescribeLogGroups: [],
  DescribeLogStreams: resourceTag,
  FilterLogEvents: resourceTag,
  GetLogEvents: resourceTag,
  ListLogGroups: [],
  ListTagsForResource: resourceTag,
  ListTagsLogGroup: resourceTag,
  PutLogEvents: resourceTag,
  PutLogGroupDeletionProtection: resourceTag,
  PutRetentionPolicy: resourceTag,
  TagLogGroup: [...resourceTag, ...requestTags],
  TagResource: [...resourceTag, ...requestTags],
  UntagLogGroup: [...resourceTag, 'aws:TagKeys'],
  UntagResource: [...resourceTag, 'aws:TagKeys'],
};

authorizationSuite({
  ...{ prefix: 'logs', sdk, listedKeys },
  casesIn: () => cases,
  open: () =>
    openGuarded({
      signingName: 'logs',
      loadSdk: () => import('@aws-sdk/client-cloudwatch-logs'),
      operations: (parts) => logsOperations({ ...parts, events: new MemoryEventStore() }),
      build: async (root) => {
        const logs = new sdk.CloudWatchLogs(root);
        await logs.createLogGroup({ logGroupName, tags: { team: 'blue' } });
        await logs.createLogStream(names);
        logs.destroy();
      },
    }),
  client: (settings) => new sdk.CloudWatchLogsClient(settings),
  denied: { name: 'AccessDeniedException', status: 400 },
});
