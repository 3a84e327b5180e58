/** What a load balancer does, as plain data, what follows from it for a request, and what its data plane saw. */
export * from './expressions/index.ts';
export * from './forwarded-headers.ts';
export * from './guard.ts';
export * from './header-fields.ts';
export * from './limits.ts';
export type * from './log.ts';
export * from './own-answers.ts';
export * from './patterns.ts';
export type * from './plan.ts';
export * from './refused-request.ts';
export type * from './report.ts';
export * from './route.ts';
export * from './stickiness.ts';
export * from './traffic.ts';
export * from './transforms.ts';
