import type { Reader } from '../../../reconcile/index.ts';
import type { AskedAction, ConditionKeys, Principal } from '../../service.ts';
import { denialReason } from '../policy/denial.ts';
import {
  type CompiledPolicy,
  type Evaluation,
  evaluate,
  type PolicyPrincipal,
  readArn,
} from '../policy/index.ts';
import { policiesOf } from './policies-of.ts';
import { policyPrincipal } from './policy-principal.ts';
import { type RequestFacts, requestContext } from './request-context.ts';

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
  | { readonly isAllowed: false; readonly message: string };

export type Authorize = (request: AuthorizationRequest) => Decision;

const allowed: Decision = { isAllowed: true };

/**
 * Decides requests by the policies that are kept, as they are at that moment. Synchronous.
 *
 * The account's root user is allowed everything in its own account (IAM user guide, "Policy evaluation logic");
 * everybody else needs a policy that allows it.
 */
export function createAuthorize(reader: Reader): Authorize {
  return (request) => {
    const { principal, action, resources, conditions, alsoAsks } = request;
    if (principal.identity.kind === 'root' && principal.session?.policies === undefined) return allowed;
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

interface Asked {
  readonly action: string;
  readonly resource: string;
  readonly conditions: () => ConditionKeys | undefined;
}

/**
 * One action on one resource, by the principal's policies and, where there is one, the resource's own.
 * The resource belongs to the account that its ARN names, else to the principal's.
 */
function decide(
  reader: Reader,
  principal: Principal,
  { action, resource, conditions }: Asked,
  facts: RequestFacts,
  resourcePolicy?: CompiledPolicy,
): Evaluation {
  const asking: PolicyPrincipal = policyPrincipal(reader, principal);
  const resourceAccountId = accountIn(resource) ?? principal.accountId;
  return evaluate(
    { ...policiesOf(reader, principal), ...(resourcePolicy !== undefined && { resource: resourcePolicy }) },
    {
      action,
      resource,
      resourceAccountId,
      principal: asking,
      context: requestContext({ reader, principal, resourceAccountId, facts, conditions }),
    },
  );
}

function accountIn(resource: string): string | undefined {
  const account = readArn(resource)[4];
  return account !== undefined && /^\d{12}$/.test(account) ? account : undefined;
}

function denied(principal: Principal, { action, resource }: Asked, evaluation: Evaluation): Decision {
  return {
    isAllowed: false,
    message: denialMessage(principal.arn, action, resource, denialReason(evaluation, action)),
  };
}

/** `User: <ARN> is not authorized to perform: <action> on resource: <ARN> <reason>` */
function denialMessage(who: string, action: string, resource: string, reason: string): string {
  return `User: ${who} is not authorized to perform: ${action} on resource: ${resource} ${reason}`;
}
