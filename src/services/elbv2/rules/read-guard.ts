import type { Action } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { JwtGuardRecord } from '../records.ts';
import { readJwt } from './read-jwt.ts';
import { type GivenOidc, readOidc } from './read-oidc.ts';

/** What stands before a rule's action, as a request gives it. */
export type GivenGuard = GivenOidc | JwtGuardRecord;

export const guardTypes = ['authenticate-oidc', 'authenticate-cognito', 'jwt-validation'] as const;

/** @throws InvalidLoadBalancerAction */
export function readGuard(given: Action): GivenGuard {
  return given.Type === 'jwt-validation' ? readJwt(given) : readOidc(given);
}
