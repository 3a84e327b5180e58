import type { Evaluation, PolicyType } from './evaluate.ts';

/** A role's trust policy is a resource's policy with a name of its own. */
type DeniedBy = PolicyType | 'trust';

const names: Readonly<Record<DeniedBy, { readonly none: string; readonly one: string }>> = {
  identity: { none: 'no identity-based policy', one: 'an identity-based policy' },
  boundary: { none: 'no permissions boundary', one: 'a permissions boundary' },
  session: { none: 'no session policy', one: 'a session policy' },
  resource: { none: 'no resource-based policy', one: 'a resource-based policy' },
  trust: { none: 'no role trust policy', one: 'the role trust policy' },
};

/**
 * Why a request is denied, as it ends AWS's message: `because no identity-based policy allows the ecs:RunTask action`
 * or `with an explicit deny in a permissions boundary`. One type of policy is named even where several deny.
 */
export function denialReason(
  { decision, deniedBy = 'identity' }: Pick<Evaluation, 'decision'> & { readonly deniedBy?: DeniedBy },
  action: string,
): string {
  const { none, one } = names[deniedBy];
  return decision === 'explicitDeny'
    ? `with an explicit deny in ${one}`
    : `because ${none} allows the ${action} action`;
}

/** `User: <ARN> is not authorized to perform: <action> on resource: <ARN> <reason>` */
export function denialMessage(who: string, action: string, resource: string, reason: string): string {
  return `User: ${who} is not authorized to perform: ${action} on resource: ${resource} ${reason}`;
}
