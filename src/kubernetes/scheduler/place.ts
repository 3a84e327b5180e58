import type { Random } from '../../clock/index.ts';
import type { Reader } from '../../reconcile/index.ts';
import { Assessment } from './assessment.ts';
import type { Words } from './node-filters.ts';
import type { NodeInfo } from './node-info.ts';
import { most } from './node-scores.ts';
import { affinityFilter, affinityScores } from './pod-affinity.ts';
import type { PodInfo } from './pod-info.ts';
import { hardSpreads, softSpreads } from './spread-constraints.ts';
import { spreadFilter, spreadScores } from './topology-spread.ts';
import type { Plugin, Verdict } from './verdict.ts';
import type { ClusterView } from './view.ts';
import { type VolumeStep, volumeJudge } from './volumes.ts';

/** Where a pod goes, or why it goes nowhere. */
export type Decision =
  | { readonly node: NodeInfo; readonly steps: readonly VolumeStep[] }
  | { readonly node?: undefined; readonly obstacle: Obstacle };

/** Why there is no node for a pod. */
export interface Obstacle {
  readonly nodes: number;
  /** By the nodes that were looked at. */
  readonly verdicts: ReadonlyMap<NodeInfo, Verdict>;
  /** Those that the pod does not name, where it names nodes: nobody looked at them. */
  readonly unnamed: number;
  /** In place of verdicts, what is wrong with the pod itself. */
  readonly whole?: Verdict;
}

export const pluginsOf = ({ verdicts, unnamed, whole }: Obstacle): ReadonlySet<Plugin> =>
  new Set([
    ...Array.from(verdicts.values(), ({ plugin }) => plugin),
    ...(unnamed > 0 ? ['NodeAffinity' as const] : []),
    ...(whole === undefined ? [] : [whole.plugin]),
  ]);

/** As many shapes are remembered; those that were placed last stay. */
const mostAssessments = 64;
/** Below so many nodes all of them are looked at. */
const fewNodes = 100;

/** Upstream's weights of what scores tell. */
const weights = { taints: 3, preferences: 2, spread: 2, affinity: 2 };

/**
 * Finds nodes for the pods of one cluster, one after the other: it looks at nodes in turns until it has seen enough that
 * have room, and takes the one that suits best.
 */
export class Placing {
  readonly #view: ClusterView;
  readonly #reader: Reader;
  readonly #random: Random;
  readonly #words: Words;
  readonly #assessments = new Map<string, Assessment>();
  /** Where the next look begins, so that all nodes have their turn. */
  #start = 0;

  constructor(view: ClusterView, reader: Reader, random: Random, words: Words) {
    this.#view = view;
    this.#reader = reader;
    this.#random = random;
    this.#words = words;
  }

  decide(info: PodInfo): Decision {
    const view = this.#view;
    const nominated = this.#nominated(info);
    if (nominated !== undefined) return this.#on(nominated, info);
    const whole = volumeJudge(view, this.#reader, info)?.whole;
    if (whole !== undefined) {
      const nodes = view.nodes.length;
      return { obstacle: { nodes, verdicts: new Map(), unnamed: 0, whole } };
    }
    const judge = this.#judge(info);
    const { nodeNames } = info.shape;
    const candidates =
      nodeNames === undefined
        ? view.nodes
        : [...nodeNames].map((name) => view.node(name)).filter((node) => node !== undefined);
    const enough = nodesToFind(candidates.length);
    const found: NodeInfo[] = [];
    const verdicts = new Map<NodeInfo, Verdict>();
    let looked = 0;
    for (; looked < candidates.length && found.length < enough; looked++) {
      const node = candidates[(this.#start + looked) % candidates.length];
      if (node === undefined) continue;
      const verdict = judge(node) ?? this.#withNominated(info, node);
      if (verdict === undefined) found.push(node);
      else verdicts.set(node, verdict);
    }
    if (candidates.length > 0) this.#start = (this.#start + looked) % candidates.length;
    const [only] = found;
    if (only === undefined) {
      const unnamed = view.nodes.length - candidates.length;
      return { obstacle: { nodes: view.nodes.length, verdicts, unnamed } };
    }
    return this.#on(found.length === 1 ? only : this.#best(info, found), info);
  }

  #on(node: NodeInfo, info: PodInfo): Decision {
    return { node, steps: volumeJudge(this.#view, this.#reader, info)?.steps(node) ?? [] };
  }

  /** What keeps a pod from a node as all stands, with those that room is made for there. */
  judge(info: PodInfo, node: NodeInfo): Verdict | undefined {
    return this.#judge(info)(node) ?? this.#withNominated(info, node);
  }

  /** Where others have made room for the pod, if it can be there by now. */
  #nominated(info: PodInfo): NodeInfo | undefined {
    const name = this.#view.nominatedNode(info.key);
    const node = name === undefined ? undefined : this.#view.node(name);
    return node !== undefined && this.judge(info, node) === undefined ? node : undefined;
  }

  /** Judges nodes for one pod; what takes a look at all of them is done once. */
  #judge(info: PodInfo): (node: NodeInfo) => Verdict | undefined {
    const view = this.#view;
    const assessment = this.#assessment(info);
    const volumes = volumeJudge(view, this.#reader, info);
    const spread = spreadFilter(view, info, hardSpreads(info), assessment);
    const affinity = affinityFilter(view, info);
    return (node) => assessment.verdict(node) ?? volumes?.judge(node) ?? spread?.(node) ?? affinity?.(node);
  }

  /** Judges a node that has room as if those had come for whom room is made there and who go first. */
  #withNominated(info: PodInfo, node: NodeInfo): Verdict | undefined {
    const view = this.#view;
    const others = view.nominatedBefore(info, node.name);
    if (others.length === 0) return undefined;
    for (const other of others) view.place(other, node.name);
    const verdict = this.#judge(info)(node);
    for (const other of others) {
      view.remove(other.key);
      view.nominate(other, node.name);
    }
    return verdict;
  }

  #assessment({ shape }: PodInfo): Assessment {
    const { signature } = shape;
    const known = this.#assessments.get(signature);
    const assessment = known ?? new Assessment(shape, this.#view, this.#words);
    this.#assessments.delete(signature);
    this.#assessments.set(signature, assessment);
    for (const oldest of this.#assessments.keys()) {
      if (this.#assessments.size <= mostAssessments) break;
      this.#assessments.delete(oldest);
    }
    return assessment;
  }

  /** One of those with the highest score, by chance. */
  #best(info: PodInfo, found: readonly NodeInfo[]): NodeInfo {
    const view = this.#view;
    const assessment = this.#assessment(info);
    const spread = spreadScores(view, info, softSpreads(this.#reader, info), assessment, found);
    const affinity = affinityScores(view, info, found);
    const { own, taints, preferences } = assessment;
    const mostTaints = largest(found, taints);
    const mostPreferred = largest(found, preferences);
    let best: NodeInfo[] = [];
    let bestScore = -1;
    for (const node of found) {
      const { slot } = node;
      let score = own[slot] ?? 0;
      score += weights.taints * (most - share(taints[slot] ?? 0, mostTaints));
      score += weights.preferences * share(preferences[slot] ?? 0, mostPreferred);
      if (spread !== undefined) score += weights.spread * (spread[slot] ?? 0);
      if (affinity !== undefined) score += weights.affinity * (affinity[slot] ?? 0);
      if (score > bestScore) [best, bestScore] = [[node], score];
      else if (score === bestScore) best.push(node);
    }
    return best[best.length === 1 ? 0 : this.#random.integer(best.length)] as NodeInfo;
  }
}

const share = (score: number, highest: number): number =>
  highest === 0 ? 0 : Math.floor((most * score) / highest);

function largest(nodes: readonly NodeInfo[], scores: readonly number[]): number {
  let highest = 0;
  for (const { slot } of nodes) highest = Math.max(highest, scores[slot] ?? 0);
  return highest;
}

/** Of many nodes with room, not all are compared: fewer of a hundred, the more there are. */
function nodesToFind(nodes: number): number {
  if (nodes < fewNodes) return nodes;
  const percentage = Math.max(5, 50 - Math.floor(nodes / 125));
  return Math.max(fewNodes, Math.floor((nodes * percentage) / 100));
}
