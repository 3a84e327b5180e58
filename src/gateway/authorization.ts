import { type CodeAndStatus, Refusal } from '../protocols/index.ts';
import type { AuthorizationRequest, Authorize } from '../services/iam/index.ts';
import type { Exchange } from './exchange.ts';

/**
 * Asks before an operation runs, a route answers or a connection is upgraded.
 * @param region The one that the request is signed for.
 * @throws {Refusal} `denied`, with the reason that the decision gives.
 */
export function assertAllowed(
  exchange: Exchange,
  authorize: Authorize,
  { region, ...asked }: Omit<AuthorizationRequest, 'facts'> & { readonly region: string },
  denied: CodeAndStatus,
): void {
  const decision = authorize({ ...asked, facts: exchange.factsOf(region) });
  if (!decision.isAllowed) throw new Refusal(denied.code, decision.message, { status: denied.status });
}
