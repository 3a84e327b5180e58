import type {
  InputLogEvent,
  PutLogEventsCommandInput,
  PutLogEventsResponse,
  RejectedLogEventsInfo,
} from '@aws-sdk/client-cloudwatch-logs';
import type { State } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { Constraints, groupNameConstraint, streamNameConstraint } from '../constraints.ts';
import { expiryOf, type LogsContext, requireGroup, requireStream } from '../context.ts';
import { groupNotFound, invalidParameter, storeUnavailable, streamNotFound } from '../errors.ts';
import { EventStoreFullError, eventBytes, type NewEvent } from '../events/index.ts';
import { deletionKey, deletions, logGroupKey, logGroups, logStreamKey, logStreams } from '../records.ts';
import { sequenceToken } from '../tokens.ts';

/** API reference, PutLogEvents. */
const maxEvents = 10_000;
const maxBatchBytes = 1_048_576;
const hourMs = 60 * 60 * 1000;
const maxSpanMs = 24 * hourMs;
const maxAgeMs = 14 * 24 * hourMs;
const maxAheadMs = 2 * hourMs;

/**
 * Takes a batch of events; they are durable when it answers. Events that are too old, too new or expired are
 * left out, and the answer says which; anything else wrong with the batch refuses it whole.
 */
export async function putLogEvents(
  { state, events: eventStore }: LogsContext,
  input: PutLogEventsCommandInput,
  call: Call,
): Promise<PutLogEventsResponse> {
  const { logGroupName = '', logStreamName = '', logEvents = [] } = input;
  const constraints = new Constraints()
    .text('logGroupName', input.logGroupName, { isRequired: true, ...groupNameConstraint })
    .text('logStreamName', input.logStreamName, { isRequired: true, ...streamNameConstraint })
    .list('logEvents', logEvents, { min: 1, max: maxEvents });
  logEvents.forEach(({ timestamp, message }, index) => {
    constraints.text(`logEvents.${index + 1}.member.message`, message, { isRequired: true, minLength: 1 });
    constraints.number(`logEvents.${index + 1}.member.timestamp`, timestamp, { min: 0 });
  });
  constraints.throwIfViolated();
  const events = logEvents.map(toNewEvent);
  checkBatch(events);

  const group = requireGroup(state, call, logGroupName);
  const stream = requireStream(state, call, group, logStreamName);
  const { accepted, rejected } = sift(events, call.now, expiryOf(group, call.now));
  try {
    await eventStore.append({ groupId: group.id, streamId: stream.id }, accepted, call.now);
  } catch (error) {
    if (error instanceof EventStoreFullError) throw storeUnavailable(error.message);
    throw error;
  }
  await forgetIfDeletedMeanwhile(state, call, logGroupName, logStreamName, {
    groupId: group.id,
    streamId: stream.id,
  });
  return {
    nextSequenceToken: sequenceToken(call.now),
    ...(rejected === undefined ? {} : { rejectedLogEventsInfo: rejected }),
    // Entities belong to CloudWatch's service views, which don't exist here: the events count, the entity doesn't.
    ...(input.entity === undefined ? {} : { rejectedEntityInfo: { errorType: 'UnsupportedLogGroupType' } }),
  };
}

/**
 * Events that arrive while their stream is being deleted may come too late for its clean-up: then they are
 * promised to be deleted once more, and the caller learns that the stream is gone.
 */
async function forgetIfDeletedMeanwhile(
  state: State,
  call: Call,
  groupName: string,
  streamName: string,
  ids: { readonly groupId: string; readonly streamId: string },
): Promise<void> {
  const group = state.get(logGroups, logGroupKey(call, groupName));
  const stream = state.get(logStreams, logStreamKey(call, ids.groupId, streamName));
  const isGroupGone = group?.id !== ids.groupId;
  if (!isGroupGone && stream?.id === ids.streamId) return;
  const deletion = isGroupGone ? { groupId: ids.groupId } : ids;
  await state.transact((tx) => tx.put(deletions, deletionKey(call, deletion), deletion));
  throw isGroupGone ? groupNotFound() : streamNotFound();
}

function toNewEvent({ timestamp, message }: InputLogEvent): NewEvent {
  return { timestamp: timestamp ?? 0, message: message ?? '' };
}

function checkBatch(events: readonly NewEvent[]): void {
  const bytes = events.reduce((sum, { message }) => sum + eventBytes(message), 0);
  if (bytes > maxBatchBytes) {
    throw invalidParameter(`Upload too large: ${bytes} bytes exceeds limit of ${maxBatchBytes}`);
  }
  const isChronological = events.every(
    ({ timestamp }, index) => index === 0 || timestamp >= (events[index - 1]?.timestamp ?? 0),
  );
  if (!isChronological) {
    throw invalidParameter('Log events in a single PutLogEvents request must be in chronological order.');
  }
  const span = (events.at(-1)?.timestamp ?? 0) - (events[0]?.timestamp ?? 0);
  if (span > maxSpanMs) {
    throw invalidParameter(
      'The batch of log events in a single PutLogEvents request cannot span more than 24 hours.',
    );
  }
}

/** Parts the events that are kept from those that are not. They are in order, so each kind is a run at one end. */
function sift(
  events: readonly NewEvent[],
  now: number,
  expiry: number,
): { readonly accepted: readonly NewEvent[]; readonly rejected: RejectedLogEventsInfo | undefined } {
  const countBefore = (time: number): number => events.filter(({ timestamp }) => timestamp < time).length;
  const expired = countBefore(expiry);
  const tooOld = countBefore(now - maxAgeMs);
  const tooNewStart = countBefore(now + maxAheadMs + 1);
  const rejected: RejectedLogEventsInfo = {
    ...(tooNewStart < events.length ? { tooNewLogEventStartIndex: tooNewStart } : {}),
    ...(tooOld > 0 ? { tooOldLogEventEndIndex: tooOld } : {}),
    ...(expired > 0 ? { expiredLogEventEndIndex: expired } : {}),
  };
  return {
    accepted: events.slice(Math.max(expired, tooOld), tooNewStart),
    rejected: Object.keys(rejected).length === 0 ? undefined : rejected,
  };
}
