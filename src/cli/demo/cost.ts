import type { Hull, HullFacts } from './hull-facts.ts';
import { fargateSize, prices } from './prices.ts';
import { desiredCount } from './story.ts';

/** What AWS would charge for the demo's application, in US dollars a month. */
export interface MonthlyCost {
  readonly controlPlane: number;
  /** Estimated for ECS: its container instance here is a slice of a machine, and no type that EC2 sells. */
  readonly instance: number;
  /** Estimated: with one load balancer capacity unit all the time. */
  readonly loadBalancer: number;
  /** One for each zone of the load balancer, and that of the node. */
  readonly publicAddresses: number;
  readonly total: number;
  /** All of it, with each task or pod on Fargate, in the smallest size, instead of the instance and its address. */
  readonly totalOnFargate: number;
}

export function monthlyCost(hull: Hull, addresses: HullFacts['addresses']): MonthlyCost {
  const monthly = (hourly: number): number => hourly * prices.hoursInMonth;
  const parts = {
    controlPlane: hull === 'eks' ? monthly(prices.eksControlPlane) : 0,
    loadBalancer: monthly(prices.applicationLoadBalancer + prices.loadBalancerCapacityUnit),
    publicAddresses: monthly(prices.publicAddress * addresses.public),
  };
  const shared = parts.controlPlane + parts.loadBalancer;
  const instance = monthly(prices.instance);
  const fargate = fargateSize.vcpu * prices.fargateVcpu + fargateSize.gb * prices.fargateGb;
  return {
    ...parts,
    instance,
    total: shared + parts.publicAddresses + instance,
    totalOnFargate: shared + monthly(prices.publicAddress * addresses.balancer + fargate * desiredCount),
  };
}
