import { isDeepStrictEqual } from 'node:util';
import type { ContainerInstanceRecord } from '../records.ts';

/** Whether a change of an instance may make room for a task that found none before. */
export function offersMore(
  before: ContainerInstanceRecord | undefined,
  after: ContainerInstanceRecord,
): boolean {
  if (after.status !== 'ACTIVE' || !after.agentConnected) return false;
  return (
    before === undefined ||
    before.status !== 'ACTIVE' ||
    !before.agentConnected ||
    after.taskCount < before.taskCount ||
    after.used.cpu < before.used.cpu ||
    after.used.memoryMiB < before.used.memoryMiB ||
    !isDeepStrictEqual(after.registeredResources, before.registeredResources) ||
    !isDeepStrictEqual(after.attributes, before.attributes)
  );
}
