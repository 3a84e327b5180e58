import { refusedBecause } from './refused-because.ts';

const groupAssociations = refusedBecause('a security group is of one VPC', [
  'AssociateSecurityGroupVpc',
  'DescribeSecurityGroupVpcAssociations',
  'DisassociateSecurityGroupVpc',
  'ValidateSecurityGroupQuotasForInterface',
]);

const prefixLists = refusedBecause('prefix lists are not built', [
  'CreateManagedPrefixList',
  'DeleteManagedPrefixList',
  'DescribeManagedPrefixLists',
  'DescribePrefixLists',
  'GetManagedPrefixListAssociations',
  'GetManagedPrefixListEntries',
  'ModifyManagedPrefixList',
  'RestoreManagedPrefixListVersion',
]);

const routes = refusedBecause('route tables are not built', [
  'AssociateRouteTable',
  'CreateRoute',
  'CreateRouteTable',
  'DeleteRoute',
  'DeleteRouteTable',
  'DescribeRouteTables',
  'DisassociateRouteTable',
  'ReplaceRoute',
  'ReplaceRouteTableAssociation',
]);

const internetGateways = refusedBecause('internet gateways are not built', [
  'AttachInternetGateway',
  'CreateInternetGateway',
  'DeleteInternetGateway',
  'DescribeInternetGateways',
  'DetachInternetGateway',
]);

export const refusedGroups = {
  ...groupAssociations,
  ...prefixLists,
  ...routes,
  ...internetGateways,
};
