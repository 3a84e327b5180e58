import { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import {
  EventBridge,
  type PutTargetsCommandInput,
  ResourceNotFoundException,
} from '@aws-sdk/client-eventbridge';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { seededRandom, systemClock } from '../../clock/index.ts';
import { createGateway } from '../../gateway/index.ts';
import { rootOnly } from '../../gateway/testing/root-only.ts';
import { silentLog } from '../../log.ts';
import { openState } from '../../reconcile/index.ts';
import { openMemoryStore } from '../../store/index.ts';
import { createLogs, MemoryEventStore, writeToLogGroup } from '../logs/index.ts';
import type { OperationTable } from '../service.ts';
import { createEventBridge, type EventsContext, MemoryEventLog, startEvents } from './index.ts';

/** As users meet it: the official SDKs over HTTP. */
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };
const accountId = '111122223333';
const logGroupArn = (name: string) => `arn:aws:logs:us-east-1:${accountId}:log-group:${name}`;

let sdk: EventBridge;
let logs: CloudWatchLogs;
let context: EventsContext;
let operations: OperationTable;
let stack: AsyncDisposableStack;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  const clock = systemClock();
  const random = seededRandom(1);
  const store = stack.adopt(openMemoryStore({ clock }), (it) => it.close());
  const state = stack.adopt(await openState(store, { clock }), (it) => it.close());
  const logsContext = { state, events: new MemoryEventStore(), clock, random };
  context = {
    ...{ state, clock, random, log: silentLog, eventLog: new MemoryEventLog() },
    writeToLogGroup: (scope, place, line) => writeToLogGroup(logsContext, scope, place, line),
  };
  const service = createEventBridge(context);
  operations = await service.loadOperations();
  const gateway = createGateway({
    services: [service, createLogs(logsContext)],
    ...{ clock, random, log: silentLog },
    ...rootOnly(accountId, credentials),
  });
  stack.adopt(gateway, (it) => it.close());
  const { port } = await gateway.listen({ host: '127.0.0.1', port: 0 });
  const settings = { endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', credentials, maxAttempts: 1 };
  sdk = new EventBridge(settings);
  logs = new CloudWatchLogs(settings);
  stack.defer(() => sdk.destroy());
  stack.defer(() => logs.destroy());
  stack.use(await startEvents(context, { store, sources: [], log: silentLog }));
});
afterEach(() => stack.disposeAsync());

const pattern = JSON.stringify({ source: ['boats'], detail: { speed: [{ numeric: ['>', 10] }] } });
const rule = { Name: 'fast', EventPattern: pattern };
const boat = (speed: number, bent: object = {}) => ({
  Source: 'boats',
  DetailType: 'Boat Moved',
  Detail: JSON.stringify({ speed, name: 'blue' }),
  ...bent,
});

/** The lines of a log group, once there are so many. */
function lines(logGroupName: string, count: number): Promise<string[]> {
  return vi.waitFor(async () => {
    const { events = [] } = await logs.filterLogEvents({ logGroupName });
    expect(events.length).toBeGreaterThanOrEqual(count);
    return events.map(({ message = '' }) => message);
  });
}

describe('every operation', () => {
  it('has an entry, and works or refuses by its name', () => {
    const names = Object.getOwnPropertyNames(EventBridge.prototype)
      .filter((name) => !/^(constructor|paginate|waitUntil)/.test(name))
      .map((name) => name.charAt(0).toUpperCase() + name.slice(1));
    expect(Object.keys(operations).toSorted()).toEqual(names.toSorted());
    for (const [name, entry] of Object.entries(operations)) {
      if ('refused' in entry) expect(entry.refused).toContain(`${name} is not supported by this version`);
      else expect(entry.action).toBe(`events:${name}`);
    }
  });
});

describe('rules', () => {
  it('are put, described, listed, switched and deleted', async () => {
    const RuleArn = `arn:aws:events:us-east-1:${accountId}:rule/fast`;
    expect(
      (await sdk.putRule({ ...rule, Description: 'too fast', Tags: [{ Key: 'a', Value: 'b' }] })).RuleArn,
    ).toBe(RuleArn);
    expect(await sdk.describeRule({ Name: 'fast' })).toMatchObject({
      ...rule,
      Arn: RuleArn,
      State: 'ENABLED',
      Description: 'too fast',
      EventBusName: 'default',
    });
    await sdk.disableRule({ Name: 'fast' });
    await sdk.putRule({ Name: 'another', EventPattern: '{"source":["x"]}', State: 'DISABLED' });
    const { Rules = [] } = await sdk.listRules({ EventBusName: 'default' });
    expect(Rules.map(({ Name, State }) => `${Name} ${State}`)).toEqual(['another DISABLED', 'fast DISABLED']);
    await sdk.enableRule({ Name: 'fast' });
    expect((await sdk.listRules({ NamePrefix: 'f' })).Rules?.[0]?.State).toBe('ENABLED');
    expect((await sdk.listTagsForResource({ ResourceARN: RuleArn })).Tags).toEqual([
      { Key: 'a', Value: 'b' },
    ]);
    await sdk.deleteRule({ Name: 'fast' });
    await expect(sdk.describeRule({ Name: 'fast' })).rejects.toThrow(ResourceNotFoundException);
  });

  it.each([
    [
      { EventPattern: '{"source":"x"}' },
      'Event pattern is not valid. Reason: "source" must be an object or an array',
    ],
    [{ EventPattern: undefined }, 'Parameter(s) EventPattern or ScheduleExpression must be specified.'],
    [{ ScheduleExpression: 'rate(5 minutes)' }, 'A ScheduleExpression is not supported by this version'],
    [{ Name: 'a b' }, "Value 'a b' at 'name' failed to satisfy constraint"],
    [{ EventBusName: 'mine' }, 'Event bus mine does not exist.'],
    [{ RoleArn: 'arn:aws:iam::111122223333:role/r' }, 'A RoleArn for a rule is not supported'],
  ])('are refused as %o', async (bent, message) => {
    await expect(sdk.putRule({ ...rule, ...bent })).rejects.toThrow(message);
    expect((await sdk.listRules({})).Rules).toEqual([]);
  });
});

describe('targets', () => {
  it('are put, listed, found and removed', async () => {
    await sdk.putRule(rule);
    const target = { Id: 'log', Arn: logGroupArn('/boats') };
    await sdk.putTargets({
      Rule: 'fast',
      Targets: [target, { ...target, Id: 'path', InputPath: '$.detail' }],
    });
    expect((await sdk.listTargetsByRule({ Rule: 'fast' })).Targets).toEqual([
      target,
      { ...target, Id: 'path', InputPath: '$.detail' },
    ]);
    expect((await sdk.listRuleNamesByTarget({ TargetArn: target.Arn })).RuleNames).toEqual(['fast']);
    await expect(sdk.deleteRule({ Name: 'fast' })).rejects.toThrow(
      "Rule can't be deleted since it has targets.",
    );
    await sdk.removeTargets({ Rule: 'fast', Ids: ['log', 'path', 'none'] });
    await sdk.deleteRule({ Name: 'fast' });
  });

  it.each([
    [
      { Arn: `arn:aws:lambda:us-east-1:${accountId}:function:f` },
      /^The target arn:aws:lambda.* is not supported by this version/,
    ],
    [{ Arn: 'arn:aws:logs:us-east-1:999999999999:log-group:g' }, /is not supported by this version/],
    [{ InputTransformer: { InputTemplate: '"x"' } }, /^InputTransformer of the target log is not supported/],
    [{ Input: '{' }, /Input for target log is not valid JSON text/],
    [{ InputPath: '$.detail[0]' }, /^The InputPath \$\.detail\[0\] of log .* is not supported/],
    [{ Input: '1', InputPath: '$' }, /Only one of Input and InputPath/],
  ])('are refused as %o', async (bent, message) => {
    await sdk.putRule(rule);
    const input: PutTargetsCommandInput = {
      Rule: 'fast',
      Targets: [{ Id: 'log', Arn: logGroupArn('/g'), ...bent }],
    };
    await expect(sdk.putTargets(input)).rejects.toThrow(message);
    expect((await sdk.listTargetsByRule({ Rule: 'fast' })).Targets).toEqual([]);
  });
});

describe('events', () => {
  it('reach the log groups of the rules that they match, and no others', async () => {
    await logs.createLogGroup({ logGroupName: '/boats' });
    await logs.createLogGroup({ logGroupName: '/names' });
    await sdk.putRule(rule);
    await sdk.putTargets({
      Rule: 'fast',
      Targets: [
        { Id: 'all', Arn: `${logGroupArn('/boats')}:*` },
        { Id: 'gone', Arn: logGroupArn('/nowhere') },
        { Id: 'name', Arn: logGroupArn('/names'), InputPath: '$.detail.name' },
        { Id: 'constant', Arn: logGroupArn('/names'), Input: '{"seen":true}' },
      ],
    });
    await sdk.putRule({ Name: 'off', EventPattern: '{"source":["boats"]}', State: 'DISABLED' });
    await sdk.putTargets({ Rule: 'off', Targets: [{ Id: 'all', Arn: logGroupArn('/boats') }] });
    const { Entries, FailedEntryCount } = await sdk.putEvents({
      Entries: [boat(5), boat(20), boat(30, { Resources: ['arn:b'] })],
    });
    expect(FailedEntryCount).toBe(0);
    const got = (await lines('/boats', 2)).map((line) => JSON.parse(line));
    expect(got).toMatchObject([
      {
        id: Entries?.[1]?.EventId,
        source: 'boats',
        'detail-type': 'Boat Moved',
        account: accountId,
        detail: { speed: 20 },
      },
      { id: Entries?.[2]?.EventId, resources: ['arn:b'], detail: { speed: 30 } },
    ]);
    expect((await lines('/names', 4)).toSorted()).toEqual([
      '"blue"',
      '"blue"',
      '{"seen":true}',
      '{"seen":true}',
    ]);
  });

  it('are refused one by one', async () => {
    const { Entries, FailedEntryCount } = await sdk.putEvents({
      Entries: [
        boat(1),
        boat(1, { Source: 'aws.ecs' }),
        boat(1, { Detail: '[1]' }),
        boat(1, { DetailType: undefined }),
        boat(1, { EventBusName: 'mine' }),
      ],
    });
    expect(FailedEntryCount).toBe(4);
    expect(Entries?.map(({ ErrorCode = 'taken' }) => ErrorCode)).toEqual([
      'taken',
      'NotAuthorizedForSourceException',
      'MalformedDetail',
      'InvalidArgument',
      'ResourceNotFoundException',
    ]);
    expect(context.eventLog.last).toBe(1);
  });

  it('can be tried on a pattern, and on the bus that there is', async () => {
    const Event = JSON.stringify({
      ...{ id: '1', account: accountId, source: 'boats', time: '2026-01-15T12:00:00Z', region: 'us-east-1' },
      ...{ resources: [], 'detail-type': 'Boat Moved', detail: { speed: 11 } },
    });
    expect((await sdk.testEventPattern({ EventPattern: pattern, Event })).Result).toBe(true);
    expect((await sdk.testEventPattern({ EventPattern: '{"source":["cars"]}', Event })).Result).toBe(false);
    await expect(sdk.testEventPattern({ EventPattern: pattern, Event: '{}' })).rejects.toThrow(
      'Parameter Event is not valid',
    );
    expect((await sdk.listEventBuses({})).EventBuses).toMatchObject([{ Name: 'default' }]);
    expect((await sdk.describeEventBus({})).Arn).toBe(
      `arn:aws:events:us-east-1:${accountId}:event-bus/default`,
    );
    await expect(sdk.createEventBus({ Name: 'mine' })).rejects.toThrow(
      'CreateEventBus is not supported by this version',
    );
  });
});
