import type { Principal } from '../../services/service.ts';
import type { KubernetesContext } from '../context.ts';
import { type Authenticate, apiAudiences, TokenError, type User } from './user.ts';

/**
 * The tokens of `aws eks get-token`: the URL of a presigned GetCallerIdentity, bound to a cluster by a signed header. It is
 * verified here and sent nowhere. Which host it names does not matter: the signature proves who made it and for which
 * cluster, and only keys of this installation verify.
 */
const prefix = 'k8s-aws-v1.';
const maxLength = 4_096;
const clusterHeader = 'x-k8s-aws-id';

/** @param userOf Whom of Kubernetes a principal is in this cluster; undefined: he is not let in. */
export function eksTokens(
  { verifyCaller, clock }: Pick<KubernetesContext, 'clock' | 'verifyCaller'>,
  clusterName: string,
  userOf: (principal: Principal) => Promise<User | undefined>,
): Authenticate {
  return async (token, audiences) => {
    if (!token.startsWith(prefix) || token.length > maxLength) return undefined;
    const text = Buffer.from(token.slice(prefix.length), 'base64url').toString('utf8');
    const principal = verifyCaller(text, { name: clusterHeader, value: clusterName }, clock.now());
    if (principal === undefined) throw new TokenError('the presigned GetCallerIdentity is not valid');
    const user = await userOf(principal);
    if (user === undefined) throw new TokenError(`ARN is not mapped: ${principal.arn}`);
    // It names no audience, and is for the API server alone.
    const common = audiences.filter((audience) => apiAudiences.includes(audience));
    return common.length === 0 ? undefined : { user, audiences: common };
  };
}
