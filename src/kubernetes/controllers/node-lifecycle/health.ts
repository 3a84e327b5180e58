import { timestamp } from '../../objects/object.ts';
import type { Node, NodeCondition } from '../node-fit.ts';
import { conditionOf, timeOf } from '../objects.ts';
import { type Lease, readyCondition } from './objects.ts';

/** A node that has said nothing for so long is not known to live. */
const gracePeriodMs = 50_000;
/** A new one that has never said anything. */
const startupGracePeriodMs = 60_000;

/** What is remembered of a node's signs of life. */
export interface Health {
  /** When the last one was seen, by the clock of who watches: the clocks of nodes don't matter. */
  readonly probedAt: number;
  readonly heartbeat: string | undefined;
  readonly renewed: string | undefined;
}

/** @param known Undefined: the node is seen for the first time. */
export function healthOf(
  node: Node,
  lease: Lease | undefined,
  known: Health | undefined,
  now: number,
): Health {
  const heartbeat = readyCondition(node)?.lastHeartbeatTime;
  const renewed = lease?.spec?.renewTime ?? known?.renewed;
  if (known === undefined) {
    const isNew = readyCondition(node) === undefined && renewed === undefined;
    const probedAt = isNew ? (timeOf(node.metadata.creationTimestamp) ?? now) : now;
    return { probedAt, heartbeat, renewed };
  }
  const isAlive = heartbeat !== known.heartbeat || renewed !== known.renewed;
  return { probedAt: isAlive ? now : known.probedAt, heartbeat, renewed };
}

/** When it is no longer known to live, if nothing is heard of it. */
export const silentAt = (node: Node, { probedAt }: Health): number =>
  probedAt + (readyCondition(node) === undefined ? startupGracePeriodMs : gracePeriodMs);

/** Whether a network is there is not the kubelet's to say. */
const ofKubelets = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];

/** The conditions of a node of which nothing is heard; the same array where they say so already. */
export function unknownConditions(node: Node, now: number): readonly NodeCondition[] {
  const present = node.status?.conditions ?? [];
  const changed = present.map((condition) =>
    ofKubelets.includes(condition.type) && condition.status !== 'Unknown'
      ? {
          ...{ ...condition, status: 'Unknown', lastTransitionTime: timestamp(now) },
          ...{ reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.' },
        }
      : condition,
  );
  const missing = ofKubelets
    .filter((type) => conditionOf(node.status, type) === undefined)
    .map((type) => ({
      ...{ type, status: 'Unknown', reason: 'NodeStatusNeverUpdated' },
      message: 'Kubelet never posted node status.',
      ...{ lastHeartbeatTime: node.metadata.creationTimestamp, lastTransitionTime: timestamp(now) },
    }));
  const isSame = missing.length === 0 && changed.every((condition, at) => condition === present[at]);
  return isSame ? present : [...changed, ...missing];
}
