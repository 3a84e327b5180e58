import type { Route, RouteTable } from '@aws-sdk/client-ec2';
import type { Reader } from '../../../reconcile/index.ts';
import { tagList } from '../input/tags.ts';
import { kinds } from '../kinds.ts';
import { known } from '../known.ts';
import type { RouteTableRecord, Scope } from '../records.ts';
import { isTargetAvailable, type Target } from './route-target.ts';
import { routesOf } from './table-routes.ts';

/** As DescribeRouteTables shows it. */
export function routeTableView(reader: Reader, scope: Scope, table: RouteTableRecord): RouteTable {
  return {
    RouteTableId: table.id,
    VpcId: table.vpcId,
    OwnerId: scope.accountId,
    Associations: table.associations.map(({ id, subnetId }) => ({
      ...{ RouteTableAssociationId: id, RouteTableId: table.id, Main: subnetId === undefined },
      ...(subnetId !== undefined && { SubnetId: subnetId }),
      AssociationState: { State: 'associated' },
    })),
    Routes: routeViews(reader, scope, table),
    PropagatingVgws: [],
    Tags: tagList(table.tags),
  };
}

export function routeViews(reader: Reader, scope: Scope, table: RouteTableRecord): Route[] {
  const cidrs = (known(reader, kinds.vpc, scope, table.vpcId)?.cidrs ?? []).map(({ cidr }) => cidr);
  return routesOf(table, cidrs).map(({ destination, target, isOwn }) => ({
    ...(destination.startsWith('pl-')
      ? { DestinationPrefixListId: destination }
      : { DestinationCidrBlock: destination }),
    ...targetView(reader, scope, target),
    Origin: isOwn ? 'CreateRoute' : 'CreateRouteTable',
    State: isTargetAvailable(reader, scope, table.vpcId, target) ? 'active' : 'blackhole',
  }));
}

function targetView(reader: Reader, scope: Scope, { type, id = '' }: Target): Partial<Route> {
  switch (type) {
    case 'local':
      return { GatewayId: 'local' };
    case 'internet-gateway':
      return { GatewayId: id };
    case 'nat-gateway':
      return { NatGatewayId: id };
    case 'network-interface': {
      const attachment = known(reader, kinds.networkInterface, scope, id)?.attachment;
      return {
        NetworkInterfaceId: id,
        ...(attachment?.instanceId !== undefined && {
          ...{ InstanceId: attachment.instanceId, InstanceOwnerId: attachment.instanceOwnerId },
        }),
      };
    }
  }
}
