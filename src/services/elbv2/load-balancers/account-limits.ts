import type {
  DescribeAccountLimitsCommandInput,
  DescribeAccountLimitsOutput,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { pageOf } from '../input.ts';

/** Those that are kept here (Elastic Load Balancing quotas). */
export const limits = {
  'application-load-balancers': 50,
  'network-load-balancers': 50,
  'target-groups': 3_000,
  'listeners-per-application-load-balancer': 50,
  'listeners-per-network-load-balancer': 50,
  'rules-per-application-load-balancer': 100,
  'certificates-per-application-load-balancer': 25,
  'certificates-per-network-load-balancer': 25,
  'target-groups-per-application-load-balancer': 100,
  'target-groups-per-action-on-application-load-balancer': 5,
  'target-groups-per-action-on-network-load-balancer': 1,
  'targets-per-target-group': 1_000,
  'condition-values-per-alb-rule': 5,
  'condition-wildcards-per-alb-rule': 5,
} as const;

export function describeAccountLimits(input: DescribeAccountLimitsCommandInput): DescribeAccountLimitsOutput {
  const { items, next } = pageOf(Object.entries(limits), ([name]) => name, input);
  return { Limits: items.map(([Name, max]) => ({ Name, Max: String(max) })), ...next };
}
