import type { EC2 } from '@aws-sdk/client-ec2';
import type { Call, OperationsOf } from '../../service.ts';
import { type Creating, ec2Authorization, type Named } from '../authorization/rows.ts';
import type { Ec2Context } from '../context.ts';
import {
  associateRouteTable,
  associationOf,
  disassociateRouteTable,
  replaceRouteTableAssociation,
} from './associations.ts';
import { createRouteTable, deleteRouteTable, describeRouteTables } from './route-table.ts';
import { createRoute, deleteRoute, replaceRoute } from './routes.ts';

type RouteTableOperation =
  | 'AssociateRouteTable'
  | 'CreateRoute'
  | 'CreateRouteTable'
  | 'DeleteRoute'
  | 'DeleteRouteTable'
  | 'DescribeRouteTables'
  | 'DisassociateRouteTable'
  | 'ReplaceRoute'
  | 'ReplaceRouteTableAssociation';

interface OfTable {
  readonly RouteTableId: string | undefined;
}

/** The operations on route tables, their routes and their associations. */
export function routeTableOperations(ec2: Ec2Context): Pick<OperationsOf<EC2>, RouteTableOperation> {
  const may = ec2Authorization(ec2.state);
  const onTable = may.on<OfTable>(({ RouteTableId }) => [['route-table', RouteTableId]]);
  /** Of an association: the subnet's, or none where it is the VPC's main one. */
  const subnetOf = (associationId: string | undefined, call: Call): readonly Named[] => {
    const subnetId = associationOf(ec2.state, call, associationId ?? '')?.association.subnetId;
    return subnetId === undefined ? [] : [['subnet', subnetId]];
  };
  return {
    CreateRouteTable: {
      action: 'ec2:CreateRouteTable',
      ...may.creating<Creating & { readonly VpcId: string | undefined }>(
        'CreateRouteTable',
        'route-table',
        ({ VpcId }) => [['vpc', VpcId]],
      ),
      run: (input, call) => createRouteTable(ec2, input, call),
    },
    DeleteRouteTable: {
      action: 'ec2:DeleteRouteTable',
      ...onTable,
      run: (input, call) => deleteRouteTable(ec2, input, call),
    },
    DescribeRouteTables: {
      action: 'ec2:DescribeRouteTables',
      ...may.everything,
      run: (input, call) => describeRouteTables(ec2, input, call),
    },
    CreateRoute: {
      action: 'ec2:CreateRoute',
      ...onTable,
      run: (input, call) => createRoute(ec2, input, call),
    },
    ReplaceRoute: {
      action: 'ec2:ReplaceRoute',
      ...onTable,
      run: (input, call) => replaceRoute(ec2, input, call),
    },
    DeleteRoute: {
      action: 'ec2:DeleteRoute',
      ...onTable,
      run: (input, call) => deleteRoute(ec2, input, call),
    },
    AssociateRouteTable: {
      action: 'ec2:AssociateRouteTable',
      ...may.on<OfTable & { readonly SubnetId?: string | undefined }>(({ RouteTableId, SubnetId }) => [
        ...(SubnetId === undefined ? [] : [['subnet', SubnetId] as const]),
        ['route-table', RouteTableId],
      ]),
      run: (input, call) => associateRouteTable(ec2, input, call),
    },
    DisassociateRouteTable: {
      action: 'ec2:DisassociateRouteTable',
      ...may.on<{ readonly AssociationId: string | undefined }>(({ AssociationId }, call) => [
        ...subnetOf(AssociationId, call),
        ['route-table', associationOf(ec2.state, call, AssociationId ?? '')?.table.id],
      ]),
      run: (input, call) => disassociateRouteTable(ec2, input, call),
    },
    ReplaceRouteTableAssociation: {
      action: 'ec2:ReplaceRouteTableAssociation',
      ...may.on<OfTable & { readonly AssociationId: string | undefined }>(
        ({ RouteTableId, AssociationId }, call) => [
          ...subnetOf(AssociationId, call),
          ['route-table', RouteTableId],
        ],
      ),
      run: (input, call) => replaceRouteTableAssociation(ec2, input, call),
    },
  };
}
