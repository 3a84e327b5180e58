import type { Reader } from '../../../reconcile/index.ts';
import { scopeOfKey } from '../records.ts';
import {
  type NodeInstanceRecord,
  nodeInstances,
  nodeReportKey,
  nodeReports,
  nodeSightingKey,
  nodeSightings,
} from './record.ts';

/** A node as whoever runs the machines sees it. */
export interface RosteredNode {
  readonly instance: NodeInstanceRecord;
  readonly status: 'DRAINING' | 'ENDING' | 'LAUNCHING' | 'NO_ROOM' | 'NOT_READY' | 'READY';
  /** Why there is no room for it. */
  readonly message?: string;
}

/** The nodes of all clusters, of all accounts and regions: also those that are still wanted, or about to end. */
export function nodeRoster(reader: Reader): readonly RosteredNode[] {
  return Array.from(reader.list(nodeInstances), ({ key, value: instance }) => {
    const scope = scopeOfKey(key);
    const report = reader.get(nodeReports, nodeReportKey(scope, instance.instanceId));
    const isReady = reader.get(nodeSightings, nodeSightingKey(scope, instance.instanceId))?.isReady ?? false;
    if (instance.launched === undefined && !instance.isEnding && report?.status === 'no-room') {
      return {
        instance,
        status: 'NO_ROOM',
        ...(report.message !== undefined && { message: report.message }),
      };
    }
    return { instance, status: statusOf(instance, isReady) };
  });
}

function statusOf(
  { isEnding, drainSince, launched }: NodeInstanceRecord,
  isReady: boolean,
): RosteredNode['status'] {
  if (isEnding) return 'ENDING';
  if (launched === undefined) return 'LAUNCHING';
  if (drainSince !== undefined) return 'DRAINING';
  return isReady ? 'READY' : 'NOT_READY';
}
