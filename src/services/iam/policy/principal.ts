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
      return namesOf(principal).find(isIn(names))?.naming;
    };
  }
  return (principal) => {
    if (names.has(anybody)) return undefined;
    const own = namesOf(principal);
    // Who shall escape a Deny must be listed by all of its names: account, role and session.
    const isListed = own.length > 0 && (effect === 'Deny' ? own.every(isIn(names)) : own.some(isIn(names)));
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

interface Name {
  /** The same name in its spellings: as ARN and, as kept trust policies have it, as unique id. */
  readonly keys: readonly string[];
  readonly naming: Naming;
}

const isIn =
  (names: ReadonlySet<string>) =>
  ({ keys }: Name): boolean =>
    keys.some((key) => names.has(key));

function namesOf(principal: PolicyPrincipal): readonly Name[] {
  switch (principal.kind) {
    case 'root':
      return [account(principal.accountId)];
    case 'user':
    case 'federated-user':
      return [aws('direct', principal.arn, principal.id), account(principal.accountId)];
    case 'role':
      return [
        ...(principal.arn === undefined ? [] : [aws('direct', principal.arn)]),
        aws('bounded', principal.roleArn, principal.id),
        account(principal.accountId),
      ];
    case 'service':
      return [{ keys: [`Service ${principal.service}`], naming: 'direct' }];
    case 'identity-provider':
      return [{ keys: [`Federated ${principal.provider}`], naming: 'direct' }];
    case 'anonymous':
      return [];
  }
}

const account = (id: string): Name => aws('account', id);

const aws = (naming: Naming, arn: string, id?: string): Name => ({
  keys: [arn, ...(id === undefined ? [] : [id])].map((value) => `AWS ${value}`),
  naming,
});
