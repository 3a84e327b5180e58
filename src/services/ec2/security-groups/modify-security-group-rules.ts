import type {
  ModifySecurityGroupRulesCommandInput,
  ModifySecurityGroupRulesResult,
  SecurityGroupRuleRequest,
} from '@aws-sdk/client-ec2';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import { invalidParameterCombination, invalidParameterValue, missingParameter } from '../errors.ts';
import { prefixListsOf } from '../prefix-lists/prefix-lists-of.ts';
import { ec2Key, type SecurityGroupRuleRecord, securityGroups } from '../records.ts';
import { type AskedRule, described, ipv4Peer, ipv6Peer, prefixListPeer } from './asked-rules.ts';
import { requireGroup } from './group-lookup.ts';
import { namedRules } from './named-rules.ts';
import { assertAskedOnce, assertNew, rulesOfIds } from './rule-changes.ts';
import { assertWithinQuota } from './rule-quota.ts';
import { ruleTraffic } from './rule-traffic.ts';

/**
 * Puts other rules in the place of some: they keep their ids, directions and tags, and the kind of their peer. All of
 * them are changed together, so they may swap what they allow.
 * @throws {Refusal} InvalidGroup.NotFound, InvalidSecurityGroupRuleId.NotFound, InvalidPermission.Duplicate,
 * RulesPerSecurityGroupLimitExceeded, InvalidParameterValue, MissingParameter and the like.
 */
export async function modifySecurityGroupRules(
  { state }: Ec2Context,
  { GroupId, SecurityGroupRules: updates = [] }: ModifySecurityGroupRulesCommandInput,
  call: Call,
): Promise<ModifySecurityGroupRulesResult> {
  if (updates.length === 0) throw missingParameter('SecurityGroupRule');
  const asked = updates.map(({ SecurityGroupRuleId: id, SecurityGroupRule: rule }, index) => {
    if (id === undefined) throw missingParameter(`SecurityGroupRule.${index + 1}.SecurityGroupRuleId`);
    if (rule === undefined) throw missingParameter(`SecurityGroupRule.${index + 1}.SecurityGroupRule`);
    return { id, rule: askedRule(rule) };
  });
  const ids = asked.map(({ id }) => id);
  if (new Set(ids).size < ids.length) {
    throw invalidParameterValue('The same security group rule ID must not appear multiple times');
  }
  await state.transact((tx) => {
    const group = requireGroup(tx, call, { GroupId });
    const changed = new Map<string, SecurityGroupRuleRecord>();
    for (const [index, before] of rulesOfIds(group.rules, ids).entries()) {
      const wanted = asked[index]?.rule;
      const [named] = wanted === undefined ? [] : namedRules(tx, call, group, [wanted], before.isEgress);
      if (named === undefined) continue;
      if (named.peer.type !== before.peer.type) {
        throw invalidParameterValue(
          `The source or destination type of the security group rule '${before.id}' cannot be changed`,
        );
      }
      changed.set(before.id, { ...named, id: before.id, tags: before.tags });
    }
    const others = group.rules.filter(({ id }) => !changed.has(id));
    assertAskedOnce([...changed.values()]);
    assertNew(others, [...changed.values()]);
    const rules = group.rules.map((rule) => changed.get(rule.id) ?? rule);
    assertWithinQuota(rules, prefixListsOf(tx, call));
    tx.put(securityGroups, ec2Key(securityGroups, call, group.id), { ...group, rules });
  });
  return { Return: true };
}

const peerMembers = ['CidrIpv4', 'CidrIpv6', 'PrefixListId', 'ReferencedGroupId'] as const;

function askedRule(request: SecurityGroupRuleRequest): AskedRule {
  const [member, other] = peerMembers.filter((each) => request[each] !== undefined);
  if (member === undefined) throw missingParameter('Source/Destination');
  if (other !== undefined) {
    throw invalidParameterCombination(`The parameter ${member} cannot be used with the parameter ${other}`);
  }
  return { ...ruleTraffic(request), ...described(peerOf(request, member), request.Description) };
}

function peerOf(request: SecurityGroupRuleRequest, member: (typeof peerMembers)[number]): AskedRule['peer'] {
  switch (member) {
    case 'CidrIpv4':
      return ipv4Peer(request.CidrIpv4);
    case 'CidrIpv6':
      return ipv6Peer(request.CidrIpv6);
    case 'PrefixListId':
      return prefixListPeer(request.PrefixListId);
    case 'ReferencedGroupId':
      return { type: 'group', id: request.ReferencedGroupId ?? '' };
  }
}
