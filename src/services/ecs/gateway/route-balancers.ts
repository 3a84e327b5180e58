import type { Reader } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { given } from '../given.ts';
import type { GatewayRouteRef } from '../records/gateway-connector.ts';
import type { ServiceLoadBalancerRecord } from '../records.ts';
import type { NamedPort } from './read-connector.ts';
import { gatewayKey, gatewayRouteKey, gatewayRoutes, gateways } from './records.ts';

export type BalancersOfRoutes = readonly ServiceLoadBalancerRecord[];

/** Routes as the scheduler knows them: target groups, and rules by which traffic is shifted. @returns undefined: one is not made yet. */
export function balancersOfRoutes(
  reader: Reader,
  scope: Scope,
  refs: readonly GatewayRouteRef[],
  port: NamedPort,
): BalancersOfRoutes | undefined {
  const balancers = refs.flatMap(({ gateway, id }): BalancersOfRoutes => {
    const route = reader.get(gatewayRoutes, gatewayRouteKey(scope, gateway, id));
    const roleArn = reader.get(gateways, gatewayKey(scope, gateway))?.infrastructureRoleArn;
    if (route === undefined || roleArn === undefined) return [];
    const { targetGroup, alternateTargetGroup, rule, testRule, securityGroup } = route.made;
    if (!targetGroup || !alternateTargetGroup || !rule || !securityGroup) return [];
    return [
      {
        targetGroupArn: targetGroup,
        ...port,
        advancedConfiguration: {
          ...{ alternateTargetGroupArn: alternateTargetGroup, productionListenerRule: rule, roleArn },
          ...given('testListenerRule', testRule),
        },
        gatewayRoute: { gateway, id, securityGroup },
      },
    ];
  });
  return balancers.length === refs.length ? balancers : undefined;
}

/** Of a service's load balancers those that its user named. */
export const ownBalancers = (
  balancers: readonly ServiceLoadBalancerRecord[] | undefined,
): readonly ServiceLoadBalancerRecord[] =>
  (balancers ?? []).filter(({ gatewayRoute }) => gatewayRoute === undefined);
