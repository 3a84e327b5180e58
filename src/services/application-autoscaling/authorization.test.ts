import * as sdk from '@aws-sdk/client-application-auto-scaling';
import { MemoryMetricStore } from '../cloudwatch/index.ts';
import { accountId } from '../iam/testing/iam-server.ts';
import { authorizationSuite, type Case } from '../testing/authorization-suite.ts';
import { openGuarded, region } from '../testing/guarded.ts';
import { autoScalingOperations } from './operations.ts';
import { type ScalableTargetRecord, targetKey, targets } from './records.ts';

const target: ScalableTargetRecord = {
  ...{
    id: 'a'.repeat(36),
    cluster: 'default',
    service: 'web',
    minCapacity: 1,
    maxCapacity: 2,
    boundsVersion: 1,
  },
  suspended: { dynamicScalingIn: false, dynamicScalingOut: false, scheduledScaling: false },
  ...{ createdAt: 0, tags: { team: 'blue' } },
};
const ResourceARN = `arn:aws:application-autoscaling:${region}:${accountId}:scalable-target/${target.id}`;
const web = {
  ServiceNamespace: 'ecs',
  ResourceId: 'service/default/web',
  ScalableDimension: 'ecs:service:DesiredCount',
};
const Tags = { Pier: 'nine' };
const tagging = { 'aws:RequestTag/Pier': 'nine', 'aws:TagKeys': ['Pier'] };
const tagged = { 'aws:ResourceTag/team': 'blue' };
const onTarget = {
  on: [ResourceARN],
  keys: {
    ...tagged,
    'application-autoscaling:service-namespace': 'ecs',
    'application-autoscaling:scalable-dimension': 'ecs:service:DesiredCount',
  },
};
const any = { input: { ServiceNamespace: 'ecs' }, on: ['*'] };

const PolicyName = 'cpu';

const cases: Readonly<Record<string, Case>> = {
  DeleteScheduledAction: { input: { ...web, ScheduledActionName: 'x' }, ...onTarget },
  DescribeScheduledActions: any,
  PutScheduledAction: { input: { ...web, ScheduledActionName: 'x' }, ...onTarget },
  DeleteScalingPolicy: { input: { ...web, PolicyName }, ...onTarget },
  DescribeScalingPolicies: any,
  PutScalingPolicy: { input: { ...web, PolicyName }, ...onTarget },
  DeregisterScalableTarget: { input: web, ...onTarget },
  DescribeScalableTargets: any,
  DescribeScalingActivities: any,
  ListTagsForResource: { input: { ResourceARN }, on: [ResourceARN], keys: tagged },
  RegisterScalableTarget: {
    input: { ...web, Tags },
    on: [ResourceARN],
    keys: { ...onTarget.keys, ...tagging },
    besides: [{ action: 'application-autoscaling:TagResource', on: ResourceARN, keys: tagging }],
  },
  TagResource: { input: { ResourceARN, Tags }, on: [ResourceARN], keys: { ...tagged, ...tagging } },
  UntagResource: {
    input: { ResourceARN, TagKeys: ['Pier'] },
    ...{ on: [ResourceARN], keys: { ...tagged, 'aws:TagKeys': ['Pier'] } },
  },
};

/** Service Authorization Reference, "Actions defined by AWS Application Auto Scaling". */
const ofTarget = [
  ...[
    'aws:ResourceTag',
    'application-autoscaling:service-namespace',
    'application-autoscaling:scalable-dimension',
  ],
];
const requestTags = ['aws:RequestTag', 'aws:TagKeys'];
const listedKeys = {
  DeleteScheduledAction: ofTarget,
  DescribeScheduledActions: [],
  PutScheduledAction: ofTarget,
  DeleteScalingPolicy: ofTarget,
  DescribeScalingPolicies: [],
  PutScalingPolicy: ofTarget,
  DeregisterScalableTarget: ofTarget,
  DescribeScalableTargets: [],
  DescribeScalingActivities: [],
  ListTagsForResource: ['aws:ResourceTag'],
  RegisterScalableTarget: [...ofTarget, ...requestTags],
  TagResource: ['aws:ResourceTag', ...requestTags],
  UntagResource: ['aws:ResourceTag', 'aws:TagKeys'],
};

authorizationSuite({
  ...{ prefix: 'application-autoscaling', sdk, listedKeys, casesIn: () => cases },
  open: () =>
    openGuarded({
      signingName: 'application-autoscaling',
      loadSdk: () => import('@aws-sdk/client-application-auto-scaling'),
      operations: (parts) =>
        autoScalingOperations({
          ...parts,
          metrics: new MemoryMetricStore(),
          ensureServiceLinkedRole: async () => {},
        }),
      build: (_root, { state }) =>
        state.transact((tx) => tx.put(targets, targetKey({ accountId, region }, target), target)),
    }),
  client: (settings) => new sdk.ApplicationAutoScalingClient(settings),
  denied: { name: 'AccessDeniedException', status: 400 },
});
