import { type AccessDenied, Refusal } from '../protocols/index.ts';
import type { AuthorizationRequest, Decision } from '../services/iam/index.ts';
import type { Call, SupportedOperation } from '../services/service.ts';
import type { PipelineParts } from './parts.ts';

type Parts = Pick<PipelineParts, 'authorize'> & Partial<Pick<PipelineParts, 'encodeDenial'>>;

/**
 * Asks before an operation runs, a route answers or a connection is upgraded.
 * @throws {Refusal} `denied`, with the reason that the decision gives.
 */
export function assertAllowed(
  call: Call,
  parts: Parts,
  asked: Omit<AuthorizationRequest, 'facts' | 'principal'>,
  denied: AccessDenied,
): void {
  const decision = parts.authorize({ ...asked, principal: call.principal, facts: call });
  if (!decision.isAllowed) {
    throw new Refusal(denied.code, messageOf(decision, denied, parts), { status: denied.status });
  }
}

function messageOf(
  { message, denial }: Extract<Decision, { readonly isAllowed: false }>,
  { opening, handsOutDetails }: AccessDenied,
  { encodeDenial }: Parts,
): string {
  const words = opening === undefined ? message : `${opening} ${message}`;
  if (handsOutDetails === undefined || denial === undefined || encodeDenial === undefined) return words;
  return `${words}. Encoded authorization failure message: ${encodeDenial(denial)}`;
}

/**
 * Asks whether the caller may do what an operation does.
 * @throws {Refusal} `denied`, with the reason that the decision gives.
 */
export function assertMayRun<Input>(
  operation: Omit<SupportedOperation<Input>, 'run'>,
  input: Input,
  call: Call,
  parts: Parts,
  denied: AccessDenied,
): void {
  if (operation.permission !== undefined) return;
  const asked = {
    action: operation.action,
    resources: operation.resources(input, call),
    conditions:
      operation.conditions && ((resource: string) => operation.conditions?.(input, call, resource) ?? {}),
    alsoAsks: operation.alsoAsks && (() => operation.alsoAsks?.(input, call) ?? []),
  };
  assertAllowed(call, parts, asked, denied);
}
