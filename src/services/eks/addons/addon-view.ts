import type { Addon, AddonIssue, AddonStatus } from '@aws-sdk/client-eks';
import type { Reader } from '../../../reconcile/index.ts';
import { addonArn, podIdentityArn, type Scope } from '../arn.ts';
import { nodeInstances, nodeSightingKey, nodeSightings } from '../nodes/record.ts';
import { ownedAssociations } from '../pod-identity/record.ts';
import { clusterText } from '../records.ts';
import { addonEntry, addonNamespace } from './catalogue.ts';
import type { AddonRecord } from './record.ts';

/** For so long a node may be on its way before it counts as one that lacks what it should have. */
const settlingMs = 5 * 60_000;

/** DEGRADED is one that was ACTIVE and has something to say. */
export function addonStatus(
  { isDeleting, updateId, phase }: AddonRecord,
  issues: readonly AddonIssue[],
): AddonStatus {
  if (isDeleting) return 'DELETING';
  if (updateId !== undefined) return 'UPDATING';
  return phase === 'ACTIVE' && issues.length > 0 ? 'DEGRADED' : phase;
}

/** What keeps its function from where it should be: nodes that are not ready do nothing for their pods. */
function addonIssues(
  reader: Reader,
  scope: Scope,
  { clusterName, name }: AddonRecord,
  now: number,
): readonly AddonIssue[] {
  if (addonEntry(name)?.isOfNodes !== true) return [];
  const lacking = reader
    .byIndex(nodeInstances, 'cluster', clusterText(scope, clusterName))
    .filter(({ value: { launched, drainSince, isEnding, instanceId } }) => {
      const isSettled = launched !== undefined && now - launched.at >= settlingMs;
      if (!isSettled || drainSince !== undefined || isEnding) return false;
      return reader.get(nodeSightings, nodeSightingKey(scope, instanceId))?.isReady !== true;
    })
    .map(({ value }) => value.instanceId);
  if (lacking.length === 0) return [];
  return [
    {
      code: 'InsufficientNumberOfReplicas',
      message: "The add-on is unhealthy because it doesn't have the desired number of replicas.",
      resourceIds: lacking.toSorted(),
    },
  ];
}

/** As DescribeAddon shows it. */
export function addonView(reader: Reader, scope: Scope, record: AddonRecord, now: number): Addon {
  const { name, clusterName, version, tags, configurationValues } = record;
  const issues = addonIssues(reader, scope, record, now);
  const arn = addonArn(scope, record);
  const owned = ownedAssociations(reader, scope, clusterName, arn);
  return {
    ...{ addonName: name, clusterName, addonVersion: version, addonArn: arn, tags },
    status: addonStatus(record, issues),
    health: { issues: [...issues] },
    ...{ createdAt: new Date(record.createdAt), modifiedAt: new Date(record.modifiedAt) },
    ...{ publisher: 'eks', owner: addonEntry(name)?.owner ?? 'aws' },
    ...(configurationValues !== undefined && { configurationValues }),
    ...(owned.length > 0 && { podIdentityAssociations: owned.map((it) => podIdentityArn(scope, it)) }),
    namespaceConfig: { namespace: addonNamespace },
  };
}
