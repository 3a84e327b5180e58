import type {
  DescribeGatewayAlbConfiguration,
  ElbGatewayResources,
  Gateway,
  GatewayClusterAssociationSummary,
  GatewaySummary,
} from '@aws-sdk/client-ecs';
import type { Reader } from '../../../reconcile/index.ts';
import { clusterArn, gatewayArn, gatewayRouteArn, type Scope } from '../arn.ts';
import { given } from '../given.ts';
import { gatewayPort } from './gateway-input.ts';
import {
  accessTypeOf,
  type GatewayAssociationRecord,
  type GatewayLoadBalancerRecord,
  type GatewayRecord,
  type GatewayRouteRecord,
  loadBalancersOfGateway,
} from './records.ts';

/** What the API shows of gateways. Records are frozen, and what the SDK takes is not. */

export function gatewayView(reader: Reader, scope: Scope, gateway: GatewayRecord): Gateway {
  const { name, status, failures, infrastructureRoleArn, deletionProtection, propagateTags } = gateway;
  return {
    ...{ gatewayArn: gatewayArn(scope, name), name, status },
    ...(failures && {
      statusReason: `${failures.length} of the gateway's resources could not be updated.`,
      failures: failures.map(({ arn, errors }) => ({ arn, errors: errors.map((error) => ({ ...error })) })),
    }),
    ...{ infrastructureRoleArn, deletionProtection },
    configuration: { hostSharedAlb: configurationView(reader, scope, gateway) },
    ...{ accessType: accessTypeOf(gateway), propagateTags },
    tags: gateway.tags.map((tag) => ({ ...tag })),
    createdAt: new Date(gateway.createdAt),
    updatedAt: new Date(gateway.updatedAt),
  };
}

function configurationView(
  reader: Reader,
  scope: Scope,
  { name, subnetIds, inboundSecurityGroup, scheme, accessLogs, maxAlbCount, testHeader }: GatewayRecord,
): DescribeGatewayAlbConfiguration {
  return {
    networkConfiguration: {
      ...given('inboundSecurityGroup', inboundSecurityGroup),
      subnets: [...subnetIds],
      ipAddressType: 'ipv4',
    },
    scheme,
    ...(accessLogs && { accessLogs: { destination: { s3: { ...accessLogs } } } }),
    ...{ port: gatewayPort, protocol: 'HTTPS', maxAlbCount },
    currentAlbCount: loadBalancersOfGateway(reader, scope, name).length,
    httpDesync: 'defensive',
    ...(testHeader && {
      testTrafficRules: { header: { name: testHeader.name, values: [...testHeader.values] } },
    }),
  };
}

export const gatewaySummary = (scope: Scope, { name, status, createdAt }: GatewayRecord): GatewaySummary => ({
  ...{ gatewayArn: gatewayArn(scope, name), name, status, createdAt: new Date(createdAt) },
});

export const associationView = (
  scope: Scope,
  { gateway, cluster, status }: GatewayAssociationRecord,
): GatewayClusterAssociationSummary => ({
  ...{ gatewayArn: gatewayArn(scope, gateway), clusterArn: clusterArn(scope, cluster), status },
});

/** @param routes The gateway's. */
export const loadBalancerView = (
  scope: Scope,
  { gateway, name, made }: GatewayLoadBalancerRecord,
  routes: readonly GatewayRouteRecord[],
): ElbGatewayResources => ({
  ...given('loadBalancerArn', made.loadBalancer),
  ...given('listenerArn', made.listener),
  ...given('securityGroup', made.securityGroup),
  gatewayRouteArns: routes
    .filter(({ loadBalancerName }) => loadBalancerName === name)
    .map(({ id }) => gatewayRouteArn(scope, gateway, id)),
});
