import { type CodeAndStatus, Refusal } from '../protocols/index.ts';
import type { AuthorizationRequest, Authorize } from '../services/iam/index.ts';
import type { Call } from '../services/service.ts';

/**
 * Asks before an operation runs, a route answers or a connection is upgraded.
 * @throws {Refusal} `denied`, with the reason that the decision gives.
 */
export function assertAllowed(
  call: Call,
  authorize: Authorize,
  asked: Omit<AuthorizationRequest, 'facts' | 'principal'>,
  denied: CodeAndStatus,
): void {
  const decision = authorize({ ...asked, principal: call.principal, facts: call });
  if (!decision.isAllowed) throw new Refusal(denied.code, decision.message, { status: denied.status });
}
