/** The load balancers of one machine: what makes their plans real. */
export * from './balancer.ts';
export { openBalancers, purgeBalancers, whyNoBalancers } from './open.ts';
