import type { TaskDefinition } from '@aws-sdk/client-ecs';
import { type Scope, taskDefinitionArn } from './arn.ts';
import type { TaskDefinitionRecord } from './records.ts';

/** A task definition as the API shows it. Tags stand beside it. */
export function taskDefinitionView(scope: Scope, record: TaskDefinitionRecord): TaskDefinition {
  const { family, revision, deregisteredAt, deleteRequestedAt } = record;
  const { containerDefinitions, ...definition } = record.definition;
  return {
    ...definition,
    taskDefinitionArn: taskDefinitionArn(scope, family, revision),
    containerDefinitions: [...containerDefinitions],
    revision,
    status: record.status,
    registeredAt: new Date(record.registeredAt),
    registeredBy: record.registeredBy,
    ...(deregisteredAt !== undefined && { deregisteredAt: new Date(deregisteredAt) }),
    ...(deleteRequestedAt !== undefined && { deleteRequestedAt: new Date(deleteRequestedAt) }),
  };
}
