import type {
  GatewayConnection,
  GatewayConnector,
  GatewayRoute,
  GatewayRouteSummary,
} from '@aws-sdk/client-ecs';
import type { Reader } from '../../../reconcile/index.ts';
import { clusterArn, gatewayArn, gatewayRouteArn, type Scope, serviceArn } from '../arn.ts';
import { given } from '../given.ts';
import type { GatewayRouteRef } from '../records/gateway-connector.ts';
import type { ExposureRecord } from '../records.ts';
import { securityGroupsOf } from './balancer-settings.ts';
import {
  accessTypeOf,
  type GatewayLoadBalancerRecord,
  type GatewayRecord,
  type GatewayRouteRecord,
  gatewayKey,
  gatewayLoadBalancerKey,
  gatewayLoadBalancers,
  gatewayRouteKey,
  gatewayRoutes,
  gateways,
} from './records.ts';

/** What the API shows of routes, and of services behind them. */

export const routeSummary = (
  scope: Scope,
  { id, gateway, cluster, service, portName, status }: GatewayRouteRecord,
): GatewayRouteSummary => ({
  gatewayRouteArn: gatewayRouteArn(scope, gateway, id),
  gatewayArn: gatewayArn(scope, gateway),
  clusterArn: clusterArn(scope, cluster),
  serviceArn: serviceArn(scope, cluster, service),
  ...{ serviceContainerPortName: portName, status },
});

const groupArn = ({ region, accountId }: Scope, id: string): string =>
  `arn:aws:ec2:${region}:${accountId}:security-group/${id}`;

interface Found {
  readonly route: GatewayRouteRecord;
  readonly gateway: GatewayRecord;
  readonly balancer: GatewayLoadBalancerRecord['made'];
}

function find(reader: Reader, scope: Scope, { gateway: name, id }: GatewayRouteRef): Found | undefined {
  const route = reader.get(gatewayRoutes, gatewayRouteKey(scope, name, id));
  const gateway = reader.get(gateways, gatewayKey(scope, name));
  if (route === undefined || gateway === undefined) return undefined;
  const key = gatewayLoadBalancerKey(scope, name, route.loadBalancerName);
  return { route, gateway, balancer: reader.get(gatewayLoadBalancers, key)?.made ?? {} };
}

const groupsOf = (scope: Scope, { gateway, balancer: { securityGroup } }: Found): readonly string[] =>
  securityGroup === undefined
    ? []
    : securityGroupsOf(securityGroup, gateway).map((group) => groupArn(scope, group));

/** Undefined: there is no such route. */
export function routeView(reader: Reader, scope: Scope, ref: GatewayRouteRef): GatewayRoute | undefined {
  const found = find(reader, scope, ref);
  if (found === undefined) return undefined;
  const { route, balancer } = found;
  const { certificate, rule, testRule, securityGroup } = route.made;
  return {
    gatewayRouteArn: gatewayRouteArn(scope, route.gateway, route.id),
    serviceArn: serviceArn(scope, route.cluster, route.service),
    ...{ serviceContainerPortName: route.portName, status: route.status },
    serviceUrl: `https://${route.host}`,
    resources: {
      hostSharedAlb: [
        {
          ...given('acmCertificateArn', certificate),
          ...given('loadBalancerArn', balancer.loadBalancer),
          ...given('listenerArn', balancer.listener),
          ...given('listenerRuleArn', rule),
          testListenerRuleArns: testRule === undefined ? [] : [testRule],
          loadBalancerSecurityGroups: groupsOf(scope, found).map((arn) => ({ arn })),
          ...given('serviceSecurityGroupArn', securityGroup && groupArn(scope, securityGroup)),
        },
      ],
    },
  };
}

/** The connectors as they were given. */
export const connectorsView = ({ gatewayConnectors = [] }: ExposureRecord): GatewayConnector[] =>
  gatewayConnectors.map(({ portName, healthCheck, accessTypes }) => ({
    portName,
    ...(healthCheck && { healthCheck: structuredClone(healthCheck) }),
    ...(accessTypes && { filters: { accessTypes: [...accessTypes] } }),
  }));

/** What leads to a revision's tasks through gateways. Routes that are gone by now have nothing to show. */
export function connectionsView(
  reader: Reader,
  scope: Scope,
  revision: ExposureRecord & { readonly targetGroupArns?: readonly string[] },
): GatewayConnection[] {
  const { gatewayRoutes: refs = [], gatewayConnectors: [connector] = [], loadBalancers = [] } = revision;
  return refs.flatMap((ref): GatewayConnection[] => {
    const found = find(reader, scope, ref);
    if (found === undefined) return [];
    const { route, gateway, balancer } = found;
    const { rule, testRule, targetGroup, alternateTargetGroup } = route.made;
    const place = loadBalancers.findIndex(({ gatewayRoute }) => gatewayRoute?.id === ref.id);
    const own = revision.targetGroupArns?.[place] ?? targetGroup;
    return [
      {
        gatewayArn: gatewayArn(scope, gateway.name),
        gatewayRouteArn: gatewayRouteArn(scope, gateway.name, route.id),
        ...{ portName: connector?.portName ?? route.portName, serviceUrl: `https://${route.host}` },
        ...{ accessType: accessTypeOf(gateway), status: route.status },
        resources: {
          hostSharedAlb: [
            {
              ...given('loadBalancerArn', balancer.loadBalancer),
              loadBalancerSecurityGroupArns: [...groupsOf(scope, found)],
              ...given('listenerArn', balancer.listener),
              ...given('listenerRuleArn', rule),
              ...given('testListenerRuleArn', testRule),
              ...given('targetGroupArn', own),
              ...given('alternateTargetGroupArn', own === targetGroup ? alternateTargetGroup : targetGroup),
            },
          ],
        },
      },
    ];
  });
}
