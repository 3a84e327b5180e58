import type { LaunchedType, StoredTaskDefinition } from '../records.ts';

/** What of a service or a task set decides on how its tasks can be found. */
export interface Exposed {
  readonly definition: StoredTaskDefinition;
  readonly launchType: LaunchedType;
}
