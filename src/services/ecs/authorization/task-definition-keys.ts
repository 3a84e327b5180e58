import type { Reader } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import type { TaskDefinitionRecord } from '../records.ts';
import { findTaskDefinition } from '../task-definition-lookup.ts';
import { launchedResource } from './resources.ts';
import type { Keys } from './row.ts';

export interface NamesDefinition {
  readonly taskDefinition?: string | undefined;
}

/** `ecs:task-definition`: the revision that is meant. */
export function taskDefinition(reader: Reader): Keys<NamesDefinition> {
  return ({ taskDefinition }, call) => ({
    'ecs:task-definition': taskDefinition && launchedResource(reader, { taskDefinition }, call)[0],
  });
}

/** `ecs:task-cpu` and `ecs:task-memory` of the revision that a service is to have, where it says them. */
export function taskSize(reader: Reader): Keys<NamesDefinition> {
  return (input, call) => {
    const { cpu, memory } = namedDefinition(reader, input, call)?.definition ?? {};
    return { 'ecs:task-cpu': cpu, 'ecs:task-memory': memory };
  };
}

export function namedDefinition(
  reader: Reader,
  { taskDefinition }: NamesDefinition,
  scope: Scope,
): TaskDefinitionRecord | undefined {
  return taskDefinition === undefined ? undefined : findTaskDefinition(reader, scope, taskDefinition);
}
