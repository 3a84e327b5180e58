import { Refusal } from '../../protocols/index.ts';
import type { ClusterRecord } from '../../services/eks/index.ts';
import type { Infrastructure } from '../../services/infrastructure.ts';

/** Where a cluster's load balancers are made. */
export interface Site {
  readonly ask: Infrastructure;
  readonly cluster: Pick<ClusterRecord, 'name' | 'vpcId' | 'subnetIds' | 'securityGroupIds'> & {
    /** Of its nodes' and pods' interfaces. */
    readonly clusterSecurityGroupId?: string;
  };
}

/** The tag by which AWS's policies for clusters' roles know what is a cluster's. */
export const clusterTag = 'eks:eks-cluster-name';

/** What another service refused, in a sentence; undefined: it is no refusal. */
export const refusalOf = (error: unknown): string | undefined =>
  error instanceof Refusal ? `${error.code}: ${error.message}` : undefined;
