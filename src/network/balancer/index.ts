/** The load balancers of one machine: what makes their plans real. */
export * from './balancer.ts';
export { balancerDriver, openBalancers, purgeBalancers } from './open.ts';
