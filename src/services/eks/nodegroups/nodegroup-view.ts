import type { Nodegroup, NodegroupStatus } from '@aws-sdk/client-eks';
import { nodegroupArn, type Scope } from '../arn.ts';
import { type NodegroupRecord, scalingGroupName } from './record.ts';

/** DEGRADED is one that was ACTIVE and has something to say. */
export function nodegroupStatus({ isDeleting, updateId, phase, issues }: NodegroupRecord): NodegroupStatus {
  if (isDeleting) return 'DELETING';
  if (updateId !== undefined) return 'UPDATING';
  return phase === 'ACTIVE' && issues.length > 0 ? 'DEGRADED' : phase;
}

/** As DescribeNodegroup shows it. */
export function nodegroupView(scope: Scope, record: NodegroupRecord): Nodegroup {
  const { amiType, capacityType, version, releaseVersion, clusterName, nodeRole, tags } = record;
  const { maxUnavailable, maxUnavailablePercentage, updateStrategy } = record.updateConfig;
  return {
    nodegroupName: record.name,
    nodegroupArn: nodegroupArn(scope, record),
    ...{ clusterName, version, releaseVersion, capacityType, amiType, nodeRole, tags },
    ...{ createdAt: new Date(record.createdAt), modifiedAt: new Date(record.modifiedAt) },
    status: nodegroupStatus(record),
    scalingConfig: { ...record.scaling },
    instanceTypes: [...record.instanceTypes],
    subnets: [...record.subnetIds],
    ...(Object.keys(record.labels).length > 0 && { labels: record.labels }),
    ...(record.taints.length > 0 && { taints: record.taints.map((taint) => ({ ...taint })) }),
    resources: { autoScalingGroups: [{ name: scalingGroupName(record) }] },
    diskSize: record.diskGiB,
    health: {
      issues: record.issues.map(({ resourceIds, ...issue }) => ({ ...issue, resourceIds: [...resourceIds] })),
    },
    updateConfig: {
      ...(maxUnavailable !== undefined && { maxUnavailable }),
      ...(maxUnavailablePercentage !== undefined && { maxUnavailablePercentage }),
      ...(updateStrategy !== 'DEFAULT' && { updateStrategy }),
    },
  };
}
