import type { Subnet } from '@aws-sdk/client-ec2';
import type { Reader } from '../../../reconcile/index.ts';
import { availableAddressCount } from '../addresses/ipam.ts';
import { resourceArn } from '../arn.ts';
import { tagList } from '../input/tags.ts';
import type { Scope, SubnetRecord } from '../records.ts';
import { zoneId } from '../zones.ts';

export function subnetView(reader: Reader, scope: Scope, subnet: SubnetRecord): Subnet {
  const { id, vpcId, cidr, availabilityZone, tags } = subnet;
  return {
    SubnetId: id,
    SubnetArn: resourceArn(scope, 'subnet', id),
    VpcId: vpcId,
    OwnerId: scope.accountId,
    State: 'available',
    CidrBlock: cidr,
    Ipv6CidrBlockAssociationSet: [],
    AvailabilityZone: availabilityZone,
    AvailabilityZoneId: zoneId(availabilityZone),
    AvailableIpAddressCount: availableAddressCount(reader, subnet),
    DefaultForAz: subnet.isDefaultForAz,
    MapPublicIpOnLaunch: subnet.mapPublicIpOnLaunch,
    MapCustomerOwnedIpOnLaunch: false,
    AssignIpv6AddressOnCreation: false,
    EnableDns64: false,
    Ipv6Native: false,
    PrivateDnsNameOptionsOnLaunch: {
      HostnameType: subnet.privateDnsHostnameType,
      EnableResourceNameDnsARecord: subnet.enableResourceNameDnsARecord,
      EnableResourceNameDnsAAAARecord: false,
    },
    BlockPublicAccessStates: { InternetGatewayBlockMode: 'off' },
    Tags: tagList(tags),
  };
}
