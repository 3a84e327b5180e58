import { isDeepStrictEqual } from 'node:util';
import type { Reader } from '../../../reconcile/index.ts';
import { unless } from '../../infrastructure.ts';
import type { Scope } from '../arn.ts';
import {
  allowEgress,
  allowIngress,
  conditionsOf,
  isIssued,
  letNothingOut,
  makeListener,
  makeLoadBalancer,
  makeRule,
  makeSecurityGroup,
  makeTargetGroup,
  requestCertificate,
  revokeEgress,
  revokeIngress,
} from '../ingress/make.ts';
import type { DeploymentRecord, ServiceRecord } from '../records.ts';
import { isShifting } from '../traffic-shift/stages.ts';
import { letHttpsIn, securityGroupsOf, setAttributes } from './balancer-settings.ts';
import type { RouteSite } from './gateway-site.ts';
import type { GatewayRecord, GatewayRouteRecord } from './records.ts';
import { awaitedBalancers, connectAwaiting, withTestRule } from './tell-service.ts';

/** Test traffic goes by a rule before that of production traffic. */
const priorityFrom = { test: 1, production: 10_001 };

/** @returns false: something takes its time, look again. */
export async function makeRoute(site: RouteSite): Promise<boolean> {
  const { route, note } = site;
  const certificate = route.made.certificate ?? (await requestCertificate(site, route.host));
  await note({ certificate });
  const { balancer, balancerGroup } = await makeSharedLoadBalancer(site);
  const securityGroup = await makeSecurityGroup(site, {
    ...{ vpcId: site.gateway.vpcId, name: route.securityGroupName },
    description: `Service ${route.service} of cluster ${route.cluster} behind gateway ${route.gateway}`,
  });
  await note({ securityGroup });
  await admit(site, balancerGroup, securityGroup);
  const [targetGroup = '', alternateTargetGroup = ''] = await makeTargetGroups(site);
  await note({ targetGroup, alternateTargetGroup });
  if (!(await isIssued(site, certificate))) return false;
  const listener = await makeListener(site, balancer, certificate);
  await site.noteLoadBalancer({ listener });
  const targetGroups = [
    { TargetGroupArn: targetGroup, Weight: 1 },
    { TargetGroupArn: alternateTargetGroup, Weight: 0 },
  ];
  const { host } = route;
  const rule = await makeRule(site, listener, { host, targetGroups, priorityFrom: priorityFrom.production });
  await note({ rule });
  await placeTestRule(site, listener, targetGroups);
  await connectAwaiting(site);
  return true;
}

async function makeSharedLoadBalancer(
  site: RouteSite,
): Promise<{ readonly balancer: string; readonly balancerGroup: string }> {
  const { gateway, loadBalancer, noteLoadBalancer } = site;
  const { made } = loadBalancer;
  if (made.loadBalancer !== undefined && made.securityGroup !== undefined)
    return { balancer: made.loadBalancer, balancerGroup: made.securityGroup };
  const balancerGroup = await makeSecurityGroup(site, {
    ...{ vpcId: gateway.vpcId, name: loadBalancer.securityGroupName },
    description: `Load balancer ${loadBalancer.name} of gateway ${gateway.name}`,
  });
  await noteLoadBalancer({ securityGroup: balancerGroup });
  await letHttpsIn(site, gateway, balancerGroup);
  await letNothingOut(site.ask, balancerGroup);
  const balancer = await makeLoadBalancer(site, {
    ...{ name: loadBalancer.name, scheme: gateway.scheme, subnetIds: gateway.subnetIds },
    securityGroups: securityGroupsOf(balancerGroup, gateway),
  });
  await setAttributes(site, gateway, balancer);
  await noteLoadBalancer({ loadBalancer: balancer });
  return { balancer, balancerGroup };
}

/** Where the service's deployments listen, and where their health is asked for. */
function wantedPorts(route: GatewayRouteRecord, service: ServiceRecord): readonly number[] {
  const used = service.deployments.flatMap(({ loadBalancers = [] }) =>
    loadBalancers.flatMap(({ gatewayRoute, containerPort }) =>
      gatewayRoute?.id === route.id ? containerPort : [],
    ),
  );
  const { healthCheckPort = route.port } = route.healthCheck;
  return [...new Set([route.port, healthCheckPort, ...used])].sort((one, other) => one - other);
}

/** The load balancer may go where the service's deployments listen, and nowhere else any more. */
async function admit(site: RouteSite, balancerGroup: string, own: string): Promise<void> {
  const { route, note, ask } = site;
  const before = route.made.ports ?? [];
  const wanted = wantedPorts(route, site.service);
  for (const port of wanted.filter((each) => !before.includes(each))) {
    await allowEgress(site, balancerGroup, { port, GroupId: own });
    await allowIngress(site, own, { port, GroupId: balancerGroup });
  }
  await note({ ports: [...new Set([...before, ...wanted])] });
  for (const port of before.filter((each) => !wanted.includes(each))) {
    await revokeEgress(ask, balancerGroup, { port, GroupId: own });
    await revokeIngress(ask, own, { port, GroupId: balancerGroup });
  }
  await note({ ports: wanted });
}

async function makeTargetGroups(site: RouteSite): Promise<readonly string[]> {
  const { route, gateway } = site;
  const { healthCheckPort, healthyThresholdCount, unhealthyThresholdCount, matcher, ...asked } =
    route.healthCheck;
  const made: string[] = [];
  for (const name of route.targetGroupNames)
    made.push(
      await makeTargetGroup(site, name, {
        ...{ VpcId: gateway.vpcId, Port: route.port },
        HealthCheckProtocol: asked.healthCheckProtocol,
        HealthCheckPath: asked.healthCheckPath,
        HealthCheckPort: healthCheckPort === undefined ? undefined : String(healthCheckPort),
        HealthCheckIntervalSeconds: asked.healthCheckIntervalSeconds,
        HealthCheckTimeoutSeconds: asked.healthCheckTimeoutSeconds,
        HealthyThresholdCount: healthyThresholdCount,
        UnhealthyThresholdCount: unhealthyThresholdCount,
        Matcher: matcher && { HttpCode: matcher.httpCode },
      }),
    );
  return made;
}

const primaryOf = ({ deployments }: ServiceRecord): DeploymentRecord | undefined =>
  deployments.find(({ status }) => status === 'PRIMARY');

/** Whether the rule of test traffic goes by what the gateway says now, or has to wait until no traffic is being shifted. */
function isTestRulePlaced(
  { testHeader }: Pick<GatewayRecord, 'testHeader'>,
  { made }: GatewayRouteRecord,
  service: ServiceRecord,
): boolean {
  const primary = primaryOf(service);
  const isBusy = primary !== undefined && isShifting(primary, service.deployments) && made.rule !== undefined;
  return isDeepStrictEqual(made.testHeader, testHeader) || (isBusy && !service.awaitsInfrastructure);
}

async function placeTestRule(
  site: RouteSite,
  listener: string,
  targetGroups: readonly { readonly TargetGroupArn: string; readonly Weight: number }[],
): Promise<void> {
  const { ask, gateway, route, note, service } = site;
  if (isTestRulePlaced(gateway, route, service)) return;
  const { testHeader: header } = gateway;
  const { testRule: before } = route.made;
  if (header === undefined) {
    await withTestRule(site, undefined);
    if (before !== undefined)
      await unless(['RuleNotFoundException'], () =>
        ask('elasticloadbalancing', 'DeleteRule', { RuleArn: before }),
      );
    await note({ testRule: undefined, testHeader: undefined });
    return;
  }
  const of = { host: route.host, header, targetGroups, priorityFrom: priorityFrom.test };
  const testRule = await makeRule(site, listener, of);
  if (before !== undefined)
    await ask('elasticloadbalancing', 'ModifyRule', { RuleArn: testRule, Conditions: conditionsOf(of) });
  await note({ testRule, testHeader: header });
  await withTestRule(site, testRule);
}

/** Whether there is nothing to do for a route that is wanted. */
export function isRouteMade(
  reader: Reader,
  scope: Scope,
  gateway: GatewayRecord,
  route: GatewayRouteRecord,
  service: ServiceRecord,
): boolean {
  const { ports = [] } = route.made;
  return (
    route.status === 'ACTIVE' &&
    isDeepStrictEqual(ports, wantedPorts(route, service)) &&
    isTestRulePlaced(gateway, route, service) &&
    awaitedBalancers(reader, scope, service) === undefined
  );
}
