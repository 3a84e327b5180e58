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

export const refusedGroups = {
  ...groupAssociations,
  ...prefixLists,
};
