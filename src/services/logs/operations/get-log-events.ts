import type { GetLogEventsCommandInput, GetLogEventsResponse } from '@aws-sdk/client-cloudwatch-logs';
import type { Call } from '../../service.ts';
import { Constraints, streamNameConstraint } from '../constraints.ts';
import { expiryOf, groupNameOf, type LogsContext, requireGroup, requireStream } from '../context.ts';
import { type EventPage, firstPosition, justAfter, type Position, positionAt } from '../events/index.ts';
import { pageToken, parsePageToken } from '../tokens.ts';

const maxPageEvents = 10_000;
const maxPageBytes = 1_048_576;

/**
 * One page of a stream, oldest first. Either token goes on from the page's edge; at the end of the stream the
 * page is empty and the token is the same that was given, so that a caller can wait there for more.
 */
export async function getLogEvents(
  { state, events: eventStore }: LogsContext,
  input: GetLogEventsCommandInput,
  call: Call,
): Promise<GetLogEventsResponse> {
  const groupName = groupNameOf(call, input);
  new Constraints()
    .text('logStreamName', input.logStreamName, { isRequired: true, ...streamNameConstraint })
    .number('limit', input.limit, { min: 1, max: maxPageEvents })
    .number('startTime', input.startTime, { min: 0 })
    .number('endTime', input.endTime, { min: 0 })
    .throwIfViolated();
  const group = requireGroup(state, call, groupName);
  const stream = requireStream(state, call, group, input.logStreamName ?? '');

  const token = input.nextToken === undefined ? undefined : parsePageToken(input.nextToken);
  const direction = token?.direction ?? (input.startFromHead ? 'forward' : 'backward');
  const first = positionAt(Math.max(input.startTime ?? 0, expiryOf(group, call.now)));
  const last = positionAt(input.endTime ?? Number.MAX_SAFE_INTEGER);
  const page = await eventStore.read({
    groupId: group.id,
    streamIds: new Set([stream.id]),
    from: direction === 'forward' ? later(first, token?.position) : first,
    to: direction === 'backward' ? earlier(last, token?.position) : last,
    direction,
    limit: input.limit ?? maxPageEvents,
    maxBytes: maxPageBytes,
  });
  return answer(
    direction === 'forward' ? page : { ...page, events: page.events.toReversed() },
    token?.position,
  );
}

function answer({ events }: EventPage, position: Position | undefined): GetLogEventsResponse {
  const oldest = events[0];
  const newest = events.at(-1);
  const backward = oldest ?? position ?? firstPosition;
  const forward = newest === undefined ? (position ?? firstPosition) : justAfter(newest);
  return {
    events: events.map(({ timestamp, message, ingestionTime }) => ({ timestamp, message, ingestionTime })),
    nextForwardToken: pageToken('forward', forward),
    nextBackwardToken: pageToken('backward', backward),
  };
}

function later(a: Position, b: Position | undefined): Position {
  return b !== undefined && isBefore(a, b) ? b : a;
}

function earlier(a: Position, b: Position | undefined): Position {
  return b !== undefined && isBefore(b, a) ? b : a;
}

function isBefore(a: Position, b: Position): boolean {
  return a.timestamp < b.timestamp || (a.timestamp === b.timestamp && a.sequence < b.sequence);
}
