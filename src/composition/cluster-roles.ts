import type { EksContext } from '../services/eks/index.ts';
import type { Iam } from '../services/iam/index.ts';

/** How EKS finds out whether a cluster's role can be assumed: as `eks.amazonaws.com`, on behalf of the cluster. */
export function clusterRoles(iam: Pick<Iam, 'assumeRoleForService'>): EksContext['whyNotAssumed'] {
  return ({ accountId }, roleArn, sourceArn) => {
    // A role is passed within its account.
    if (roleArn.split(':')[4] !== accountId) return `The role ${roleArn} is of another account.`;
    const session = iam.assumeRoleForService({
      ...{ roleArn, sourceArn, sourceAccount: accountId },
      ...{ service: 'eks.amazonaws.com', sessionName: 'AmazonEKS', durationSeconds: 900 },
    });
    return session.isAssumed ? undefined : session.message;
  };
}
