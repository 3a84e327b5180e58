import type { ContainerDefinition, ContainerOverride } from '@aws-sdk/client-ecs';
import type { ContainerInstanceRecord, TaskContainerRecord } from '../records.ts';
import { registeredResources } from './instance.ts';

/** Whether it is a number of GPUs as requirements have it. */
export function isGpuCount(value: string): boolean {
  return value === 'ALL' || /^[1-9]\d{0,3}$/.test(value);
}

/**
 * How many GPUs a container asks for, by its override before its definition: a number as text, or `ALL` of its
 * instance; undefined when none.
 */
export function gpusOf(container: ContainerDefinition, override?: ContainerOverride): string | undefined {
  const requirements = override?.resourceRequirements ?? container.resourceRequirements ?? [];
  return requirements.find(({ type }) => type === 'GPU')?.value;
}

/** What those that are there ask for together; undefined when nothing. */
export function sumOfGpus(asked: readonly string[]): number | 'ALL' | undefined {
  if (asked.includes('ALL')) return 'ALL';
  return asked.length === 0 ? undefined : asked.reduce((sum, count) => sum + Number(count), 0);
}

/** Whether an instance has so many that no task has; `ALL` are at least one, and nobody else's. */
export function hasGpus(instance: ContainerInstanceRecord, asked: number | 'ALL'): boolean {
  const free = freeGpuIds(instance).length;
  return asked === 'ALL' ? free > 0 && free === registeredResources(instance).gpuIds.length : asked <= free;
}

/** Gives each container the GPUs that it asks for; there must be as many. */
export function withGpus(
  containers: readonly TaskContainerRecord[],
  instance: ContainerInstanceRecord,
): { readonly containers: readonly TaskContainerRecord[]; readonly gpuIds?: readonly string[] } {
  if (containers.every(({ gpus }) => gpus === undefined)) return { containers };
  const free = freeGpuIds(instance);
  let next = 0;
  const served = containers.map((container): TaskContainerRecord => {
    if (container.gpus === undefined) return container;
    if (container.gpus === 'ALL') return { ...container, gpuIds: free };
    const gpuIds = free.slice(next, next + Number(container.gpus));
    next += gpuIds.length;
    return { ...container, gpuIds };
  });
  return { containers: served, gpuIds: [...new Set(served.flatMap(({ gpuIds = [] }) => gpuIds))] };
}

function freeGpuIds(instance: ContainerInstanceRecord): readonly string[] {
  const taken = new Set(instance.used.gpuIds);
  return registeredResources(instance).gpuIds.filter((id) => !taken.has(id));
}
