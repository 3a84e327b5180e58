import { digits } from '../../../clock/index.ts';
import type { Transaction } from '../../../reconcile/index.ts';
import { ensureServiceGroup } from '../../ec2/index.ts';
import type { Scope } from '../arn.ts';
import type { EksContext } from '../context.ts';
import { type ClusterRecord, clusterKey, clusters } from '../records.ts';

/**
 * The security group that everything of a cluster is in, so that it reaches each other ("View Amazon EKS security group
 * requirements for clusters"): made with the cluster, and anew where somebody deleted it.
 */
export function ensureClusterGroup(
  { random }: Pick<EksContext, 'random'>,
  tx: Transaction,
  scope: Scope,
  cluster: ClusterRecord,
): ClusterRecord & { readonly clusterSecurityGroupId: string } {
  const { name: clusterName, vpcId } = cluster;
  const name = `eks-cluster-sg-${clusterName}-${digits(random, 10)}`;
  const clusterSecurityGroupId = ensureServiceGroup(tx, { random }, scope, cluster.clusterSecurityGroupId, {
    ...{ name, vpcId },
    description:
      'EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, as well as any managed workloads.',
    tags: {
      ...{ Name: name, [`kubernetes.io/cluster/${clusterName}`]: 'owned' },
      'aws:eks:cluster-name': clusterName,
    },
  });
  const record = { ...cluster, clusterSecurityGroupId };
  if (clusterSecurityGroupId !== cluster.clusterSecurityGroupId)
    tx.put(clusters, clusterKey(scope, clusterName), record);
  return record;
}
