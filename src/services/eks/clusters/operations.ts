import type { EKS } from '@aws-sdk/client-eks';
import type { OperationsOf } from '../../service.ts';
import { eksAuthorization } from '../authorization.ts';
import type { EksContext } from '../context.ts';
import { associateEncryptionConfig } from './associate-encryption-config.ts';
import { clusterAuthorization } from './authorization.ts';
import { createCluster, deleteCluster, describeCluster, listClusters } from './cluster.ts';
import { updateClusterConfig } from './update-config.ts';
import { updateClusterVersion } from './update-version.ts';
import { describeClusterVersions } from './versions.ts';

export function clusterOperations(context: EksContext) {
  const { everything, cluster, inCluster } = eksAuthorization(context.state);
  const on = clusterAuthorization(context.state);
  return {
    AssociateEncryptionConfig: {
      action: 'eks:AssociateEncryptionConfig',
      ...inCluster,
      run: (input, call) => associateEncryptionConfig(context, input, call),
    },
    CreateCluster: {
      action: 'eks:CreateCluster',
      ...on.created,
      run: (input, call) => createCluster(context, input, call),
    },
    DeleteCluster: {
      action: 'eks:DeleteCluster',
      ...cluster,
      run: (input, call) => deleteCluster(context, input, call),
    },
    DescribeCluster: {
      action: 'eks:DescribeCluster',
      ...cluster,
      run: (input, call) => describeCluster(context, input, call),
    },
    DescribeClusterVersions: {
      action: 'eks:DescribeClusterVersions',
      ...everything,
      run: (input) => describeClusterVersions(context, input),
    },
    ListClusters: {
      action: 'eks:ListClusters',
      ...everything,
      run: (input, call) => listClusters(context, input, call),
    },
    UpdateClusterConfig: {
      action: 'eks:UpdateClusterConfig',
      ...on.configured,
      run: (input, call) => updateClusterConfig(context, input, call),
    },
    UpdateClusterVersion: {
      action: 'eks:UpdateClusterVersion',
      ...on.upgraded,
      run: (input, call) => updateClusterVersion(context, input, call),
    },
  } satisfies Partial<OperationsOf<EKS>>;
}
