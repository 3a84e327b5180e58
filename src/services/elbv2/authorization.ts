import type { CreateLoadBalancerCommandInput, Tag } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Reader } from '../../reconcile/index.ts';
import { type Asks, authorizationOf, type Keys, requestTagKeys } from '../authorization-row.ts';
import type { Call, ConditionKeys } from '../service.ts';
import { listenerArn, loadBalancerArn, ruleArn, targetGroupArn } from './arn.ts';
import { findTagged } from './tags/tagged.ts';

interface Tagging {
  readonly Tags?: readonly Tag[] | undefined;
}
interface NewTargetGroup extends Tagging {
  readonly Name: string | undefined;
}
interface OnLoadBalancer {
  readonly LoadBalancerArn?: string | undefined;
}
interface OnListener {
  readonly ListenerArn?: string | undefined;
}
interface OnRule {
  readonly RuleArn?: string | undefined;
}
interface Speaking {
  readonly Protocol?: string | undefined;
  readonly SslPolicy?: string | undefined;
}
interface OnTargetGroup {
  readonly TargetGroupArn?: string | undefined;
}
interface OnResources {
  readonly ResourceArns?: readonly string[] | undefined;
}
interface WithNetwork {
  readonly Scheme?: string | undefined;
  readonly SecurityGroups?: readonly string[] | undefined;
  readonly Subnets?: readonly string[] | undefined;
  readonly SubnetMappings?: readonly { readonly SubnetId?: string | undefined }[] | undefined;
}

/**
 * What the operations are authorised on and with (Service Authorization Reference, "Actions, resources, and condition
 * keys for AWS Elastic Load Balancing V2"). Whoever brings tags for something new must be allowed `AddTags` on it.
 */
export function elbAuthorization(reader: Reader) {
  const tags: Keys<unknown> = (_input, call, resource) =>
    resourceTagKeys(findTagged(reader, call, resource)?.tags);
  return {
    /** Of actions without resource-level permissions: all that describe. */
    everything: authorizationOf<object>({ on: () => ['*'] }),
    newLoadBalancer: authorizationOf<CreateLoadBalancerCommandInput>({
      on: newLoadBalancer,
      keys: [requestTags, scheme, securityGroups, subnets],
      asks: [alsoTags('CreateLoadBalancer', newLoadBalancer)],
    }),
    newTargetGroup: authorizationOf<NewTargetGroup>({
      on: newTargetGroup,
      keys: [requestTags],
      asks: [alsoTags('CreateTargetGroup', newTargetGroup)],
    }),
    loadBalancer: (...keys: readonly Keys<OnLoadBalancer & WithNetwork>[]) =>
      authorizationOf<OnLoadBalancer & WithNetwork>({
        on: ({ LoadBalancerArn }) => [LoadBalancerArn ?? '*'],
        keys: [tags, ...keys],
      }),
    newListener: authorizationOf<OnLoadBalancer & Speaking & Tagging>({
      on: ({ LoadBalancerArn }) => [LoadBalancerArn ?? '*'],
      keys: [tags, requestTags, speaking],
      asks: [alsoTags('CreateListener', newListener)],
    }),
    newRule: authorizationOf<OnListener & Tagging>({
      on: ({ ListenerArn }) => [ListenerArn ?? '*'],
      keys: [tags, requestTags],
      asks: [alsoTags('CreateRule', newRule)],
    }),
    listener: (...keys: readonly Keys<OnListener & Speaking>[]) =>
      authorizationOf<OnListener & Speaking>({
        on: ({ ListenerArn }) => [ListenerArn ?? '*'],
        keys: [tags, ...keys],
      }),
    rule: authorizationOf<OnRule>({ on: ({ RuleArn }) => [RuleArn ?? '*'], keys: [tags] }),
    rules: authorizationOf<{ readonly RulePriorities: readonly OnRule[] | undefined }>({
      on: ({ RulePriorities = [] }) => RulePriorities.map(({ RuleArn }) => RuleArn ?? '*'),
      keys: [tags],
    }),
    targetGroup: authorizationOf<OnTargetGroup>({
      on: ({ TargetGroupArn }) => [TargetGroupArn ?? '*'],
      keys: [tags],
    }),
    tagged: authorizationOf<OnResources & Tagging>({
      on: ({ ResourceArns = [] }) => ResourceArns,
      keys: [tags, requestTags],
    }),
    untagged: authorizationOf<OnResources & { readonly TagKeys?: readonly string[] | undefined }>({
      on: ({ ResourceArns = [] }) => ResourceArns,
      keys: [tags, ({ TagKeys = [] }) => ({ 'aws:TagKeys': TagKeys })],
    }),
  };
}

export function securityGroups({ SecurityGroups = [] }: WithNetwork): ConditionKeys {
  return { 'elasticloadbalancing:SecurityGroup': SecurityGroups };
}

export function subnets({ Subnets = [], SubnetMappings = [] }: WithNetwork): ConditionKeys {
  const mapped = SubnetMappings.map(({ SubnetId = '' }) => SubnetId);
  return { 'elasticloadbalancing:Subnet': [...Subnets, ...mapped] };
}

const scheme = ({ Scheme = 'internet-facing' }: WithNetwork): ConditionKeys => ({
  'elasticloadbalancing:Scheme': Scheme,
});

/** Of what is to be made: its id is not known yet. */
function newLoadBalancer({ Name, Type }: CreateLoadBalancerCommandInput, call: Call): readonly string[] {
  const type = Type === 'network' ? 'network' : 'application';
  return [loadBalancerArn(call, { type, name: Name ?? '*', id: '*' })];
}

function newTargetGroup({ Name }: NewTargetGroup, call: Call): readonly string[] {
  return [targetGroupArn(call, Name ?? '*', '*')];
}

const newListener = ({ LoadBalancerArn = '*' }: OnLoadBalancer): readonly string[] => [
  listenerArn(LoadBalancerArn, '*'),
];
const newRule = ({ ListenerArn = '*' }: OnListener): readonly string[] => [ruleArn(ListenerArn, '*')];

export const speaking = ({ Protocol, SslPolicy }: Speaking): ConditionKeys => ({
  'elasticloadbalancing:ListenerProtocol': Protocol,
  'elasticloadbalancing:SecurityPolicy': SslPolicy,
});

const requestTags = ({ Tags = [] }: Tagging): ConditionKeys =>
  Tags.length === 0
    ? {}
    : requestTagKeys(Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value])));

function alsoTags<Input>(
  operation: string,
  on: (input: Input, call: Call) => readonly string[],
): Asks<Input & Tagging> {
  return (input, call) => {
    const { Tags = [] } = input;
    if (Tags.length === 0) return [];
    const conditions = { ...requestTags(input), 'elasticloadbalancing:CreateAction': operation };
    return on(input, call).map((resource) => ({
      ...{ action: 'elasticloadbalancing:AddTags', resource, conditions },
    }));
  };
}

/** Under the service's own key and the global one. */
const resourceTagKeys = (tags: Readonly<Record<string, string>> = {}): ConditionKeys =>
  Object.fromEntries(
    Object.entries(tags).flatMap(([key, value]) => [
      [`aws:ResourceTag/${key}`, value],
      [`elasticloadbalancing:ResourceTag/${key}`, value],
    ]),
  );
