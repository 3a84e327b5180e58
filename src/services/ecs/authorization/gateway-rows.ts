import type { Reader } from '../../../reconcile/index.ts';
import { passInfrastructureRole, tagOnCreate } from './asks.ts';
import { requestTags } from './request-keys.ts';
import { resourceTags } from './resource-keys.ts';
import { anyResource, gatewayAndCluster, gatewayResources } from './resources.ts';
import type { EcsRows } from './row.ts';

/** Gateways. What AWS authorises these on is not known here: see decision 105. */
export function gatewayRows(reader: Reader) {
  const tags = resourceTags(reader);
  return {
    AssociateGatewayWithCluster: { on: gatewayAndCluster, keys: [tags] },
    CreateGateway: {
      on: ({ name }, call) => gatewayResources(name, call),
      keys: [tags, requestTags],
      asks: [
        tagOnCreate('CreateGateway', ({ name }, call) => gatewayResources(name, call)[0]),
        passInfrastructureRole,
      ],
    },
    DeleteGateway: { on: ({ gateway }, call) => gatewayResources(gateway, call), keys: [tags] },
    DescribeGateway: { on: ({ gateway }, call) => gatewayResources(gateway, call), keys: [tags] },
    DescribeGatewayResources: { on: ({ gateway }, call) => gatewayResources(gateway, call), keys: [tags] },
    DescribeGatewayRoute: {
      on: ({ gatewayRouteArn }) => [gatewayRouteArn || '*'],
      keys: [tags],
    },
    DisassociateGatewayFromCluster: { on: gatewayAndCluster, keys: [tags] },
    ListGatewayClusterAssociations: { on: anyResource },
    ListGatewayRoutes: { on: anyResource },
    ListGateways: { on: anyResource },
    UpdateGateway: {
      on: ({ gateway }, call) => gatewayResources(gateway, call),
      keys: [tags],
      asks: [passInfrastructureRole],
    },
  } satisfies EcsRows;
}
