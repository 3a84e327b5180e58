import type { FoundIdentity } from './identities.ts';

export interface FixedAnswer {
  readonly decision: 'allowed' | 'implicitDeny';
  /** Ends a sentence that says who may or may not do what. */
  readonly reason: string;
}

/** STS API reference: GetSessionToken and GetFederationToken take long-term keys, and a role has none. */
const forLongTermKeys = new Set(['sts:getsessiontoken', 'sts:getfederationtoken']);
/** Whoever signs may call these, an explicit deny or not (STS API reference). */
const withoutPermission = new Set(['sts:getcalleridentity', 'sts:getsessiontoken']);

/**
 * What STS answers whatever policies say; undefined: policies decide.
 * @param action In lower case.
 * @param isOnRole It is asked of a role's trust policy, too.
 */
export function fixedAnswer(
  kind: FoundIdentity['kind'],
  action: string,
  isOnRole: boolean,
): FixedAnswer | undefined {
  if (kind === 'root' && (isOnRole || action === 'sts:assumerole')) {
    return { decision: 'implicitDeny', reason: 'because roles may not be assumed by root accounts' };
  }
  if (kind === 'role' && forLongTermKeys.has(action)) {
    return { decision: 'implicitDeny', reason: 'because it cannot be called with session credentials' };
  }
  if (withoutPermission.has(action)) {
    return { decision: 'allowed', reason: 'because it asks for no permission' };
  }
  return undefined;
}
