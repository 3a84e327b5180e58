import * as sdk from '@aws-sdk/client-eventbridge';
import { describe, expect, it } from 'vitest';
import { silentLog } from '../../log.ts';
import { accountId } from '../iam/testing/iam-server.ts';
import { authorizationSuite, type Case, denial } from '../testing/authorization-suite.ts';
import { openGuarded, region, role } from '../testing/guarded.ts';
import { MemoryEventLog } from './log/index.ts';
import { eventBridgeOperations } from './operations.ts';
import { patternKeys } from './pattern-keys.ts';

const arn = (resource: string) => `arn:aws:events:${region}:${accountId}:${resource}`;
const kept = { 'aws:ResourceTag/team': 'blue', 'events:creatorAccount': accountId };
const tagging = { 'aws:RequestTag/Pier': 'nine', 'aws:TagKeys': ['Pier'] };
const Tags = [{ Key: 'Pier', Value: 'nine' }];
const any = ['*'];
const onTide = { on: [arn('rule/tide')], keys: kept };
const bus = arn('event-bus/default');
const passRole = (name: string) => ({
  ...{ action: 'iam:PassRole', on: role(name) },
  keys: { 'iam:PassedToService': 'events.amazonaws.com' },
});
const entry = (Source: string, DetailType: string) => ({ Source, DetailType, Detail: '{}' });
const pattern = {
  source: ['aws.ecs'],
  'detail-type': ['Tide'],
  detail: { service: ['ECS'], eventTypeCode: ['HIGH'], userIdentity: { principalId: ['me'] } },
};

const cases: Readonly<Record<string, Case>> = {
  DeleteRule: { input: { Name: 'tide' }, ...onTide },
  DescribeEventBus: { input: {}, on: [bus] },
  DescribeRule: { input: { Name: 'tide' }, ...onTide },
  DisableRule: { input: { Name: 'tide' }, ...onTide },
  EnableRule: { input: { Name: 'tide' }, ...onTide },
  ListEventBuses: { input: {}, on: any },
  ListRuleNamesByTarget: { input: { TargetArn: 'arn:aws:logs:x' }, on: [arn('rule/*')] },
  ListRules: { input: {}, on: [arn('rule/*')] },
  ListTagsForResource: { input: { ResourceARN: arn('rule/tide') }, ...onTide },
  ListTargetsByRule: { input: { Rule: 'tide' }, ...onTide },
  PutEvents: {
    input: { Entries: [entry('harbor', 'Tide')] },
    on: [bus],
    keys: {
      ...{ 'events:source': 'harbor', 'events:detail-type': 'Tide' },
      'events:eventBusInvocation': 'false',
    },
  },
  PutRule: {
    input: { Name: 'tide', EventPattern: JSON.stringify(pattern), RoleArn: role('pilot'), Tags },
    on: [arn('rule/tide')],
    keys: {
      ...{ ...kept, ...tagging },
      'events:source': ['aws.ecs'],
      'events:detail-type': ['Tide'],
      'events:detail.service': ['ECS'],
      'events:detail.eventTypeCode': ['HIGH'],
      'events:detail.userIdentity.principalId': ['me'],
    },
    besides: [{ action: 'events:TagResource', on: arn('rule/tide'), keys: tagging }, passRole('pilot')],
  },
  PutTargets: {
    input: { Rule: 'tide', Targets: [{ Id: '1', Arn: 'arn:aws:logs:x', RoleArn: role('pilot') }] },
    on: [arn('rule/tide')],
    keys: { ...kept, 'events:TargetArn': ['arn:aws:logs:x'] },
    besides: [passRole('pilot')],
  },
  RemoveTargets: { input: { Rule: 'tide', Ids: ['1'] }, ...onTide },
  TagResource: {
    input: { ResourceARN: arn('rule/tide'), Tags },
    on: [arn('rule/tide')],
    keys: { ...kept, ...tagging },
  },
  TestEventPattern: { input: { EventPattern: '{}', Event: '{}' }, on: any },
  UntagResource: {
    input: { ResourceARN: arn('rule/tide'), TagKeys: ['Pier'] },
    on: [arn('rule/tide')],
    keys: { ...kept, 'aws:TagKeys': ['Pier'] },
  },
};

/** Service Authorization Reference, "Actions defined by Amazon EventBridge". */
const resourceTag = ['aws:ResourceTag'];
const rule = [...resourceTag, 'events:creatorAccount'];
const changedRule = [...rule, 'events:ManagedBy'];
const requestTags = ['aws:RequestTag', 'aws:TagKeys'];
const managed = ['events:ManagedBy'];
const listedKeys = {
  DeleteRule: changedRule,
  DescribeEventBus: resourceTag,
  DescribeRule: rule,
  DisableRule: changedRule,
  EnableRule: changedRule,
  ListEventBuses: [],
  ListRuleNamesByTarget: [],
  ListRules: [],
  ListTagsForResource: rule,
  ListTargetsByRule: rule,
  PutEvents: [...resourceTag, 'events:detail-type', 'events:eventBusInvocation', 'events:source'],
  PutRule: [
    ...changedRule,
    ...requestTags,
    'events:detail-type',
    'events:detail.eventTypeCode',
    'events:detail.service',
    'events:detail.userIdentity.principalId',
    'events:source',
  ],
  PutTargets: [...changedRule, 'events:TargetArn'],
  RemoveTargets: changedRule,
  TagResource: [...rule, ...requestTags],
  TestEventPattern: [],
  UntagResource: [...rule, 'aws:TagKeys'],
};

const openEvents = () =>
  openGuarded({
    signingName: 'events',
    loadSdk: () => import('@aws-sdk/client-eventbridge'),
    operations: (parts) =>
      eventBridgeOperations({
        ...{ ...parts, eventLog: new MemoryEventLog(), log: silentLog },
        writeToLogGroup: () => Promise.resolve(false),
      }),
    build: async (root) => {
      const events = new sdk.EventBridge(root);
      const EventPattern = JSON.stringify(pattern);
      await events.putRule({ Name: 'tide', EventPattern, Tags: [{ Key: 'team', Value: 'blue' }] });
      events.destroy();
    },
  });

authorizationSuite({
  ...{ prefix: 'events', sdk, listedKeys, open: openEvents },
  casesIn: () => cases,
  // No rule is managed by a service; the bus has no tags.
  without: {
    ...{ DeleteRule: managed, DisableRule: managed, EnableRule: managed, PutRule: managed },
    ...{ PutTargets: managed, RemoveTargets: managed, DescribeEventBus: resourceTag, PutEvents: resourceTag },
  },
  client: (settings) => new sdk.EventBridgeClient(settings),
  denied: { name: 'AccessDeniedException', status: 400 },
});

it('PutEvents lets no event ride on the source of another', async () => {
  await using guarded = await openEvents();
  const events = new sdk.EventBridge(guarded.ada);
  const put = (...sources: string[]) =>
    events.putEvents({ Entries: sources.map((source) => entry(source, 'Tide')) });
  const Condition = { StringEquals: { 'events:source': ['harbor', 'pier'] } };
  await guarded.allow({ Action: 'events:PutEvents', Resource: bus, Condition });
  await put('harbor', 'pier', 'harbor');
  await expect(put('harbor', 'pier', 'sea')).rejects.toThrow(denial('events:PutEvents', bus));
  events.destroy();
});

describe('the condition keys of a pattern', () => {
  const source = (text: string | undefined) => patternKeys(text)['events:source'];

  it('are what it would match, and nothing that equals a value where it would match more', () => {
    expect(source('{"source":["a","b"]}')).toEqual(['a', 'b']);
    expect(source('{"source":["a",{"prefix":""}]}')).toEqual(['a', '{"prefix":""}']);
    expect(source('{"$or":[{"source":["a"]},{"detail-type":["b"]}]}')).toEqual([
      '[{"source":["a"]},{"detail-type":["b"]}]',
    ]);
    expect(source('{"source":["a"],"$or":[{"detail-type":["b"]},{"detail-type":["c"]}]}')).toEqual(['a']);
  });

  it.each([undefined, '', '{', 'null', '[]', '{"detail":7}'])('are none of %j', (text) => {
    expect(Object.values(patternKeys(text)).filter((values) => values !== undefined)).toEqual([]);
  });
});
