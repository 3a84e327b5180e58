import { type ClusterRecord, canonicalArn } from '../../services/eks/index.ts';
import type { Principal } from '../../services/service.ts';
import type { KubernetesContext } from '../context.ts';
import { type Authenticate, apiAudiences, mastersGroup, type User } from './user.ts';

/**
 * The tokens of `aws eks get-token`: the URL of a presigned GetCallerIdentity, bound to a cluster by a signed header. It is
 * verified here and sent nowhere. Which host it names does not matter: the signature proves who made it and for which
 * cluster, and only keys of this installation verify.
 */
const prefix = 'k8s-aws-v1.';
const maxLength = 4_096;
const clusterHeader = 'x-k8s-aws-id';

export function eksTokens(
  { verifyCaller, clock }: Pick<KubernetesContext, 'clock' | 'verifyCaller'>,
  cluster: () => Pick<ClusterRecord, 'creatorArn' | 'name'>,
): Authenticate {
  return (token, audiences) => {
    if (!token.startsWith(prefix) || token.length > maxLength) return undefined;
    const text = Buffer.from(token.slice(prefix.length), 'base64url').toString('utf8');
    const known = cluster();
    const principal = verifyCaller(text, { name: clusterHeader, value: known.name }, clock.now());
    const user = principal === undefined ? undefined : userOf(principal, known);
    // It names no audience, and is for the API server alone.
    const common = audiences.filter((audience) => apiAudiences.includes(audience));
    return user === undefined || common.length === 0 ? undefined : { user, audiences: common };
  };
}

/** Who made a cluster is its administrator, unless it was made to have none. */
function userOf(principal: Principal, { creatorArn }: Pick<ClusterRecord, 'creatorArn'>): User | undefined {
  const arn = canonicalArn(principal);
  if (arn !== creatorArn) return undefined;
  const { accountId, userId, accessKeyId, session } = principal;
  return {
    username: principal.arn,
    uid: `aws-iam-authenticator:${accountId}:${userId.split(':')[0]}`,
    groups: [mastersGroup],
    extra: {
      ...{ accessKeyId: [accessKeyId], arn: [principal.arn], canonicalArn: [arn] },
      ...{ principalId: [userId], sessionName: [session?.name ?? ''] },
    },
  };
}
