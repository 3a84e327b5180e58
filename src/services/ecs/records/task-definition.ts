import type { ContainerDefinition, Tag, TaskDefinition } from '@aws-sdk/client-ecs';
import type { Collection } from '../../../reconcile/index.ts';
import { scopeOf } from './scope.ts';

export interface TaskDefinitionFamilyRecord {
  readonly family: string;
  /** The highest revision ever given; never goes back. */
  readonly lastRevision: number;
  /** The highest ACTIVE revision: what the bare family means. Absent when none is ACTIVE. */
  readonly latestActiveRevision?: number;
}

/** `task-definition-family/<family>` */
export const taskDefinitionFamilies: Collection<TaskDefinitionFamilyRecord> = {
  service: 'ecs',
  noun: 'task-definition-family',
  indexes: {},
};

export interface TaskDefinitionRecord {
  readonly family: string;
  readonly revision: number;
  readonly status: 'ACTIVE' | 'INACTIVE' | 'DELETE_IN_PROGRESS';
  readonly registeredAt: number;
  readonly registeredBy: string;
  readonly deregisteredAt?: number;
  readonly deleteRequestedAt?: number;
  /** As it is answered: normalised defaults filled in; without the fields above. */
  readonly definition: StoredTaskDefinition;
  readonly tags: readonly Tag[];
}

/** The SDK's shape less its dates and bookkeeping: plain JSON. */
export type StoredTaskDefinition = Omit<
  TaskDefinition,
  | 'registeredAt'
  | 'deregisteredAt'
  | 'deleteRequestedAt'
  | 'status'
  | 'revision'
  | 'taskDefinitionArn'
  | 'registeredBy'
  | 'containerDefinitions'
> & { readonly family: string; readonly containerDefinitions: readonly ContainerDefinition[] };

/** `task-definition/<family>/<revision, 9 digits zero-padded>` */
export const taskDefinitions: Collection<TaskDefinitionRecord, 'byFamily'> = {
  service: 'ecs',
  noun: 'task-definition',
  indexes: { byFamily: (record, key) => `${scopeOf(key)}/${record.family}` },
};
