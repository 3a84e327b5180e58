import { EC2 } from '@aws-sdk/client-ec2';
import type { State } from '../../../../reconcile/index.ts';
import { accountId } from '../../../iam/testing/iam-server.ts';
import type { Case } from '../../../testing/authorization-suite.ts';
import type { ClientSettings } from '../../../testing/guarded.ts';
import { putSubnet, putVpc } from '../../testing/networks.ts';

export interface RoutesWorld {
  readonly vpcId: string;
  readonly subnetId: string;
  readonly tableId: string;
  readonly otherTableId: string;
  /** Of the subnet with the table. */
  readonly associationId: string;
  readonly gatewayId: string;
}

const team = [{ Key: 'team', Value: 'blue' }];

/** A tagged route table of a tagged subnet, another, and a tagged gateway that is attached to their tagged VPC. */
export async function buildRoutes(root: ClientSettings, state: State): Promise<RoutesWorld> {
  const scope = { accountId, region: root.region };
  const tags = { team: 'blue' };
  const vpcId = await putVpc(state, scope, 71, { tags });
  const subnetId = await putSubnet(state, scope, 71, { vpcId, cidr: '10.0.1.0/24', tags });
  const ec2 = new EC2(root);
  const makeTable = async () =>
    (
      await ec2.createRouteTable({
        VpcId: vpcId,
        TagSpecifications: [{ ResourceType: 'route-table', Tags: team }],
      })
    ).RouteTable?.RouteTableId ?? '';
  const [tableId, otherTableId] = [await makeTable(), await makeTable()];
  const { AssociationId: associationId = '' } = await ec2.associateRouteTable({
    ...{ RouteTableId: tableId, SubnetId: subnetId },
  });
  const { InternetGateway } = await ec2.createInternetGateway({
    TagSpecifications: [{ ResourceType: 'internet-gateway', Tags: team }],
  });
  const { InternetGatewayId: gatewayId = '' } = InternetGateway ?? {};
  await ec2.attachInternetGateway({ InternetGatewayId: gatewayId, VpcId: vpcId });
  ec2.destroy();
  return { vpcId, subnetId, tableId, otherTableId, associationId, gatewayId };
}

/** Of route tables and internet gateways. */
export function routeCases(region: string, world: RoutesWorld): Readonly<Record<string, Case>> {
  const { vpcId: VpcId, subnetId, tableId: RouteTableId, otherTableId } = world;
  const { associationId: AssociationId, gatewayId: InternetGatewayId } = world;
  const arn = (resource: string) => `arn:aws:ec2:${region}:${accountId}:${resource}`;
  const inRegion = { 'ec2:Region': region };
  const tagged = { ...inRegion, 'aws:ResourceTag/team': 'blue', 'ec2:ResourceTag/team': 'blue' };
  const tagging = { ...inRegion, 'aws:RequestTag/Pier': 'nine', 'aws:TagKeys': ['Pier'] };
  const any = { on: ['*'], keys: inRegion };
  const onTable = (id: string) => ({
    on: [arn(`route-table/${id}`)],
    keys: { ...tagged, 'ec2:RouteTableID': id, 'ec2:Vpc': arn(`vpc/${VpcId}`) },
  });
  const withSubnet = (id: string) => ({
    ...onTable(id),
    on: [arn(`subnet/${subnetId}`), arn(`route-table/${id}`)],
  });
  const making = (operation: string, type: 'route-table' | 'internet-gateway', ...using: string[]) => ({
    on: [...using, arn(`${type}/*`)],
    keys: tagging,
    besides: [
      {
        ...{ action: 'ec2:CreateTags', on: arn(`${type}/*`) },
        keys: { ...tagging, 'ec2:CreateAction': operation },
      },
    ],
  });
  const Tags = [{ Key: 'Pier', Value: 'nine' }];
  const route = { RouteTableId, DestinationCidrBlock: '0.0.0.0/0' };
  const onGateway = {
    on: [arn(`internet-gateway/${InternetGatewayId}`)],
    keys: { ...tagged, 'ec2:InternetGatewayID': InternetGatewayId },
  };
  const attachment = {
    input: { InternetGatewayId, VpcId },
    ...{ ...onGateway, on: [arn(`vpc/${VpcId}`), ...onGateway.on] },
  };
  return {
    CreateRouteTable: {
      input: { VpcId, TagSpecifications: [{ ResourceType: 'route-table', Tags }] },
      ...making('CreateRouteTable', 'route-table', arn(`vpc/${VpcId}`)),
    },
    DeleteRouteTable: { input: { RouteTableId }, ...onTable(RouteTableId) },
    DescribeRouteTables: { input: {}, ...any },
    CreateRoute: { input: route, ...onTable(RouteTableId) },
    ReplaceRoute: { input: route, ...onTable(RouteTableId) },
    DeleteRoute: { input: route, ...onTable(RouteTableId) },
    AssociateRouteTable: { input: { RouteTableId, SubnetId: subnetId }, ...withSubnet(RouteTableId) },
    DisassociateRouteTable: { input: { AssociationId }, ...withSubnet(RouteTableId) },
    ReplaceRouteTableAssociation: {
      input: { AssociationId, RouteTableId: otherTableId },
      ...withSubnet(otherTableId),
    },
    CreateInternetGateway: {
      input: { TagSpecifications: [{ ResourceType: 'internet-gateway', Tags }] },
      ...making('CreateInternetGateway', 'internet-gateway'),
    },
    AttachInternetGateway: attachment,
    DetachInternetGateway: attachment,
    DeleteInternetGateway: { input: { InternetGatewayId }, ...onGateway },
    DescribeInternetGateways: { input: {}, ...any },
  };
}

const inRegion = ['ec2:Region'];
const made = [...inRegion, 'aws:RequestTag', 'aws:TagKeys'];
const tagged = [...inRegion, 'aws:ResourceTag', 'ec2:ResourceTag'];
const onTable = [...tagged, 'ec2:RouteTableID', 'ec2:Vpc'];
const onGateway = [...tagged, 'ec2:InternetGatewayID'];

/** See `listedKeys` of the suite. What is being made has no id yet. */
export const routeKeys: Readonly<Record<string, readonly string[]>> = {
  CreateRouteTable: made,
  DeleteRouteTable: onTable,
  DescribeRouteTables: inRegion,
  CreateRoute: onTable,
  ReplaceRoute: onTable,
  DeleteRoute: onTable,
  AssociateRouteTable: onTable,
  DisassociateRouteTable: onTable,
  ReplaceRouteTableAssociation: onTable,
  CreateInternetGateway: made,
  AttachInternetGateway: onGateway,
  DetachInternetGateway: onGateway,
  DeleteInternetGateway: onGateway,
  DescribeInternetGateways: inRegion,
};
