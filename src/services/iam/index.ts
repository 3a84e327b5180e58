/**
 * Identity: who may do what. One decision function for every API, asked by the gateway before any operation
 * runs.
 *
 * The installation's root user may do everything in its account, as in AWS; there are no other principals yet,
 * and any that appears is denied. Policies join here without the callers changing.
 */
export { type AuthorizationRequest, authorize, type Decision } from './authorize.ts';
