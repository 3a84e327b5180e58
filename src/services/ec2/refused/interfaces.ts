import { refusedBecause } from './refused-because.ts';

const networkInterfacePermissions = refusedBecause('interfaces are used by their own account alone', [
  'CreateNetworkInterfacePermission',
  'DeleteNetworkInterfacePermission',
  'DescribeNetworkInterfacePermissions',
]);

const trunks = refusedBecause('interfaces have no branches', [
  'AssociateTrunkInterface',
  'CreateSecondaryNetwork',
  'CreateSecondarySubnet',
  'DeleteSecondaryNetwork',
  'DeleteSecondarySubnet',
  'DescribeSecondaryInterfaces',
  'DescribeSecondaryNetworks',
  'DescribeSecondarySubnets',
  'DescribeTrunkInterfaceAssociations',
  'DisassociateTrunkInterface',
]);

export const refusedInterfaces = {
  ...networkInterfacePermissions,
  ...trunks,
};
