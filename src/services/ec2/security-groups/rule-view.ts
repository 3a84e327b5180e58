import type { RevokedSecurityGroupRule, SecurityGroupRule } from '@aws-sdk/client-ec2';
import { resourceArn } from '../arn.ts';
import { tagList } from '../input/tags.ts';
import type { Scope, SecurityGroupRuleRecord } from '../records.ts';

/** As DescribeSecurityGroupRules shows it. Ports are -1 where the protocol has none. */
export function ruleView(scope: Scope, groupId: string, rule: SecurityGroupRuleRecord): SecurityGroupRule {
  const { peer, description } = rule;
  return {
    SecurityGroupRuleId: rule.id,
    GroupId: groupId,
    GroupOwnerId: scope.accountId,
    ...trafficView(rule),
    ...cidrOrListView(peer),
    ...(peer.type === 'group' && { ReferencedGroupInfo: { GroupId: peer.id, UserId: scope.accountId } }),
    ...(description !== undefined && { Description: description }),
    Tags: tagList(rule.tags),
    SecurityGroupRuleArn: resourceArn(scope, 'security-group-rule', rule.id),
  };
}

/** As the answer that took it away shows it. */
export function revokedRuleView(groupId: string, rule: SecurityGroupRuleRecord): RevokedSecurityGroupRule {
  const { peer, description } = rule;
  return {
    SecurityGroupRuleId: rule.id,
    GroupId: groupId,
    ...trafficView(rule),
    ...cidrOrListView(peer),
    ...(peer.type === 'group' && { ReferencedGroupId: peer.id }),
    ...(description !== undefined && { Description: description }),
  };
}

const trafficView = ({ isEgress, protocol, fromPort, toPort }: SecurityGroupRuleRecord) => ({
  ...{ IsEgress: isEgress, IpProtocol: protocol, FromPort: fromPort, ToPort: toPort },
});

function cidrOrListView(peer: SecurityGroupRuleRecord['peer']) {
  switch (peer.type) {
    case 'cidr-ipv4':
      return { CidrIpv4: peer.cidr };
    case 'cidr-ipv6':
      return { CidrIpv6: peer.cidr };
    case 'prefix-list':
      return { PrefixListId: peer.id };
    case 'group':
      return {};
  }
}
