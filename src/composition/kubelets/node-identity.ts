import { clusterArn, type NodeInstanceRecord, nodeNameOf } from '../../services/eks/index.ts';
import type { Iam } from '../../services/iam/index.ts';

/** Whose node a kubelet is. */
export interface NodeIdentity {
  readonly accountId: string;
  readonly region: string;
  readonly clusterName: string;
  /** ARN. */
  readonly nodeRole: string;
  /** Who gives the node the role's credentials, as trust policies name it. */
  readonly service: 'ec2.amazonaws.com' | 'eks-fargate-pods.amazonaws.com';
  readonly sessionName: string;
  /** On whose behalf: an ARN. */
  readonly sourceArn: string;
}

/**
 * A node of a node group is the session that is named after its instance, as EC2 gives an instance; one of Fargate the session
 * that is named after the node.
 */
export function identityOf(
  { accountId, region }: { readonly accountId: string; readonly region: string },
  instance: NodeInstanceRecord,
): NodeIdentity {
  const { clusterName, instanceId, nodeRole, fargate } = instance;
  const common = { accountId, region, clusterName, nodeRole };
  if (fargate === undefined) {
    const sourceArn = clusterArn({ accountId, region }, clusterName);
    return { ...common, service: 'ec2.amazonaws.com', sessionName: instanceId, sourceArn };
  }
  return {
    ...{ ...common, service: 'eks-fargate-pods.amazonaws.com', sourceArn: fargate.profileArn },
    sessionName: nodeNameOf(instance) ?? instanceId,
  };
}

/** As long as the credentials that instances find last. */
const sessionSeconds = 6 * 3_600;

/**
 * What a node finds as its role's credentials.
 * @throws {Error} the role can't be assumed any more.
 */
export function nodeCredentials(
  iam: Pick<Iam, 'assumeRoleForService'>,
  { accountId, nodeRole, service, sessionName, sourceArn }: NodeIdentity,
) {
  const session = iam.assumeRoleForService({
    ...{ roleArn: nodeRole, service, sessionName, sourceArn },
    ...{ sourceAccount: accountId, durationSeconds: sessionSeconds },
  });
  if (!session.isAssumed) throw new Error(`${sessionName} has no credentials: ${session.message}`);
  const { expiresAt, ...credentials } = session.credentials;
  // Whoever keeps credentials asks for others before these end.
  return { ...credentials, expiration: new Date(expiresAt) };
}
