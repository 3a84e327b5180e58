import type {
  DescribeSecurityGroupRulesCommandInput,
  DescribeSecurityGroupRulesResult,
} from '@aws-sdk/client-ec2';
import type { Reader } from '../../../reconcile/index.ts';
import { ascending } from '../../pages.ts';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import { notFound, readId } from '../ids.ts';
import { type FilterTable, readFilters } from '../input/filters.ts';
import { pageOf } from '../input/pages.ts';
import { kinds } from '../kinds.ts';
import {
  ec2Key,
  ec2Prefix,
  type Scope,
  type SecurityGroupRecord,
  type SecurityGroupRuleRecord,
  securityGroups,
} from '../records.ts';
import { ruleView } from './rule-view.ts';

interface RuleOfGroup {
  readonly groupId: string;
  readonly rule: SecurityGroupRuleRecord;
}

const filters: FilterTable<RuleOfGroup> = {
  'group-id': ({ groupId }) => groupId,
  'security-group-rule-id': ({ rule }) => rule.id,
};

/** @throws {Refusal} InvalidSecurityGroupRuleId.NotFound, InvalidParameterValue and the like. */
export function describeSecurityGroupRules(
  { state }: Ec2Context,
  input: DescribeSecurityGroupRulesCommandInput,
  call: Call,
): DescribeSecurityGroupRulesResult {
  const { Filters, SecurityGroupRuleIds: ids = [] } = input;
  const isWanted = readFilters(Filters, filters, ({ rule }) => rule.tags);
  const candidates =
    ids.length > 0
      ? [...new Set(ids)].map((id) => requireRule(state, call, id))
      : [...state.list(securityGroups, ec2Prefix(securityGroups, call))].flatMap(({ value }) =>
          ofGroup(value),
        );
  const found = candidates.filter(isWanted).sort((one, other) => ascending(one.rule.id, other.rule.id));
  const { items, nextToken } = pageOf(
    found,
    ({ rule }) => rule.id,
    input,
    ids.length > 0 ? 'securityGroupRuleIds' : undefined,
  );
  return {
    SecurityGroupRules: items.map(({ groupId, rule }) => ruleView(call, groupId, rule)),
    ...(nextToken !== undefined && { NextToken: nextToken }),
  };
}

function requireRule(reader: Reader, scope: Scope, text: string): RuleOfGroup {
  const id = readId(kinds.securityGroupRule, text, 'SecurityGroupRuleId.1');
  const found = reader
    .byIndex(securityGroups, 'rule', id)
    .filter(({ key, value }) => key === ec2Key(securityGroups, scope, value.id))
    .flatMap(({ value }) => ofGroup(value))
    .find(({ rule }) => rule.id === id);
  if (found === undefined) throw notFound(kinds.securityGroupRule, id);
  return found;
}

const ofGroup = ({ id, rules }: SecurityGroupRecord): readonly RuleOfGroup[] =>
  rules.map((rule) => ({ groupId: id, rule }));
