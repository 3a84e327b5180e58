import { none } from './columns.ts';
import type { NodeInfo } from './node-info.ts';
import { most } from './node-scores.ts';
import type { PodInfo } from './pod-info.ts';
import type { Tally } from './tally.ts';
import { refusal, type Verdict } from './verdict.ts';
import type { ClusterView } from './view.ts';

const notNear = refusal('InterPodAffinity', "node(s) didn't match pod affinity rules", true);
const notApart = refusal('InterPodAffinity', "node(s) didn't match pod anti-affinity rules");
const unwanted = refusal('InterPodAffinity', "node(s) didn't satisfy existing pods anti-affinity rules");

/** How many pods of a sort there are in the domain of each node. */
interface Domains {
  readonly numbers: Int32Array;
  readonly sums: Int32Array;
}

const domainsOf = (view: ClusterView, tally: Tally, topologyKey: string): Domains => {
  const topology = view.topology(topologyKey);
  return { numbers: topology.numbers, sums: tally.sums(topology) };
};

const countAt = ({ numbers, sums }: Domains, slot: number): number => {
  const number = numbers[slot] ?? none;
  return number === none ? 0 : (sums[number] ?? 0);
};

/** Judges nodes by what the pod must be near to and apart from, and by who must be apart from it; undefined: nobody cares. */
export function affinityFilter(
  view: ClusterView,
  info: PodInfo,
): ((node: NodeInfo) => Verdict | undefined) | undefined {
  const { near, apart } = info.terms;
  const { tallies } = view;
  const wishes = tallies.wishesAbout(info, ['apart']);
  if (near.length + apart.length + wishes.length === 0) return undefined;
  const friends = near.map((term) => domainsOf(view, tallies.meant(near), term.topologyKey));
  const foes = apart.map((term) => domainsOf(view, tallies.meant([term]), term.topologyKey));
  const haters = wishes.map(({ term, tally }) => domainsOf(view, tally, term.topologyKey));
  // The first of those that want to be with their own kind has to be somewhere.
  const isFirst =
    friends.every(({ sums }) => sums.every((count) => count === 0)) &&
    near.every((term) => tallies.isMeant(term, info));
  return ({ slot }) => {
    for (const domains of friends) {
      const isLabelled = (domains.numbers[slot] ?? none) !== none;
      if (!isLabelled || (!isFirst && countAt(domains, slot) === 0)) return notNear;
    }
    if (foes.some((domains) => countAt(domains, slot) > 0)) return notApart;
    return haters.some((domains) => countAt(domains, slot) > 0) ? unwanted : undefined;
  };
}

/** What a pod that must be near to another counts for that other, as upstream has it by default. */
const requiredWeight = 1;

/** How much the pod and those that are there prefer each other, from nothing to 100; undefined: nobody prefers anything. */
export function affinityScores(
  view: ClusterView,
  info: PodInfo,
  nodes: readonly NodeInfo[],
): Float64Array | undefined {
  const { tallies } = view;
  const weighted = [
    ...info.terms.preferred.map((term) => ({
      ...{ domains: domainsOf(view, tallies.meant([term]), term.topologyKey), weight: term.weight },
    })),
    ...tallies.wishesAbout(info, ['near', 'preferred']).map(({ kind, term, weight, tally }) => ({
      domains: domainsOf(view, tally, term.topologyKey),
      weight: kind === 'near' ? requiredWeight : weight,
    })),
  ];
  if (weighted.length === 0) return undefined;
  const scores = new Float64Array(view.slots);
  let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { slot } of nodes) {
    let score = 0;
    for (const { domains, weight } of weighted) score += weight * countAt(domains, slot);
    scores[slot] = score;
    lowest = Math.min(lowest, score);
    highest = Math.max(highest, score);
  }
  const range = highest - lowest;
  for (const { slot } of nodes)
    scores[slot] = range === 0 ? 0 : Math.floor((most * ((scores[slot] ?? 0) - lowest)) / range);
  return scores;
}
