import type { EC2 } from '@aws-sdk/client-ec2';
import type { OperationsOf, OperationTable, SupportedOperation } from '../service.ts';
import { accountOperations } from './account/operations.ts';
import { addressOperations } from './addresses/operations.ts';
import type { Ec2Context } from './context.ts';
import { dhcpOptionsOperations } from './dhcp-options/operations.ts';
import { dryRunSucceeded } from './errors.ts';
import { instanceOperations } from './instances/operations.ts';
import { internetGatewayOperations } from './internet-gateways/operations.ts';
import { natGatewayOperations } from './nat-gateways/operations.ts';
import { networkAclOperations } from './network-acls/operations.ts';
import { networkInterfaceOperations } from './network-interfaces/operations.ts';
import { prefixListOperations } from './prefix-lists/operations.ts';
import { refusedAddresses } from './refused/addresses.ts';
import { refusedCapacity } from './refused/capacity.ts';
import { refusedGateways } from './refused/gateways.ts';
import { refusedGroups } from './refused/groups.ts';
import { refusedImages } from './refused/images.ts';
import { refusedInstances } from './refused/instances.ts';
import { refusedInterfaces } from './refused/interfaces.ts';
import { refusedStorage } from './refused/storage.ts';
import { refusedVpcs } from './refused/vpcs.ts';
import { routeTableOperations } from './route-tables/operations.ts';
import { securityGroupOperations } from './security-groups/operations.ts';
import { subnetOperations } from './subnets/operations.ts';
import { tagOperations } from './tags/operations.ts';
import { ensureDefaultVpc } from './vpcs/default-vpc.ts';
import { vpcOperations } from './vpcs/operations.ts';

/** Every operation of EC2. */
export function ec2Operations(context: Ec2Context): OperationTable {
  return Object.fromEntries(
    Object.entries(entries(context)).map(([name, entry]) => [
      name,
      'refused' in entry ? entry : asEc2Does(context, entry),
    ]),
  );
}

/** One partial table for each topic. A name may be in one of them alone: a test sees to it. */
function entries(context: Ec2Context): OperationsOf<EC2> {
  return {
    ...accountOperations(context),
    ...dhcpOptionsOperations(context),
    ...networkAclOperations(context),
    ...securityGroupOperations(context),
    ...prefixListOperations(context),
    ...routeTableOperations(context),
    ...instanceOperations(context),
    ...internetGatewayOperations(context),
    ...subnetOperations(context),
    ...tagOperations(context),
    ...vpcOperations(context),
    ...networkInterfaceOperations(context),
    ...addressOperations(context),
    ...natGatewayOperations(context),
    ...refusedAddresses,
    ...refusedCapacity,
    ...refusedGateways,
    ...refusedGroups,
    ...refusedImages,
    ...refusedInstances,
    ...refusedInterfaces,
    ...refusedStorage,
    ...refusedVpcs,
  };
}

/**
 * Whoever asks with `DryRun` hears whether they may, and nothing happens. An account has a default VPC in each region
 * before it first looks.
 */
function asEc2Does(context: Ec2Context, operation: SupportedOperation): SupportedOperation {
  return {
    ...operation,
    run: async (input, call) => {
      if (input.DryRun === true) throw dryRunSucceeded();
      await ensureDefaultVpc(context, call, call.now);
      return operation.run(input, call);
    },
  };
}
