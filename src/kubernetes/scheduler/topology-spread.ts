import type { Assessment } from './assessment.ts';
import { none } from './columns.ts';
import type { NodeInfo } from './node-info.ts';
import { hostnameLabel } from './node-order.ts';
import { most } from './node-scores.ts';
import type { PodInfo } from './pod-info.ts';
import type { Spread, Spreads } from './spread-constraints.ts';
import { refusal, type Verdict } from './verdict.ts';
import type { ClusterView } from './view.ts';

const uneven = "node(s) didn't match pod topology spread constraints";
const tooMany = refusal('PodTopologySpread', uneven);
const noLabel = refusal('PodTopologySpread', `${uneven} (missing required label)`, true);

/** Judges nodes by constraints that must hold; undefined: there are none. */
export function spreadFilter(
  view: ClusterView,
  info: PodInfo,
  constraints: readonly Spread[],
  assessment: Assessment,
): ((node: NodeInfo) => Verdict | undefined) | undefined {
  if (constraints.length === 0) return undefined;
  const counted = constraints.map((spread) => {
    const { numbers, size } = view.topology(spread.topologyKey);
    const { bySlot } = tallyOf(view, info, spread);
    return { spread, numbers, bySlot, counts: new Int32Array(size), isDomain: new Uint8Array(size) };
  });
  for (const node of view.nodes) {
    const { slot } = node;
    if (counted.some(({ numbers }) => (numbers[slot] ?? none) === none)) continue;
    for (const { spread, numbers, bySlot, counts, isDomain } of counted) {
      if (!countsThere(spread, assessment, node)) continue;
      const number = numbers[slot] ?? none;
      isDomain[number] = 1;
      counts[number] = (counts[number] ?? 0) + (bySlot[slot] ?? 0);
    }
  }
  const limits = counted.map((it) => ({
    ...it,
    limit: it.spread.maxSkew + least(it) - (it.spread.selects(info.pod.metadata.labels) ? 1 : 0),
  }));
  return ({ slot }) => {
    for (const { numbers, counts, limit } of limits) {
      const number = numbers[slot] ?? none;
      if (number === none) return noLabel;
      if ((counts[number] ?? 0) > limit) return tooMany;
    }
    return undefined;
  };
}

/** The fewest pods that a domain has; none while there are fewer domains than asked for. */
function least({
  spread,
  counts,
  isDomain,
}: {
  readonly spread: Spread;
  readonly counts: Int32Array;
  readonly isDomain: Uint8Array;
}): number {
  let [domains, fewest] = [0, Number.POSITIVE_INFINITY];
  for (let number = 0; number < counts.length; number++) {
    if (isDomain[number] === 0) continue;
    domains++;
    fewest = Math.min(fewest, counts[number] ?? 0);
  }
  return domains < spread.minDomains ? 0 : fewest;
}

/** Writes how evenly the pod would be spread, from nothing to 100, for each of the nodes. */
export function spreadScores(
  view: ClusterView,
  info: PodInfo,
  { constraints, areDefault }: Spreads,
  assessment: Assessment,
  nodes: readonly NodeInfo[],
): Float64Array | undefined {
  if (constraints.length === 0) return undefined;
  const topologies = constraints.map(({ topologyKey }) => view.topology(topologyKey));
  const lacks = (slot: number): boolean =>
    !areDefault && topologies.some(({ numbers }) => (numbers[slot] ?? none) === none);
  const considered = nodes.filter(({ slot }) => !lacks(slot));
  const raw = new Float64Array(view.slots);
  for (const [at, spread] of constraints.entries()) {
    const topology = topologies[at];
    if (topology === undefined) continue;
    addCosts(raw, { view, info, spread, assessment, considered, numbers: topology.numbers, lacks });
  }
  return reversed(raw, nodes, lacks, considered);
}

function addCosts(
  raw: Float64Array,
  of: {
    readonly view: ClusterView;
    readonly info: PodInfo;
    readonly spread: Spread;
    readonly assessment: Assessment;
    readonly considered: readonly NodeInfo[];
    readonly numbers: Int32Array;
    readonly lacks: (slot: number) => boolean;
  },
): void {
  const { view, info, spread, assessment, considered, numbers, lacks } = of;
  const { bySlot } = tallyOf(view, info, spread);
  const isHost = spread.topologyKey === hostnameLabel;
  const sums = new Int32Array(view.topology(spread.topologyKey).size);
  const isDomain = new Uint8Array(sums.length);
  let domains = 0;
  for (const { slot } of considered) {
    const number = numbers[slot] ?? none;
    if (number === none || isDomain[number] === 1) continue;
    isDomain[number] = 1;
    domains++;
  }
  if (!isHost)
    for (const node of view.nodes) {
      const count = bySlot[node.slot] ?? 0;
      const number = numbers[node.slot] ?? none;
      if (count === 0 || number === none || isDomain[number] === 0) continue;
      if (!lacks(node.slot) && countsThere(spread, assessment, node))
        sums[number] = (sums[number] ?? 0) + count;
    }
  const weight = Math.log((isHost ? considered.length : domains) + 2);
  for (const { slot } of considered) {
    const number = numbers[slot] ?? none;
    if (number === none) continue;
    const count = (isHost ? bySlot[slot] : sums[number]) ?? 0;
    raw[slot] = (raw[slot] ?? 0) + count * weight + spread.maxSkew - 1;
  }
}

/** The fewer the better. */
function reversed(
  raw: Float64Array,
  nodes: readonly NodeInfo[],
  lacks: (slot: number) => boolean,
  considered: readonly NodeInfo[],
): Float64Array {
  let [fewest, highest] = [Number.POSITIVE_INFINITY, 0];
  for (const { slot } of considered) {
    const score = Math.round(raw[slot] ?? 0);
    raw[slot] = score;
    fewest = Math.min(fewest, score);
    highest = Math.max(highest, score);
  }
  for (const { slot } of nodes) {
    const score = raw[slot] ?? 0;
    if (lacks(slot)) raw[slot] = 0;
    else raw[slot] = highest === 0 ? most : Math.floor((most * (highest + fewest - score)) / highest);
  }
  return raw;
}

const tallyOf = (view: ClusterView, { namespace }: PodInfo, { selector, selects }: Spread) =>
  view.tallies.selected(namespace, selector, selects);

function countsThere(spread: Spread, assessment: Assessment, node: NodeInfo): boolean {
  const { selected, stands } = assessment.eligibility(node);
  return (!spread.honorsAffinity || selected) && (!spread.honorsTaints || stands);
}
