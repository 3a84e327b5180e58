import type { Complementable, PrincipalName } from './document.ts';
import type { PolicyPrincipal } from './request.ts';

/**
 * How closely a policy's Principal means who asks, and so what its Allow gives: `direct` (the user or the session by
 * its own ARN, or everybody) grants whatever boundary and session policies lack; `bounded` (the role) grants within
 * them; `account` leaves it to the account's identity policies.
 */
export type Naming = 'direct' | 'bounded' | 'account';

export type PrincipalMatcher = (principal: PolicyPrincipal) => Naming | undefined;

export function compilePrincipal(
  { isNot, values }: Complementable<PrincipalName>,
  effect: 'Allow' | 'Deny',
): PrincipalMatcher {
  const names = new Set(values.map(keyOf));
  if (!isNot) {
    return (principal) => {
      if (names.has(anybody)) return 'direct';
      return namesOf(principal).find(({ key }) => names.has(key))?.naming;
    };
  }
  return (principal) => {
    if (names.has(anybody)) return undefined;
    const own = namesOf(principal);
    // Who shall escape a Deny must be listed by all of its names: account, role and session.
    const isListed =
      own.length > 0 &&
      (effect === 'Deny' ? own.every(({ key }) => names.has(key)) : own.some(({ key }) => names.has(key)));
    return isListed ? undefined : 'bounded';
  };
}

const anybody = '*';

/** The account's id and the ARN of its root user say the same. */
function keyOf({ type, value }: PrincipalName): string {
  if (value === '*') return anybody;
  const [, accountId] = /^arn:[^:]+:iam::(\d{12}):root$/.exec(value) ?? [];
  return `${type} ${type === 'AWS' ? (accountId ?? value) : value}`;
}

function namesOf(principal: PolicyPrincipal): readonly { readonly key: string; readonly naming: Naming }[] {
  switch (principal.kind) {
    case 'root':
      return [{ key: `AWS ${principal.accountId}`, naming: 'account' }];
    case 'user':
    case 'federated-user':
      return [
        { key: `AWS ${principal.arn}`, naming: 'direct' },
        { key: `AWS ${principal.accountId}`, naming: 'account' },
      ];
    case 'role':
      return [
        ...(principal.arn === undefined ? [] : [{ key: `AWS ${principal.arn}`, naming: 'direct' as const }]),
        { key: `AWS ${principal.roleArn}`, naming: 'bounded' },
        { key: `AWS ${principal.accountId}`, naming: 'account' },
      ];
    case 'service':
      return [{ key: `Service ${principal.service}`, naming: 'direct' }];
    case 'identity-provider':
      return [{ key: `Federated ${principal.provider}`, naming: 'direct' }];
    case 'anonymous':
      return [];
  }
}
