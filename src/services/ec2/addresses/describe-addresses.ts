import type { Address, DescribeAddressesCommandInput, DescribeAddressesResult } from '@aws-sdk/client-ec2';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import { requireRecord } from '../ids.ts';
import { type FilterTable, readFilters } from '../input/filters.ts';
import { tagList } from '../input/tags.ts';
import { kinds } from '../kinds.ts';
import { type AddressRecord, addresses, ec2Prefix, type Scope } from '../records.ts';
import { publicIpv4Pool } from './allocate-address.ts';
import { addressNotFound, withPublicIp } from './find-address.ts';

/** Those that are named in either way, or all; there are no pages. */
export function describeAddresses(
  { state }: Ec2Context,
  { AllocationIds = [], PublicIps = [], Filters }: DescribeAddressesCommandInput,
  call: Call,
): DescribeAddressesResult {
  const isWanted = readFilters(Filters, addressFilters(call), ({ tags }) => tags);
  const named = new Map<string, AddressRecord>();
  for (const id of AllocationIds) {
    const found = requireRecord(state, call, kinds.address, id, 'AllocationId.1');
    named.set(found.allocationId, found);
  }
  for (const publicIp of PublicIps) {
    const found = withPublicIp(state, call, publicIp);
    if (found === undefined) throw addressNotFound(publicIp);
    named.set(found.allocationId, found);
  }
  const isNamed = AllocationIds.length + PublicIps.length > 0;
  const candidates = isNamed
    ? [...named.values()]
    : Array.from(state.list(addresses, ec2Prefix(addresses, call)), ({ value }) => value);
  return { Addresses: candidates.filter(isWanted).map((each) => addressView(call, each)) };
}

function addressFilters({ accountId, region }: Scope): FilterTable<AddressRecord> {
  return {
    'allocation-id': ({ allocationId }) => allocationId,
    'association-id': ({ association }) => association?.id,
    domain: () => 'vpc',
    'instance-id': () => undefined,
    'network-border-group': () => region,
    'network-interface-id': ({ association }) => association?.networkInterfaceId,
    'network-interface-owner-id': ({ association }) => association && accountId,
    'private-ip-address': ({ association }) => association?.privateIpv4,
    'public-ip': ({ publicIpv4 }) => publicIpv4,
  };
}

function addressView(scope: Scope, { allocationId, publicIpv4, association, tags }: AddressRecord): Address {
  return {
    PublicIp: publicIpv4,
    AllocationId: allocationId,
    Domain: 'vpc',
    PublicIpv4Pool: publicIpv4Pool,
    NetworkBorderGroup: scope.region,
    ...(association !== undefined && {
      AssociationId: association.id,
      NetworkInterfaceId: association.networkInterfaceId,
      NetworkInterfaceOwnerId: scope.accountId,
      PrivateIpAddress: association.privateIpv4,
    }),
    Tags: tagList(tags),
  };
}
