import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { DeploymentLifecycleHook } from '@aws-sdk/client-ecs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { lambdaEndpoint } from '../../src/composition/lambda-endpoint.ts';
import { lifecycleHooks } from '../../src/services/ecs/reconcilers/lifecycle-hooks.ts';
import { services } from '../../src/services/ecs/records.ts';
import { infrastructureRole, openShifted, type Shifted } from '../../src/services/ecs/testing/shifted.ts';

/** Hooks of the type AWS_LAMBDA, with an endpoint that answers over HTTP as Lambda's Invoke does. Time is moved by hand. */

interface HookEvent {
  readonly executionId: string;
  readonly lifecycleStage: string;
  readonly resourceArn: string;
  readonly executionDetails: Readonly<Record<string, unknown>>;
  readonly hookDetails?: unknown;
}

interface Functions {
  readonly url: URL;
  readonly calls: { readonly path: string; readonly event: HookEvent; readonly at: number }[];
  /** What is said to a call. Undefined: nothing, ever. */
  answer: (event: HookEvent) => Answer | undefined;
  now: () => number;
}

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

async function startFunctions(): Promise<Functions> {
  const functions: Functions = {
    url: new URL('http://127.0.0.1'),
    calls: [],
    answer: () => ({ body: { hookStatus: 'SUCCEEDED' } }),
    now: () => 0,
  };
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const event = (await json(request)) as HookEvent;
    functions.calls.push({ path: `${request.method} ${request.url}`, event, at: functions.now() });
    const answer = functions.answer(event);
    if (answer === undefined) return;
    response.writeHead(answer.status ?? 200, { ...answer.headers });
    response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
  };
  const server = createServer((request, response) => void respond(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  functions.url.port = String((server.address() as AddressInfo).port);
  return functions;
}

const functionArn = 'arn:aws:lambda:eu-west-1:123456789012:function:check:live';

interface World extends AsyncDisposable {
  readonly shifted: Shifted;
  readonly functions: Functions;
  /** Begins a deployment with a hook. */
  roll(hook?: Partial<DeploymentLifecycleHook>): Promise<void>;
  /** As `Shifted.until`, but time stands while a function is being asked, unless it never answers. */
  until(predicate: () => boolean, deadlineMs?: number): Promise<void>;
  untilOver(): Promise<void>;
}

/** A service whose first deployment has come to its end, its tasks in the second group. */
async function openWorld(): Promise<World> {
  const functions = await startFunctions();
  const asked = new Set<Promise<unknown>>();
  const shifted = await openShifted({
    hookFunctions: (clock) => {
      const endpoint = lambdaEndpoint(functions.url, clock);
      return {
        invoke: async (...call) => {
          const answered = endpoint.invoke(...call);
          asked.add(answered);
          return await answered.finally(() => asked.delete(answered));
        },
      };
    },
  });
  const { fleet, sees } = shifted.balanced;
  const { clock } = fleet.room.ecs;
  functions.now = () => clock.now();
  await shifted.create();
  await shifted.until(() => fleet.deployment().finishedAt !== undefined);
  const until: World['until'] = async (predicate, deadlineMs = 120_000) => {
    for (let spentMs = 0; !predicate(); spentMs += 1_000) {
      if (spentMs >= deadlineMs)
        throw new Error(`Not within ${deadlineMs} ms; seen: ${JSON.stringify(fleet.deployment())}`);
      await sees('healthy');
      await clock.advance(1_000);
      if (functions.answer !== never) await Promise.all(asked);
    }
  };
  return {
    ...{ shifted, functions, until },
    roll: (hook = {}) =>
      fleet.update({
        taskDefinition: 'next:1',
        deploymentConfiguration: {
          lifecycleHooks: [
            {
              ...{ hookTargetArn: functionArn, roleArn: infrastructureRole },
              ...{ lifecycleStages: ['POST_TEST_TRAFFIC_SHIFT'], ...hook },
            },
          ],
        },
      }),
    untilOver: () => until(() => fleet.deployment().finishedAt !== undefined),
    [Symbol.asyncDispose]: () => shifted[Symbol.asyncDispose](),
  };
}

const never: Functions['answer'] = () => undefined;
const deploymentOf = ({ shifted }: World) => shifted.balanced.fleet.deployment();

describe('an AWS_LAMBDA hook', () => {
  it('is called in its stage, and lets the deployment go on when it succeeds', async () => {
    await using world = await openWorld();
    const { calls } = world.functions;
    await world.roll({ hookDetails: { level: 3 } });
    await world.untilOver();
    const { serviceDeploymentArn, targetServiceRevision } = deploymentOf(world);
    expect(calls).toEqual([
      {
        path: 'POST /2015-03-31/functions/check/invocations?Qualifier=live',
        at: expect.any(Number),
        event: {
          executionId: expect.stringMatching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/),
          lifecycleStage: 'POST_TEST_TRAFFIC_SHIFT',
          resourceArn: serviceDeploymentArn,
          executionDetails: {
            serviceArn: world.shifted.balanced.fleet.describe().serviceArn,
            targetServiceRevisionArn: targetServiceRevision?.arn,
            ...{ testTrafficWeights: {}, productionTrafficWeights: {} },
          },
          hookDetails: { level: 3 },
        },
      },
    ]);
    expect(deploymentOf(world)).toMatchObject({
      status: 'SUCCESSFUL',
      lifecycleHookDetails: [{ targetType: 'AWS_LAMBDA', targetArn: functionArn, status: 'SUCCEEDED' }],
    });
    const { deploymentConfiguration } = world.shifted.balanced.fleet.describe();
    expect(deploymentConfiguration?.lifecycleHooks).toMatchObject([
      { targetType: 'AWS_LAMBDA', hookTargetArn: functionArn, hookDetails: { level: 3 } },
    ]);
  });

  it('is called again after the delay that it asks for, with what it said', async () => {
    await using world = await openWorld();
    const { functions } = world;
    const replies = [
      { hookStatus: 'IN_PROGRESS', callBackDelay: 90, hookDetails: { seen: 1 } },
      { hookStatus: 'IN_PROGRESS' },
      { hookStatus: 'SUCCEEDED' },
    ];
    functions.answer = () => ({ body: replies[functions.calls.length - 1] });
    await world.roll();
    await world.until(() => functions.calls.length === 2, 200_000);
    expect(deploymentOf(world)).toMatchObject({
      lifecycleStage: 'POST_TEST_TRAFFIC_SHIFT',
      lifecycleHookDetails: [{ status: 'IN_PROGRESS' }],
    });
    await world.untilOver();
    expect(deploymentOf(world).status).toBe('SUCCESSFUL');
    const [first, second, third] = functions.calls;
    const seconds = (from = first, to = second) => Math.round(((to?.at ?? 0) - (from?.at ?? 0)) / 1_000);
    expect([seconds(), seconds(second, third)]).toEqual([90, 30]);
    expect(functions.calls.map(({ event }) => event.hookDetails)).toEqual([
      undefined,
      { seen: 1 },
      { seen: 1 },
    ]);
    expect(new Set(functions.calls.map(({ event }) => event.executionId)).size).toBe(1);
  });

  it.each<[string, Answer]>([
    ['says FAILED', { body: { hookStatus: 'FAILED' } }],
    ['fails', { headers: { 'X-Amz-Function-Error': 'Unhandled' }, body: { errorMessage: 'x' } }],
    ['is unknown to the endpoint', { status: 404, body: {} }],
    ['says nothing that is a reply', { body: { statusCode: 200 } }],
    ['says what is no JSON', { body: 'yes' }],
    ['says far too much', { body: { hookStatus: 'SUCCEEDED', more: 'x'.repeat(70_000) } }],
    ['asks for no delay that is one', { body: { hookStatus: 'IN_PROGRESS', callBackDelay: 'soon' } }],
  ])('rolls the deployment back when its function %s', async (_what, answer) => {
    await using world = await openWorld();
    world.functions.answer = () => answer;
    await world.roll();
    await world.untilOver();
    expect(deploymentOf(world)).toMatchObject({
      status: 'ROLLBACK_SUCCESSFUL',
      statusReason:
        'Service deployment rolled back because POST_TEST_TRAFFIC_SHIFT lifecycle hook(s) failed.',
      lifecycleHookDetails: [{ status: 'FAILED' }],
    });
    expect(world.functions.calls).toHaveLength(1);
    expect(world.shifted.production()).toBe('1:0 2:100');
  });

  it('rolls the deployment back when its role may not call it', async () => {
    await using world = await openWorld();
    const roleArn = 'arn:aws:iam::123456789012:role/weak';
    world.shifted.balanced.fleet.room.untrustedRoles.add(roleArn);
    await world.roll({ roleArn });
    await world.untilOver();
    expect(deploymentOf(world).status).toBe('ROLLBACK_SUCCESSFUL');
    expect(world.functions.calls).toEqual([]);
  });

  it.each([
    ['CONTINUE', 'SUCCESSFUL'],
    ['ROLLBACK', 'ROLLBACK_SUCCESSFUL'],
  ] as const)('does %s when its function has not ended in time', async (action, status) => {
    await using world = await openWorld();
    world.functions.answer = never;
    await world.roll({ timeoutConfiguration: { timeoutInMinutes: 5, action } });
    await world.until(() => deploymentOf(world).lifecycleHookDetails?.[0]?.status === 'IN_PROGRESS');
    await expect.poll(() => world.functions.calls.length).toBe(1);
    await world.until(() => deploymentOf(world).finishedAt !== undefined, 600_000);
    expect(deploymentOf(world)).toMatchObject({ status, lifecycleHookDetails: [{ status: 'TIMED_OUT' }] });
  });

  it('is told where traffic goes, on the way there and on the way back', async () => {
    await using world = await openWorld();
    const { functions } = world;
    let isFirst = true;
    functions.answer = ({ lifecycleStage }) => {
      const isRefused = isFirst && lifecycleStage === 'PRODUCTION_TRAFFIC_SHIFT';
      if (isRefused) isFirst = false;
      return { body: { hookStatus: isRefused ? 'FAILED' : 'SUCCEEDED' } };
    };
    await world.roll({ lifecycleStages: ['TEST_TRAFFIC_SHIFT', 'PRODUCTION_TRAFFIC_SHIFT'] });
    await world.untilOver();
    expect(deploymentOf(world).status).toBe('ROLLBACK_SUCCESSFUL');
    const { targetServiceRevision, sourceServiceRevisions: [source] = [] } = deploymentOf(world);
    const shares = (target: number) => ({
      [targetServiceRevision?.arn ?? '']: target,
      [source?.arn ?? '']: 100 - target,
    });
    expect(
      functions.calls.map(({ event: { lifecycleStage, executionDetails } }) => [
        lifecycleStage,
        executionDetails.testTrafficWeights,
        executionDetails.productionTrafficWeights,
      ]),
    ).toEqual([
      ['TEST_TRAFFIC_SHIFT', shares(100), {}],
      ['PRODUCTION_TRAFFIC_SHIFT', {}, shares(100)],
      ['PRODUCTION_TRAFFIC_SHIFT', {}, shares(0)],
      ['TEST_TRAFFIC_SHIFT', shares(0), {}],
    ]);
    expect(world.shifted.production()).toBe('1:0 2:100');
  });

  it('is called again with the same executionId when a call is cut off', async () => {
    await using world = await openWorld();
    const { functions, shifted } = world;
    functions.answer = never;
    await world.roll();
    await world.until(() => deploymentOf(world).lifecycleHookDetails?.[0]?.status === 'IN_PROGRESS');
    await expect.poll(() => functions.calls.length).toBe(1);
    const { ecs } = shifted.balanced.fleet.room;
    const { hookId } = deploymentOf(world).lifecycleHookDetails?.[0] ?? {};
    const again = lifecycleHooks(ecs, lambdaEndpoint(functions.url, ecs.clock));
    const [service] = [...ecs.state.list(services)];
    const call = (signal: AbortSignal) => again.reconcile(`${service?.key}#${hookId}`, signal);
    const cutOff = new AbortController();
    const cut = call(cutOff.signal);
    await expect.poll(() => functions.calls.length).toBe(2);
    cutOff.abort(new Error('The server ends'));
    await expect(cut).rejects.toThrow('The server ends');
    expect(deploymentOf(world).lifecycleHookDetails?.[0]?.status).toBe('IN_PROGRESS');
    functions.answer = () => ({ body: { hookStatus: 'SUCCEEDED' } });
    await call(new AbortController().signal);
    expect(new Set(functions.calls.map(({ event }) => event.executionId)).size).toBe(1);
    await shifted.until(() => deploymentOf(world).finishedAt !== undefined);
    expect(deploymentOf(world).status).toBe('SUCCESSFUL');
  });
});
