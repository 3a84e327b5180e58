import { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seededRandom, VirtualClock } from '../../clock/index.ts';
import { silentLog } from '../../log.ts';
import { Refusal } from '../../protocols/index.ts';
import { type OpenState, openState, type Reconcilers, startReconcilers } from '../../reconcile/index.ts';
import { openMemoryStore, type Store } from '../../store/index.ts';
import { type Call, type OperationEntry, type OperationTable, rootPrincipal } from '../service.ts';
import { createLogs, type LogsContext, logsReconcilers, MemoryEventStore } from './index.ts';

const now = Date.UTC(2026, 0, 15, 12);
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const scope = { accountId: '111122223333', region: 'us-east-1' };

let clock: VirtualClock;
let store: Store;
let state: OpenState;
let context: LogsContext;
let operations: OperationTable;
let reconcilers: Reconcilers;

beforeEach(async () => {
  clock = new VirtualClock(now);
  store = openMemoryStore({ clock });
  state = await openState(store, { clock });
  context = { state, events: new MemoryEventStore(), clock, random: seededRandom(1) };
  operations = await createLogs(context).loadOperations();
  reconcilers = startReconcilers({
    state,
    store,
    clock,
    random: context.random,
    log: silentLog,
    reconcilers: logsReconcilers(context),
  });
});

afterEach(async () => {
  await reconcilers.stop();
  await state.close();
  await store.close();
});

async function run(operation: string, input: object): Promise<Record<string, unknown>> {
  const entry: OperationEntry | undefined = operations[operation];
  if (entry === undefined || 'refused' in entry) throw new Error(`${operation} is not supported`);
  const call: Call = {
    ...scope,
    principal: rootPrincipal(scope.accountId, 'AKIA'),
    requestId: 'request',
    sourceIp: '127.0.0.1',
    userAgent: 'test',
    isSecure: false,
    now: clock.now(),
    signal: new AbortController().signal,
  };
  return entry.run(input, call);
}

async function refusal(operation: string, input: object): Promise<string> {
  try {
    await run(operation, input);
  } catch (error) {
    if (error instanceof Refusal) return `${error.code}: ${error.message}`;
    throw error;
  }
  throw new Error(`${operation} was not refused`);
}

const group = { logGroupName: '/boats/blue' };
const stream = { ...group, logStreamName: 'app/hull/1' };
const event = (message: string, timestamp = clock.now()) => ({ message, timestamp });

async function makeStream(): Promise<void> {
  await run('CreateLogGroup', group);
  await run('CreateLogStream', stream);
}

async function put(...logEvents: readonly { message: string; timestamp: number }[]) {
  return run('PutLogEvents', { ...stream, logEvents });
}

describe('every operation', () => {
  it('has an entry, and works or refuses by its name', () => {
    const client = Object.getOwnPropertyNames(CloudWatchLogs.prototype).filter(
      (name) => !/^(constructor|paginate|waitUntil)/.test(name),
    );
    const names = client.map((name) => name.charAt(0).toUpperCase() + name.slice(1));
    expect(Object.keys(operations).toSorted()).toEqual(names.toSorted());
    for (const [name, entry] of Object.entries(operations)) {
      if ('refused' in entry) expect(entry.refused).toContain(`${name} is not supported by this version`);
      else expect(entry.action).toBe(`logs:${name}`);
    }
  });

  it('is authorised on ARNs of the group and the stream', () => {
    const call = { ...scope } as Call;
    const resources = (name: string, input: object) => {
      const entry = operations[name];
      return entry && 'run' in entry ? entry.resources(input, call) : [];
    };
    const groupArn = 'arn:aws:logs:us-east-1:111122223333:log-group:/boats/blue';
    expect(resources('FilterLogEvents', { logGroupIdentifier: groupArn })).toEqual([
      `${groupArn}:log-stream:`,
    ]);
    expect(resources('PutLogEvents', stream)).toEqual([`${groupArn}:log-stream:app/hull/1`]);
    expect(resources('TagResource', { resourceArn: groupArn })).toEqual([groupArn]);
  });
});

describe('log groups', () => {
  it('are created, described, listed and deleted', async () => {
    await run('CreateLogGroup', { ...group, tags: { team: 'hull' } });
    const arn = 'arn:aws:logs:us-east-1:111122223333:log-group:/boats/blue';
    expect(await run('DescribeLogGroups', {})).toEqual({
      logGroups: [
        {
          logGroupName: '/boats/blue',
          creationTime: now,
          metricFilterCount: 0,
          arn: `${arn}:*`,
          logGroupArn: arn,
          storedBytes: 0,
          logGroupClass: 'STANDARD',
          deletionProtectionEnabled: false,
        },
      ],
    });
    expect(await run('ListLogGroups', { logGroupNamePattern: '^/boats|other' })).toEqual({
      logGroups: [{ logGroupName: '/boats/blue', logGroupArn: arn, logGroupClass: 'STANDARD' }],
    });
    expect(await run('ListTagsForResource', { resourceArn: arn })).toEqual({ tags: { team: 'hull' } });
    await run('DeleteLogGroup', group);
    expect(await run('DescribeLogGroups', {})).toEqual({ logGroups: [] });
  });

  it.each([
    [
      'CreateLogGroup',
      { logGroupName: 'a b' },
      `InvalidParameterException: 1 validation error detected: Value 'a b' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+`,
    ],
    [
      'CreateLogGroup',
      { logGroupName: '' },
      "InvalidParameterException: 2 validation errors detected: Value '' at 'logGroupName' failed",
    ],
    [
      'CreateLogGroup',
      { logGroupName: 'x'.repeat(513) },
      'Member must have length less than or equal to 512',
    ],
    [
      'CreateLogGroup',
      {},
      "InvalidParameterException: 1 validation error detected: Value null at 'logGroupName' failed to satisfy constraint: Member must not be null",
    ],
    [
      'CreateLogGroup',
      { logGroupName: 'aws/x' },
      'InvalidParameterException: Log groups starting with AWS/ are reserved for AWS.',
    ],
    [
      'CreateLogGroup',
      { logGroupName: 'k', kmsKeyId: 'arn:aws:kms:x' },
      'InvalidParameterException: Encryption of log groups with kmsKeyId is not supported',
    ],
    [
      'CreateLogGroup',
      { logGroupName: 'k', logGroupClass: 'DELIVERY' },
      'InvalidParameterException: The log group class DELIVERY is not supported',
    ],
    ['CreateLogGroup', { logGroupName: 'k', logGroupClass: 'GOLD' }, 'Member must satisfy enum value set'],
    [
      'CreateLogGroup',
      { logGroupName: 'k', tags: { 'aws:x': '1' } },
      'InvalidParameterException: aws: prefixed tag key names',
    ],
    [
      'DeleteLogGroup',
      { logGroupName: 'none' },
      'ResourceNotFoundException: The specified log group does not exist.',
    ],
    [
      'DescribeLogGroups',
      { limit: 51 },
      "Value '51' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 50",
    ],
    ['DescribeLogGroups', { logGroupNamePrefix: 'a', logGroupNamePattern: 'b' }, 'mutually exclusive'],
    [
      'DescribeLogGroups',
      { nextToken: 'made-up' },
      'InvalidParameterException: The specified nextToken is invalid.',
    ],
    ['PutRetentionPolicy', { logGroupName: 'none', retentionInDays: 1 }, 'ResourceNotFoundException'],
    [
      'PutRetentionPolicy',
      { logGroupName: 'none', retentionInDays: 2 },
      "Value '2' at 'retentionInDays' failed to satisfy constraint",
    ],
    [
      'TagResource',
      { resourceArn: 'arn:aws:logs:eu-west-1:1:log-group:x', tags: {} },
      'InvalidParameterException: Invalid ARN',
    ],
  ])('%s refuses %j', async (operation, input, message) => {
    expect(await refusal(operation, input)).toContain(message);
  });

  it('exist once', async () => {
    await run('CreateLogGroup', group);
    expect(await refusal('CreateLogGroup', group)).toBe(
      'ResourceAlreadyExistsException: The specified log group already exists',
    );
  });

  it('are paged in the order of their names', async () => {
    for (const name of ['b', 'a/2', 'a', 'a.1', 'c']) await run('CreateLogGroup', { logGroupName: name });
    const first = await run('DescribeLogGroups', { limit: 3 });
    const second = await run('DescribeLogGroups', { limit: 3, nextToken: first.nextToken });
    expect([first, second]).toMatchObject([
      { logGroups: [{ logGroupName: 'a' }, { logGroupName: 'a.1' }, { logGroupName: 'a/2' }] },
      { logGroups: [{ logGroupName: 'b' }, { logGroupName: 'c' }] },
    ]);
    expect(second.nextToken).toBeUndefined();
  });

  it('with deletion protection are not deleted', async () => {
    await makeStream();
    const identifier = { logGroupIdentifier: '/boats/blue' };
    await run('PutLogGroupDeletionProtection', { ...identifier, deletionProtectionEnabled: true });
    expect(await refusal('DeleteLogGroup', group)).toContain('ValidationException');
    expect(await refusal('DeleteLogStream', stream)).toContain('ValidationException');
    await run('PutLogGroupDeletionProtection', { ...identifier, deletionProtectionEnabled: false });
    await run('DeleteLogGroup', group);
  });

  it('are tagged both ways, fifty times at most', async () => {
    await run('CreateLogGroup', { ...group, tags: { a: '1' } });
    const resourceArn = 'arn:aws:logs:us-east-1:111122223333:log-group:/boats/blue';
    await run('TagResource', { resourceArn, tags: { b: '2' } });
    await run('TagLogGroup', { ...group, tags: { a: '3' } });
    expect(await run('ListTagsLogGroup', group)).toEqual({ tags: { a: '3', b: '2' } });
    await run('UntagLogGroup', { ...group, tags: ['a'] });
    await run('UntagResource', { resourceArn, tagKeys: ['b', 'unknown'] });
    expect(await run('ListTagsLogGroup', group)).toEqual({ tags: {} });
    const many = Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`k${index}`, '']));
    expect(await refusal('TagResource', { resourceArn, tags: many })).toContain('TooManyTagsException');
  });
});

describe('log streams', () => {
  it('are created once in a group that exists, and described', async () => {
    expect(await refusal('CreateLogStream', stream)).toContain('The specified log group does not exist.');
    await makeStream();
    expect(await refusal('CreateLogStream', stream)).toBe(
      'ResourceAlreadyExistsException: The specified log stream already exists',
    );
    expect(await refusal('CreateLogStream', { ...group, logStreamName: 'a:b' })).toContain(
      "Value 'a:b' at 'logStreamName'",
    );
    await put(event('one', now - 5), event('two', now));
    expect(await run('DescribeLogStreams', group)).toMatchObject({
      logStreams: [
        {
          logStreamName: 'app/hull/1',
          arn: 'arn:aws:logs:us-east-1:111122223333:log-group:/boats/blue:log-stream:app/hull/1',
          creationTime: now,
          firstEventTimestamp: now - 5,
          lastEventTimestamp: now,
          lastIngestionTime: now,
          storedBytes: 0,
        },
      ],
    });
    expect(await run('DescribeLogGroups', {})).toMatchObject({ logGroups: [{ storedBytes: 2 * (3 + 26) }] });
  });

  it('are ordered by name or by their last event, and paged', async () => {
    await run('CreateLogGroup', group);
    for (const logStreamName of ['b', 'a', 'c']) await run('CreateLogStream', { ...group, logStreamName });
    for (const [logStreamName, age] of [
      ['a', 1],
      ['c', 3],
    ] as const) {
      await run('PutLogEvents', { ...group, logStreamName, logEvents: [event('x', now - age)] });
    }
    const names = async (input: object) => {
      const found: string[] = [];
      let nextToken: unknown;
      do {
        const answer = await run('DescribeLogStreams', { ...group, ...input, limit: 1, nextToken });
        const streams = answer.logStreams as readonly { logStreamName: string }[];
        found.push(...streams.map(({ logStreamName }) => logStreamName));
        nextToken = answer.nextToken;
      } while (nextToken !== undefined);
      return found;
    };
    expect(await names({})).toEqual(['a', 'b', 'c']);
    expect(await names({ descending: true })).toEqual(['c', 'b', 'a']);
    expect(await names({ orderBy: 'LastEventTime', descending: true })).toEqual(['a', 'c', 'b']);
    expect(await names({ logStreamNamePrefix: 'b' })).toEqual(['b']);
    expect(
      await refusal('DescribeLogStreams', { ...group, orderBy: 'LastEventTime', logStreamNamePrefix: 'a' }),
    ).toBe('InvalidParameterException: Cannot order by LastEventTime with a logStreamNamePrefix.');
  });
});

describe('PutLogEvents', () => {
  beforeEach(makeStream);

  it.each([
    [
      'no events',
      [],
      "Value '[]' at 'logEvents' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ],
    ['an empty message', [event('', now)], "Value '' at 'logEvents.1.member.message'"],
    [
      'events out of order',
      [event('b', now), event('a', now - 1)],
      'Log events in a single PutLogEvents request must be in chronological order.',
    ],
    [
      'a batch over more than a day',
      [event('a', now - dayMs - 1), event('b', now)],
      'cannot span more than 24 hours.',
    ],
    [
      'a batch that is too large',
      [event('x'.repeat(1_048_551), now)],
      'Upload too large: 1048577 bytes exceeds limit of 1048576',
    ],
    [
      'too many events',
      Array.from({ length: 10_001 }, () => event('x', now)),
      'Member must have length less than or equal to 10000',
    ],
  ])('refuses %s', async (_name, logEvents, message) => {
    expect(await refusal('PutLogEvents', { ...stream, logEvents })).toContain(`InvalidParameterException: `);
    expect(await refusal('PutLogEvents', { ...stream, logEvents })).toContain(message);
  });

  it('takes a batch as large as it may be', async () => {
    await put(event('x'.repeat(1_048_550), now));
    expect((await run('GetLogEvents', stream)).events).toHaveLength(1);
  });

  it('needs the stream', async () => {
    expect(
      await refusal('PutLogEvents', { ...stream, logStreamName: 'none', logEvents: [event('x', now)] }),
    ).toBe('ResourceNotFoundException: The specified log stream does not exist.');
  });

  it('leaves out events that are too old or too new, and says which', async () => {
    const old = await put(event('old', now - 14 * dayMs - 1), event('just', now - 14 * dayMs));
    expect(old.rejectedLogEventsInfo).toEqual({ tooOldLogEventEndIndex: 1 });
    const future = await put(
      event('now', now),
      event('soon', now + 2 * hourMs),
      event('late', now + 2 * hourMs + 1),
    );
    expect(future.rejectedLogEventsInfo).toEqual({ tooNewLogEventStartIndex: 2 });
    await run('PutRetentionPolicy', { ...group, retentionInDays: 1 });
    const expired = await put(event('expired', now - dayMs - 1), event('kept', now - dayMs));
    expect(expired.rejectedLogEventsInfo).toEqual({ expiredLogEventEndIndex: 1 });
    expect(expired.nextSequenceToken).toMatch(/^\d{56}$/);
    expect((await put(event('fine', now))).rejectedLogEventsInfo).toBeUndefined();
  });
});

describe('GetLogEvents', () => {
  beforeEach(makeStream);
  const messages = (answer: Record<string, unknown>) =>
    (answer.events as readonly { message: string }[]).map(({ message }) => message);

  it('gives the newest page first, and tokens lead both ways', async () => {
    await put(...[1, 2, 3, 4, 5].map((index) => event(`m${index}`, now + index)));
    const newest = await run('GetLogEvents', { ...stream, limit: 2 });
    expect(messages(newest)).toEqual(['m4', 'm5']);
    const older = await run('GetLogEvents', { ...stream, limit: 2, nextToken: newest.nextBackwardToken });
    expect(messages(older)).toEqual(['m2', 'm3']);
    const back = await run('GetLogEvents', { ...stream, limit: 2, nextToken: older.nextForwardToken });
    expect(messages(back)).toEqual(['m4', 'm5']);
    expect(newest.nextForwardToken).toMatch(/^f\/\d{56}\/s$/);
    expect(newest.nextBackwardToken).toMatch(/^b\/\d{56}\/s$/);
  });

  it('gives the same token at the end, from where later events are found', async () => {
    await put(event('first', now));
    const first = await run('GetLogEvents', { ...stream, startFromHead: true });
    const end = await run('GetLogEvents', { ...stream, nextToken: first.nextForwardToken });
    expect(end).toMatchObject({ events: [], nextForwardToken: first.nextForwardToken });
    await put(event('second', now + 1));
    expect(messages(await run('GetLogEvents', { ...stream, nextToken: end.nextForwardToken }))).toEqual([
      'second',
    ]);
    const start = await run('GetLogEvents', { ...stream, nextToken: first.nextBackwardToken });
    expect(start).toMatchObject({ events: [], nextBackwardToken: first.nextBackwardToken });
  });

  it('of an empty stream has tokens that find its first events', async () => {
    const empty = await run('GetLogEvents', stream);
    await put(event('first', now));
    expect(messages(await run('GetLogEvents', { ...stream, nextToken: empty.nextForwardToken }))).toEqual([
      'first',
    ]);
  });

  it('keeps to the times, the end excluded', async () => {
    await put(...[0, 1, 2, 3].map((index) => event(`m${index}`, now + index)));
    expect(messages(await run('GetLogEvents', { ...stream, startTime: now + 1, endTime: now + 3 }))).toEqual([
      'm1',
      'm2',
    ]);
  });

  it('refuses tokens that are not its own', async () => {
    expect(await refusal('GetLogEvents', { ...stream, nextToken: 'f/1/s' })).toContain(
      'The specified nextToken is invalid.',
    );
    expect(await refusal('GetLogEvents', { ...stream, nextToken: `f/${'9'.repeat(56)}/s` })).toContain(
      'nextToken',
    );
  });

  it('takes a group by its ARN, but not together with its name', async () => {
    await put(event('x', now));
    const logGroupIdentifier = 'arn:aws:logs:us-east-1:111122223333:log-group:/boats/blue';
    const { logStreamName } = stream;
    expect(messages(await run('GetLogEvents', { logGroupIdentifier, logStreamName }))).toEqual(['x']);
    expect(await refusal('GetLogEvents', { ...stream, logGroupIdentifier })).toContain('Only one of');
    expect(await refusal('GetLogEvents', { logStreamName })).toContain('One of logGroupName and');
  });
});

describe('FilterLogEvents', () => {
  beforeEach(async () => {
    await run('CreateLogGroup', group);
    for (const logStreamName of ['red', 'blue', 'bluer'])
      await run('CreateLogStream', { ...group, logStreamName });
    const putTo = (logStreamName: string, ...offsets: readonly number[]) =>
      run('PutLogEvents', {
        ...group,
        logStreamName,
        logEvents: offsets.map((offset) => event(`${logStreamName} ERROR=${offset}`, now + offset)),
      });
    await putTo('red', 1, 4);
    await putTo('blue', 2, 5);
    await putTo('bluer', 3);
  });

  async function found(input: object): Promise<readonly string[]> {
    const messages: string[] = [];
    let nextToken: unknown;
    do {
      const answer = await run('FilterLogEvents', { ...group, ...input, nextToken });
      messages.push(...(answer.events as readonly { message: string }[]).map(({ message }) => message));
      nextToken = answer.nextToken;
    } while (nextToken !== undefined);
    return messages.map((message) => message.replace(' ERROR=', ''));
  }

  it('merges all streams by time, page by page, either way', async () => {
    const all = ['red1', 'blue2', 'bluer3', 'red4', 'blue5'];
    expect(await found({})).toEqual(all);
    expect(await found({ limit: 2 })).toEqual(all);
    expect(await found({ limit: 2, startFromHead: false })).toEqual(all.toReversed());
  });

  it('searches named streams, a prefix, a time with both ends, and a pattern', async () => {
    expect(await found({ logStreamNames: ['red', 'bluer'] })).toEqual(['red1', 'bluer3', 'red4']);
    expect(await found({ logStreamNamePrefix: 'blue', limit: 1 })).toEqual(['blue2', 'bluer3', 'blue5']);
    expect(await found({ startTime: now + 2, endTime: now + 4 })).toEqual(['blue2', 'bluer3', 'red4']);
    expect(await found({ filterPattern: '"ERROR=4"' })).toEqual(['red4']);
    expect(await found({ filterPattern: 'nothing' })).toEqual([]);
    expect(await refusal('FilterLogEvents', { ...group, logStreamNames: ['none'] })).toContain(
      'log stream does not exist',
    );
    expect(await refusal('FilterLogEvents', { ...group, filterPattern: '{ $.' })).toContain(
      'Invalid filter pattern',
    );
  });

  it('gives each event an id of its own and its stream', async () => {
    const { events, searchedLogStreams } = await run('FilterLogEvents', group);
    expect(events).toMatchObject([
      { logStreamName: 'red', timestamp: now + 1, ingestionTime: now },
      {},
      {},
      {},
      {},
    ]);
    const ids = (events as readonly { eventId: string }[]).map(({ eventId }) => eventId);
    expect(new Set(ids).size).toBe(5);
    expect(ids).toEqual(ids.toSorted());
    expect(ids[0]).toMatch(/^\d{56}$/);
    expect(searchedLogStreams).toEqual([]);
  });

  it('answers a rare pattern in a big group with pages of bounded work', async () => {
    for (let batch = 0; batch < 5; batch += 1) {
      const logEvents = Array.from({ length: 9_000 }, () => event('noise', now + 10));
      await run('PutLogEvents', { ...group, logStreamName: 'red', logEvents });
    }
    await run('PutLogEvents', {
      ...group,
      logStreamName: 'blue',
      logEvents: [event('needle ERROR=!', now + 11)],
    });
    const first = await run('FilterLogEvents', { ...group, filterPattern: 'needle' });
    expect(first).toMatchObject({ events: [], nextToken: expect.any(String) });
    expect(await found({ filterPattern: 'needle' })).toEqual(['needle!']);
  });
});

describe('deleting', () => {
  beforeEach(makeStream);

  it('a group deletes its streams and events, and a new one of its name starts empty', async () => {
    await put(...Array.from({ length: 2_500 }, (_, index) => event(`m${index}`, now)));
    const id = state.list({ service: 'logs', noun: 'log-group', indexes: {} })[Symbol.iterator]().next().value
      ?.value as { id: string };
    await run('DeleteLogGroup', group);
    expect(await refusal('GetLogEvents', stream)).toContain('The specified log group does not exist.');
    await makeStream();
    expect(await run('GetLogEvents', stream)).toMatchObject({ events: [] });
    await clock.runUntil(
      () => [...state.list({ service: 'logs', noun: 'deletion', indexes: {} })].length === 0,
      {
        deadlineMs: 10_000,
      },
    );
    expect(await context.events.storedBytes(id.id)).toBe(0);
    expect([...state.list({ service: 'logs', noun: 'log-stream', indexes: {} })]).toHaveLength(1);
  });

  it('a stream deletes its events only', async () => {
    await run('CreateLogStream', { ...group, logStreamName: 'other' });
    await put(event('gone', now));
    await run('PutLogEvents', { ...group, logStreamName: 'other', logEvents: [event('kept', now)] });
    await run('DeleteLogStream', stream);
    expect(await run('FilterLogEvents', group)).toMatchObject({ events: [{ message: 'kept' }] });
    await clock.runUntil(
      () => [...state.list({ service: 'logs', noun: 'deletion', indexes: {} })].length === 0,
      {
        deadlineMs: 10_000,
      },
    );
    expect(await run('DescribeLogGroups', {})).toMatchObject({ logGroups: [{ storedBytes: 4 + 26 }] });
  });
});

describe('retention', () => {
  beforeEach(makeStream);

  it('hides expired events at once and deletes them in time', async () => {
    await put(event('old', now - 2 * dayMs), event('older than a day', now - dayMs - 1));
    await put(event('new', now));
    await run('PutRetentionPolicy', { ...group, retentionInDays: 1 });
    expect(await run('DescribeLogGroups', {})).toMatchObject({ logGroups: [{ retentionInDays: 1 }] });
    expect(await run('GetLogEvents', stream)).toMatchObject({ events: [{ message: 'new' }] });
    await reconcilers.idle();
    expect(await run('DescribeLogGroups', {})).toMatchObject({ logGroups: [{ storedBytes: 3 + 26 }] });
    await clock.advance(dayMs + 2 * hourMs);
    expect(await run('DescribeLogGroups', {})).toMatchObject({ logGroups: [{ storedBytes: 0 }] });
  });

  it('ends with DeleteRetentionPolicy', async () => {
    await run('PutRetentionPolicy', { ...group, retentionInDays: 1 });
    await run('DeleteRetentionPolicy', group);
    await put(event('kept', now));
    await clock.advance(3 * dayMs);
    expect(await run('GetLogEvents', stream)).toMatchObject({ events: [{ message: 'kept' }] });
    const { logGroups: [described] = [] } = (await run('DescribeLogGroups', {})) as {
      logGroups?: readonly object[];
    };
    expect(described).not.toHaveProperty('retentionInDays');
  });
});
