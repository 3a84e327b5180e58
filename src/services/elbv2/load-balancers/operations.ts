import type { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { OperationsOf } from '../../service.ts';
import { elbAuthorization, securityGroups, subnets } from '../authorization.ts';
import type { ElbContext } from '../context.ts';
import { describeAccountLimits } from './account-limits.ts';
import { createLoadBalancer } from './create-load-balancer.ts';
import {
  deleteLoadBalancer,
  describeCapacityReservation,
  describeLoadBalancerAttributes,
  describeLoadBalancers,
  modifyLoadBalancerAttributes,
} from './load-balancer.ts';
import { setIpAddressType, setSecurityGroups, setSubnets } from './network-settings.ts';

export function loadBalancerOperations(context: ElbContext) {
  const on = elbAuthorization(context.state);
  return {
    CreateLoadBalancer: {
      action: 'elasticloadbalancing:CreateLoadBalancer',
      ...on.newLoadBalancer,
      run: (input, call) => createLoadBalancer(context, input, call),
    },
    DeleteLoadBalancer: {
      action: 'elasticloadbalancing:DeleteLoadBalancer',
      ...on.loadBalancer(),
      run: (input, call) => deleteLoadBalancer(context, input, call),
    },
    DescribeAccountLimits: {
      action: 'elasticloadbalancing:DescribeAccountLimits',
      ...on.everything,
      run: (input) => describeAccountLimits(input),
    },
    DescribeCapacityReservation: {
      action: 'elasticloadbalancing:DescribeCapacityReservation',
      ...on.everything,
      run: (input, call) => describeCapacityReservation(context, input, call),
    },
    DescribeLoadBalancerAttributes: {
      action: 'elasticloadbalancing:DescribeLoadBalancerAttributes',
      ...on.everything,
      run: (input, call) => describeLoadBalancerAttributes(context, input, call),
    },
    DescribeLoadBalancers: {
      action: 'elasticloadbalancing:DescribeLoadBalancers',
      ...on.everything,
      run: (input, call) => describeLoadBalancers(context, input, call),
    },
    ModifyLoadBalancerAttributes: {
      action: 'elasticloadbalancing:ModifyLoadBalancerAttributes',
      ...on.loadBalancer(),
      run: (input, call) => modifyLoadBalancerAttributes(context, input, call),
    },
    SetIpAddressType: {
      action: 'elasticloadbalancing:SetIpAddressType',
      ...on.loadBalancer(),
      run: (input, call) => setIpAddressType(context, input, call),
    },
    SetSecurityGroups: {
      action: 'elasticloadbalancing:SetSecurityGroups',
      ...on.loadBalancer(securityGroups),
      run: (input, call) => setSecurityGroups(context, input, call),
    },
    SetSubnets: {
      action: 'elasticloadbalancing:SetSubnets',
      ...on.loadBalancer(subnets),
      run: (input, call) => setSubnets(context, input, call),
    },
  } satisfies Partial<OperationsOf<ElasticLoadBalancingV2>>;
}
