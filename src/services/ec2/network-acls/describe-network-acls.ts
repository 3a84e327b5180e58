import type {
  DescribeNetworkAclsCommandInput,
  DescribeNetworkAclsResult,
  NetworkAcl,
  NetworkAclEntry,
} from '@aws-sdk/client-ec2';
import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import { describeRecords } from '../input/describe.ts';
import type { FilterTable } from '../input/filters.ts';
import { tagList } from '../input/tags.ts';
import { kinds } from '../kinds.ts';
import { type NetworkAclRecord, type Scope, subnets } from '../records.ts';

const everything: readonly NetworkAclEntry[] = [true, false].flatMap((Egress) => [
  { CidrBlock: '0.0.0.0/0', Egress, Protocol: '-1', RuleAction: 'allow' as const, RuleNumber: 100 },
  { CidrBlock: '0.0.0.0/0', Egress, Protocol: '-1', RuleAction: 'deny' as const, RuleNumber: 32_767 },
]);

/** Each VPC has the default one, with all of its subnets. */
export function describeNetworkAcls(
  { state }: Ec2Context,
  input: DescribeNetworkAclsCommandInput,
  call: Call,
): DescribeNetworkAclsResult {
  const asked = { ids: input.NetworkAclIds, name: 'networkAclIds', parameter: 'NetworkAclId' };
  const { items, nextToken } = describeRecords(
    ...([state, call, kinds.networkAcl, filters(state, call), asked, input] as const),
  );
  return {
    NetworkAcls: items.map((acl) => aclView(state, call, acl)),
    ...(nextToken !== undefined && { NextToken: nextToken }),
  };
}

const filters = (reader: Reader, { accountId }: Scope): FilterTable<NetworkAclRecord> => ({
  'association.association-id': ({ vpcId }) => subnetIds(reader, vpcId).map(associationId),
  'association.network-acl-id': ({ id, vpcId }) => subnetIds(reader, vpcId).map(() => id),
  'association.subnet-id': ({ vpcId }) => subnetIds(reader, vpcId),
  default: () => true,
  'entry.cidr': () => everything.map(({ CidrBlock }) => CidrBlock),
  'entry.egress': () => everything.map(({ Egress }) => Egress),
  'entry.icmp.code': () => undefined,
  'entry.icmp.type': () => undefined,
  'entry.ipv6-cidr': () => undefined,
  'entry.port-range.from': () => undefined,
  'entry.port-range.to': () => undefined,
  'entry.protocol': () => everything.map(({ Protocol }) => Protocol),
  'entry.rule-action': () => everything.map(({ RuleAction }) => RuleAction),
  'entry.rule-number': () => everything.map(({ RuleNumber }) => RuleNumber),
  'network-acl-id': ({ id }) => id,
  'owner-id': () => accountId,
  'vpc-id': ({ vpcId }) => vpcId,
});

function aclView(reader: Reader, { accountId }: Scope, { id, vpcId, tags }: NetworkAclRecord): NetworkAcl {
  return {
    NetworkAclId: id,
    VpcId: vpcId,
    OwnerId: accountId,
    IsDefault: true,
    Associations: subnetIds(reader, vpcId).map((SubnetId) => ({
      ...{ NetworkAclAssociationId: associationId(SubnetId), NetworkAclId: id, SubnetId },
    })),
    Entries: [...everything],
    Tags: tagList(tags),
  };
}

const subnetIds = (reader: Reader, vpcId: string): readonly string[] =>
  reader.byIndex(subnets, 'vpc', vpcId).map(({ value }) => value.id);

/** A subnet is associated once, for as long as it is there. */
const associationId = (subnetId: string): string => subnetId.replace('subnet-', 'aclassoc-');
