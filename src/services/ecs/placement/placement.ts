import type { Random } from '../../../clock/index.ts';
import type { TaskDemand } from './demand.ts';
import { type InstanceOffer, type Misfit, misfit, offerAfter } from './offer.ts';

/**
 * Where tasks go: filter, rank, take the best, and again with what is then left. Pure arithmetic over a
 * snapshot; strategies are best effort, constraints binding (Amazon ECS developer guide, "How Amazon ECS places
 * tasks on container instances").
 */
export interface PlacementPolicy {
  /** In order: each ranks what the one before it left equal. Empty: `defaultStrategy`. */
  readonly strategies: readonly PlacementStrategy[];
  /** No two tasks of the group on one instance. */
  readonly isDistinctInstance: boolean;
  /** The group of the tasks to place: spreading and distinctInstance look at its tasks only. */
  readonly group: string;
  readonly random: Random;
}

export type PlacementStrategy =
  | { readonly type: 'random' }
  /** Fewest tasks of the group per value of the field. */
  | { readonly type: 'spread'; readonly field: SpreadField }
  /** Least left that still fits. */
  | { readonly type: 'binpack'; readonly field: 'cpu' | 'memory' }
  /** Fewest tasks of any kind: what the default ends with. */
  | { readonly type: 'fewestTasks' };

export type SpreadField = 'instanceId' | `attribute:${string}`;

/** What services get when they name no strategy; standalone tasks get it too. */
const defaultStrategy: readonly PlacementStrategy[] = [
  { type: 'spread', field: 'attribute:ecs.availability-zone' },
  { type: 'spread', field: 'instanceId' },
  { type: 'fewestTasks' },
];

export interface PlacementPlan {
  /** One instance per placed task, in order of placement. */
  readonly instanceIds: readonly string[];
  /** Empty when all were placed; else each instance with what kept the next task from it. */
  readonly misfits: readonly (Misfit & { readonly instanceId: string })[];
}

interface Candidate {
  offer: InstanceOffer;
  tasksOfGroup: number;
  /** For each attribute that is spread over, the tasks of the group on all instances with the same value. */
  readonly peers: { tasks: number }[];
}

export function placeTasks(
  offers: Iterable<InstanceOffer>,
  demand: TaskDemand,
  count: number,
  policy: PlacementPolicy,
): PlacementPlan {
  const misfits: (Misfit & { instanceId: string })[] = [];
  const candidates: Candidate[] = [];
  const everyone: Candidate[] = [];
  const admit = (candidate: Candidate): boolean => {
    const obstacle =
      misfit(candidate.offer, demand) ??
      (policy.isDistinctInstance && candidate.tasksOfGroup > 0
        ? { reason: 'DistinctInstance placement constraint unsatisfied' }
        : undefined);
    if (obstacle) misfits.push({ instanceId: candidate.offer.instanceId, ...obstacle });
    return obstacle === undefined;
  };

  for (const offer of offers) {
    if (offer.isExternal !== demand.isExternal) continue;
    const candidate = { offer, tasksOfGroup: offer.tasksByGroup.get(policy.group) ?? 0, peers: [] };
    everyone.push(candidate);
    if (admit(candidate)) candidates.push(candidate);
  }

  const scores = scoring(policy.strategies.length > 0 ? policy.strategies : defaultStrategy, everyone);
  const instanceIds: string[] = [];
  while (instanceIds.length < count && candidates.length > 0) {
    const best = bestOf(candidates, scores);
    const index = best[best.length > 1 ? policy.random.integer(best.length) : 0] ?? 0;
    const chosen = candidates[index];
    if (chosen === undefined) break;
    instanceIds.push(chosen.offer.instanceId);
    chosen.offer = offerAfter(chosen.offer, demand);
    chosen.tasksOfGroup += 1;
    for (const peers of chosen.peers) peers.tasks += 1;
    if (!admit(chosen)) {
      candidates[index] = candidates[candidates.length - 1] ?? chosen;
      candidates.pop();
    }
  }
  return { instanceIds, misfits: instanceIds.length < count ? misfits : [] };
}

/** Lower is better. */
type Score = (candidate: Candidate) => number;

/** One score per strategy, in order of their weight. */
function scoring(strategies: readonly PlacementStrategy[], everyone: readonly Candidate[]): readonly Score[] {
  const scores: Score[] = [];
  for (const strategy of strategies) {
    if (strategy.type === 'random') break; // Chance leaves nothing equal for the strategies after it.
    scores.push(scoreOf(strategy, everyone));
  }
  return scores;
}

function scoreOf(
  strategy: Exclude<PlacementStrategy, { type: 'random' }>,
  everyone: readonly Candidate[],
): Score {
  switch (strategy.type) {
    case 'fewestTasks':
      return ({ offer }) => offer.taskCount;
    case 'binpack':
      return strategy.field === 'cpu' ? ({ offer }) => offer.cpu : ({ offer }) => offer.memoryMiB;
    case 'spread': {
      if (strategy.field === 'instanceId') return ({ tasksOfGroup }) => tasksOfGroup;
      const index = meetPeers(everyone, strategy.field.slice('attribute:'.length));
      return ({ peers }) => peers[index]?.tasks ?? 0;
    }
  }
}

/** Has all instances with one value of the attribute share a count. @returns its place among `peers`. */
function meetPeers(everyone: readonly Candidate[], attribute: string): number {
  const byValue = new Map<string | undefined, { tasks: number }>();
  let index = 0;
  for (const { offer, tasksOfGroup, peers } of everyone) {
    const value = offer.attributes.get(attribute);
    let shared = byValue.get(value);
    if (shared === undefined) {
      shared = { tasks: 0 };
      byValue.set(value, shared);
    }
    shared.tasks += tasksOfGroup;
    index = peers.push(shared) - 1;
  }
  return index;
}

/** The indexes of the candidates that no other beats. */
function bestOf(candidates: readonly Candidate[], scores: readonly Score[]): readonly number[] {
  let best: number[] = [];
  const bestScores: number[] = scores.map(() => Number.POSITIVE_INFINITY);
  for (const [index, candidate] of candidates.entries()) {
    let isBetter = false;
    let isWorse = false;
    for (let place = 0; place < scores.length && !isWorse; place += 1) {
      const score = scores[place]?.(candidate) ?? 0;
      const lowest = bestScores[place] ?? 0;
      if (isBetter || score < lowest) {
        isBetter = true;
        bestScores[place] = score;
      } else isWorse = score > lowest;
    }
    if (isBetter) best = [index];
    else if (!isWorse) best.push(index);
  }
  return best;
}
