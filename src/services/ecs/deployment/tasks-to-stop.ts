import { surplusTasks } from '../placement/scale-in.ts';
import type { LiveTask } from './live-task.ts';
import { healthyCount, type Situation } from './situation.ts';

/** Ids of the tasks to stop now, by what is said of it. */
export interface TasksToStop {
  readonly scaling: readonly string[];
  readonly unhealthy: readonly string[];
}

/**
 * Which tasks stop. What never was up goes first and freely; a healthy one goes only if as many as the minimum
 * stay healthy. Protected ones stay, unless they are UNHEALTHY. UNHEALTHY ones go when their replacements are up or, where the maximum leaves no room for
 * replacements, one at a time to make some.
 */
export function tasksToStop(situation: Situation, atMost: number): TasksToStop {
  const { keepers, leaving, sick, desired, min, live, stopping, room, missing, isStalled } = situation;
  const budget = new Budget(atMost, healthyCount(live.filter(({ isStopping }) => !isStopping)));

  const surplus = surplusTasks(
    { all: keepers, stoppable: keepers.filter(({ protectedUntil }) => protectedUntil === undefined) },
    Math.min(keepers.length - desired, atMost),
    situation.placementStrategies,
    { isBefore: (left, right) => usefulness(left) - usefulness(right), tieBreak: olderFirst },
  );
  // Where protected ones stay that are not up, scaling in could take the last that are.
  for (const task of surplus) if (task.health.type !== 'healthy' || budget.healthy > min) budget.stop(task);

  const free = leaving.filter(({ protectedUntil }) => protectedUntil === undefined);
  for (const task of [...free].sort(leastUsefulFirst)) {
    const healthyLeft = budget.healthy - (task.health.type === 'healthy' ? 1 : 0);
    if (task.phase === 'pending' || healthyLeft >= min) budget.stop(task);
  }

  // As many as the healthy ones make up for.
  const replaced = Math.min(sick.length, Math.max(0, budget.healthy - (desired - sick.length)));
  const unhealthy = new Budget(atMost, 0);
  for (const task of [...sick].sort(leastUsefulFirst).slice(0, replaced)) unhealthy.stop(task);

  const isStuck =
    !isStalled &&
    missing > 0 &&
    room <= 0 &&
    stopping.length + budget.ids.length + unhealthy.ids.length === 0;
  if (isStuck) {
    const [first] = [...sick, ...free.filter(({ health }) => health.type === 'unhealthy')].sort(
      leastUsefulFirst,
    );
    if (first !== undefined) (sick.includes(first) ? unhealthy : budget).stop(first);
  }
  return { scaling: budget.ids, unhealthy: unhealthy.ids };
}

/** What was chosen, and how many healthy tasks are left after it. */
class Budget {
  readonly ids: string[] = [];
  healthy: number;
  readonly #atMost: number;

  constructor(atMost: number, healthy: number) {
    this.#atMost = atMost;
    this.healthy = healthy;
  }

  stop(task: LiveTask): void {
    if (this.ids.length >= this.#atMost) return;
    this.ids.push(task.id);
    if (task.health.type === 'healthy') this.healthy -= 1;
  }
}

/** Pending, unhealthy, unproven, healthy; among equals the older first, so that the newest stays. */
export function leastUsefulFirst(left: LiveTask, right: LiveTask): number {
  return usefulness(left) - usefulness(right) || olderFirst(left, right);
}

function usefulness({ phase, health }: LiveTask): number {
  if (phase === 'pending') return 0;
  return { unhealthy: 1, unproven: 2, healthy: 3 }[health.type];
}

function olderFirst(left: LiveTask, right: LiveTask): number {
  return left.createdAt - right.createdAt || (left.id < right.id ? -1 : 1);
}
