import type { ContainerInstanceRecord } from '../records.ts';
import { registeredResources, tasksOfGroup } from './instance.ts';

/**
 * What makes one instance better than another. A strategy ranks what the one before it left equal (Amazon ECS
 * developer guide, "Use strategies to define Amazon ECS task placement").
 */
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
export const defaultStrategies: readonly PlacementStrategy[] = [
  { type: 'spread', field: 'attribute:ecs.availability-zone' },
  { type: 'spread', field: 'instanceId' },
  { type: 'fewestTasks' },
];

/** What is asked of instances in order: the lower, the better. */
export type Criterion =
  /** Of the instance alone. */
  | { readonly type: 'own'; readonly scoreOf: (instance: ContainerInstanceRecord) => number }
  /** The tasks of the group on all instances that have the same value of the attribute. */
  | { readonly type: 'shared'; readonly attribute: string };

/** What `random` leaves equal, chance decides, and so it does where nothing else is left. */
export function criteriaOf(strategies: readonly PlacementStrategy[], group: string): readonly Criterion[] {
  const criteria: Criterion[] = [];
  for (const strategy of strategies.length > 0 ? strategies : defaultStrategies) {
    if (strategy.type === 'random') break;
    criteria.push(criterionOf(strategy, group));
  }
  return criteria;
}

function criterionOf(
  strategy: Exclude<PlacementStrategy, { readonly type: 'random' }>,
  group: string,
): Criterion {
  switch (strategy.type) {
    case 'fewestTasks':
      return { type: 'own', scoreOf: ({ taskCount }) => taskCount };
    case 'binpack':
      return { type: 'own', scoreOf: strategy.field === 'cpu' ? cpuLeft : memoryLeft };
    case 'spread':
      return strategy.field === 'instanceId'
        ? { type: 'own', scoreOf: (instance) => tasksOfGroup(instance, group) }
        : { type: 'shared', attribute: strategy.field.slice('attribute:'.length) };
  }
}

/** CPU units that no task has reserved. */
export function cpuLeft(instance: ContainerInstanceRecord): number {
  return registeredResources(instance).cpu - instance.used.cpu;
}

/** MiB that no task has reserved. */
export function memoryLeft(instance: ContainerInstanceRecord): number {
  return registeredResources(instance).memoryMiB - instance.used.memoryMiB;
}
