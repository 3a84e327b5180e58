import type { ContainerInstanceRecord, TaskReservation } from '../records.ts';
import { attributesOf } from './instance.ts';
import { cpuLeft, defaultStrategies, memoryLeft, type PlacementStrategy } from './strategy.ts';

/** A task of a service, and where it is. */
export interface SeatedTask {
  /** Empty while it waits for capacity. */
  readonly containerInstanceId: string;
  readonly availabilityZone: string;
  /** As it is now; absent when it is gone. */
  readonly instance?: ContainerInstanceRecord;
  /** What its end gives back to the instance. */
  readonly reserved?: TaskReservation;
}

/**
 * Which tasks scaling in takes, `count` at most, by the service's placement strategies (Amazon ECS developer guide,
 * "Use strategies to define Amazon ECS task placement"): spread takes from where most of the service's tasks are,
 * binpack where most would be left, so that instances become empty; random leaves it to what comes after. Without
 * strategies it is the Availability Zone with most of them, then the instance with most.
 *
 * `all` are the service's tasks that are balanced, `stoppable` those of them that may go. `isBefore` (negative: the
 * first goes sooner) ranks before the strategies, `tieBreak` after them.
 */
export function surplusTasks<T extends SeatedTask>(
  { all, stoppable }: { readonly all: readonly T[]; readonly stoppable: readonly T[] },
  count: number,
  strategies: readonly PlacementStrategy[],
  { isBefore, tieBreak }: Readonly<Record<'isBefore' | 'tieBreak', (left: T, right: T) => number>>,
): readonly T[] {
  const criteria = criteriaOf(strategies.length > 0 ? strategies : defaultStrategies, all);
  const compare = (left: T, right: T): number => {
    let order = isBefore(left, right);
    for (let next = 0; order === 0 && next < criteria.length; next += 1) {
      const criterion = criteria[next];
      if (criterion !== undefined) order = criterion.scoreOf(right) - criterion.scoreOf(left);
    }
    return order || tieBreak(left, right);
  };
  const left = new Set(stoppable);
  const chosen: T[] = [];
  while (chosen.length < count && left.size > 0) {
    const next = [...left].reduce((best, task) => (compare(task, best) < 0 ? task : best));
    chosen.push(next);
    left.delete(next);
    for (const { take } of criteria) take(next);
  }
  return chosen;
}

interface Criterion {
  /** The higher, the sooner it goes. */
  readonly scoreOf: (task: SeatedTask) => number;
  /** One was chosen. */
  readonly take: (task: SeatedTask) => void;
}

function criteriaOf(
  strategies: readonly PlacementStrategy[],
  all: readonly SeatedTask[],
): readonly Criterion[] {
  const criteria: Criterion[] = [];
  for (const strategy of strategies) {
    if (strategy.type === 'random') break;
    if (strategy.type === 'binpack') criteria.push(mostLeft(strategy.field));
    else if (strategy.type === 'spread') criteria.push(mostTasks(all, fieldOf(strategy.field)));
  }
  return criteria;
}

function mostTasks(all: readonly SeatedTask[], placeOf: (task: SeatedTask) => string | undefined): Criterion {
  const counts = new Map<string | undefined, number>();
  const add = (task: SeatedTask, difference: number): void => {
    const value = placeOf(task);
    counts.set(value, (counts.get(value) ?? 0) + difference);
  };
  for (const task of all) add(task, 1);
  return { scoreOf: (task) => counts.get(placeOf(task)) ?? 0, take: (task) => add(task, -1) };
}

function fieldOf(
  field: Extract<PlacementStrategy, { readonly type: 'spread' }>['field'],
): (task: SeatedTask) => string | undefined {
  switch (field) {
    case 'instanceId':
      return ({ containerInstanceId }) => containerInstanceId;
    case 'attribute:ecs.availability-zone':
      return ({ availabilityZone }) => availabilityZone;
    default: {
      const attribute = field.slice('attribute:'.length);
      return ({ instance }) => instance && attributesOf(instance).get(attribute);
    }
  }
}

/** What an instance would have left without those that were chosen and without this one. */
function mostLeft(field: 'cpu' | 'memory'): Criterion {
  const givenBack = new Map<string, number>();
  const leftOn = field === 'cpu' ? cpuLeft : memoryLeft;
  const own = ({ reserved }: SeatedTask): number =>
    (field === 'cpu' ? reserved?.cpu : reserved?.memoryMiB) ?? 0;
  return {
    scoreOf: (task) =>
      (task.instance ? leftOn(task.instance) : 0) +
      (givenBack.get(task.containerInstanceId) ?? 0) +
      own(task),
    take: (task) =>
      givenBack.set(task.containerInstanceId, (givenBack.get(task.containerInstanceId) ?? 0) + own(task)),
  };
}
