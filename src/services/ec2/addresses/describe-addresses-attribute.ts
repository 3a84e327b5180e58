import type {
  DescribeAddressesAttributeCommandInput,
  DescribeAddressesAttributeResult,
} from '@aws-sdk/client-ec2';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import { describeRecords } from '../input/describe.ts';
import { kinds } from '../kinds.ts';

/** The only attribute is the name that reverse DNS has for an address, and none here has one. */
export function describeAddressesAttribute(
  { state }: Ec2Context,
  { AllocationIds, MaxResults, NextToken }: DescribeAddressesAttributeCommandInput,
  call: Call,
): DescribeAddressesAttributeResult {
  const asked = { ids: AllocationIds, name: 'allocationIds', parameter: 'AllocationId' };
  const page = { MaxResults, NextToken };
  const { items, nextToken } = describeRecords(state, call, kinds.address, {}, asked, page);
  return {
    Addresses: items.map(({ allocationId, publicIpv4 }) => ({
      ...{ AllocationId: allocationId, PublicIp: publicIpv4 },
    })),
    ...(nextToken !== undefined && { NextToken: nextToken }),
  };
}
