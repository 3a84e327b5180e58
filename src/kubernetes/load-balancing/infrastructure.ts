import { Refusal } from '../../protocols/index.ts';
import type { ClusterRecord } from '../../services/eks/index.ts';
import type { Infrastructure } from '../../services/infrastructure.ts';
import type { Store } from '../../store/index.ts';

/** Where a cluster's load balancers are made. */
export interface Site {
  readonly ask: Infrastructure;
  /** Where what is in Secrets can be read. */
  readonly store: Pick<Store, 'get'>;
  readonly cluster: Pick<ClusterRecord, 'name' | 'vpcId' | 'subnetIds' | 'securityGroupIds'> & {
    /** Of its nodes' and pods' interfaces. */
    readonly clusterSecurityGroupId?: string;
  };
}

/** The tag by which AWS's policies for clusters' roles know what is a cluster's. */
export const clusterTag = 'eks:eks-cluster-name';

/** What tells by tags whose something is: the cluster's, and of which of its objects. */
export const ownersTags = (
  { cluster }: Site,
  stack: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> => ({ ...stack, [clusterTag]: cluster.name });

/** Whether something has all of its owner's tags. */
export function isOwned(
  tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] = [],
  owner: Readonly<Record<string, string>>,
): boolean {
  const values = new Map(tags.map(({ Key, Value }) => [Key, Value]));
  return Object.entries(owner).every(([key, value]) => values.get(key) === value);
}

/** What another service refused, in a sentence; undefined: it is no refusal. */
export const refusalOf = (error: unknown): string | undefined =>
  error instanceof Refusal ? `${error.code}: ${error.message}` : undefined;
