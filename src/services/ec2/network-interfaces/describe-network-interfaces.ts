import type {
  DescribeNetworkInterfacesCommandInput,
  DescribeNetworkInterfacesResult,
  NetworkInterface,
} from '@aws-sdk/client-ec2';
import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import { describeRecords } from '../input/describe.ts';
import type { Filtered, FilterTable } from '../input/filters.ts';
import { kinds } from '../kinds.ts';
import type { NetworkInterfaceRecord, Scope } from '../records.ts';
import { interfaceView, statusOf } from './interface-view.ts';

export function describeNetworkInterfaces(
  { state }: Ec2Context,
  input: DescribeNetworkInterfacesCommandInput,
  call: Call,
): DescribeNetworkInterfacesResult {
  const { items, nextToken } = describeRecords(
    state,
    call,
    kinds.networkInterface,
    interfaceFilters(state, call),
    { ids: input.NetworkInterfaceIds, name: 'networkInterfaceIds', parameter: 'NetworkInterfaceId' },
    input,
  );
  return {
    NetworkInterfaces: items.map((record) => interfaceView(state, call, record)),
    ...(nextToken !== undefined && { NextToken: nextToken }),
  };
}

/** Names of AWS's list; those of IPv6 match nothing. */
function interfaceFilters(reader: Reader, scope: Scope): FilterTable<NetworkInterfaceRecord> {
  /** Of what an answer would show. */
  const shown =
    (of: (view: NetworkInterface) => Filtered | readonly Filtered[]) => (record: NetworkInterfaceRecord) =>
      of(interfaceView(reader, scope, record));
  return {
    'addresses.association.owner-id': shown((view) =>
      eachAddress(view, ({ Association }) => Association?.IpOwnerId),
    ),
    'addresses.association.public-ip': shown((view) =>
      eachAddress(view, ({ Association }) => Association?.PublicIp),
    ),
    'addresses.primary': ({ privateIpv4Addresses }) => privateIpv4Addresses.map((_, index) => index === 0),
    'addresses.private-ip-address': ({ privateIpv4Addresses }) => privateIpv4Addresses,
    'association.allocation-id': shown(({ Association }) => Association?.AllocationId),
    'association.association-id': shown(({ Association }) => Association?.AssociationId),
    'association.ip-owner-id': shown(({ Association }) => Association?.IpOwnerId),
    'association.public-dns-name': shown(({ Association }) => Association?.PublicDnsName),
    'association.public-ip': shown(({ Association }) => Association?.PublicIp),
    'attachment.attach-time': ({ attachment }) => attachment && new Date(attachment.attachedAt).toISOString(),
    'attachment.attachment-id': ({ attachment }) => attachment?.id,
    'attachment.delete-on-termination': ({ attachment }) => attachment?.deleteOnTermination,
    'attachment.device-index': ({ attachment }) => attachment?.deviceIndex,
    'attachment.instance-id': ({ attachment }) => attachment?.instanceId,
    'attachment.instance-owner-id': ({ attachment }) => attachment?.instanceOwnerId,
    'attachment.nat-gateway-id': () => undefined,
    'attachment.status': ({ attachment }) => attachment?.status,
    'availability-zone': ({ availabilityZone }) => availabilityZone,
    'availability-zone-id': shown(({ AvailabilityZoneId }) => AvailabilityZoneId),
    description: ({ description }) => description,
    'group-id': ({ securityGroupIds }) => securityGroupIds,
    'group-name': shown(({ Groups = [] }) => Groups.map(({ GroupName }) => GroupName)),
    'interface-type': ({ interfaceType }) => interfaceType,
    'ipv6-addresses.ipv6-address': () => undefined,
    'mac-address': ({ macAddress }) => macAddress,
    'network-interface-id': ({ id }) => id,
    'operator.managed': () => false,
    'operator.principal': () => undefined,
    'owner-id': () => scope.accountId,
    'private-dns-name': shown(({ PrivateDnsName }) => PrivateDnsName),
    'private-ip-address': ({ privateIpv4Addresses }) => privateIpv4Addresses,
    'requester-id': ({ requesterId }) => requesterId,
    'requester-managed': ({ requesterId }) => requesterId !== undefined,
    'source-dest-check': ({ sourceDestCheck }) => sourceDestCheck,
    status: statusOf,
    'subnet-id': ({ subnetId }) => subnetId,
    'vpc-id': ({ vpcId }) => vpcId,
  };
}

function eachAddress(
  { PrivateIpAddresses = [] }: NetworkInterface,
  of: (address: NonNullable<NetworkInterface['PrivateIpAddresses']>[number]) => Filtered,
): readonly Filtered[] {
  return PrivateIpAddresses.map(of);
}
