import type { Collection, RecordKey } from '../../reconcile/index.ts';
import { recordKey } from '../../reconcile/index.ts';
import type { Scope } from './arn.ts';

/**
 * What CloudWatch Logs keeps in the store: groups and streams, and the promise to delete what belonged to
 * deleted ones. Events are in the event store (`events/`), under the ids that the records give them: a group
 * made again under an old name has a new id and starts empty.
 *
 * Times are epoch milliseconds. Names may hold what keys may not, so keys carry them percent-encoded; lists are
 * sorted by name where they are answered.
 */
export interface LogGroupRecord {
  readonly name: string;
  readonly id: string;
  readonly creationTime: number;
  /** Absent: events never expire. */
  readonly retentionInDays?: number;
  readonly isDeletionProtected: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

/** `log-group/<encoded name>` */
export const logGroups: Collection<LogGroupRecord> = { service: 'logs', noun: 'log-group', indexes: {} };

export interface LogStreamRecord {
  readonly name: string;
  readonly id: string;
  readonly groupId: string;
  readonly creationTime: number;
}

/** `log-stream/<group id>/<encoded name>` */
export const logStreams: Collection<LogStreamRecord> = { service: 'logs', noun: 'log-stream', indexes: {} };

/** Something was deleted, and its events (for a group also its streams' records) still have to go. */
export interface DeletionRecord {
  readonly groupId: string;
  /** Absent: the whole group. */
  readonly streamId?: string;
}

/** `deletion/<group id>` or `deletion/<group id>/<stream id>` */
export const deletions: Collection<DeletionRecord> = { service: 'logs', noun: 'deletion', indexes: {} };

export const logGroupKey = (scope: Scope, name: string): RecordKey =>
  recordKey(logGroups, scope.accountId, scope.region, encodeURIComponent(name));

export const logStreamKey = (scope: Scope, groupId: string, name: string): RecordKey =>
  recordKey(logStreams, scope.accountId, scope.region, groupId, encodeURIComponent(name));

export const deletionKey = (scope: Scope, deletion: DeletionRecord): RecordKey =>
  deletion.streamId === undefined
    ? recordKey(deletions, scope.accountId, scope.region, deletion.groupId)
    : recordKey(deletions, scope.accountId, scope.region, deletion.groupId, deletion.streamId);

/** The prefix of all groups of an account and region, and of all streams of a group. */
export const logGroupPrefix = (scope: Scope): string => `/logs/${scope.accountId}/${scope.region}/log-group/`;
export const logStreamPrefix = (scope: Scope, groupId: string): string =>
  `/logs/${scope.accountId}/${scope.region}/log-stream/${groupId}/`;
