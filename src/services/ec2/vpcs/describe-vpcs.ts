import type { DescribeVpcsCommandInput, DescribeVpcsResult } from '@aws-sdk/client-ec2';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import { describeRecords } from '../input/describe.ts';
import type { FilterTable } from '../input/filters.ts';
import { kinds } from '../kinds.ts';
import type { Scope, VpcRecord } from '../records.ts';
import { vpcView } from './vpc-view.ts';

const filters = ({ accountId }: Scope): FilterTable<VpcRecord> => ({
  cidr: ({ cidrs }) => cidrs[0]?.cidr,
  cidrBlock: ({ cidrs }) => cidrs[0]?.cidr,
  'cidr-block': ({ cidrs }) => cidrs[0]?.cidr,
  'cidr-block-association.association-id': ({ cidrs }) => cidrs.map(({ associationId }) => associationId),
  'cidr-block-association.cidr-block': ({ cidrs }) => cidrs.map(({ cidr }) => cidr),
  'cidr-block-association.state': ({ cidrs }) => cidrs.map(() => 'associated'),
  'dhcp-options-id': ({ dhcpOptionsId }) => dhcpOptionsId ?? 'default',
  'ipv6-cidr-block-association.association-id': () => undefined,
  'ipv6-cidr-block-association.ipv6-cidr-block': () => undefined,
  'ipv6-cidr-block-association.ipv6-pool': () => undefined,
  'ipv6-cidr-block-association.state': () => undefined,
  'is-default': ({ isDefault }) => isDefault,
  isDefault: ({ isDefault }) => isDefault,
  'owner-id': () => accountId,
  state: ({ isBeingDeleted }) => (isBeingDeleted ? 'deleting' : 'available'),
  'vpc-id': ({ id }) => id,
});

export function describeVpcs(
  { state }: Ec2Context,
  input: DescribeVpcsCommandInput,
  call: Call,
): DescribeVpcsResult {
  const asked = { ids: input.VpcIds, name: 'vpcIds', parameter: 'VpcId' };
  const { items, nextToken } = describeRecords(state, call, kinds.vpc, filters(call), asked, input);
  return {
    Vpcs: items.map((vpc) => vpcView(call, vpc)),
    ...(nextToken !== undefined && { NextToken: nextToken }),
  };
}
