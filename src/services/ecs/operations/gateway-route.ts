import type {
  DescribeGatewayRouteCommandInput,
  DescribeGatewayRouteResponse,
  ListGatewayRoutesCommandInput,
  ListGatewayRoutesResponse,
} from '@aws-sdk/client-ecs';
import type { Call } from '../../service.ts';
import { clusterName, gatewayRouteId, isForeign, serviceArn, serviceName } from '../arn.ts';
import type { EcsContext } from '../context.ts';
import { ecsRefusal } from '../errors.ts';
import { requireGateway } from '../gateway/gateway-lookup.ts';
import { type GatewayRouteRecord, gatewayRoutes } from '../gateway/records.ts';
import { routeSummary, routeView } from '../gateway/route-view.ts';
import { given } from '../given.ts';
import { page } from '../pagination.ts';
import { listing, statusFilter } from './gateway.ts';
import { nameFilter } from './gateway-association.ts';

export function describeGatewayRoute(
  ecs: EcsContext,
  { gatewayRouteArn: arn = '' }: DescribeGatewayRouteCommandInput,
  call: Call,
): DescribeGatewayRouteResponse {
  const ref = gatewayRouteId(arn);
  const gatewayRoute = isForeign(arn, call) ? undefined : routeView(ecs.state, call, ref);
  if (gatewayRoute === undefined)
    throw ecsRefusal('ResourceNotFoundException', 'The specified gateway route could not be found.');
  return { gatewayRoute };
}

const statuses = [
  ...['ACTIVE', 'CREATE_IN_PROGRESS', 'CREATE_FAILED', 'UPDATE_IN_PROGRESS', 'UPDATE_FAILED'],
  ...['DELETE_IN_PROGRESS', 'DELETE_FAILED'],
];

export function listGatewayRoutes(
  ecs: EcsContext,
  input: ListGatewayRoutesCommandInput,
  call: Call,
): ListGatewayRoutesResponse {
  const { gateway, cluster, service, serviceContainerPortName, status, maxResults, nextToken } = input;
  const gatewayOf = gateway && requireGateway(ecs.state, call, gateway).name;
  const hasStatus = statusFilter(status, statuses);
  const isOfCluster = nameFilter(cluster, call, clusterName);
  const isOfService = serviceFilter(service, call);
  const found = ecs.state
    .byIndex(gatewayRoutes, 'byScope', `${call.accountId}/${call.region}`)
    .map(({ value }) => value)
    .filter(
      (route) =>
        (!gatewayOf || route.gateway === gatewayOf) &&
        isOfCluster(route.cluster) &&
        isOfService(route) &&
        (!serviceContainerPortName || route.portName === serviceContainerPortName) &&
        hasStatus(route.status),
    );
  const keyOf = ({ gateway: name, id }: GatewayRouteRecord): string => `${name}/${id}`;
  const sorted = found.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  const { items, nextToken: next } = page(sorted, keyOf, { maxResults, nextToken, ...listing });
  return { gatewayRoutes: items.map((route) => routeSummary(call, route)), ...given('nextToken', next) };
}

/** A name may be that of services in several clusters; an ARN says its cluster. */
function serviceFilter(
  identifier: string | undefined,
  call: Call,
): (route: Pick<GatewayRouteRecord, 'cluster' | 'service'>) => boolean {
  if (!identifier) return () => true;
  const name = serviceName(identifier);
  if (!identifier.startsWith('arn:')) return ({ service }) => service === name;
  return ({ cluster, service }) => serviceArn(call, cluster, service) === identifier;
}
