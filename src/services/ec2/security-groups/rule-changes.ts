import type { Random } from '../../../clock/index.ts';
import { ec2Refusal, invalidParameterValue, shown } from '../errors.ts';
import { newId, notFound, readId } from '../ids.ts';
import { kinds } from '../kinds.ts';
import type { SecurityGroupRuleRecord, Tags } from '../records.ts';
import type { NamedRule } from './named-rules.ts';
import { type RuleIdentity, ruleKey, ruleText } from './rule-identity.ts';

type RuleRecords = readonly SecurityGroupRuleRecord[];

/**
 * New rules for a group.
 * @throws {Refusal} InvalidPermission.Duplicate: it has one already; InvalidParameterValue: one is asked for twice.
 */
export function newRules(
  random: Random,
  before: RuleRecords,
  asked: readonly NamedRule[],
  tags: Tags,
): RuleRecords {
  assertAskedOnce(asked);
  assertNew(before, asked);
  return asked.map((rule) => ({ id: newId(random, 'sgr'), ...rule, tags }));
}

/** @throws {Refusal} InvalidParameterValue */
export function assertAskedOnce(asked: readonly RuleIdentity[]): void {
  if (new Set(asked.map(ruleKey)).size < asked.length) {
    throw invalidParameterValue('The same permission must not appear multiple times');
  }
}

/** @throws {Refusal} InvalidPermission.Duplicate */
export function assertNew(before: RuleRecords, asked: readonly RuleIdentity[]): void {
  const keys = new Set(before.map(ruleKey));
  const duplicate = asked.find((rule) => keys.has(ruleKey(rule)));
  if (duplicate !== undefined) {
    throw ec2Refusal(
      'InvalidPermission.Duplicate',
      `the specified rule "${ruleText(duplicate)}" already exists`,
    );
  }
}

/** The group's rules that are equal to those asked for, and those asked for that it has not. */
export function matchingRules(
  before: RuleRecords,
  asked: readonly NamedRule[],
): { readonly found: RuleRecords; readonly unknown: readonly NamedRule[] } {
  const byKey = new Map(before.map((rule) => [ruleKey(rule), rule]));
  return {
    found: asked.flatMap((rule) => byKey.get(ruleKey(rule)) ?? []),
    unknown: asked.filter((rule) => !byKey.has(ruleKey(rule))),
  };
}

/**
 * The group's rules of these ids.
 * @throws {Refusal} InvalidSecurityGroupRuleId.NotFound, InvalidSecurityGroupRuleId.Malformed
 */
export function rulesOfIds(before: RuleRecords, ids: readonly string[], isEgress?: boolean): RuleRecords {
  const byId = new Map(before.map((rule) => [rule.id, rule]));
  return [...new Set(ids)].map((text) => {
    const id = readId(kinds.securityGroupRule, text, 'SecurityGroupRuleId');
    const rule = byId.get(id);
    if (rule === undefined || (isEgress !== undefined && rule.isEgress !== isEgress)) {
      throw notFound(kinds.securityGroupRule, shown(id));
    }
    return rule;
  });
}

export const ruleNotFound = () =>
  ec2Refusal('InvalidPermission.NotFound', 'The specified rule does not exist in this security group.');
