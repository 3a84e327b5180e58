import type { ClusterIssue } from '@aws-sdk/client-eks';
import type { Reader } from '../../../reconcile/index.ts';
import { readAwsvpc } from '../../ec2/index.ts';
import { keyStateOf } from '../../kms/index.ts';
import type { Scope } from '../arn.ts';
import type { EksContext } from '../context.ts';
import type { ClusterRecord } from '../records.ts';

/** What is wrong with what a cluster was made with: it may be gone by now. */
export function clusterIssues(
  { whyNotAssumed }: Pick<EksContext, 'whyNotAssumed'>,
  reader: Reader,
  scope: Scope,
  { arn, roleArn, subnetIds, securityGroupIds, encryption }: ClusterRecord,
): readonly ClusterIssue[] {
  const isSubnetGone = (id: string): boolean =>
    readAwsvpc(reader, scope, { subnets: [id], securityGroups: [] }).type === 'subnet-missing';
  const isGroupGone = (id: string): boolean =>
    readAwsvpc(reader, scope, { subnets: [], securityGroups: [id] }).type === 'security-group-missing';
  const why = whyNotAssumed(scope, { roleArn, service: 'eks.amazonaws.com', sourceArn: arn });
  return [
    ...gone('Ec2SubnetNotFound', 'subnets', subnetIds.filter(isSubnetGone)),
    ...gone('Ec2SecurityGroupNotFound', 'security groups', securityGroupIds.filter(isGroupGone)),
    ...(why === undefined
      ? []
      : [
          {
            ...{ code: 'IamRoleNotFound' as const, resourceIds: [roleArn] },
            message: `EKS could not assume the role of the cluster. ${why}`,
          },
        ]),
    ...(encryption === undefined ? [] : keyIssues(reader, encryption.keyArn)),
  ];
}

/** As `ClusterIssueCode` names them, and what is the matter with the key. */
const codesOfKeys = {
  Disabled: ['KmsKeyDisabled', 'is disabled'],
  PendingDeletion: ['KmsKeyMarkedForDeletion', 'is marked for deletion'],
  Missing: ['KmsKeyNotFound', 'could not be found'],
} as const;

function keyIssues(reader: Reader, keyArn: string): readonly ClusterIssue[] {
  const state = keyStateOf(reader, keyArn);
  if (state === 'Enabled') return [];
  const [code, what] = codesOfKeys[state];
  return [
    {
      ...{ code, resourceIds: [keyArn] },
      message: `The KMS key that the secrets of the cluster are encrypted with ${what}: ${keyArn}`,
    },
  ];
}

function gone(
  code: 'Ec2SecurityGroupNotFound' | 'Ec2SubnetNotFound',
  what: string,
  resourceIds: readonly string[],
): readonly ClusterIssue[] {
  if (resourceIds.length === 0) return [];
  return [
    {
      ...{ code, resourceIds: [...resourceIds] },
      message: `EKS could not find the ${what} that the cluster was made with: ${resourceIds.join(', ')}`,
    },
  ];
}
