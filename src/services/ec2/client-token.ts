import { createHash } from 'node:crypto';
import type { Transaction } from '../../reconcile/index.ts';
import { ec2Refusal, invalidValue } from './errors.ts';
import { clientTokens, ec2Key, type Scope } from './records.ts';

interface TokenedRequest {
  readonly ClientToken?: string | undefined;
  readonly DryRun?: boolean | undefined;
}

/**
 * What a request with a client token made, when it came before (EC2 developer guide, "Ensuring idempotency in Amazon EC2
 * API requests"). Undefined: it is new, and `noteMade` is to be called in the same transaction.
 * @returns the id of what was made.
 * @throws IdempotentParameterMismatch, InvalidParameterValue
 */
export function madeBefore(
  tx: Transaction,
  scope: Scope,
  operation: string,
  request: TokenedRequest,
): string | undefined {
  const { ClientToken } = request;
  if (ClientToken === undefined) return undefined;
  if (!/^[\x20-\x7e]{1,64}$/.test(ClientToken))
    throw invalidValue(ClientToken, 'clientToken', 'Expecting up to 64 ASCII characters.');
  const made = tx.get(clientTokens, tokenKey(scope, operation, ClientToken));
  if (made !== undefined && made.requestHash !== hashOf(request)) {
    throw ec2Refusal(
      'IdempotentParameterMismatch',
      'The request uses the same client token as a previous, but non-identical request. Do not reuse a client token ' +
        'with different requests, unless the requests are identical',
    );
  }
  return made?.resourceId;
}

export function noteMade(
  tx: Transaction,
  scope: Scope,
  operation: string,
  request: TokenedRequest,
  resourceId: string,
): void {
  const { ClientToken } = request;
  if (ClientToken === undefined) return;
  const key = tokenKey(scope, operation, ClientToken);
  tx.put(clientTokens, key, { resourceId, requestHash: hashOf(request) });
}

/** A token is taken as long as what was made with it is there. */
export function forgetToken(
  tx: Transaction,
  scope: Scope,
  operation: string,
  clientToken: string | undefined,
): void {
  if (clientToken !== undefined) tx.delete(clientTokens, tokenKey(scope, operation, clientToken));
}

function tokenKey(scope: Scope, operation: string, token: string) {
  return ec2Key(clientTokens, scope, operation, sha256(token));
}

/** Members in any order, and without the token itself, are the same request. */
function hashOf({ ClientToken: _token, DryRun: _dryRun, ...rest }: TokenedRequest): string {
  return sha256(
    JSON.stringify(rest, (_name, value: unknown) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
        : value,
    ),
  );
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
