import { type Random, uuid } from '../../clock/index.ts';
import type { Reader } from '../../reconcile/index.ts';
import { clusterArn, podIdentityOf } from '../../services/eks/index.ts';
import type { Iam } from '../../services/iam/index.ts';
import { podRoles } from '../eks-auth.ts';
import { type NodeIdentity, nodeCredentials } from './node-identity.ts';

/** As whom AWS's `vpc-cni` asks for the addresses of pods. */
const account = { namespace: 'kube-system', serviceAccount: 'aws-node' };

/**
 * With which a node asks EC2 for its pods' addresses: with the role that `aws-node` is associated with, which may come with
 * the add-on `vpc-cni`; else with its own.
 * @throws {Error} the role can't be assumed any more.
 */
export function networkCredentials(
  {
    state,
    iam,
    random,
  }: {
    readonly state: Pick<Reader, 'get'>;
    readonly iam: Pick<Iam, 'assumeRoleForService'>;
    readonly random: Random;
  },
  identity: NodeIdentity,
) {
  // Of a node of a node group it is the instance's id.
  const { accountId, region, clusterName, sessionName } = identity;
  const scope = { accountId, region };
  const association = podIdentityOf(state, scope, clusterName, account);
  if (association === undefined) return nodeCredentials(iam, identity);
  const sourceArn = clusterArn(scope, clusterName);
  const session = podRoles(iam)({
    ...{ scope, roleArn: association.roleArn, sourceArn },
    sessionName: `eks-aws-node-${sessionName}-${uuid(random)}`.slice(0, 64),
    tags: association.disableSessionTags
      ? {}
      : {
          ...{ 'eks-cluster-arn': sourceArn, 'eks-cluster-name': clusterName },
          ...{ 'kubernetes-namespace': account.namespace },
          'kubernetes-service-account': account.serviceAccount,
        },
  });
  if ('message' in session)
    throw new Error(`aws-node of ${sessionName} has no credentials: ${session.message}`);
  const { expiresAt, ...credentials } = session.credentials;
  return { ...credentials, expiration: new Date(expiresAt) };
}
