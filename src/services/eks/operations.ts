import type { EKS } from '@aws-sdk/client-eks';
import type { OperationsOf } from '../service.ts';
import { accessEntryOperations } from './access-entries/operations.ts';
import { eksAuthorization } from './authorization.ts';
import type { EksContext } from './context.ts';
import { createCluster, deleteCluster, describeCluster, listClusters } from './operations/cluster.ts';
import { listTagsForResource, tagResource, untagResource } from './operations/tags.ts';
import { refusedOperations } from './refused.ts';

/** Every operation of EKS. */
export function eksOperations(context: EksContext): OperationsOf<EKS> {
  const on = eksAuthorization(context.state);
  return {
    ...accessEntryOperations(context),
    ...refusedOperations,
    CreateCluster: {
      action: 'eks:CreateCluster',
      ...on.created,
      run: (input, call) => createCluster(context, input, call),
    },
    DeleteCluster: {
      action: 'eks:DeleteCluster',
      ...on.cluster,
      run: (input, call) => deleteCluster(context, input, call),
    },
    DescribeCluster: {
      action: 'eks:DescribeCluster',
      ...on.cluster,
      run: (input, call) => describeCluster(context, input, call),
    },
    ListClusters: {
      action: 'eks:ListClusters',
      ...on.everything,
      run: (input, call) => listClusters(context, input, call),
    },
    ListTagsForResource: {
      action: 'eks:ListTagsForResource',
      ...on.listedTags,
      run: (input, call) => listTagsForResource(context, input, call),
    },
    TagResource: {
      action: 'eks:TagResource',
      ...on.tagged,
      run: (input, call) => tagResource(context, input, call),
    },
    UntagResource: {
      action: 'eks:UntagResource',
      ...on.untagged,
      run: (input, call) => untagResource(context, input, call),
    },
  };
}
