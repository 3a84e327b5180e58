import type { WeightedTargetGroup } from '../../../balancing/index.ts';
import type { Reader, Transaction } from '../../../reconcile/index.ts';
import { findTrafficRule, hasHealthyTarget, shiftObstacle, shiftTraffic } from '../../elbv2/index.ts';
import type { Scope } from '../arn.ts';
import type { EcsContext } from '../context.ts';
import { gatewayKey, gateways } from '../gateway/records.ts';
import { given } from '../given.ts';
import type { DeploymentRecord, ServiceRecord, TrafficRecord } from '../records.ts';

/** The rules by which a deployment's traffic is shifted, as Elastic Load Balancing has them. */

/** Of one of a service's load balancers. */
interface Route {
  readonly targetGroupArn: string;
  readonly alternateTargetGroupArn: string;
  /** The one of the two that the deployment's tasks are in. */
  readonly own: string;
  readonly productionListenerRule: string;
  readonly testListenerRule?: string;
  readonly roleArn: string;
  /** Its name, if it is a gateway's. */
  readonly gateway?: string;
}

/** What there is to know of a deployment's routes before its traffic is shifted. */
export interface TrafficReading {
  /** What is in the way of shifting, as the service deployment's `statusReason` says it. */
  readonly obstacle?: string;
  /** What is in the way of beginning besides. */
  readonly startObstacle?: string;
  /** No production traffic goes to the deployment's groups. */
  readonly isAtSource: boolean;
  /** In each of the deployment's groups a target is healthy. */
  readonly isServed: boolean;
}

/** Whose groups and rules a shift is about: of the two deployments, always the new one. */
export function routed(service: ServiceRecord, primary: DeploymentRecord): DeploymentRecord | undefined {
  return primary.lifecycle?.isRollback
    ? service.deployments.find(({ id }) => id === primary.lifecycle?.sourceId)
    : primary;
}

/** A gateway's role is the one that it has now. */
function withRoleOf(reader: Reader, scope: Scope, route: Route): Route {
  const gateway = route.gateway && reader.get(gateways, gatewayKey(scope, route.gateway));
  return gateway ? { ...route, roleArn: gateway.infrastructureRoleArn } : route;
}

function routesOf({ loadBalancers = [], targetGroupArns = [] }: DeploymentRecord): readonly Route[] {
  return loadBalancers.flatMap(({ targetGroupArn, advancedConfiguration, gatewayRoute }, place) =>
    advancedConfiguration === undefined
      ? []
      : {
          ...{ ...advancedConfiguration, targetGroupArn },
          own: targetGroupArns[place] ?? targetGroupArn,
          ...given('gateway', gatewayRoute?.gateway),
        },
  );
}

export function hasTestRule(deployment: DeploymentRecord | undefined): boolean {
  return deployment !== undefined && routesOf(deployment).some(({ testListenerRule }) => testListenerRule);
}

/** The groups that a rule sends any traffic to. */
export function servedBy(reader: Reader, scope: Scope, ruleArn: string): readonly string[] {
  const { targetGroups = [] } = findTrafficRule(reader, scope, ruleArn) ?? {};
  return targetGroups.flatMap(({ arn, weight }) => (weight > 0 ? arn : []));
}

/** Undefined: there is no traffic to shift, or nobody shifts it any more. */
export function readTraffic(
  reader: Reader,
  ecs: Pick<EcsContext, 'infrastructureRoleObstacle'>,
  scope: Scope,
  service: ServiceRecord,
): TrafficReading | undefined {
  const primary = service.deployments.find(({ status }) => status === 'PRIMARY');
  const deployment =
    primary?.lifecycle && primary.rolloutState === 'IN_PROGRESS' ? routed(service, primary) : undefined;
  if (deployment === undefined) return undefined;
  const routes = routesOf(deployment).map((route) => withRoleOf(reader, scope, route));
  const obstacle = routes.map((route) => obstacleTo(reader, ecs, scope, route)).find((found) => found);
  const startObstacle = routes.map((route) => startObstacleTo(reader, scope, route)).find((found) => found);
  return {
    ...(obstacle !== undefined && { obstacle }),
    ...(startObstacle !== undefined && { startObstacle }),
    isAtSource: routes.every(
      ({ productionListenerRule, own }) => !servedBy(reader, scope, productionListenerRule).includes(own),
    ),
    isServed: routes.every(({ own }) => hasHealthyTarget(reader, scope, own)),
  };
}

function obstacleTo(
  reader: Reader,
  ecs: Pick<EcsContext, 'infrastructureRoleObstacle'>,
  scope: Scope,
  { productionListenerRule, testListenerRule, roleArn, targetGroupArn, alternateTargetGroupArn }: Route,
): string | undefined {
  const rules = { productionListenerRule, ...(testListenerRule !== undefined && { testListenerRule }) };
  for (const [name, arn] of Object.entries(rules)) {
    const rule = findTrafficRule(reader, scope, arn);
    if (rule === undefined) return `${name} ${arn} does not exist.`;
    if (rule.targetGroups.length === 0) return `${name} ${arn} does not have a forward action.`;
    const unreachable = shiftObstacle(reader, scope, arn, [targetGroupArn, alternateTargetGroupArn]);
    if (unreachable !== undefined) return `${name} ${arn} can't be changed. ${unreachable}`;
    const resource = rule.isDefault ? rule.listenerArn : arn;
    const action = rule.isDefault ? 'ModifyListener' : 'ModifyRule';
    const tags = Object.entries(rule.tags).map(([key, value]) => [`aws:ResourceTag/${key}`, value]);
    const obstacle = ecs.infrastructureRoleObstacle(scope, {
      ...{ roleArn, action: `elasticloadbalancing:${action}`, resource },
      conditions: Object.fromEntries(tags),
    });
    if (obstacle !== undefined)
      return `ECS was unable to manage the ELB resources due to missing permissions on ECS Infrastructure Role '${roleArn}'. ${obstacle}`;
  }
  return undefined;
}

function startObstacleTo(
  reader: Reader,
  scope: Scope,
  { productionListenerRule: rule, targetGroupArn, alternateTargetGroupArn }: Route,
): string | undefined {
  const served = servedBy(reader, scope, rule);
  if (served.length > 1)
    return `productionListenerRule ${rule} should have exactly one target group serving traffic but found ${served.length} target groups which are serving traffic`;
  const unexpected = served.find((arn) => arn !== targetGroupArn && arn !== alternateTargetGroupArn);
  return unexpected === undefined
    ? undefined
    : `Production listener rule is forwarding traffic to unexpected target group ${unexpected}. Expected traffic to be ` +
        `forwarded to either targetGroupArn: ${targetGroupArn} or alternateTargetGroupArn: ${alternateTargetGroupArn}`;
}

/**
 * Shifts traffic in the caller's own transaction.
 * @param primary Whose lifecycle it is.
 * @param traffic In percent to it; what is not said stays.
 */
export function applyTraffic(
  tx: Transaction,
  scope: Scope,
  service: ServiceRecord,
  primary: DeploymentRecord,
  traffic: Partial<TrafficRecord>,
): void {
  const deployment = routed(service, primary);
  if (deployment === undefined) return;
  const toNew = (percent: number): number => (primary.lifecycle?.isRollback ? 100 - percent : percent);
  for (const route of routesOf(deployment)) {
    const { production, test } = traffic;
    if (production !== undefined)
      shiftTraffic(tx, scope, route.productionListenerRule, weightsOf(route, toNew(production)));
    if (test !== undefined && route.testListenerRule !== undefined)
      shiftTraffic(tx, scope, route.testListenerRule, weightsOf(route, toNew(test)));
  }
}

/** Weights are whole numbers up to 999: percents, or tenths of one where percents are none. */
export function weightsOf(
  {
    targetGroupArn,
    alternateTargetGroupArn,
    own,
  }: Pick<Route, 'targetGroupArn' | 'alternateTargetGroupArn' | 'own'>,
  percent: number,
): readonly WeightedTargetGroup[] {
  const all = Number.isInteger(percent) ? 100 : 1_000;
  const ownWeight = Math.round((percent * all) / 100);
  return [targetGroupArn, alternateTargetGroupArn].map((arn) => ({
    ...{ arn, weight: arn === own ? ownWeight : all - ownWeight },
  }));
}
