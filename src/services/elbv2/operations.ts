import type { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { OperationsOf } from '../service.ts';
import type { ElbContext } from './context.ts';
import { listenerOperations } from './listeners/operations.ts';
import { loadBalancerOperations } from './load-balancers/operations.ts';
import { refusedOperations } from './refused.ts';
import { ruleOperations } from './rules/operations.ts';
import { tagOperations } from './tags/operations.ts';
import { targetGroupOperations } from './target-groups/operations.ts';

/** Every operation of Elastic Load Balancing v2: one partial table for each topic. */
export function elbOperations(context: ElbContext): OperationsOf<ElasticLoadBalancingV2> {
  return {
    ...loadBalancerOperations(context),
    ...targetGroupOperations(context),
    ...listenerOperations(context),
    ...ruleOperations(context),
    ...tagOperations(context),
    ...refusedOperations,
  };
}
