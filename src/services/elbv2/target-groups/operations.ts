import type { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { OperationsOf } from '../../service.ts';
import { elbAuthorization } from '../authorization.ts';
import type { ElbContext } from '../context.ts';
import { createTargetGroup } from './create-target-group.ts';
import {
  deleteTargetGroup,
  describeTargetGroupAttributes,
  describeTargetGroups,
  modifyTargetGroup,
  modifyTargetGroupAttributes,
} from './target-group.ts';
import { deregisterTargets, describeTargetHealth, registerTargets } from './target-operations.ts';

export function targetGroupOperations(context: ElbContext) {
  const on = elbAuthorization(context.state);
  return {
    CreateTargetGroup: {
      action: 'elasticloadbalancing:CreateTargetGroup',
      ...on.newTargetGroup,
      run: (input, call) => createTargetGroup(context, input, call),
    },
    DeleteTargetGroup: {
      action: 'elasticloadbalancing:DeleteTargetGroup',
      ...on.targetGroup,
      run: (input, call) => deleteTargetGroup(context, input, call),
    },
    DeregisterTargets: {
      action: 'elasticloadbalancing:DeregisterTargets',
      ...on.targetGroup,
      run: (input, call) => deregisterTargets(context, input, call),
    },
    DescribeTargetGroupAttributes: {
      action: 'elasticloadbalancing:DescribeTargetGroupAttributes',
      ...on.everything,
      run: (input, call) => describeTargetGroupAttributes(context, input, call),
    },
    DescribeTargetGroups: {
      action: 'elasticloadbalancing:DescribeTargetGroups',
      ...on.everything,
      run: (input, call) => describeTargetGroups(context, input, call),
    },
    DescribeTargetHealth: {
      action: 'elasticloadbalancing:DescribeTargetHealth',
      ...on.everything,
      run: (input, call) => describeTargetHealth(context, input, call),
    },
    ModifyTargetGroup: {
      action: 'elasticloadbalancing:ModifyTargetGroup',
      ...on.targetGroup,
      run: (input, call) => modifyTargetGroup(context, input, call),
    },
    ModifyTargetGroupAttributes: {
      action: 'elasticloadbalancing:ModifyTargetGroupAttributes',
      ...on.targetGroup,
      run: (input, call) => modifyTargetGroupAttributes(context, input, call),
    },
    RegisterTargets: {
      action: 'elasticloadbalancing:RegisterTargets',
      ...on.targetGroup,
      run: (input, call) => registerTargets(context, input, call),
    },
  } satisfies Partial<OperationsOf<ElasticLoadBalancingV2>>;
}
