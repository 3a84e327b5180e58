/** What a load balancer does, as plain data, and what its data plane saw. It knows no other room. */
export type * from './plan.ts';
export type * from './report.ts';
