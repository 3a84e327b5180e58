import type { Transaction } from '../../../reconcile/index.ts';
import type { Sealer } from '../../../sealing/index.ts';
import type { Scope } from '../arn.ts';
import { ensureAuthenticationKeys } from '../authentication/keys.ts';
import type { ElbContext } from '../context.ts';
import { invalidLoadBalancerAction } from '../errors.ts';
import type { OidcGuardRecord, RuleGuardRecord, RuleRecord } from '../records.ts';
import type { GivenAction } from './read-action.ts';
import type { GivenGuard } from './read-guard.ts';

const purposeOf = (ruleArn: string): string => `elb-client-secret/${ruleArn}`;

export type RuleActions = Pick<RuleRecord, 'action' | 'order' | 'guard'>;

/**
 * What a rule does, as it is kept: with the secret of its guard sealed. The first rule of a region that authenticates
 * brings its keys.
 * @param before The guard that the rule had.
 * @throws InvalidLoadBalancerAction There is no secret.
 */
export function ruleActions(
  tx: Transaction,
  context: Pick<ElbContext, 'sealer' | 'random'>,
  scope: Scope,
  ruleArn: string,
  { guard, ...rest }: GivenAction,
  before?: RuleGuardRecord,
): RuleActions {
  if (guard === undefined) return rest;
  return { ...rest, guard: guardRecord(tx, context, scope, ruleArn, guard, before) };
}

function guardRecord(
  tx: Transaction,
  context: Pick<ElbContext, 'sealer' | 'random'>,
  scope: Scope,
  ruleArn: string,
  given: GivenGuard,
  before?: RuleGuardRecord,
): RuleGuardRecord {
  if (given.type === 'jwt-validation') return given;
  ensureAuthenticationKeys(tx, scope, context);
  const { clientSecret, ...rest } = given;
  if (clientSecret !== undefined)
    return { ...rest, sealedClientSecret: context.sealer.seal(clientSecret, purposeOf(ruleArn)) };
  if (before?.type !== 'authenticate-oidc')
    throw invalidLoadBalancerAction('You must specify a client secret');
  return { ...rest, sealedClientSecret: before.sealedClientSecret };
}

/** @throws {Error} it was sealed by another installation. */
export function openClientSecret(
  sealer: Sealer,
  ruleArn: string,
  { sealedClientSecret }: OidcGuardRecord,
): string {
  const secret = sealer.open(sealedClientSecret, purposeOf(ruleArn));
  if (secret === undefined)
    throw new Error(`The client secret of ${ruleArn} was sealed by another installation`);
  return secret;
}
