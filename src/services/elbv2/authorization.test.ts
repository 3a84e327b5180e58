import * as sdk from '@aws-sdk/client-elastic-load-balancing-v2';
import { createSealer, sealingKeyBytes } from '../../sealing/index.ts';
import { accountId } from '../iam/testing/iam-server.ts';
import { authorizationSuite, type Case } from '../testing/authorization-suite.ts';
import { openGuarded, region } from '../testing/guarded.ts';
import { elbOperations } from './operations.ts';
import {
  elbKey,
  type ListenerRecord,
  type LoadBalancerRecord,
  listeners,
  loadBalancers,
  type TargetGroupRecord,
  targetGroups,
} from './records.ts';

const id = '0123456789abcdef';
const arn = (resource: string) => `arn:aws:elasticloadbalancing:${region}:${accountId}:${resource}`;
const LoadBalancerArn = arn(`loadbalancer/app/front/${id}`);
const TargetGroupArn = arn(`targetgroup/web/${id}`);
const Tags = [{ Key: 'Pier', Value: 'nine' }];
const tagging = { 'aws:RequestTag/Pier': 'nine', 'aws:TagKeys': ['Pier'] };
const tagged = { 'aws:ResourceTag/team': 'blue', 'elasticloadbalancing:ResourceTag/team': 'blue' };
const ListenerArn = arn(`listener/app/front/${id}/${id}`);
const RuleArn = arn(`listener-rule/app/front/${id}/${id}/${id}`);
const onListener = { on: [ListenerArn], keys: tagged };
const onRule = { on: [RuleArn], keys: tagged };
const speaking = {
  'elasticloadbalancing:ListenerProtocol': 'HTTPS',
  'elasticloadbalancing:SecurityPolicy': 'ELBSecurityPolicy-2016-08',
};
const Speaking = { Protocol: 'HTTPS', SslPolicy: 'ELBSecurityPolicy-2016-08' };
const Certificates = [{ CertificateArn: 'arn:aws:acm:x:y:certificate/z' }];
const everything = { on: ['*'] };
const onBalancer = { on: [LoadBalancerArn], keys: tagged };
const onGroup = { on: [TargetGroupArn], keys: tagged };
const SecurityGroups = ['sg-1'];
const Targets = [{ Id: '10.0.0.1' }];
const newBalancer = arn('loadbalancer/net/new/*');
const newGroup = arn('targetgroup/new/*');
const alsoTags = (on: string, operation: string) => [
  {
    ...{ action: 'elasticloadbalancing:AddTags', on },
    keys: { ...tagging, 'elasticloadbalancing:CreateAction': operation },
  },
];
const scheme = { 'elasticloadbalancing:Scheme': 'internal' };
const groups = { 'elasticloadbalancing:SecurityGroup': SecurityGroups };
const inSubnets = { 'elasticloadbalancing:Subnet': ['subnet-1'] };

const cases: Readonly<Record<string, Case>> = {
  AddTags: {
    input: { ResourceArns: [TargetGroupArn], Tags },
    on: [TargetGroupArn],
    keys: { ...tagged, ...tagging },
  },
  AddListenerCertificates: { input: { ListenerArn, Certificates }, ...onListener },
  CreateListener: {
    ...{ input: { LoadBalancerArn, DefaultActions: [], ...Speaking, Tags }, on: [LoadBalancerArn] },
    keys: { ...tagged, ...tagging, ...speaking },
    besides: alsoTags(arn(`listener/app/front/${id}/*`), 'CreateListener'),
  },
  CreateRule: {
    ...{ input: { ListenerArn, Conditions: [], Priority: 1, Actions: [], Tags }, on: [ListenerArn] },
    keys: { ...tagged, ...tagging },
    besides: alsoTags(arn(`listener-rule/app/front/${id}/${id}/*`), 'CreateRule'),
  },
  DeleteListener: { input: { ListenerArn }, ...onListener },
  DeleteRule: { input: { RuleArn }, ...onRule },
  DescribeCapacityReservation: { input: { LoadBalancerArn }, ...everything },
  DescribeListenerAttributes: { input: { ListenerArn }, ...everything },
  DescribeListenerCertificates: { input: { ListenerArn }, ...everything },
  DescribeListeners: { input: { LoadBalancerArn }, ...everything },
  DescribeRules: { input: { ListenerArn }, ...everything },
  DescribeSSLPolicies: { input: {}, ...everything },
  ModifyListener: {
    ...{ input: { ListenerArn, ...Speaking }, on: [ListenerArn], keys: { ...tagged, ...speaking } },
  },
  ModifyListenerAttributes: { input: { ListenerArn, Attributes: [] }, ...onListener },
  ModifyRule: { input: { RuleArn }, ...onRule },
  RemoveListenerCertificates: { input: { ListenerArn, Certificates }, ...onListener },
  SetRulePriorities: { input: { RulePriorities: [{ RuleArn, Priority: 1 }] }, ...onRule },
  CreateLoadBalancer: {
    input: { Name: 'new', Type: 'network', Scheme: 'internal', SecurityGroups, Subnets: ['subnet-1'], Tags },
    on: [newBalancer],
    keys: { ...tagging, ...scheme, ...groups, ...inSubnets },
    besides: alsoTags(newBalancer, 'CreateLoadBalancer'),
  },
  CreateTargetGroup: {
    ...{ input: { Name: 'new', Tags }, on: [newGroup], keys: tagging },
    besides: alsoTags(newGroup, 'CreateTargetGroup'),
  },
  DeleteLoadBalancer: { input: { LoadBalancerArn }, ...onBalancer },
  DeleteTargetGroup: { input: { TargetGroupArn }, ...onGroup },
  DeregisterTargets: { input: { TargetGroupArn, Targets }, ...onGroup },
  DescribeAccountLimits: { input: {}, ...everything },
  DescribeLoadBalancerAttributes: { input: { LoadBalancerArn }, ...everything },
  DescribeLoadBalancers: { input: {}, ...everything },
  DescribeTags: { input: { ResourceArns: [TargetGroupArn] }, ...everything },
  DescribeTargetGroupAttributes: { input: { TargetGroupArn }, ...everything },
  DescribeTargetGroups: { input: {}, ...everything },
  DescribeTargetHealth: { input: { TargetGroupArn }, ...everything },
  ModifyLoadBalancerAttributes: { input: { LoadBalancerArn, Attributes: [] }, ...onBalancer },
  ModifyTargetGroup: { input: { TargetGroupArn }, ...onGroup },
  ModifyTargetGroupAttributes: { input: { TargetGroupArn, Attributes: [] }, ...onGroup },
  RegisterTargets: { input: { TargetGroupArn, Targets }, ...onGroup },
  RemoveTags: {
    input: { ResourceArns: [LoadBalancerArn], TagKeys: ['Pier'] },
    ...{ on: [LoadBalancerArn], keys: { ...tagged, 'aws:TagKeys': ['Pier'] } },
  },
  SetIpAddressType: { input: { LoadBalancerArn, IpAddressType: 'ipv4' }, ...onBalancer },
  SetSecurityGroups: {
    input: { LoadBalancerArn, SecurityGroups },
    ...{ on: [LoadBalancerArn], keys: { ...tagged, ...groups } },
  },
  SetSubnets: {
    input: { LoadBalancerArn, Subnets: ['subnet-1'] },
    ...{ on: [LoadBalancerArn], keys: { ...tagged, ...inSubnets } },
  },
};

const ofResource = ['aws:ResourceTag', 'elasticloadbalancing:ResourceTag'];
const ofRequest = ['aws:RequestTag', 'aws:TagKeys'];

const ofSpeaking = ['elasticloadbalancing:ListenerProtocol', 'elasticloadbalancing:SecurityPolicy'];

const listedKeys: Readonly<Record<string, readonly string[]>> = {
  AddTags: [...ofResource, ...ofRequest],
  AddListenerCertificates: ofResource,
  CreateListener: [...ofResource, ...ofRequest, ...ofSpeaking],
  CreateRule: [...ofResource, ...ofRequest],
  DeleteListener: ofResource,
  DeleteRule: ofResource,
  DescribeCapacityReservation: [],
  DescribeListenerAttributes: [],
  DescribeListenerCertificates: [],
  DescribeListeners: [],
  DescribeRules: [],
  DescribeSSLPolicies: [],
  ModifyListener: [...ofResource, ...ofSpeaking],
  ModifyListenerAttributes: ofResource,
  ModifyRule: ofResource,
  RemoveListenerCertificates: ofResource,
  SetRulePriorities: ofResource,
  CreateLoadBalancer: [
    ...ofRequest,
    'elasticloadbalancing:Scheme',
    'elasticloadbalancing:SecurityGroup',
    'elasticloadbalancing:Subnet',
  ],
  CreateTargetGroup: ofRequest,
  DeleteLoadBalancer: ofResource,
  DeleteTargetGroup: ofResource,
  DeregisterTargets: ofResource,
  DescribeAccountLimits: [],
  DescribeLoadBalancerAttributes: [],
  DescribeLoadBalancers: [],
  DescribeTags: [],
  DescribeTargetGroupAttributes: [],
  DescribeTargetGroups: [],
  DescribeTargetHealth: [],
  ModifyLoadBalancerAttributes: ofResource,
  ModifyTargetGroup: ofResource,
  ModifyTargetGroupAttributes: ofResource,
  RegisterTargets: ofResource,
  RemoveTags: [...ofResource, 'aws:TagKeys'],
  SetIpAddressType: ofResource,
  SetSecurityGroups: [...ofResource, 'elasticloadbalancing:SecurityGroup'],
  SetSubnets: [...ofResource, 'elasticloadbalancing:Subnet'],
};

authorizationSuite<object>({
  prefix: 'elasticloadbalancing',
  sdk,
  client: (settings) => new sdk.ElasticLoadBalancingV2Client(settings),
  open: () =>
    openGuarded<object>({
      signingName: 'elasticloadbalancing',
      loadSdk: () => import('@aws-sdk/client-elastic-load-balancing-v2'),
      operations: (parts) =>
        elbOperations({
          ...parts,
          sealer: createSealer(parts.random.bytes(sealingKeyBytes), parts.random),
          publicCidr: '198.18.0.0/24',
          writeLogObject: () => {},
          hasCertificate: () => false,
          ensureServiceLinkedRole: async () => {},
        }),
      build: async (_root, { state }) => {
        const scope = { accountId, region };
        const tags = { team: 'blue' };
        await state.transact((tx) => {
          // Of what a look-up by ARN reads.
          const balancer = { id, arn: LoadBalancerArn, dnsName: '', tags } as unknown as LoadBalancerRecord;
          tx.put(loadBalancers, elbKey(loadBalancers, scope, id), balancer);
          const rules = [{ id, arn: RuleArn, tags }];
          const listener = {
            id,
            arn: ListenerArn,
            loadBalancerArn: LoadBalancerArn,
            certificateArns: [],
            rules,
            tags,
          };
          tx.put(listeners, elbKey(listeners, scope, id), listener as unknown as ListenerRecord);
          const group = { id, arn: TargetGroupArn, tags } as unknown as TargetGroupRecord;
          tx.put(targetGroups, elbKey(targetGroups, scope, id), group);
        });
        return {};
      },
    }),
  casesIn: () => cases,
  listedKeys,
  denied: { name: 'AccessDenied', status: 403 },
});
