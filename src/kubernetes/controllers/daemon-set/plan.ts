import { scaled } from '../int-or-percent.ts';
import type { Node } from '../node-fit.ts';
import { byCreation, type Pod } from '../objects.ts';
import { isAvailable, isReady, phaseOf } from '../pods.ts';
import { nonZero } from '../status-fields.ts';
import { type DaemonSet, type DaemonSetStatus, isOf, nodeOf } from './objects.ts';
import { eligibility } from './pod.ts';

/** What a DaemonSet is decided by. */
export interface Situation {
  readonly daemonSet: DaemonSet;
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  /** Of the revision that pods are to be of. */
  readonly hash: string;
  readonly now: number;
  /** In how many ms a pod that has failed on a node may be replaced. */
  readonly failedWaitMs: (nodeName: string) => number;
}

export interface DaemonPlan {
  /** The nodes that get a pod. */
  readonly create: readonly string[];
  readonly remove: readonly Pod[];
  /** Of those, the ones that have ended by themselves. */
  readonly ended: readonly Pod[];
  readonly afterMs: number | undefined;
}

/** Pods made or deleted in one turn. */
const most = 250;

export function planDaemonSet(situation: Situation): DaemonPlan {
  const { daemonSet, nodes } = situation;
  const none: DaemonPlan = { create: [], remove: [], ended: [], afterMs: undefined };
  if (daemonSet.metadata.deletionTimestamp !== undefined) return none;
  const byNode = podsByNode(situation.pods);
  const placed = nodes.map((node) => onNode(situation, node, byNode.get(node.metadata.name) ?? []));
  const names = new Set(nodes.map(({ metadata }) => metadata.name));
  const homeless = situation.pods.filter((pod) => isHomeless(pod, names));
  const waits = placed.map(({ afterMs }) => afterMs).filter((wait) => wait !== undefined);
  const managed: DaemonPlan = {
    create: placed.flatMap(({ create }) => create).slice(0, most),
    remove: [...placed.flatMap(({ remove }) => remove), ...homeless].slice(0, most),
    ended: placed.flatMap(({ ended }) => ended),
    afterMs: waits.length === 0 ? undefined : Math.min(...waits),
  };
  // What is missing or too many comes first; the update goes on when nodes have what they are to have.
  if (managed.create.length + managed.remove.length > 0) return managed;
  if (daemonSet.spec.updateStrategy.type !== 'RollingUpdate') return managed;
  const { create, remove } = rolled(situation, byNode);
  return { ...managed, create: create.slice(0, most), remove: remove.slice(0, most) };
}

/** Meant for a node that is not there, and never bound to it. */
function isHomeless(pod: Pod, names: ReadonlySet<string>): boolean {
  const name = nodeOf(pod);
  const isBound = (pod.spec.nodeName ?? '') !== '';
  return !isBound && name !== undefined && !names.has(name) && !isGoing(pod);
}

const isGoing = ({ metadata }: Pod): boolean => metadata.deletionTimestamp !== undefined;

function podsByNode(pods: readonly Pod[]): ReadonlyMap<string, readonly Pod[]> {
  const byNode = new Map<string, Pod[]>();
  for (const pod of pods) {
    const node = nodeOf(pod);
    if (node === undefined) continue;
    const present = byNode.get(node);
    if (present === undefined) byNode.set(node, [pod]);
    else present.push(pod);
  }
  return byNode;
}

/** The pod that stays where there are several: one that is bound, and of those the oldest. */
const byPlace = (one: Pod, other: Pod): number =>
  Number((other.spec.nodeName ?? '') !== '') - Number((one.spec.nodeName ?? '') !== '') ||
  byCreation(one, other);

function onNode(situation: Situation, node: Node, pods: readonly Pod[]): DaemonPlan {
  const { daemonSet, failedWaitMs } = situation;
  const { name } = node.metadata;
  const { runs, stays } = eligibility(daemonSet, node);
  const none: DaemonPlan = { create: [], remove: [], ended: [], afterMs: undefined };
  if (!stays) return { ...none, remove: pods.filter((pod) => !isGoing(pod)) };
  if (pods.length === 0) return runs ? { ...none, create: [name] } : none;
  const present = pods.filter((pod) => !isGoing(pod));
  const failed = present.filter((pod) => phaseOf(pod) === 'Failed');
  const waitMs = failed.length > 0 ? failedWaitMs(name) : 0;
  const succeeded = present.filter((pod) => phaseOf(pod) === 'Succeeded');
  const ended = waitMs > 0 ? succeeded : [...failed, ...succeeded];
  const running = present
    .filter((pod) => !failed.includes(pod) && !succeeded.includes(pod))
    .toSorted(byPlace);
  return {
    create: [],
    ended,
    remove: [...ended, ...surplus(situation, running)],
    afterMs: waitMs > 0 ? waitMs : undefined,
  };
}

/** One pod a node; while an update surges, one of the old revision beside one of the new. */
function surplus({ daemonSet, hash, now }: Situation, running: readonly Pod[]): readonly Pod[] {
  if (maxSurge(daemonSet, 1) === 0) return running.slice(1);
  const newest = running.find((pod) => isOf(pod, hash));
  const oldest = running.find((pod) => !isOf(pod, hash));
  const others = running.filter((pod) => pod !== newest && pod !== oldest);
  if (newest === undefined || oldest === undefined) return others;
  const isDone = isAvailable(newest, daemonSet.spec.minReadySeconds ?? 0, now);
  return !isReady(oldest) || isDone ? [...others, oldest] : others;
}

function maxSurge({ spec }: DaemonSet, nodes: number): number {
  if (spec.updateStrategy.type !== 'RollingUpdate') return 0;
  return scaled(spec.updateStrategy.rollingUpdate?.maxSurge, nodes, 'up');
}

function maxUnavailable({ spec }: DaemonSet, nodes: number): number {
  const most = scaled(spec.updateStrategy.rollingUpdate?.maxUnavailable ?? 1, nodes, 'up');
  return Math.max(most, 0);
}

/** The one pod of the new revision and the one of the old; undefined: there are others. */
function pairOf(
  pods: readonly Pod[],
  hash: string,
): { readonly current: Pod | undefined; readonly old: Pod | undefined } | undefined {
  const present = pods.filter((pod) => !isGoing(pod));
  const current = present.filter((pod) => isOf(pod, hash));
  const old = present.filter((pod) => !isOf(pod, hash));
  return current.length > 1 || old.length > 1 ? undefined : { current: current[0], old: old[0] };
}

/** Old pods go as far as availability allows, or new ones come beside them as far as the surge does. */
function rolled(
  situation: Situation,
  byNode: ReadonlyMap<string, readonly Pod[]>,
): { readonly create: readonly string[]; readonly remove: readonly Pod[] } {
  const { daemonSet, nodes } = situation;
  const running = nodes.filter((node) => eligibility(daemonSet, node).runs);
  const surge = maxSurge(daemonSet, running.length);
  return surge > 0 ? surged(situation, byNode, running, surge) : replaced(situation, byNode, running);
}

function replaced(
  { daemonSet, hash, now }: Situation,
  byNode: ReadonlyMap<string, readonly Pod[]>,
  running: readonly Node[],
): { readonly create: readonly string[]; readonly remove: readonly Pod[] } {
  const isUp = (pod: Pod): boolean => isAvailable(pod, daemonSet.spec.minReadySeconds ?? 0, now);
  const useless: Pod[] = [];
  const candidates: Pod[] = [];
  let unavailable = 0;
  for (const { metadata } of running) {
    const pair = pairOf(byNode.get(metadata.name) ?? [], hash);
    const { current, old } = pair ?? {};
    if (pair === undefined || (current === undefined) === (old === undefined)) unavailable++;
    else if (current !== undefined) unavailable += isUp(current) ? 0 : 1;
    else if (old !== undefined && isUp(old)) candidates.push(old);
    else if (old !== undefined) {
      useless.push(old);
      unavailable++;
    }
  }
  const room = Math.max(0, maxUnavailable(daemonSet, running.length) - unavailable);
  return { create: [], remove: [...useless, ...candidates.slice(0, room)] };
}

function surged(
  { daemonSet, hash, now }: Situation,
  byNode: ReadonlyMap<string, readonly Pod[]>,
  running: readonly Node[],
  surge: number,
): { readonly create: readonly string[]; readonly remove: readonly Pod[] } {
  const isUp = (pod: Pod): boolean => isAvailable(pod, daemonSet.spec.minReadySeconds ?? 0, now);
  const allowed: string[] = [];
  const candidates: string[] = [];
  const remove: Pod[] = [];
  let surging = 0;
  for (const { metadata } of running) {
    const pair = pairOf(byNode.get(metadata.name) ?? [], hash);
    if (pair === undefined) surging++;
    else if (pair.old === undefined) continue;
    else if (pair.current !== undefined) {
      if (isUp(pair.current)) remove.push(pair.old);
      else surging++;
    } else (isUp(pair.old) ? candidates : allowed).push(metadata.name);
  }
  return { create: [...allowed, ...candidates.slice(0, Math.max(0, surge - surging))], remove };
}

export function daemonSetStatus(
  { daemonSet, nodes, pods, hash, now }: Situation,
  collisions: number | undefined,
): DaemonSetStatus {
  const byNode = podsByNode(pods);
  const minReadySeconds = daemonSet.spec.minReadySeconds ?? 0;
  const { conditions } = daemonSet.status ?? {};
  const counts = { desired: 0, current: 0, misscheduled: 0, ready: 0, available: 0, updated: 0 };
  for (const node of nodes) {
    const present = (byNode.get(node.metadata.name) ?? []).toSorted(byPlace);
    const [pod] = present;
    if (!eligibility(daemonSet, node).runs) {
      counts.misscheduled += pod === undefined ? 0 : 1;
      continue;
    }
    counts.desired++;
    if (pod === undefined) continue;
    counts.current++;
    const isUp = isReady(pod);
    counts.ready += isUp ? 1 : 0;
    counts.available += isUp && isAvailable(pod, minReadySeconds, now) ? 1 : 0;
    counts.updated += isOf(pod, hash) ? 1 : 0;
  }
  return {
    ...{ currentNumberScheduled: counts.current, numberMisscheduled: counts.misscheduled },
    ...{ desiredNumberScheduled: counts.desired, numberReady: counts.ready },
    observedGeneration: daemonSet.metadata.generation ?? 0,
    ...nonZero({
      updatedNumberScheduled: counts.updated,
      numberAvailable: counts.available,
      numberUnavailable: counts.desired - counts.available,
    }),
    ...(collisions !== undefined && { collisionCount: collisions }),
    // Those of others: it has none of its own.
    ...(conditions && { conditions }),
  };
}
