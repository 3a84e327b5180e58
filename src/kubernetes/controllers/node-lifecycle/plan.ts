import type { Node, NodeCondition } from '../node-fit.ts';
import { conditionOf } from '../objects.ts';
import { type Health, healthOf, silentAt, unknownConditions } from './health.ts';
import { type Lease, notReady, readyCondition, unreachable, zoneOf } from './objects.ts';
import { type Disruption, disruptionOf, hasAllowance, type Zone, zoneAt } from './zones.ts';

/** What is known of a cluster's nodes from earlier looks. After a restart everybody gets his grace period anew. */
export interface Memory {
  readonly nodes: ReadonlyMap<string, Health>;
  readonly zones: ReadonlyMap<string, Zone>;
  /** No zone had a node that is ready. */
  readonly isAllDisrupted: boolean;
}

export const noMemory: Memory = { nodes: new Map(), zones: new Map(), isAllDisrupted: false };

/** Which of the taints that make pods go a node is to have; `kept`: as it is. */
export type Eviction = 'kept' | 'none' | typeof notReady | typeof unreachable;

export interface NodeStep {
  readonly node: Node;
  /** Was not known before. */
  readonly isNew: boolean;
  /** Nothing was heard of it: what its conditions become. */
  readonly unknown: readonly NodeCondition[] | undefined;
  /** It was ready until now. */
  readonly isLost: boolean;
  readonly eviction: Eviction;
}

export interface Plan {
  readonly memory: Memory;
  /** In the order of the nodes; those with nothing to do are left out. */
  readonly steps: readonly NodeStep[];
  readonly gone: readonly string[];
}

/** Nodes so labelled don't count when it is judged how much has failed. */
const excluded = 'node.kubernetes.io/exclude-disruption';

interface Look {
  readonly node: Node;
  readonly isNew: boolean;
  readonly health: Health;
  readonly unknown: readonly NodeCondition[] | undefined;
  /** Of its condition Ready as it will be. */
  readonly ready: NodeCondition | undefined;
  readonly zone: string;
}

/** Who of the nodes still lives, and whose pods have to go elsewhere. */
export function planNodes(
  nodes: readonly Node[],
  leaseOf: (node: Node) => Lease | undefined,
  memory: Memory,
  now: number,
): Plan {
  const looks = nodes.map((node) => look(node, leaseOf(node), memory.nodes.get(node.metadata.uid), now));
  const zones = zonesOf(looks, memory, now);
  const isAllDisrupted =
    zones.size > 0 && [...zones.values()].every(({ disruption }) => disruption === 'full');
  const isOver = memory.isAllDisrupted && !isAllDisrupted;
  // Who answers again first must not cost the others their pods: all get their grace period anew.
  const health = (it: Look): Health => (isOver ? { ...it.health, probedAt: now } : it.health);
  const evictions = isAllDisrupted
    ? new Map(looks.map(({ node }) => [node, 'none' as const]))
    : evictionsOf(looks, zones, now);
  const steps = looks.map((it): NodeStep => {
    const { node, isNew, unknown } = it;
    const isLost = unknown !== undefined && readyCondition(node)?.status === 'True';
    return { node, isNew, unknown, isLost, eviction: neededEviction(node, evictions.get(node) ?? 'kept') };
  });
  const present = new Set(nodes.map(({ metadata }) => metadata.uid));
  return {
    memory: {
      ...{ zones, isAllDisrupted },
      nodes: new Map(looks.map((it) => [it.node.metadata.uid, health(it)])),
    },
    steps: steps.filter(
      ({ isNew, unknown, eviction }) => isNew || unknown !== undefined || eviction !== 'kept',
    ),
    gone: [...memory.nodes.keys()].filter((uid) => !present.has(uid)),
  };
}

function look(node: Node, lease: Lease | undefined, known: Health | undefined, now: number): Look {
  const health = healthOf(node, lease, known, now);
  const conditions = now > silentAt(node, health) ? unknownConditions(node, now) : node.status?.conditions;
  const isChanged = conditions !== node.status?.conditions;
  return {
    ...{ node, health, isNew: known === undefined, zone: zoneOf(node) },
    unknown: isChanged ? conditions : undefined,
    ready: conditions && conditionOf({ conditions }, 'Ready'),
  };
}

function zonesOf(looks: readonly Look[], memory: Memory, now: number): Map<string, Zone> {
  const counts = new Map<string, { ready: number; failed: number }>();
  for (const { node, ready, zone } of looks) {
    if (ready === undefined || node.metadata.labels?.[excluded] !== undefined) continue;
    const count = counts.get(zone) ?? { ready: 0, failed: 0 };
    count[ready.status === 'True' ? 'ready' : 'failed']++;
    counts.set(zone, count);
  }
  return new Map(
    [...counts].map(([zone, { ready, failed }]): [string, Zone] => {
      const disruption: Disruption = disruptionOf(ready, failed);
      return [zone, zoneAt(memory.zones.get(zone), disruption, ready + failed, now)];
    }),
  );
}

/** Changes the zones' allowances. */
function evictionsOf(looks: readonly Look[], zones: Map<string, Zone>, now: number): Map<Node, Eviction> {
  const evictions = new Map<Node, Eviction>();
  const waiting: Look[] = [];
  for (const it of looks) {
    const wanted = wantedEviction(it.ready);
    // One that has either may have the other at once: its pods are on their way already.
    if (wanted === 'kept' || wanted === 'none' || hasEither(it.node)) evictions.set(it.node, wanted);
    else waiting.push(it);
  }
  const since = ({ ready }: Look): string => ready?.lastTransitionTime ?? '';
  const sizes = new Map<string, number>();
  for (const { zone } of looks) sizes.set(zone, (sizes.get(zone) ?? 0) + 1);
  for (const it of waiting.toSorted((one, other) => (since(one) < since(other) ? -1 : 1))) {
    const zone = zones.get(it.zone) ?? zoneAt(undefined, 'none', 0, now);
    if (!hasAllowance(zone, sizes.get(it.zone) ?? 0)) continue;
    zones.set(it.zone, { ...zone, allowance: zone.allowance - 1 });
    evictions.set(it.node, wantedEviction(it.ready));
  }
  return evictions;
}

function wantedEviction(ready: NodeCondition | undefined): Eviction {
  switch (ready?.status) {
    case 'True':
      return 'none';
    case 'False':
      return notReady;
    case 'Unknown':
      return unreachable;
    default:
      return 'kept';
  }
}

const evicts = ({ spec }: Node, key: string): boolean =>
  spec?.taints?.some((taint) => taint.key === key && taint.effect === 'NoExecute') === true;

const hasEither = (node: Node): boolean => evicts(node, notReady) || evicts(node, unreachable);

/** Nothing to do where it is so. */
function neededEviction(node: Node, wanted: Eviction): Eviction {
  if (wanted === 'kept') return wanted;
  const isSo = [notReady, unreachable].every((key) => evicts(node, key) === (key === wanted));
  return isSo ? 'kept' : wanted;
}
