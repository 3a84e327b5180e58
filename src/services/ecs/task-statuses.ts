import type { TaskStatus } from './records.ts';

const taskStatuses: readonly TaskStatus[] = [
  'PROVISIONING',
  'PENDING',
  'ACTIVATING',
  'RUNNING',
  'DEACTIVATING',
  'STOPPING',
  'DEPROVISIONING',
  'STOPPED',
];

/** On a task's way, which goes forward only. */
export function isBefore(status: TaskStatus, than: TaskStatus): boolean {
  return taskStatuses.indexOf(status) < taskStatuses.indexOf(than);
}
