import type { Cluster } from '../apiserver/cluster.ts';
import { TokenError, type User } from './user.ts';

/** Whose a token of a ServiceAccount is that a pod has. */
export interface PodOfToken {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly podName: string;
  readonly podUid: string;
}

/** Why a token is not taken, in the API server's words. */
export interface RefusedToken {
  readonly why: 'expired' | 'invalid';
  readonly message: string;
}

const prefix = 'system:serviceaccount:';

/**
 * Whose a token for an audience is: signed by this cluster, in its time, of a ServiceAccount and a pod that are there.
 */
export async function podOfToken(
  cluster: Pick<Cluster, 'authenticate'>,
  token: string,
  audience: string,
): Promise<PodOfToken | RefusedToken> {
  try {
    const found = await cluster.authenticate(token, [audience]);
    const pod = found && podOf(found.user);
    return pod ?? { why: 'invalid', message: 'the token is not that of a pod' };
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    return { why: error.message.includes('expired') ? 'expired' : 'invalid', message: error.message };
  }
}

function podOf({ username, extra = {} }: User): PodOfToken | undefined {
  const [namespace = '', serviceAccount = ''] = username.slice(prefix.length).split(':');
  const [podName] = extra['authentication.kubernetes.io/pod-name'] ?? [];
  const [podUid] = extra['authentication.kubernetes.io/pod-uid'] ?? [];
  if (!username.startsWith(prefix) || podName === undefined || podUid === undefined) return undefined;
  return { namespace, serviceAccount, podName, podUid };
}
