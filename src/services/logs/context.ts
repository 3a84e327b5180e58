import type { Clock, Random } from '../../clock/index.ts';
import type { Reader, State, Transaction } from '../../reconcile/index.ts';
import type { Scope } from './arn.ts';
import { logGroupOfIdentifier } from './arn.ts';
import { Constraints, groupIdentifierConstraint, groupNameConstraint } from './constraints.ts';
import { groupNotFound, invalidParameter, streamNotFound } from './errors.ts';
import type { EventStore } from './events/index.ts';
import {
  type LogGroupRecord,
  type LogStreamRecord,
  logGroupKey,
  logGroups,
  logStreamKey,
  logStreams,
} from './records.ts';

/** What the CloudWatch Logs room is given by the composition root. */
export interface LogsContext {
  readonly state: State;
  readonly events: EventStore;
  readonly clock: Clock;
  readonly random: Random;
}

/** @throws ResourceNotFoundException */
export function requireGroup(reader: Reader | Transaction, scope: Scope, name: string): LogGroupRecord {
  const group = reader.get(logGroups, logGroupKey(scope, name));
  if (group === undefined) throw groupNotFound();
  return group;
}

/** @throws ResourceNotFoundException */
export function requireStream(
  reader: Reader | Transaction,
  scope: Scope,
  group: LogGroupRecord,
  name: string,
): LogStreamRecord {
  const stream = reader.get(logStreams, logStreamKey(scope, group.id, name));
  if (stream === undefined) throw streamNotFound();
  return stream;
}

/**
 * The group that a request names by `logGroupName` or by `logGroupIdentifier`, of which it must give one.
 * @throws InvalidParameterException
 */
export function groupNameOf(
  scope: Scope,
  input: { readonly logGroupName?: string | undefined; readonly logGroupIdentifier?: string | undefined },
): string {
  const { logGroupName, logGroupIdentifier } = input;
  if (logGroupName !== undefined && logGroupIdentifier !== undefined) {
    throw invalidParameter('Only one of logGroupName and logGroupIdentifier can be specified.');
  }
  if (logGroupName === undefined && logGroupIdentifier === undefined) {
    throw invalidParameter('One of logGroupName and logGroupIdentifier must be specified.');
  }
  new Constraints()
    .text('logGroupName', logGroupName, groupNameConstraint)
    .text('logGroupIdentifier', logGroupIdentifier, groupIdentifierConstraint)
    .throwIfViolated();
  return logGroupName ?? logGroupOfIdentifier(scope, logGroupIdentifier ?? '');
}

const dayMs = 24 * 60 * 60 * 1000;

/** Events of the group from before this time have expired; 0 when they never do. */
export function expiryOf(group: LogGroupRecord, now: number): number {
  return group.retentionInDays === undefined ? 0 : Math.max(0, now - group.retentionInDays * dayMs);
}
