import { withGpus } from './placement/gpus.ts';
import { attributesOf, isExternal } from './placement/instance.ts';
import type { ContainerInstanceRecord, TaskRecord } from './records.ts';

/** A task that waited for its place, with the one that it has now. */
export function placedOn(task: TaskRecord, instance: ContainerInstanceRecord): TaskRecord {
  const { awaiting: _awaiting, ...placed } = task;
  const attributes = attributesOf(instance);
  const architecture = attributes.get('ecs.cpu-architecture');
  const { containers, gpuIds } = withGpus(task.containers, instance);
  return {
    ...placed,
    containers,
    ...(gpuIds === undefined ? {} : { reserved: { ...task.reserved, gpuIds } }),
    containerInstanceId: instance.id,
    availabilityZone: attributes.get('ecs.availability-zone') ?? task.availabilityZone,
    attributes: architecture === undefined ? [] : [{ name: 'ecs.cpu-architecture', value: architecture }],
    launchType: isExternal(instance) ? 'EXTERNAL' : task.launchType,
    // It only waits for the agent; one with a network interface also for that: see `withInterface`.
    lastStatus: 'PENDING',
  };
}
