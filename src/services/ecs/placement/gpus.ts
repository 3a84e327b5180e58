import type { ContainerDefinition } from '@aws-sdk/client-ecs';
import type { ContainerInstanceRecord, TaskContainerRecord } from '../records.ts';
import { registeredResources } from './instance.ts';

/** How many GPUs a container asks for: a number as text, or `ALL` of its instance; undefined when none. */
export function gpusOf({ resourceRequirements = [] }: ContainerDefinition): string | undefined {
  return resourceRequirements.find(({ type }) => type === 'GPU')?.value;
}

/** What containers ask for together; undefined when nothing. */
export function gpusOfAll(containers: readonly ContainerDefinition[]): number | 'ALL' | undefined {
  const asked = containers.flatMap((container) => gpusOf(container) ?? []);
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
