import type {
  CreateLogStreamCommandInput,
  DeleteLogStreamCommandInput,
  DescribeLogStreamsCommandInput,
  DescribeLogStreamsResponse,
  LogStream,
} from '@aws-sdk/client-cloudwatch-logs';
import { hex } from '../../../clock/index.ts';
import type { Call } from '../../service.ts';
import { logStreamArn } from '../arn.ts';
import { Constraints, groupNameConstraint, streamNameConstraint } from '../constraints.ts';
import { groupNameOf, type LogsContext, requireGroup, requireStream } from '../context.ts';
import { deletionProtected, invalidParameter, streamExists } from '../errors.ts';
import type { StreamSummary } from '../events/index.ts';
import { ascending, page } from '../pagination.ts';
import {
  deletionKey,
  deletions,
  type LogStreamRecord,
  logStreamKey,
  logStreamPrefix,
  logStreams,
} from '../records.ts';
import { sequenceToken } from '../tokens.ts';

export async function createLogStream(
  { state, random }: LogsContext,
  input: CreateLogStreamCommandInput,
  call: Call,
): Promise<object> {
  const { logGroupName = '', logStreamName: name = '' } = input;
  checkNames(input);
  const id = hex(random, 16);
  await state.transact((tx) => {
    const group = requireGroup(tx, call, logGroupName);
    const key = logStreamKey(call, group.id, name);
    if (tx.get(logStreams, key) !== undefined) throw streamExists();
    tx.put(logStreams, key, { name, id, groupId: group.id, creationTime: call.now });
  });
  return {};
}

/** The stream is gone at once; its events follow (reconcilers/deletion.ts). */
export async function deleteLogStream(
  { state }: LogsContext,
  input: DeleteLogStreamCommandInput,
  call: Call,
): Promise<object> {
  const { logGroupName = '', logStreamName: name = '' } = input;
  checkNames(input);
  await state.transact((tx) => {
    const group = requireGroup(tx, call, logGroupName);
    if (group.isDeletionProtected) throw deletionProtected(group.name);
    const stream = requireStream(tx, call, group, name);
    const deletion = { groupId: group.id, streamId: stream.id };
    tx.delete(logStreams, logStreamKey(call, group.id, name));
    tx.put(deletions, deletionKey(call, deletion), deletion);
  });
  return {};
}

export async function describeLogStreams(
  { state, events }: LogsContext,
  input: DescribeLogStreamsCommandInput,
  call: Call,
): Promise<DescribeLogStreamsResponse> {
  const { logStreamNamePrefix, orderBy = 'LogStreamName', descending = false, limit = 50 } = input;
  const groupName = groupNameOf(call, input);
  new Constraints()
    .text('logStreamNamePrefix', logStreamNamePrefix, streamNameConstraint)
    .text('orderBy', orderBy, { oneOf: ['LogStreamName', 'LastEventTime'] })
    .number('limit', input.limit, { min: 1, max: 50 })
    .throwIfViolated();
  const byTime = orderBy === 'LastEventTime';
  if (byTime && logStreamNamePrefix !== undefined) {
    throw invalidParameter('Cannot order by LastEventTime with a logStreamNamePrefix.');
  }
  const group = requireGroup(state, call, groupName);
  const summaries = await events.summaries(group.id);

  // Streams without events sort as if their last one were at the beginning of time.
  const sortKey = (stream: LogStreamRecord): string =>
    byTime
      ? `${String(summaries.get(stream.id)?.lastTimestamp ?? 0).padStart(16, '0')} ${stream.name}`
      : stream.name;
  const compare = descending ? (a: string, b: string): number => ascending(b, a) : ascending;
  const streams: LogStreamRecord[] = [];
  for (const { value } of state.list(logStreams, logStreamPrefix(call, group.id))) {
    if (value.name.startsWith(logStreamNamePrefix ?? '')) streams.push(value);
  }
  streams.sort((a, b) => compare(sortKey(a), sortKey(b)));

  const { items, nextToken } = page(streams, sortKey, compare, { limit, nextToken: input.nextToken });
  return {
    logStreams: items.map((stream) =>
      describe(stream, summaries.get(stream.id), logStreamArn(call, group.name, stream.name)),
    ),
    ...(nextToken === undefined ? {} : { nextToken }),
  };
}

function describe(stream: LogStreamRecord, summary: StreamSummary | undefined, arn: string): LogStream {
  const { firstTimestamp, lastTimestamp, lastIngestionTime } = summary ?? {};
  return {
    logStreamName: stream.name,
    creationTime: stream.creationTime,
    ...(firstTimestamp === undefined ? {} : { firstEventTimestamp: firstTimestamp }),
    ...(lastTimestamp === undefined ? {} : { lastEventTimestamp: lastTimestamp }),
    ...(lastIngestionTime === undefined ? {} : { lastIngestionTime }),
    uploadSequenceToken: sequenceToken(lastIngestionTime ?? stream.creationTime),
    arn,
    // AWS reports 0 for every stream since 2019 (API reference, LogStream).
    storedBytes: 0,
  };
}

function checkNames(input: {
  readonly logGroupName: string | undefined;
  readonly logStreamName: string | undefined;
}): void {
  new Constraints()
    .text('logGroupName', input.logGroupName, { isRequired: true, ...groupNameConstraint })
    .text('logStreamName', input.logStreamName, { isRequired: true, ...streamNameConstraint })
    .throwIfViolated();
}
