import type { FargateProfile, FargateProfileIssue, FargateProfileStatus } from '@aws-sdk/client-eks';
import type { Reader } from '../../../reconcile/index.ts';
import { accessEntryOf } from '../access-entries/record.ts';
import { fargateProfileArn, type Scope } from '../arn.ts';
import type { EksContext } from '../context.ts';
import { clusterKey, clusters } from '../records.ts';
import { podsService } from './input.ts';
import type { FargateProfileRecord } from './record.ts';

export function fargateProfileStatus({ isActive, isDeleting }: FargateProfileRecord): FargateProfileStatus {
  if (isDeleting) return 'DELETING';
  return isActive ? 'ACTIVE' : 'CREATING';
}

/** As DescribeFargateProfile shows it. */
export function fargateProfileView(
  context: Pick<EksContext, 'whyNotAssumed'>,
  reader: Reader,
  scope: Scope,
  record: FargateProfileRecord,
): FargateProfile {
  const { name, clusterName, podExecutionRole, tags } = record;
  const issue = issueOf(context, reader, scope, record);
  return {
    ...{ fargateProfileName: name, fargateProfileArn: fargateProfileArn(scope, record), clusterName },
    createdAt: new Date(record.createdAt),
    podExecutionRoleArn: podExecutionRole,
    subnets: [...record.subnetIds],
    selectors: record.selectors.map(({ namespace, labels }) => ({
      namespace,
      ...(Object.keys(labels).length > 0 && { labels }),
    })),
    ...{ status: fargateProfileStatus(record), tags, health: { issues: issue === undefined ? [] : [issue] } },
  };
}

/** What keeps its pods from running, as far as its role has to do with it; undefined: nothing. */
export function issueOf(
  { whyNotAssumed }: Pick<EksContext, 'whyNotAssumed'>,
  reader: Reader,
  scope: Scope,
  record: FargateProfileRecord,
): FargateProfileIssue | undefined {
  const { podExecutionRole: roleArn, podExecutionRoleId, clusterName } = record;
  const resourceIds = [roleArn];
  const entry = accessEntryOf(reader, scope, clusterName, podExecutionRoleId);
  const mode = reader.get(clusters, clusterKey(scope, clusterName))?.authenticationMode;
  if (entry === undefined && mode === 'API') {
    const message = 'The pod execution role has no access entry of the type FARGATE_LINUX: make one';
    return { code: 'AccessDenied', message, resourceIds };
  }
  if (entry !== undefined && entry.type !== 'FARGATE_LINUX') {
    return {
      ...{ code: 'PodExecutionRoleAlreadyInUse', resourceIds },
      message: `The pod execution role has an access entry of the type ${entry.type} already: give the profile a role of its own`,
    };
  }
  const sourceArn = fargateProfileArn(scope, record);
  const why = whyNotAssumed(scope, { roleArn, service: podsService, sourceArn });
  return why === undefined ? undefined : { code: 'AccessDenied', message: why, resourceIds };
}
