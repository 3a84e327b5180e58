import type {
  UpdateSecurityGroupRuleDescriptionsEgressCommandInput,
  UpdateSecurityGroupRuleDescriptionsEgressResult,
  UpdateSecurityGroupRuleDescriptionsIngressCommandInput,
  UpdateSecurityGroupRuleDescriptionsIngressResult,
} from '@aws-sdk/client-ec2';
import type { Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import { invalidParameterCombination, missingParameter } from '../errors.ts';
import { ec2Key, type Scope, type SecurityGroupRecord, securityGroups } from '../records.ts';
import { type AskedRule, askedRules, checkDescription } from './asked-rules.ts';
import { requireGroup } from './group-lookup.ts';
import { namedRules } from './named-rules.ts';
import { assertAskedOnce, matchingRules, ruleNotFound, rulesOfIds } from './rule-changes.ts';
import { ruleKey } from './rule-identity.ts';

type Input = UpdateSecurityGroupRuleDescriptionsIngressCommandInput;

/** @throws {Refusal} See `updateRuleDescriptions`. */
export const updateSecurityGroupRuleDescriptionsIngress = (
  ec2: Ec2Context,
  input: Input,
  call: Call,
): Promise<UpdateSecurityGroupRuleDescriptionsIngressResult> =>
  updateRuleDescriptions(ec2, input, call, false);

/** @throws {Refusal} See `updateRuleDescriptions`. */
export const updateSecurityGroupRuleDescriptionsEgress = (
  ec2: Ec2Context,
  input: UpdateSecurityGroupRuleDescriptionsEgressCommandInput,
  call: Call,
): Promise<UpdateSecurityGroupRuleDescriptionsEgressResult> => updateRuleDescriptions(ec2, input, call, true);

/**
 * A rule that is named without a description has none afterwards.
 * @throws {Refusal} InvalidGroup.NotFound, InvalidPermission.NotFound, InvalidSecurityGroupRuleId.NotFound,
 * InvalidParameterValue, MissingParameter and the like.
 */
async function updateRuleDescriptions(
  { state }: Ec2Context,
  input: Input,
  call: Call,
  isEgress: boolean,
): Promise<{ Return: true }> {
  const { IpPermissions = [], SecurityGroupRuleDescriptions: byId = [] } = input;
  if (IpPermissions.length > 0 && byId.length > 0) {
    throw invalidParameterCombination(
      'The parameter ipPermissions cannot be used with the parameter securityGroupRuleDescription',
    );
  }
  if (IpPermissions.length === 0 && byId.length === 0) throw missingParameter('ipPermissions');
  for (const { Description } of byId) checkDescription('rule', Description);
  const asked = IpPermissions.length > 0 ? askedRules(IpPermissions) : [];
  await state.transact((tx) => {
    const group = requireGroup(tx, call, input);
    const descriptions =
      asked.length > 0
        ? describedByParts(tx, call, group, asked, isEgress)
        : describedById(group, byId, isEgress);
    const rules = group.rules.map((rule) => {
      if (!descriptions.has(rule.id)) return rule;
      const { description: _, ...others } = rule;
      const description = descriptions.get(rule.id);
      return { ...others, ...(description !== undefined && description !== '' && { description }) };
    });
    tx.put(securityGroups, ec2Key(securityGroups, call, group.id), { ...group, rules });
  });
  return { Return: true };
}

type Descriptions = ReadonlyMap<string, string | undefined>;

function describedByParts(
  tx: Transaction,
  scope: Scope,
  group: SecurityGroupRecord,
  asked: readonly AskedRule[],
  isEgress: boolean,
): Descriptions {
  const named = namedRules(tx, scope, group, asked, isEgress);
  assertAskedOnce(named);
  const { found, unknown } = matchingRules(group.rules, named);
  if (unknown.length > 0) throw ruleNotFound();
  const byKey = new Map(named.map((rule) => [ruleKey(rule), rule.description]));
  return new Map(found.map((rule) => [rule.id, byKey.get(ruleKey(rule))]));
}

function describedById(
  group: SecurityGroupRecord,
  asked: NonNullable<Input['SecurityGroupRuleDescriptions']>,
  isEgress: boolean,
): Descriptions {
  const ids = asked.map(({ SecurityGroupRuleId }) => SecurityGroupRuleId ?? '');
  rulesOfIds(group.rules, ids, isEgress);
  return new Map(asked.map(({ Description }, place) => [ids[place] ?? '', Description]));
}
