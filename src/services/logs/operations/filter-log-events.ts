import type { FilterLogEventsCommandInput, FilterLogEventsResponse } from '@aws-sdk/client-cloudwatch-logs';
import type { Call } from '../../service.ts';
import type { Scope } from '../arn.ts';
import { Constraints, streamNameConstraint } from '../constraints.ts';
import { expiryOf, groupNameOf, type LogsContext, requireGroup, requireStream } from '../context.ts';
import { invalidParameter } from '../errors.ts';
import {
  eventBytes,
  justAfter,
  justBefore,
  type Position,
  positionAt,
  type StoredEvent,
} from '../events/index.ts';
import { parseFilterPattern } from '../filter-pattern/index.ts';
import type { Matcher } from '../filter-pattern/matcher.ts';
import { type LogGroupRecord, logStreamPrefix, logStreams } from '../records.ts';
import { pageToken, parsePageToken, positionDigits } from '../tokens.ts';

const maxPageEvents = 10_000;
const maxPageBytes = 1_048_576;
/** A page looks at this much at most; a rare pattern gets an empty page and a token, as from AWS. */
const maxScannedEvents = 20_000;
const maxScannedBytes = 8 * 1_048_576;
const readAtOnce = 1_000;

/** Events of a group's streams, merged in time order, that match a pattern. */
export async function filterLogEvents(
  context: LogsContext,
  input: FilterLogEventsCommandInput,
  call: Call,
): Promise<FilterLogEventsResponse> {
  const { logStreamNames, logStreamNamePrefix, limit = maxPageEvents } = input;
  const groupName = groupNameOf(call, input);
  const constraints = new Constraints()
    .text('logStreamNamePrefix', logStreamNamePrefix, streamNameConstraint)
    .list('logStreamNames', logStreamNames, { min: 1, max: 100 })
    .text('filterPattern', input.filterPattern, { maxLength: 1024 })
    .number('limit', input.limit, { min: 1, max: maxPageEvents })
    .number('startTime', input.startTime, { min: 0 })
    .number('endTime', input.endTime, { min: 0 });
  for (const name of logStreamNames ?? []) constraints.text('logStreamNames', name, streamNameConstraint);
  constraints.throwIfViolated();
  if (logStreamNames !== undefined && logStreamNamePrefix !== undefined) {
    throw invalidParameter('logStreamNames and logStreamNamePrefix are mutually exclusive parameters.');
  }
  const matches = parseFilterPattern(input.filterPattern ?? '');
  const group = requireGroup(context.state, call, groupName);
  const streams = streamsToSearch(context, call, group, logStreamNames, logStreamNamePrefix);

  const token = input.nextToken === undefined ? undefined : parsePageToken(input.nextToken);
  const direction = token?.direction ?? ((input.startFromHead ?? true) ? 'forward' : 'backward');
  const range = {
    from: positionAt(Math.max(input.startTime ?? 0, expiryOf(group, call.now))),
    // Unlike GetLogEvents, events at the end time itself belong to the range.
    to: positionAt((input.endTime ?? Number.MAX_SAFE_INTEGER - 1) + 1),
  };
  if (token?.direction === 'forward') range.from = token.position;
  if (token?.direction === 'backward') range.to = token.position;

  const search = { group, streams, matches, direction, limit, ...range } as const;
  const { found, next } = await searchPage(context, search, call.signal);
  return {
    events: found.map((event) => ({
      logStreamName: streams.names.get(event.streamId) ?? '',
      timestamp: event.timestamp,
      message: event.message,
      ingestionTime: event.ingestionTime,
      eventId: positionDigits(event),
    })),
    // Always empty since 2019 (API reference, FilterLogEvents).
    searchedLogStreams: [],
    ...(next === undefined ? {} : { nextToken: pageToken(direction, next) }),
  };
}

interface SearchedStreams {
  /** By stream id. */
  readonly names: ReadonlyMap<string, string>;
  /** All of the group. */
  readonly areAll: boolean;
}

interface Search {
  readonly group: LogGroupRecord;
  readonly streams: SearchedStreams;
  readonly matches: Matcher;
  readonly direction: 'forward' | 'backward';
  readonly from: Position;
  readonly to: Position;
  readonly limit: number;
}

async function searchPage(
  { events: eventStore }: LogsContext,
  { group, streams, matches, direction, limit, ...range }: Search,
  signal: AbortSignal,
): Promise<{ readonly found: readonly StoredEvent[]; readonly next: Position | undefined }> {
  const found: StoredEvent[] = [];
  const place = direction === 'forward' ? 'from' : 'to';
  let foundBytes = 0;
  let scannedEvents = 0;
  let scannedBytes = 0;
  while (true) {
    signal.throwIfAborted();
    const page = await eventStore.read({
      groupId: group.id,
      ...(streams.areAll ? {} : { streamIds: new Set(streams.names.keys()) }),
      ...range,
      direction,
      limit: readAtOnce,
      maxBytes: maxPageBytes,
    });
    for (const event of page.events) {
      const bytes = eventBytes(event.message);
      // A stream that was deleted a moment ago still has events for a while.
      if (streams.names.has(event.streamId) && matches(event.message)) {
        const isFull = found.length === limit || (found.length > 0 && foundBytes + bytes > maxPageBytes);
        if (isFull) return { found, next: direction === 'forward' ? justBefore(event) : justAfter(event) };
        found.push(event);
        foundBytes += bytes;
      }
      scannedBytes += bytes;
    }
    scannedEvents += readAtOnce;
    if (page.next === undefined) return { found, next: undefined };
    range[place] = page.next;
    if (found.length === limit || scannedEvents >= maxScannedEvents || scannedBytes >= maxScannedBytes) {
      return { found, next: page.next };
    }
  }
}

function streamsToSearch(
  { state }: LogsContext,
  scope: Scope,
  group: LogGroupRecord,
  names: readonly string[] | undefined,
  prefix: string | undefined,
): SearchedStreams {
  if (names !== undefined) {
    const streams = names.map((name) => requireStream(state, scope, group, name));
    return { names: new Map(streams.map(({ id, name }) => [id, name])), areAll: false };
  }
  const found = new Map<string, string>();
  for (const { value } of state.list(logStreams, logStreamPrefix(scope, group.id))) {
    if (value.name.startsWith(prefix ?? '')) found.set(value.id, value.name);
  }
  return { names: found, areAll: prefix === undefined };
}
