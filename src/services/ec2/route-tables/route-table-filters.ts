import type { Route } from '@aws-sdk/client-ec2';
import type { Reader } from '../../../reconcile/index.ts';
import type { FilterTable } from '../input/filters.ts';
import type { RouteTableRecord, Scope } from '../records.ts';
import { routeViews } from './route-table-view.ts';

/** What DescribeRouteTables filters by. Those of targets that there are none of match nothing. */
export function routeTableFilters(reader: Reader, scope: Scope): FilterTable<RouteTableRecord> {
  const ofRoutes = (value: (route: Route) => string | undefined) => (table: RouteTableRecord) =>
    routeViews(reader, scope, table).map(value);
  const nothing = () => undefined;
  return {
    'association.gateway-id': nothing,
    'association.main': ({ associations }) => associations.map(({ subnetId }) => subnetId === undefined),
    'association.route-table-association-id': ({ associations }) => associations.map(({ id }) => id),
    'association.route-table-id': ({ id, associations }) => (associations.length > 0 ? id : undefined),
    'association.subnet-id': ({ associations }) => associations.map(({ subnetId }) => subnetId),
    'owner-id': () => scope.accountId,
    'route-table-id': ({ id }) => id,
    'route.destination-cidr-block': ofRoutes(({ DestinationCidrBlock }) => DestinationCidrBlock),
    'route.destination-ipv6-cidr-block': nothing,
    'route.destination-prefix-list-id': ofRoutes(({ DestinationPrefixListId }) => DestinationPrefixListId),
    'route.egress-only-internet-gateway-id': nothing,
    'route.gateway-id': ofRoutes(({ GatewayId }) => GatewayId),
    'route.instance-id': ofRoutes(({ InstanceId }) => InstanceId),
    'route.nat-gateway-id': ofRoutes(({ NatGatewayId }) => NatGatewayId),
    'route.origin': ofRoutes(({ Origin }) => Origin),
    'route.state': ofRoutes(({ State }) => State),
    'route.transit-gateway-id': nothing,
    'route.vpc-peering-connection-id': nothing,
    'vpc-id': ({ vpcId }) => vpcId,
  };
}
