import type { Collection } from '../../../reconcile/index.ts';

/** What a clientToken has made: `run-task-token/<cluster>/<sha256 of the token>` */
export interface RunTaskTokenRecord {
  /** sha256 over the request that it came with. */
  readonly parametersHash: string;
  readonly taskIds: readonly string[];
  readonly createdAt: number;
}
export const runTaskTokens: Collection<RunTaskTokenRecord> = {
  service: 'ecs',
  noun: 'run-task-token',
  indexes: {},
};
