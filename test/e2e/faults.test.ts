import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, createServer, get, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ContainerDefinition, ECS, RegisterTaskDefinitionCommandInput, Task } from '@aws-sdk/client-ecs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusResponse } from '../../src/cli/index.ts';
import { type RawRequest, send, sendBytes, signed, target } from '../raw-requests.ts';
import '../setup/property-seeds.ts';
import { askEngine } from './footprint.ts';
import { testImage, testImageName } from './image.ts';
import { catamaran, Installation, waitFor } from './installation.ts';
import { isAlive, PrivateEngine } from './private-engine.ts';

const run = promisify(execFile);

type Container = Partial<ContainerDefinition>;

const sleeper: Container = { command: ['sleep', '3600'] };

async function register(
  ecs: ECS,
  family: string,
  container: Container,
  definition: Partial<RegisterTaskDefinitionCommandInput> = {},
): Promise<string> {
  await ecs.registerTaskDefinition({
    family,
    ...definition,
    containerDefinitions: [{ name: 'main', image: testImageName, memory: 16, stopTimeout: 2, ...container }],
  });
  return family;
}

async function runTask(ecs: ECS, family: string): Promise<string> {
  const { tasks = [], failures } = await ecs.runTask({ taskDefinition: family });
  expect(failures).toEqual([]);
  return tasks[0]?.taskArn ?? '';
}

async function reaches(ecs: ECS, taskArn: string, status: string): Promise<Task> {
  let seen: Task | undefined;
  return waitFor(
    `${taskArn} to be ${status}`,
    async () => {
      seen = (await ecs.describeTasks({ tasks: [taskArn] })).tasks?.[0];
      if (seen?.lastStatus === status) return seen;
      if (seen?.lastStatus === 'STOPPED') throw new Error(`It stopped: ${JSON.stringify(seen, null, 1)}`);
      return undefined;
    },
    () => seen,
  );
}

describe('bad input', () => {
  let installation: Installation;
  let ecs: ECS;
  beforeAll(async () => {
    await testImage();
    installation = await Installation.start();
    ecs = installation.ecs();
  });
  afterAll(async () => {
    await installation?.[Symbol.asyncDispose]();
  });

  const sign = (request: RawRequest, options: { signingDate?: Date; service?: string } = {}) =>
    signed(installation.endpoint, installation.environment, request, options);
  const ask = async (request: RawRequest) => send(installation.endpoint, await sign(request));
  const refusal = (status: number, code: string) => ({ status, code });
  /** It answers as before. What is tried with it may have made clusters of other names. */
  const stillAnswers = async () =>
    expect((await ecs.listClusters({})).clusterArns).toContainEqual(
      expect.stringMatching(/:cluster\/default$/),
    );
  const codeOf = ({ status, text }: { status: number; text: string }) => ({
    status,
    code: String((JSON.parse(text) as { __type?: string }).__type).replace(/^.*#/, ''),
  });

  it.each([
    ['malformed JSON', 'ListClusters', '{"maxResults":', refusal(400, 'SerializationException')],
    ['no JSON at all', 'ListClusters', '\u0000\u0001', refusal(400, 'SerializationException')],
    [
      'bytes that are not UTF-8',
      'ListClusters',
      Buffer.from([0x7b, 0xff, 0xfe, 0x7d]),
      refusal(400, 'SerializationException'),
    ],
    ['a list for an object', 'ListClusters', '[]', refusal(400, 'SerializationException')],
    ['a number for a string', 'CreateCluster', '{"clusterName":5}', refusal(400, 'SerializationException')],
    ['a string for a number', 'ListClusters', '{"maxResults":"ten"}', refusal(400, 'SerializationException')],
    ['an object for a list', 'DescribeTasks', '{"tasks":{}}', refusal(400, 'SerializationException')],
    [
      'JSON nested without end',
      'CreateCluster',
      `{"tags":${'['.repeat(100_000)}`,
      refusal(400, 'SerializationException'),
    ],
    ['a missing member', 'DescribeTasks', '{}', refusal(400, 'InvalidParameterException')],
    [
      'a name that is not allowed',
      'CreateCluster',
      '{"clusterName":"a b"}',
      refusal(400, 'InvalidParameterException'),
    ],
    ['an unknown operation', 'FlyToTheMoon', '{}', refusal(400, 'UnknownOperationException')],
    ['an operation of every object', 'constructor', '{}', refusal(400, 'UnknownOperationException')],
    [
      'what is not built',
      'CreateCapacityProvider',
      '{"name":"a","autoScalingGroupProvider":{"autoScalingGroupArn":"g","managedScaling":{"status":"ENABLED"}}}',
      refusal(400, 'UnsupportedFeatureException'),
    ],
    [
      'a body over the limit',
      'CreateCluster',
      `{"clusterName":"${'x'.repeat(1024 * 1024)}"}`,
      refusal(413, 'RequestEntityTooLargeException'),
    ],
  ])('is refused as AWS does: %s', async (_what, operation, body, expected) => {
    const answer = await ask({ headers: target(operation), body });
    expect(codeOf(answer), answer.text).toEqual(expected);
    expect(answer.headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is refused as AWS does: signatures that are wrong, old, of somebody else, or not there', async () => {
    const request = { headers: target('ListClusters'), body: '{}' };
    const right = await sign(request);
    expect((await send(installation.endpoint, right)).status).toBe(200);

    const answers = [
      ['a changed body', { ...right, body: '{"maxResults":1}' }],
      ['a changed target', { ...right, headers: { ...right.headers, ...target('ListServices') } }],
      ['an hour ago', await sign(request, { signingDate: new Date(Date.now() - 3_600_000) })],
      ['in an hour', await sign(request, { signingDate: new Date(Date.now() + 3_600_000) })],
      ['another service', await sign(request, { service: 's3' })],
      ['unsigned', request],
      [
        'an unknown key',
        await signed(
          installation.endpoint,
          { ...installation.environment, AWS_ACCESS_KEY_ID: 'AKIAUNKNOWN0000000000' },
          request,
        ),
      ],
      [
        'a token with a key that needs none',
        await sign({ ...request, headers: { ...request.headers, 'x-amz-security-token': 'made-up' } }),
      ],
      [
        'half a header',
        { ...right, headers: { ...right.headers, authorization: 'AWS4-HMAC-SHA256 Credential=x' } },
      ],
    ] as const;
    const seen: Record<string, string> = {};
    for (const [name, raw] of answers) {
      const { status, code } = codeOf(await send(installation.endpoint, raw));
      seen[name] = `${status} ${code}`;
    }
    expect(seen).toEqual({
      'a changed body': '400 InvalidSignatureException',
      'a changed target': '400 InvalidSignatureException',
      'an hour ago': '400 InvalidSignatureException',
      'in an hour': '400 InvalidSignatureException',
      'another service': '404 UnknownServiceException',
      unsigned: '403 MissingAuthenticationTokenException',
      'an unknown key': '400 UnrecognizedClientException',
      'a token with a key that needs none': '400 UnrecognizedClientException',
      'half a header': '400 IncompleteSignatureException',
    });
    const expired = await send(
      installation.endpoint,
      await sign(request, { signingDate: new Date(Date.now() - 3_600_000) }),
    );
    expect(expired.text).toContain('Signature expired');
  });

  it('never makes it fail, whatever JSON is sent to whatever operation', async () => {
    const operations = [
      'CreateCluster',
      'RegisterTaskDefinition',
      'RunTask',
      'CreateService',
      'UpdateService',
      'ListTasks',
      'DescribeClusters',
      'TagResource',
      'StartTask',
      'SubmitTaskStateChange',
      'RegisterContainerInstance',
      'DiscoverPollEndpoint',
      'PutAttributes',
    ];
    const names = [
      'cluster',
      'clusterName',
      'family',
      'containerDefinitions',
      'taskDefinition',
      'count',
      'tasks',
      'nextToken',
      'maxResults',
      'resourceArn',
      'tags',
      'serviceName',
      'desiredCount',
      'overrides',
      'networkConfiguration',
      '__proto__',
    ];
    const body = fc.dictionary(
      fc.constantFrom(...names),
      fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom('default', 'arn:aws:ecs:::', -1, 1e300, null)),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...operations), body, async (operation, value) => {
        const answer = await ask({ headers: target(operation), body: JSON.stringify(value) });
        expect(answer.status, `${operation} ${JSON.stringify(value)}: ${answer.text}`).toBeLessThan(500);
        JSON.parse(answer.text);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['random bytes', randomBytes(4096)],
    ['a TLS greeting', Buffer.from('16030100a5010000a10303', 'hex')],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    ['a header without end', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(100_000)}`],
    ['a bad chunk', 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n'],
  ])('on the socket ends that connection only: %s', async (_what, bytes) => {
    const answer = await sendBytes(installation.endpoint, bytes);
    expect(answer).toMatch(/^(HTTP\/1\.1 4\d\d |$)/);
    await stillAnswers();
  });

  it('of ten thousand idle connections takes up to its bound, and throws them out in time', async () => {
    const { port, hostname } = new URL(installation.endpoint);
    const sockets: Socket[] = [];
    let closed = 0;
    const keptAgent = new Agent({ keepAlive: true, maxSockets: 1 });
    const kept = (): Promise<number> =>
      new Promise((resolve, reject) => {
        get(`${installation.endpoint}/`, { agent: keptAgent }, (response) => {
          response.resume().on('end', () => resolve(response.statusCode ?? 0));
        }).on('error', reject);
      });
    try {
      expect(await kept()).toBe(404);
      for (let batch = 0; batch < 21; batch += 1) {
        await Promise.all(
          Array.from({ length: 500 }, async () => {
            const socket = connect(Number(port), hostname);
            sockets.push(socket.resume());
            socket.on('error', () => undefined);
            socket.on('close', () => {
              closed += 1;
            });
            await once(socket, 'connect').catch(() => undefined);
          }),
        );
      }
      await waitFor(
        'connections beyond the bound to be closed',
        async () => (closed >= 500 ? true : undefined),
        () => `${closed} closed`,
        10_000,
      );
      // Who was there before is served on.
      expect(await kept()).toBe(404);
      await waitFor(
        'the idle ones to be closed',
        async () => (closed >= 10_500 ? true : undefined),
        () => `${closed} closed`,
      );
      await stillAnswers();
    } finally {
      for (const socket of sockets) socket.destroy();
      keptAgent.destroy();
    }
  }, 240_000);

  it('was nothing that the server could not take: it has logged no fault of its own', async () => {
    expect(installation.output).not.toContain('fault of ours');
    expect(JSON.parse((await installation.catamaran('status', '--json')).stdout)).toMatchObject({
      pid: await installation.pid(),
    });
  });

  describe('of a task', () => {
    it('says that its image does not exist, to whoever asks for the task or its service', async () => {
      await register(ecs, 'no-image', { image: 'catamaran/no-such-image:1' });
      await ecs.createService({ serviceName: 'no-image', taskDefinition: 'no-image', desiredCount: 1 });
      const task = await stoppedTaskOf('no-image');
      expect(task).toMatchObject({
        stopCode: 'TaskFailedToStart',
        stoppedReason: expect.stringMatching(/CannotPull\w+Error: ./),
      });
      await ecs.deleteService({ service: 'no-image', force: true });
    });

    it('says that another process has its host port, tries again less and less often, and runs once it is free', async () => {
      const squatter: Server = createServer().listen(0, '127.0.0.1');
      await once(squatter, 'listening');
      const { port } = squatter.address() as AddressInfo;
      try {
        await register(ecs, 'port', { ...sleeper, portMappings: [{ containerPort: 80, hostPort: port }] });
        await ecs.createService({ serviceName: 'port', taskDefinition: 'port', desiredCount: 1 });
        const task = await stoppedTaskOf('port');
        expect(task).toMatchObject({
          stopCode: 'TaskFailedToStart',
          stoppedReason: expect.stringMatching(
            new RegExp(`CannotStartContainerError: .*${port}.*address already in use`),
          ),
        });
        let seen: unknown;
        await waitFor(
          'the service to say that its tasks fail',
          async () => {
            const { services = [] } = await ecs.describeServices({ services: ['port'] });
            seen = services[0]?.events;
            const messages = services[0]?.events?.map(({ message }) => message) ?? [];
            return messages.some((text) =>
              text?.includes('is unable to consistently start tasks successfully'),
            )
              ? true
              : undefined;
          },
          () => seen,
        );
        // Pauses double from a second on: without them there would be dozens by now.
        const { taskArns = [] } = await ecs.listTasks({ serviceName: 'port', desiredStatus: 'STOPPED' });
        expect(taskArns.length).toBeLessThan(8);
      } finally {
        squatter.close();
      }
      await waitFor('the service to run', async () => {
        const { services = [] } = await ecs.describeServices({ services: ['port'] });
        return services[0]?.runningCount === 1 ? true : undefined;
      });
      await ecs.deleteService({ service: 'port', force: true });
    }, 240_000);

    const stoppedTaskOf = (serviceName: string): Promise<Task> =>
      waitFor(`a task of ${serviceName} to have stopped`, async () => {
        const { taskArns = [] } = await ecs.listTasks({ serviceName, desiredStatus: 'STOPPED' });
        if (taskArns.length === 0) return undefined;
        const { tasks = [] } = await ecs.describeTasks({ tasks: taskArns });
        return tasks.find(({ lastStatus }) => lastStatus === 'STOPPED');
      });
  });
});

describe('an Engine that goes away', () => {
  let engine: PrivateEngine;
  let installation: Installation;
  let ecs: ECS;

  beforeAll(async () => {
    engine = await PrivateEngine.start({ liveRestore: true });
    await engine.loadImage(testImageName);
    installation = await Installation.start({ env: { DOCKER_HOST: engine.host } });
    ecs = installation.ecs();
    await register(ecs, 'on-host', sleeper, { networkMode: 'host' });
    await register(ecs, 'alone', sleeper, { networkMode: 'none' });
  });
  afterAll(async () => {
    try {
      await installation?.[Symbol.asyncDispose]();
    } finally {
      await engine?.[Symbol.asyncDispose]();
    }
  });

  const status = async (): Promise<StatusResponse> =>
    JSON.parse((await installation.catamaran('status', '--json')).stdout);
  const processOf = async (task: Task): Promise<number> => {
    const { State } = (await askEngine(
      'GET',
      `/containers/${task.containers?.[0]?.runtimeId}/json`,
      engine.socket,
    )) as {
      State: { Pid: number };
    };
    return State.Pid;
  };

  it('by kill -9 takes no task with it; what is asked for meanwhile runs when it is back', async () => {
    const arns = [await runTask(ecs, 'on-host'), await runTask(ecs, 'alone'), await runTask(ecs, 'alone')];
    const before = await Promise.all(arns.map((arn) => reaches(ecs, arn, 'RUNNING')));
    const pids = await Promise.all(before.map(processOf));
    expect((await status()).engine).toMatchObject({ isConnected: true });

    await engine.stop('SIGKILL');
    const away = await waitFor('status to say that the Engine is away', async () => {
      const { engine: seen } = await status();
      return seen.isConnected ? undefined : seen;
    });
    expect(away.problem).toMatch(/did not answer.*Running containers go on.*Start the engine again/s);
    const shown = await installation.catamaran('status');
    expect(shown.code).toBe(0);
    expect(shown.stdout).toContain('The engine does not answer:');

    const late = await runTask(ecs, 'alone');
    await reaches(ecs, late, 'PENDING');
    const victim = pids[2] ?? 0;
    process.kill(victim, 'SIGKILL');
    await waitFor('the process to end', async () => (isAlive(victim) ? undefined : true));
    expect(pids.slice(0, 2).map(isAlive)).toEqual([true, true]);
    const { tasks: meanwhile = [] } = await ecs.describeTasks({ tasks: arns });
    expect(meanwhile.map(({ lastStatus }) => lastStatus)).toEqual(['RUNNING', 'RUNNING', 'RUNNING']);
    expect((await reaches(ecs, late, 'PENDING')).containers?.[0]?.lastStatus).toBe('PENDING');

    await engine.up({ liveRestore: true });
    await reaches(ecs, late, 'RUNNING');
    const [host = '', alone = '', ended = ''] = arns;
    const stopped = await reaches(ecs, ended, 'STOPPED');
    expect(stopped).toMatchObject({ stopCode: 'EssentialContainerExited', containers: [{ exitCode: 137 }] });
    for (const [index, arn] of [host, alone].entries()) {
      expect(await reaches(ecs, arn, 'RUNNING')).toMatchObject({
        startedAt: before[index]?.startedAt,
        containers: [{ runtimeId: before[index]?.containers?.[0]?.runtimeId }],
      });
    }
    expect(pids.slice(0, 2).map(isAlive)).toEqual([true, true]);
    expect((await status()).engine).toMatchObject({ isConnected: true });
    for (const task of [host, alone, late]) await ecs.stopTask({ task });
    for (const task of [host, alone, late]) await reaches(ecs, task, 'STOPPED');
  }, 300_000);

  it('and ends its containers with it, has their tasks reported STOPPED and the service start others', async () => {
    await engine.stop('SIGTERM');
    await engine.up({ liveRestore: false });
    const single = await runTask(ecs, 'alone');
    await ecs.createService({ serviceName: 'alone', taskDefinition: 'alone', desiredCount: 1 });
    await reaches(ecs, single, 'RUNNING');
    const serving = await waitFor('the service to run', async () => {
      const { taskArns = [] } = await ecs.listTasks({ serviceName: 'alone' });
      const { tasks = [] } = taskArns.length === 0 ? {} : await ecs.describeTasks({ tasks: taskArns });
      return tasks.find(({ lastStatus }) => lastStatus === 'RUNNING');
    });

    await engine.stop('SIGTERM');
    await engine.up({ liveRestore: false });
    for (const arn of [single, serving.taskArn ?? '']) {
      const stopped = await reaches(ecs, arn, 'STOPPED');
      expect(stopped).toMatchObject({
        stopCode: 'EssentialContainerExited',
        stoppedReason: 'Essential container in task exited',
        containers: [{ exitCode: expect.toSatisfy((code) => code === 137 || code === 143) }],
      });
    }
    await waitFor('the service to have another task', async () => {
      const { taskArns = [] } = await ecs.listTasks({ serviceName: 'alone' });
      const { tasks = [] } = taskArns.length === 0 ? {} : await ecs.describeTasks({ tasks: taskArns });
      return tasks.some(({ lastStatus, taskArn }) => lastStatus === 'RUNNING' && taskArn !== serving.taskArn)
        ? true
        : undefined;
    });
  }, 300_000);
});

describe('a full disk', () => {
  let mount: string;
  let installation: Installation;
  beforeAll(async () => {
    await testImage();
    mount = await mkdtemp(join(tmpdir(), 'catamaran-full-'));
    await run('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', mount]);
    installation = await Installation.start({ stateDirectory: join(mount, 'state') });
  });
  afterAll(async () => {
    try {
      rmSync(join(mount, 'filler'), { force: true });
      await installation?.[Symbol.asyncDispose]();
    } finally {
      await run('umount', ['-l', mount]);
      await rm(mount, { recursive: true, force: true });
    }
  });

  /** Takes every last byte. `status` waits until what tries the machine out has given its room back. */
  async function fill(): Promise<void> {
    expect((await installation.catamaran('status', '--json')).code).toBe(0);
    const file = openSync(join(mount, 'filler'), 'a');
    try {
      for (let size = 1024 * 1024; size >= 1; size = Math.floor(size / 2)) {
        try {
          for (;;) writeSync(file, Buffer.alloc(size));
        } catch (error) {
          expect(error).toMatchObject({ code: 'ENOSPC' });
        }
      }
    } finally {
      closeSync(file);
    }
  }

  it('is said to whoever writes, leaves reading alone, loses nothing that was acknowledged, and is over when there is room', async () => {
    const ecs = () => installation.ecs();
    await register(ecs(), 'tenant', sleeper);
    const taskArn = await runTask(ecs(), 'tenant');
    await reaches(ecs(), taskArn, 'RUNNING');
    const acknowledged = ['default'];
    const create = async (clusterName: string): Promise<Error | undefined> => {
      try {
        await ecs().createCluster({ clusterName, tags: [{ key: 'bulk', value: 'x'.repeat(200) }] });
        acknowledged.push(clusterName);
        return undefined;
      } catch (error) {
        return error as Error;
      }
    };
    const clusters = async (): Promise<string[]> => {
      const names: string[] = [];
      let nextToken: string | undefined;
      do {
        const page: { clusterArns?: string[] | undefined; nextToken?: string | undefined } =
          await ecs().listClusters({
            ...(nextToken && { nextToken }),
          });
        names.push(...(page.clusterArns ?? []).map((arn) => arn.split('/').at(-1) ?? ''));
        ({ nextToken } = page);
      } while (nextToken !== undefined);
      return names.sort();
    };

    await fill();
    let refused: Error | undefined;
    for (let index = 0; index < 3_000 && refused === undefined; index += 1)
      refused = await create(`full-${index}`);
    expect(refused).toMatchObject({
      name: 'ServiceUnavailable',
      $metadata: { httpStatusCode: 503 },
      message: expect.stringContaining('the disk is full; make room and try again'),
    });
    expect(await clusters()).toEqual([...acknowledged].sort());
    expect(await ecs().describeTasks({ tasks: [taskArn] })).toMatchObject({
      tasks: [{ lastStatus: 'RUNNING' }],
    });
    // Also what was left for shorter records than those of clusters.
    await fill();
    // A task that ends now can't be recorded now.
    const stopping = await ecs()
      .stopTask({ task: taskArn })
      .catch((error: Error) => error);
    expect(stopping).toMatchObject({ name: 'ServiceUnavailable' });

    await installation.kill9();
    const started = await catamaran([
      'up',
      '--state',
      installation.stateDirectory,
      '--port',
      '0',
      '--detach',
    ]);
    expect(started.code).toBe(1);
    // Said by whoever still could: the server in its log, or the command where even the log has no room.
    expect(started.stderr).toMatch(/[Tt]he disk that holds .* is full; make room and try again/);
    const inForeground = await catamaran(['up', '--state', installation.stateDirectory, '--port', '0']);
    expect(inForeground.code).toBe(1);
    expect(inForeground.stderr).toMatch(/^error: The disk that holds .* is full; make room and try again/);
    expect(inForeground.stderr).not.toMatch(/^ {4}at /m);

    rmSync(join(mount, 'filler'));
    await installation.up();
    expect(await clusters()).toEqual([...acknowledged].sort());
    expect(await create('room-again')).toBeUndefined();
    expect(await reaches(ecs(), taskArn, 'RUNNING')).toBeDefined();

    await fill();
    refused = undefined;
    for (let index = 0; index < 3_000 && refused === undefined; index += 1)
      refused = await create(`again-${index}`);
    expect(refused?.name).toBe('ServiceUnavailable');
    rmSync(join(mount, 'filler'));
    await waitFor('a write to be taken again', async () =>
      (await create('after-room')) === undefined ? true : undefined,
    );
    await ecs().stopTask({ task: taskArn });
    await reaches(ecs(), taskArn, 'STOPPED');
    const last = await runTask(ecs(), 'tenant');
    await reaches(ecs(), last, 'RUNNING');
    expect(await clusters()).toEqual([...acknowledged].sort());
    expect(readFileSync(join(installation.stateDirectory, 'installation.json'), 'utf8')).toContain('"id"');
  }, 300_000);
});
