import type { Reader } from '../../../reconcile/index.ts';
import type { AskedAction, ConditionKeys, Principal, RequestFacts } from '../../service.ts';
import { denialMessage, denialReason } from '../policy/denial.ts';
import type { Evaluation } from '../policy/index.ts';
import type { Denial } from '../sessions/authorization-message.ts';
import { type Asked, decide } from './decide.ts';

export interface AuthorizationRequest {
  readonly principal: Principal;
  /** E.g. `ecs:RunTask`. */
  readonly action: string;
  /** The ARNs acted on, or `*`: the action must be allowed on each of them. */
  readonly resources: readonly string[];
  /** The condition keys that the service supplies; asked for only where policies decide. */
  readonly conditions?: ((resource: string) => ConditionKeys) | undefined;
  /** What the same request asks for besides. */
  readonly alsoAsks?: (() => readonly AskedAction[]) | undefined;
  readonly facts: RequestFacts;
}

export type Decision =
  | { readonly isAllowed: true }
  /** `message` is AWS's: who, what, on what, and why not. */
  | { readonly isAllowed: false; readonly message: string; readonly denial?: Denial };

export type Authorize = (request: AuthorizationRequest) => Decision;

const allowed: Decision = { isAllowed: true };

/**
 * Decides requests by the policies that are kept, as they are at that moment. Synchronous.
 *
 * The account's root user is allowed everything in its own account (IAM user guide, "Policy evaluation logic");
 * everybody else needs a policy that allows it. Federated users call nothing of IAM, whatever policies say (STS API
 * reference, GetFederationToken); roles they may pass.
 */
export function createAuthorize(reader: Reader): Authorize {
  return (request) => {
    const { principal, action, resources, conditions, alsoAsks } = request;
    if (principal.identity.kind === 'root' && principal.session?.policies === undefined) return allowed;
    if (principal.identity.kind === 'federated-user' && action.startsWith('iam:')) {
      const [resource = '*'] = resources;
      const reason = 'because federated users cannot call IAM';
      return { isAllowed: false, message: denialMessage(principal.arn, action, resource, reason) };
    }
    for (const resource of resources) {
      const asked = { action, resource, conditions: () => conditions?.(resource) };
      const evaluation = decide(reader, principal, asked, request.facts);
      if (evaluation.decision !== 'allowed') return denied(principal, asked, evaluation);
    }
    for (const { action, resource, conditions } of alsoAsks?.() ?? []) {
      const asked = { action, resource, conditions: () => conditions };
      const evaluation = decide(reader, principal, asked, request.facts);
      if (evaluation.decision !== 'allowed') return denied(principal, asked, evaluation);
    }
    return allowed;
  };
}

function denied(principal: Principal, asked: Asked, evaluation: Evaluation): Decision {
  const { action, resource } = asked;
  return {
    isAllowed: false,
    message: denialMessage(principal.arn, action, resource, denialReason(evaluation, action)),
    denial: { principal, action, resource, conditions: asked.conditions() ?? {}, evaluation },
  };
}
