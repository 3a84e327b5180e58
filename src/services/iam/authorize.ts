import type { Principal } from '../service.ts';
import { denialReason } from './policy/denial.ts';

export interface AuthorizationRequest {
  readonly principal: Principal;
  /** E.g. `ecs:RunTask`. */
  readonly action: string;
  /** The ARNs acted on, or `*`. */
  readonly resources: readonly string[];
}

export type Decision =
  | { readonly isAllowed: true }
  /** `message` is AWS's: who, what, on what, and why not. */
  | { readonly isAllowed: false; readonly message: string };

/**
 * Decides one request. Pure and synchronous.
 *
 * The account's root user is allowed everything in its own account (IAM user guide, "Policy evaluation
 * logic"); everyone else needs a policy, and there are none yet.
 */
export function authorize({ principal, action, resources }: AuthorizationRequest): Decision {
  if (principal.arn === `arn:aws:iam::${principal.accountId}:root`) return { isAllowed: true };
  return {
    isAllowed: false,
    message:
      `User: ${principal.arn} is not authorized to perform: ${action} on resource: ${resources[0] ?? '*'} ` +
      denialReason({ decision: 'implicitDeny', deniedBy: 'identity' }, action),
  };
}
