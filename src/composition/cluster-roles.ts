import type { EksContext } from '../services/eks/index.ts';
import type { Iam } from '../services/iam/index.ts';

/** How EKS finds out whether a role can be assumed: as one of its services, on behalf of a cluster. */
export function clusterRoles(iam: Pick<Iam, 'assumeRoleForService'>): EksContext['whyNotAssumed'] {
  return ({ accountId }, { roleArn, service, sourceArn, tags }) => {
    // A role is passed within its account.
    if (roleArn.split(':')[4] !== accountId) return `The role ${roleArn} is of another account.`;
    const session = iam.assumeRoleForService({
      ...{ roleArn, sourceArn, sourceAccount: accountId },
      ...{ service, sessionName: 'AmazonEKS', durationSeconds: 900, ...(tags && { tags }) },
    });
    return session.isAssumed ? undefined : session.message;
  };
}
