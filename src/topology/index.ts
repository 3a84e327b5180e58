/** What a VPC is like, as plain data, and what follows from it. */
export * from './describe-step.ts';
export type * from './dns-records.ts';
export * from './endpoints.ts';
export * from './interruption.ts';
export * from './ipv4.ts';
export * from './packet.ts';
export * from './reachability.ts';
export type * from './reachability-step.ts';
export * from './routes.ts';
export type * from './topology.ts';
export * from './vpc-names.ts';
