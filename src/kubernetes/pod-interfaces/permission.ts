import { Refusal } from '../../protocols/index.ts';
import type { ClusterRecord } from '../../services/eks/index.ts';
import type { KubernetesContext } from '../context.ts';
import type { ClusterPlace } from '../objects/object-records.ts';

/** What is to be made in a cluster's name. */
export interface Asked {
  readonly subnetId: string;
  readonly securityGroupIds: readonly string[];
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Why the role of a cluster may not make an interface, in EC2's words; undefined: it may. */
export async function whyNotMade(
  { assumeRole }: Pick<KubernetesContext, 'assumeRole'>,
  scope: ClusterPlace,
  { roleArn, arn }: Pick<ClusterRecord, 'arn' | 'roleArn'>,
  { subnetId, securityGroupIds, description, tags }: Asked,
): Promise<{ readonly code: string; readonly message: string } | undefined> {
  try {
    const ask = assumeRole({ scope, roleArn, sourceArn: arn });
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    // The interface itself is made together with the record of what it is for.
    await ask('ec2', 'CreateNetworkInterface', {
      ...{ DryRun: true, SubnetId: subnetId, Groups: [...securityGroupIds], Description: description },
      TagSpecifications: [{ ResourceType: 'network-interface', Tags }],
    });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return error.code === 'DryRunOperation' ? undefined : { code: error.code, message: error.message };
  }
  return undefined;
}

/** The tags of the interfaces that are made for a cluster's nodes and pods. */
export const ownerTags = (clusterName: string): Readonly<Record<string, string>> => ({
  'eks:eni:owner': 'eks-vpc-resource-controller',
  [`kubernetes.io/cluster/${clusterName}`]: 'owned',
});
