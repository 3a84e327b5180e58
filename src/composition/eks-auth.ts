import type { Route } from '../gateway/index.ts';
import { assumeRoleForPodIdentity, clusterArn, type EksAuthContext } from '../services/eks/index.ts';
import type { Iam } from '../services/iam/index.ts';

/** As long as the credentials of pods last in AWS; a role's own MaxSessionDuration binds no service. */
const sessionSeconds = 6 * 3_600;

/** AssumeRoleForPodIdentity, the one operation of the service `eks-auth`: its client is a node's agent. */
export function eksAuthRoute(context: EksAuthContext): Route {
  return {
    ...{ isSigned: true, signingName: 'eks-auth', method: 'POST' },
    path: '/clusters/{clusterName}/assume-role-for-pod-identity',
    action: 'eks-auth:AssumeRoleForPodIdentity',
    resources: (labels, call) => [clusterArn(call, labels.get('clusterName') ?? '')],
    handle: async ({ labels, body }, call) => {
      const token = typeof body === 'object' && body !== null && 'token' in body ? body.token : undefined;
      const asked = { clusterName: labels.get('clusterName') ?? '', token };
      return { status: 200, body: await assumeRoleForPodIdentity(context, asked, call) };
    },
  };
}

/** How EKS assumes the roles of pods: as `pods.eks.amazonaws.com`, on behalf of their cluster. */
export function podRoles(iam: Pick<Iam, 'assumeRoleForService'>): EksAuthContext['assumeRole'] {
  return ({ scope: { accountId }, roleArn, sourceArn, sessionName, tags }) => {
    // A role is passed within its account.
    if (roleArn.split(':')[4] !== accountId) return { message: `The role ${roleArn} is of another account.` };
    return iam.assumeRoleForService({
      ...{ roleArn, sourceArn, sourceAccount: accountId, sessionName, tags },
      ...{ service: 'pods.eks.amazonaws.com', durationSeconds: sessionSeconds },
    });
  };
}
