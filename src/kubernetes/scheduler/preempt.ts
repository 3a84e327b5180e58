import type { Random } from '../../clock/index.ts';
import type { Reader } from '../../reconcile/index.ts';
import { budgets, siblingsOf } from '../controllers/collections.ts';
import { selects } from '../controllers/label-selector.ts';
import { timeOf } from '../controllers/objects.ts';
import type { NodeInfo } from './node-info.ts';
import type { Obstacle } from './place.ts';
import type { PodInfo } from './pod-info.ts';
import type { Verdict } from './verdict.ts';
import type { ClusterView } from './view.ts';

/** What may be done for a pod that has no place: take others off a node, or why not. */
export type Preemption =
  | { readonly node: NodeInfo; readonly victims: readonly PodInfo[] }
  | { readonly node?: undefined; readonly reasons: ReadonlyMap<string, number> }
  | { readonly node?: undefined; readonly reasons?: undefined; readonly isNotEligible: string };

interface Candidate {
  readonly node: NodeInfo;
  /** The most important first. */
  readonly victims: readonly PodInfo[];
  /** Victims that a budget would not let go. */
  readonly violations: number;
}

export interface PreemptionContext {
  readonly view: ClusterView;
  readonly reader: Reader;
  readonly random: Random;
  /** What keeps a pod from a node, as all stands. */
  readonly judge: (info: PodInfo, node: NodeInfo) => Verdict | undefined;
}

const notHelpful = 'Preemption is not helpful for scheduling';
const noVictims = 'No preemption victims found for incoming pod';
/** So many nodes are tried, and a tenth of all where that is more. */
const leastCandidates = 100;

/** Looks for the node where the least has to go for the pod. Nothing is changed when it is over. */
export function preempt(context: PreemptionContext, info: PodInfo, obstacle: Obstacle): Preemption {
  const { view, random } = context;
  const isNotEligible = whyNotEligible(view, info, obstacle);
  if (isNotEligible !== undefined) return { isNotEligible };
  const possible = [...obstacle.verdicts].filter(([, { isFinal }]) => !isFinal).map(([node]) => node);
  const reasons = new Map<string, number>();
  const count = (reason: string, nodes = 1): void => {
    if (nodes > 0) reasons.set(reason, (reasons.get(reason) ?? 0) + nodes);
  };
  count(notHelpful, obstacle.nodes - possible.length);
  if (!view.hasBelow(info.priority)) {
    count(noVictims, possible.length);
    return { reasons };
  }
  const enough = Math.max(leastCandidates, Math.floor(possible.length / 10));
  const start = random.integer(Math.max(1, possible.length));
  const found: Candidate[] = [];
  for (let looked = 0; looked < possible.length && found.length < enough; looked++) {
    const node = possible[(start + looked) % possible.length];
    if (node === undefined) continue;
    const candidate = victimsOn(context, info, node);
    if (Array.isArray(candidate)) for (const reason of candidate as readonly string[]) count(reason);
    else found.push(candidate as Candidate);
  }
  const best = cheapest(found);
  return best === undefined ? { reasons } : best;
}

function whyNotEligible(view: ClusterView, info: PodInfo, { verdicts }: Obstacle): string | undefined {
  if (info.pod.spec.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.';
  const nominated = view.nominatedNode(info.key);
  const node = nominated === undefined ? undefined : view.node(nominated);
  if (node === undefined || verdicts.get(node)?.isFinal === true) return undefined;
  for (const other of node.pods.values())
    if (other.priority < info.priority && other.pod.metadata.deletionTimestamp !== undefined)
      return 'not eligible due to a terminating pod on the nominated node.';
  return undefined;
}

/** @returns the reasons, where it doesn't help that all less important pods go. */
function victimsOn(
  { view, reader, judge }: PreemptionContext,
  info: PodInfo,
  node: NodeInfo,
): Candidate | readonly string[] {
  const lower = [...node.pods.values()].filter(({ priority }) => priority < info.priority);
  if (lower.length === 0) return [noVictims];
  const gone = new Set(lower);
  for (const { key } of lower) view.remove(key);
  try {
    const verdict = judge(info, node);
    if (verdict !== undefined) return verdict.reasons;
    const { violating, others } = byBudgets(reader, lower.toSorted(byImportance));
    const victims: PodInfo[] = [];
    let violations = 0;
    for (const pod of [...violating, ...others]) {
      view.place(pod, node.name);
      gone.delete(pod);
      if (judge(info, node) === undefined) continue;
      view.remove(pod.key);
      gone.add(pod);
      victims.push(pod);
      if (violating.includes(pod)) violations++;
    }
    return { node, victims: victims.toSorted(byImportance), violations };
  } finally {
    for (const pod of gone) view.place(pod, node.name);
  }
}

/** The more important first, and of those the one that runs longer. */
const byImportance = (one: PodInfo, other: PodInfo): number =>
  other.priority - one.priority || startOf(one) - startOf(other);

const startOf = ({ pod }: PodInfo): number =>
  timeOf(pod.status?.startTime) ?? timeOf(pod.metadata.creationTimestamp) ?? 0;

/** Which of the pods may not be disrupted, were they disrupted one after the other. */
function byBudgets(
  reader: Reader,
  pods: readonly PodInfo[],
): { readonly violating: readonly PodInfo[]; readonly others: readonly PodInfo[] } {
  const left = new Map<string, number>();
  const [violating, others]: [PodInfo[], PodInfo[]] = [[], []];
  for (const info of pods) {
    const { labels = {}, name } = info.pod.metadata;
    let isViolating = false;
    for (const { key, value } of reader.list(budgets, siblingsOf(info.key, budgets))) {
      const { status } = value;
      const isMeant = Object.keys(labels).length > 0 && selects(value.spec.selector)(labels);
      if (!isMeant || status?.disruptedPods?.[name] !== undefined) continue;
      const allowed = (left.get(key) ?? status?.disruptionsAllowed ?? 0) - 1;
      left.set(key, allowed);
      if (allowed < 0) isViolating = true;
    }
    (isViolating ? violating : others).push(info);
  }
  return { violating, others };
}

/** Each is asked only of those that all before find alike: the less the better. */
const costs: readonly ((candidate: Candidate) => number)[] = [
  ({ violations }) => violations,
  ({ victims }) => victims[0]?.priority ?? Number.NEGATIVE_INFINITY,
  // However low a priority is, one victim more costs more.
  ({ victims }) => victims.reduce((sum, { priority }) => sum + priority + 2 ** 31, 0),
  ({ victims }) => victims.length,
  // Rather those that have not run for long.
  ({ victims }) =>
    -Math.min(...victims.filter(({ priority }) => priority === victims[0]?.priority).map(startOf)),
];

function cheapest(candidates: readonly Candidate[]): Candidate | undefined {
  let left = candidates;
  for (const costOf of costs) {
    if (left.length < 2) break;
    const least = Math.min(...left.map(costOf));
    left = left.filter((candidate) => costOf(candidate) === least);
  }
  return left[0];
}
