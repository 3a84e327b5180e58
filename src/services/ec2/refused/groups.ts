import { refusedBecause } from './refused-because.ts';

export const refusedGroups = refusedBecause('a security group is of one VPC', [
  'AssociateSecurityGroupVpc',
  'DescribeSecurityGroupVpcAssociations',
  'DisassociateSecurityGroupVpc',
  'ValidateSecurityGroupQuotasForInterface',
]);
