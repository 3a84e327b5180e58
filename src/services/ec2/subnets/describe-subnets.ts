import type { DescribeSubnetsCommandInput, DescribeSubnetsResult } from '@aws-sdk/client-ec2';
import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { availableAddressCount } from '../addresses/ipam.ts';
import { resourceArn } from '../arn.ts';
import type { Ec2Context } from '../context.ts';
import { describeRecords } from '../input/describe.ts';
import type { FilterTable } from '../input/filters.ts';
import { kinds } from '../kinds.ts';
import type { Scope, SubnetRecord } from '../records.ts';
import { zoneId } from '../zones.ts';
import { subnetView } from './subnet-view.ts';

const filters = (reader: Reader, scope: Scope): FilterTable<SubnetRecord> => ({
  'availability-zone': ({ availabilityZone }) => availabilityZone,
  availabilityZone: ({ availabilityZone }) => availabilityZone,
  'availability-zone-id': ({ availabilityZone }) => zoneId(availabilityZone),
  availabilityZoneId: ({ availabilityZone }) => zoneId(availabilityZone),
  'available-ip-address-count': (subnet) => availableAddressCount(reader, subnet),
  cidr: ({ cidr }) => cidr,
  'cidr-block': ({ cidr }) => cidr,
  cidrBlock: ({ cidr }) => cidr,
  'customer-owned-ipv4-pool': () => undefined,
  'default-for-az': ({ isDefaultForAz }) => isDefaultForAz,
  defaultForAz: ({ isDefaultForAz }) => isDefaultForAz,
  'enable-dns64': () => false,
  'enable-lni-at-device-index': () => undefined,
  'ipv6-cidr-block-association.association-id': () => undefined,
  'ipv6-cidr-block-association.ipv6-cidr-block': () => undefined,
  'ipv6-cidr-block-association.state': () => undefined,
  'ipv6-native': () => false,
  'map-customer-owned-ip-on-launch': () => false,
  'map-public-ip-on-launch': ({ mapPublicIpOnLaunch }) => mapPublicIpOnLaunch,
  'outpost-arn': () => undefined,
  'owner-id': () => scope.accountId,
  'private-dns-name-options-on-launch.enable-resource-name-dns-a-record': (subnet) =>
    subnet.enableResourceNameDnsARecord,
  'private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record': () => false,
  'private-dns-name-options-on-launch.hostname-type': (subnet) => subnet.privateDnsHostnameType,
  state: () => 'available',
  'subnet-arn': ({ id }) => resourceArn(scope, 'subnet', id),
  'subnet-id': ({ id }) => id,
  'vpc-id': ({ vpcId }) => vpcId,
});

export function describeSubnets(
  { state }: Ec2Context,
  input: DescribeSubnetsCommandInput,
  call: Call,
): DescribeSubnetsResult {
  const asked = { ids: input.SubnetIds, name: 'subnetIds', parameter: 'SubnetId' };
  const found = describeRecords(state, call, kinds.subnet, filters(state, call), asked, input);
  return {
    Subnets: found.items.map((subnet) => subnetView(state, call, subnet)),
    ...(found.nextToken !== undefined && { NextToken: found.nextToken }),
  };
}
