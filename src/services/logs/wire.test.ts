import {
  CloudWatchLogs,
  paginateFilterLogEvents,
  paginateGetLogEvents,
  ResourceAlreadyExistsException,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seededRandom, systemClock } from '../../clock/index.ts';
import { createGateway } from '../../gateway/index.ts';
import { rootOnly } from '../../gateway/testing/root-only.ts';
import { silentLog } from '../../log.ts';
import { openState } from '../../reconcile/index.ts';
import { openMemoryStore } from '../../store/index.ts';
import { createLogs, MemoryEventStore } from './index.ts';

/** As users meet it: the official SDK over HTTP. */
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };
const accountId = '111122223333';
const group = { logGroupName: '/boats/blue' };
const stream = { ...group, logStreamName: 'app/hull/1' };

let sdk: CloudWatchLogs;
let stack: AsyncDisposableStack;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  const clock = systemClock();
  const random = seededRandom(1);
  const store = stack.adopt(openMemoryStore({ clock }), (it) => it.close());
  const state = stack.adopt(await openState(store, { clock }), (it) => it.close());
  const gateway = createGateway({
    services: [createLogs({ state, events: new MemoryEventStore(), clock, random })],
    routes: [],
    clock,
    random,
    log: silentLog,
    ...rootOnly(accountId, credentials),
  });
  stack.adopt(gateway, (it) => it.close());
  const { port } = await gateway.listen({ host: '127.0.0.1', port: 0 });
  sdk = new CloudWatchLogs({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials,
    maxAttempts: 1,
  });
  stack.defer(() => sdk.destroy());
});
afterEach(() => stack.disposeAsync());

describe('CloudWatch Logs through the SDK', () => {
  it('goes from an empty account to events and back', async () => {
    await sdk.createLogGroup({ ...group, tags: { team: 'hull' } });
    await sdk.createLogStream(stream);
    await expect(sdk.createLogGroup(group)).rejects.toThrow(ResourceAlreadyExistsException);
    await expect(sdk.createLogStream({ ...stream, logGroupName: 'none' })).rejects.toThrow(
      ResourceNotFoundException,
    );

    const time = Date.now();
    const logEvents = Array.from({ length: 25 }, (_, index) => ({
      timestamp: time + index,
      message: `line ${index} ü`,
    }));
    const answer = await sdk.putLogEvents({ ...stream, logEvents: [{ timestamp: 1, message: 'ancient' }] });
    expect(answer.rejectedLogEventsInfo).toEqual({ tooOldLogEventEndIndex: 1 });
    await sdk.putLogEvents({ ...stream, logEvents });

    const read: (string | undefined)[] = [];
    const config = { client: sdk, pageSize: 10, stopOnSameToken: true };
    for await (const page of paginateGetLogEvents(config, { ...stream, startFromHead: true })) {
      read.push(...(page.events ?? []).map(({ message }) => message));
    }
    expect(read).toEqual(logEvents.map(({ message }) => message));

    const found: (string | undefined)[] = [];
    for await (const page of paginateFilterLogEvents(
      { client: sdk, pageSize: 2 },
      { ...group, filterPattern: '%line 1\\d%' },
    )) {
      found.push(...(page.events ?? []).map(({ message }) => message));
    }
    expect(found).toHaveLength(10);

    const { logGroups } = await sdk.describeLogGroups({ logGroupNamePrefix: '/boats' });
    expect(logGroups?.[0]?.storedBytes).toBeGreaterThan(25 * 26);
    await sdk.deleteLogGroup(group);
    expect((await sdk.describeLogGroups({})).logGroups).toEqual([]);
  });

  it('refuses what is not there yet, by name', async () => {
    await expect(
      sdk.startQuery({ queryString: 'fields @message', startTime: 0, endTime: 1 }),
    ).rejects.toThrow('StartQuery is not supported by this version of Catamaran yet');
  });
});
