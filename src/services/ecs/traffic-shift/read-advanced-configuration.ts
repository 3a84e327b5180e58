import type { LoadBalancer } from '@aws-sdk/client-ecs';
import type { Reader } from '../../../reconcile/index.ts';
import { findServiceTargetGroup, findTrafficRule, type TrafficRule } from '../../elbv2/index.ts';
import type { Scope } from '../arn.ts';
import { invalidParameter } from '../errors.ts';
import { given } from '../given.ts';
import type { AdvancedConfigurationRecord, ServiceLoadBalancerRecord } from '../records.ts';

/**
 * The rules of `advancedConfiguration`, in AWS's words (Amazon ECS developer guide, "Troubleshooting Amazon ECS blue/green
 * deployments").
 * @throws InvalidParameterException
 */
export function readAdvancedConfiguration(
  reader: Reader,
  scope: Scope,
  { targetGroupArn = '', advancedConfiguration: asked }: LoadBalancer,
): AdvancedConfigurationRecord | undefined {
  if (asked === undefined) return undefined;
  const { alternateTargetGroupArn = '', productionListenerRule = '', testListenerRule, roleArn = '' } = asked;
  for (const [name, value] of Object.entries({ alternateTargetGroupArn, productionListenerRule, roleArn }))
    if (value === '') throw invalidParameter(`${name} can not be blank in advancedConfiguration.`);
  if (!/^arn:aws[\w-]*:iam::\d{12}:role\/.+/.test(roleArn))
    throw invalidParameter(`roleArn has an invalid ARN format. Got: ${roleArn}`);
  requirePair(reader, scope, targetGroupArn, alternateTargetGroupArn);
  const production = readRule(reader, scope, 'productionListenerRule', productionListenerRule);
  const test = testListenerRule && readRule(reader, scope, 'testListenerRule', testListenerRule);
  const leadsTo = (rule: TrafficRule | undefined, arn: string): boolean =>
    rule?.targetGroups.some((group) => group.arn === arn) ?? false;
  const pair = [targetGroupArn, alternateTargetGroupArn];
  if (!test && !pair.every((arn) => leadsTo(production, arn)))
    throw invalidParameter(
      `For ${production.loadBalancerType === 'network' ? 'Network' : 'Application'} LoadBalancer, testListenerRule is required when productionListenerRule is not associated with ` +
        'both targetGroup and alternateTargetGroup',
    );
  const unassociated = pair.find((arn) => !leadsTo(production, arn) && !leadsTo(test || undefined, arn));
  if (unassociated !== undefined)
    throw invalidParameter(
      `Target group ${unassociated} is not associated with either productionListenerRule or testListenerRule.`,
    );
  return {
    ...{ alternateTargetGroupArn, productionListenerRule, roleArn },
    ...given('testListenerRule', testListenerRule || undefined),
  };
}

/** Tasks that one of them takes the other must take, too. */
function requirePair(reader: Reader, scope: Scope, arn: string, alternateArn: string): void {
  const group = findServiceTargetGroup(reader, scope, arn);
  const alternate = findServiceTargetGroup(reader, scope, alternateArn);
  if (alternate === undefined)
    throw invalidParameter(`The target group with targetGroupArn ${alternateArn} does not exist.`);
  if (group === undefined) return;
  if (alternate.targetType !== group.targetType || alternate.vpcId !== group.vpcId)
    throw invalidParameter(
      `The target groups ${arn} and ${alternateArn} must have the same target type and be in the same VPC.`,
    );
}

function readRule(reader: Reader, scope: Scope, name: string, arn: string): TrafficRule {
  if (!/^arn:[^:]+:elasticloadbalancing:[^:]*:\d{12}:(listener-rule\/app|listener\/net)\//.test(arn))
    throw invalidParameter(
      `${name} has an invalid ARN format. Must be RuleArn for ALB or ListenerArn for NLB. Got: ${arn}`,
    );
  const rule = findTrafficRule(reader, scope, arn);
  if (rule === undefined) throw invalidParameter(`The ${name} ${arn} does not exist.`);
  if (rule.targetGroups.length === 0)
    throw invalidParameter(`The ${name} ${arn} does not have a forward action.`);
  return rule;
}

/** What holds for a service's load balancers together. @throws InvalidParameterException */
export function requireConsistent(balancers: readonly ServiceLoadBalancerRecord[]): void {
  const advanced = balancers.flatMap(({ advancedConfiguration }) => advancedConfiguration ?? []);
  if (advanced.length === 0) return;
  if (advanced.length < balancers.length)
    throw invalidParameter(
      'Either all or none of the provided loadBalancers must have advancedConfiguration defined',
    );
  const groups = balancers.flatMap(({ targetGroupArn, advancedConfiguration }) => [
    targetGroupArn,
    advancedConfiguration?.alternateTargetGroupArn ?? '',
  ]);
  const twice = groups.find((arn, place) => groups.indexOf(arn) < place);
  if (twice !== undefined) throw invalidParameter(`Duplicate targetGroupArn found: ${twice}`);
  const production = advanced.map(({ productionListenerRule }) => productionListenerRule);
  const test = advanced.flatMap(({ testListenerRule }) => testListenerRule ?? []);
  const both = [...new Set(production.filter((arn) => test.includes(arn)))];
  if (both.length > 0)
    throw invalidParameter(
      `The following rules cannot be used as both production and test listener rules: ${both.join(', ')}`,
    );
  const shared = [...production, ...test].find((arn, place, all) => all.indexOf(arn) < place);
  if (shared !== undefined)
    throw invalidParameter(`The listener rule ${shared} can be used by one of loadBalancers only.`);
}
