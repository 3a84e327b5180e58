import type { NatGateway, NatGatewayAddress } from '@aws-sdk/client-ec2';
import { tagList } from '../input/tags.ts';
import type { NatGatewayRecord } from '../records.ts';

export function natGatewayView(gateway: NatGatewayRecord): NatGateway {
  const { failure, deletedAt } = gateway;
  return {
    NatGatewayId: gateway.id,
    VpcId: gateway.vpcId,
    SubnetId: gateway.subnetId,
    State: gateway.state,
    ...(failure !== undefined && { FailureCode: failure.code, FailureMessage: failure.message }),
    ConnectivityType: gateway.connectivityType,
    AvailabilityMode: 'zonal',
    NatGatewayAddresses: [addressView(gateway)],
    CreateTime: new Date(gateway.createdAt),
    ...(deletedAt !== undefined && { DeleteTime: new Date(deletedAt) }),
    Tags: tagList(gateway.tags),
  };
}

const addressStatus = {
  pending: 'associating',
  available: 'succeeded',
  failed: 'failed',
  deleting: 'disassociating',
  deleted: 'disassociating',
} as const;

/** It has one, from before it is its own until after it no longer is. */
function addressView({
  state,
  networkInterfaceId,
  privateIpv4,
  allocationId,
  associationId,
  publicIpv4,
}: NatGatewayRecord): NatGatewayAddress {
  return {
    ...(allocationId !== undefined && { AllocationId: allocationId }),
    ...(associationId !== undefined && { AssociationId: associationId }),
    ...(networkInterfaceId !== undefined && { NetworkInterfaceId: networkInterfaceId }),
    ...(privateIpv4 !== undefined && { PrivateIp: privateIpv4 }),
    ...(publicIpv4 !== undefined && { PublicIp: publicIpv4 }),
    IsPrimary: true,
    Status: addressStatus[state],
  };
}
