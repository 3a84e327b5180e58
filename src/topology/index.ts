/** What a VPC is like, as plain data, and what follows from it. */
export * from './ipv4.ts';
export type * from './topology.ts';
