import type { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { OperationsOf } from '../../service.ts';
import { elbAuthorization } from '../authorization.ts';
import type { ElbContext } from '../context.ts';
import { createRule, deleteRule, describeRules, modifyRule } from './rule.ts';
import { setRulePriorities } from './set-rule-priorities.ts';

export function ruleOperations(context: ElbContext) {
  const on = elbAuthorization(context.state);
  return {
    CreateRule: {
      action: 'elasticloadbalancing:CreateRule',
      ...on.newRule,
      run: (input, call) => createRule(context, input, call),
    },
    DeleteRule: {
      action: 'elasticloadbalancing:DeleteRule',
      ...on.rule,
      run: (input, call) => deleteRule(context, input, call),
    },
    DescribeRules: {
      action: 'elasticloadbalancing:DescribeRules',
      ...on.everything,
      run: (input, call) => describeRules(context, input, call),
    },
    ModifyRule: {
      action: 'elasticloadbalancing:ModifyRule',
      ...on.rule,
      run: (input, call) => modifyRule(context, input, call),
    },
    SetRulePriorities: {
      action: 'elasticloadbalancing:SetRulePriorities',
      ...on.rules,
      run: (input, call) => setRulePriorities(context, input, call),
    },
  } satisfies Partial<OperationsOf<ElasticLoadBalancingV2>>;
}
