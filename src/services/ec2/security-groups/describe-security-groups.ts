import type {
  DescribeSecurityGroupsCommandInput,
  DescribeSecurityGroupsResult,
  SecurityGroup,
} from '@aws-sdk/client-ec2';
import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { resourceArn } from '../arn.ts';
import type { Ec2Context } from '../context.ts';
import { describeRecords } from '../input/describe.ts';
import type { FilterTable } from '../input/filters.ts';
import { tagList } from '../input/tags.ts';
import { kinds } from '../kinds.ts';
import {
  ec2Key,
  type Scope,
  type SecurityGroupRecord,
  type SecurityGroupRuleRecord,
  securityGroups,
} from '../records.ts';
import { requireGroupByName } from './group-lookup.ts';
import { permissionsOf } from './permission-view.ts';

/**
 * Groups by their ids, by names in the default VPC, or all.
 * @throws {Refusal} InvalidGroup.NotFound, VPCIdNotSpecified, InvalidParameterValue and the like.
 */
export function describeSecurityGroups(
  { state }: Ec2Context,
  input: DescribeSecurityGroupsCommandInput,
  call: Call,
): DescribeSecurityGroupsResult {
  const { GroupIds = [], GroupNames = [] } = input;
  const byName = GroupNames.map((name) => requireGroupByName(state, call, name).id);
  const { items, nextToken } = describeRecords(
    state,
    call,
    kinds.securityGroup,
    filtersOf(state, call),
    { ids: [...GroupIds, ...byName], name: 'groupIds', parameter: 'GroupId' },
    input,
  );
  return {
    SecurityGroups: items.map((group) => groupView(call, group)),
    ...(nextToken !== undefined && { NextToken: nextToken }),
  };
}

function groupView(scope: Scope, group: SecurityGroupRecord): SecurityGroup {
  const { accountId } = scope;
  return {
    GroupId: group.id,
    GroupName: group.name,
    Description: group.description,
    VpcId: group.vpcId,
    OwnerId: accountId,
    SecurityGroupArn: resourceArn(scope, 'security-group', group.id),
    IpPermissions: permissionsOf(rulesOf(group, false), accountId),
    IpPermissionsEgress: permissionsOf(rulesOf(group, true), accountId),
    Tags: tagList(group.tags),
  };
}

function filtersOf(reader: Reader, scope: Scope): FilterTable<SecurityGroupRecord> {
  return {
    description: ({ description }) => description,
    'group-id': ({ id }) => id,
    'group-name': ({ name }) => name,
    'owner-id': () => scope.accountId,
    'vpc-id': ({ vpcId }) => vpcId,
    ...ruleFilters('ip-permission', false, reader, scope),
    ...ruleFilters('egress.ip-permission', true, reader, scope),
  };
}

type RuleValue = (rule: SecurityGroupRuleRecord) => string | number | undefined;

/** Several of them need not match one rule: each has to match some rule of the group. */
function ruleFilters(
  prefix: string,
  isEgress: boolean,
  reader: Reader,
  scope: Scope,
): FilterTable<SecurityGroupRecord> {
  const values: Readonly<Record<string, RuleValue>> = {
    cidr: ({ peer }) => (peer.type === 'cidr-ipv4' ? peer.cidr : undefined),
    'ipv6-cidr': ({ peer }) => (peer.type === 'cidr-ipv6' ? peer.cidr : undefined),
    'from-port': ({ fromPort }) => fromPort,
    'to-port': ({ toPort }) => toPort,
    protocol: ({ protocol }) => protocol,
    'group-id': ({ peer }) => (peer.type === 'group' ? peer.id : undefined),
    'group-name': ({ peer }) =>
      peer.type === 'group'
        ? reader.get(securityGroups, ec2Key(securityGroups, scope, peer.id))?.name
        : undefined,
    'prefix-list-id': ({ peer }) => (peer.type === 'prefix-list' ? peer.id : undefined),
    'user-id': ({ peer }) => (peer.type === 'group' ? scope.accountId : undefined),
  };
  return Object.fromEntries(
    Object.entries(values).map(([name, ofRule]) => [
      `${prefix}.${name}`,
      (group: SecurityGroupRecord) => rulesOf(group, isEgress).map(ofRule),
    ]),
  );
}

const rulesOf = ({ rules }: SecurityGroupRecord, isEgress: boolean) =>
  rules.filter((rule) => rule.isEgress === isEgress);
