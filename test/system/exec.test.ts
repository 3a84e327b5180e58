import type { ExecuteCommandConfiguration, Session } from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { seededRandom } from '../../src/clock/index.ts';
import { ClientChannel, openChannelInput } from '../../src/session-channel/index.ts';
import { System } from './system.ts';

/** A client of the data channel, as session-manager-plugin is one. */
class Client {
  readonly socket: WebSocket;
  readonly channel: ClientChannel;
  readonly refused = Promise.withResolvers<string>();
  heard = '';
  isReady = false;
  closed: string | undefined;

  readonly sessionId: string;

  constructor(
    system: System,
    { sessionId = '', streamUrl = '', tokenValue = '' }: Session,
    newDataKey?: (keyId: string) => Promise<{ plain: Buffer; encrypted: Buffer }>,
  ) {
    this.sessionId = sessionId;
    this.socket = new WebSocket(streamUrl);
    this.channel = new ClientChannel({
      ...{ clientVersion: '1.2.707.0', clock: system.clock, random: seededRandom(1) },
      ...(newDataKey && { newDataKey }),
      send: (frame) => this.socket.send(frame),
      ready: () => {
        this.isReady = true;
      },
      output: (bytes) => {
        this.heard += bytes;
      },
      closed: (output) => {
        this.closed = output;
      },
      failed: () => {},
    });
    this.socket.on('open', () =>
      this.socket.send(
        openChannelInput({
          requestId: '0123456789abcdef',
          tokenValue,
          clientId: 'client',
          clientVersion: '1',
        }),
      ),
    );
    this.socket.on('message', (data) => this.channel.receive(data as Buffer));
    this.socket.on('error', () => {});
    this.socket.on('close', (_code, reason) => this.refused.resolve(reason.toString()));
  }

  close(): void {
    this.channel[Symbol.dispose]();
    this.socket.terminate();
  }
}

describe('ECS Exec', () => {
  let system: System;
  const clients: Client[] = [];

  beforeAll(async () => {
    system = await System.start({
      seed: 'exec',
      // A session has ten seconds to begin: a busy machine needs all of them.
      speed: 1,
      programs: () => ({
        terminal: ([command, argument = ''], { say, exit }) => {
          if (command === 'echo') {
            say(`${argument}\r\n`);
            exit(0);
          }
          if (command === 'fail') exit(3);
          return {
            typed: (text) => say(`typed ${text}`),
            resized: ({ columns, rows }) => say(`size ${columns}x${rows}`),
          };
        },
      }),
    });
    await system.define('web');
    await system.ecs.registerTaskDefinition({
      family: 'pair',
      containerDefinitions: ['one', 'two'].map((name) => ({ name, image: 'app:1', cpu: 64, memory: 64 })),
    });
  });

  afterAll(async () => {
    for (const client of clients) client.close();
    await system[Symbol.asyncDispose]();
  });

  async function run(taskDefinition = 'web', enableExecuteCommand = true): Promise<string> {
    const { tasks = [] } = await system.ecs.runTask({ taskDefinition, enableExecuteCommand });
    return tasks[0]?.taskArn ?? '';
  }

  const describeTask = async (task: string) => {
    const { tasks = [] } = await system.ecs.describeTasks({ tasks: [task] });
    return tasks[0];
  };

  async function runReady(taskDefinition = 'web'): Promise<string> {
    const task = await run(taskDefinition);
    await system.until('ExecuteCommandAgents to run', async () => {
      const described = await describeTask(task);
      const agents = described?.containers?.flatMap(({ managedAgents = [] }) => managedAgents);
      return (
        described?.lastStatus === 'RUNNING' && agents?.every(({ lastStatus }) => lastStatus === 'RUNNING')
      );
    });
    return task;
  }

  async function open(task: string, command: string): Promise<Client> {
    const { session } = await system.ecs.executeCommand({ task, command, interactive: true });
    const client = new Client(system, session ?? {});
    clients.push(client);
    return client;
  }

  /** Waits until a session can be opened. */
  async function toOpen(what: string, task: string): Promise<void> {
    let refusal: unknown;
    const isOpened = () =>
      open(task, 'echo').then(
        () => true,
        (error: unknown) => {
          refusal = error;
          return false;
        },
      );
    await system.until(what, isOpened, { seen: () => String(refusal) });
  }

  it('says what AWS says, and reports the managed agent from PENDING over RUNNING to STOPPED', async () => {
    const task = await run();
    expect((await describeTask(task))?.containers?.[0]?.managedAgents).toMatchObject([
      { name: 'ExecuteCommandAgent', lastStatus: expect.stringMatching(/PENDING|RUNNING/) },
    ]);
    await system.until('the agent to run', async () => {
      const [agent] = (await describeTask(task))?.containers?.[0]?.managedAgents ?? [];
      return agent?.lastStatus === 'RUNNING' && agent.lastStartedAt !== undefined;
    });
    const answer = await system.ecs.executeCommand({ task, command: 'sh', interactive: true });
    const id = task.split('/').at(-1) ?? '';
    expect(answer).toMatchObject({
      clusterArn: system.arn('cluster/default'),
      containerArn: expect.stringContaining(`container/default/${id}/`),
      containerName: 'app',
      interactive: true,
      taskArn: task,
      session: {
        sessionId: expect.stringMatching(/^ecs-execute-command-[0-9a-f]{17}$/),
        streamUrl: expect.stringMatching(/^ws:\/\/127(\.\d+){3}:\d+\/v1\/data-channel\/ecs-execute-command-/),
        tokenValue: expect.stringMatching(/^[A-Za-z0-9]{64}$/),
      },
    });
    await system.ecs.stopTask({ task });
    await system.until('the agent to stop', async () => {
      const [agent] = (await describeTask(task))?.containers?.[0]?.managedAgents ?? [];
      return agent?.lastStatus === 'STOPPED';
    });
  });

  it('runs a command to its end, with what it says and its exit code', async () => {
    const task = await runReady();
    const said = await open(task, "echo 'two words'");
    await system.until('the session to end', () => said.closed !== undefined);
    expect([said.heard, said.closed]).toEqual(['two words\r\n', '']);
    const failed = await open(task, 'fail');
    await system.until('the session to end', () => failed.closed !== undefined);
    expect(failed.closed).toBe('EXIT_CODE: 3');
    const unreadable = await open(task, "echo 'no end");
    await system.until('the session to end', () => unreadable.closed !== undefined);
    expect(unreadable.closed).toContain('Unable to start command');
  });

  it('types, resizes, and ends when the task stops', async () => {
    const task = await runReady();
    const client = await open(task, 'shell');
    await system.until('the handshake', () => client.isReady);
    client.channel.resize({ columns: 90, rows: 30 });
    await client.channel.write(Buffer.from('ls'));
    await system.until('what is said', () => client.heard.includes('typed ls'));
    expect(client.heard).toContain('size 90x30');
    await system.ecs.stopTask({ task });
    await system.until('the session to end', () => client.closed !== undefined);
    // The command was killed with its container, or its agent heard of the stop before.
    expect(client.closed).toMatch(/stopped|^EXIT_CODE: 137$/);
  });

  describe('logs a session', () => {
    const group = '/ecs/logged';
    const streams = async (logGroupName = group): Promise<readonly string[]> => {
      const prefix = { logGroupName, logStreamNamePrefix: 'ecs-execute-command-' };
      const { logStreams = [] } = await system.logs.describeLogStreams(prefix);
      return logStreams.map(({ logStreamName = '' }) => logStreamName);
    };
    const logged = async (logStreamName: string, logGroupName = group): Promise<string> => {
      if (!(await streams(logGroupName)).includes(logStreamName)) return '';
      const { events = [] } = await system.logs.getLogEvents({ logGroupName, logStreamName });
      return events.map(({ message }) => message).join('|');
    };

    beforeAll(async () => {
      await system.logs.createLogGroup({ logGroupName: group });
      const options = {
        'awslogs-group': group,
        'awslogs-region': 'eu-west-1',
        'awslogs-stream-prefix': 'p',
      };
      await system.define('logged', { logConfiguration: { logDriver: 'awslogs', options } });
    });

    it('with its container’s output, in a stream of its own', async () => {
      const task = await runReady('logged');
      const client = await open(task, "echo 'two words'");
      await system.until('its log', async () => (await logged(client.sessionId)) === 'two words');
      expect(await streams()).toEqual([client.sessionId]);
      await (await runReady('web').then((plain) => open(plain, 'echo unlogged'))).refused.promise;
      expect(await streams()).toEqual([client.sessionId]);
    });

    it('that its client left, and one that ends with its task', async () => {
      const task = await runReady('logged');
      const left = await open(task, 'shell');
      const stopped = await open(task, 'shell');
      for (const client of [left, stopped]) {
        await system.until('the handshake', () => client.isReady);
        await client.channel.write(Buffer.from('ls'));
        await system.until('what is said', () => client.heard.includes('typed ls'));
      }
      left.close();
      await system.until('its log', async () => (await logged(left.sessionId)) === 'typed ls');
      await system.ecs.stopTask({ task });
      await system.until('its log', async () => (await logged(stopped.sessionId)) === 'typed ls');
    });

    it('in the group that its cluster names, and not at all with NONE', async () => {
      const logGroupName = '/exec/all';
      await system.logs.createLogGroup({ logGroupName });
      const configure = (executeCommandConfiguration: ExecuteCommandConfiguration) =>
        system.ecs.updateCluster({ cluster: 'default', configuration: { executeCommandConfiguration } });
      await configure({ logging: 'OVERRIDE', logConfiguration: { cloudWatchLogGroupName: logGroupName } });
      const task = await runReady('logged');
      const client = await open(task, 'echo all');
      await system.until('its log', async () => (await logged(client.sessionId, logGroupName)) === 'all');
      await configure({ logging: 'NONE' });
      const before = await streams();
      const silent = await open(task, 'echo none');
      await silent.refused.promise;
      await configure({ logging: 'DEFAULT' });
      const last = await open(task, 'echo last');
      await system.until('its log', async () => (await logged(last.sessionId)) === 'last');
      expect(await streams()).toEqual([...before, last.sessionId].sort());
    });
  });

  it('is encrypted from end to end with the key that its cluster names, by who may use that', async () => {
    const { KeyMetadata } = await system.kms.createKey({});
    const kmsKeyId = KeyMetadata?.Arn ?? '';
    const configure = (executeCommandConfiguration: ExecuteCommandConfiguration) =>
      system.ecs.updateCluster({ cluster: 'default', configuration: { executeCommandConfiguration } });
    await configure({ kmsKeyId });
    const task = await runReady();
    const encrypted = async (bend: Record<string, string> = {}): Promise<Client> => {
      const { session } = await system.ecs.executeCommand({ task, command: 'shell', interactive: true });
      const { sessionId = '' } = session ?? {};
      const { runtimeId } = (await describeTask(task))?.containers?.[0] ?? {};
      const client = new Client(system, session ?? {}, async (KeyId) => {
        expect(KeyId).toBe(kmsKeyId);
        const made = await system.kms.generateDataKey({
          ...{ KeyId, NumberOfBytes: 64 },
          EncryptionContext: {
            'aws:ssm:SessionId': sessionId,
            'aws:ssm:TargetId': `ecs:default_${task.split('/').at(-1)}_${runtimeId}`,
            ...bend,
          },
        });
        const [plain = [], sealed = []] = [made.Plaintext, made.CiphertextBlob];
        return { plain: Buffer.from(plain), encrypted: Buffer.from(sealed) };
      });
      clients.push(client);
      return client;
    };
    const client = await encrypted();
    await system.until('the handshake', () => client.isReady);
    await client.channel.write(Buffer.from('ls'));
    await system.until('what is said', () => client.heard.includes('typed ls'));
    // A data key of another session opens none.
    const strange = await encrypted({ 'aws:ssm:SessionId': 'ecs-execute-command-0' });
    await system.until('it to be refused', () => strange.closed !== undefined);
    expect(strange.closed).toMatch(/^Unable to start command: /);
    expect(strange.isReady).toBe(false);
    // So does a client that can't encrypt.
    const plain = await open(task, 'echo plain');
    await system.until('it to be refused', () => plain.closed !== undefined);
    expect([plain.heard, plain.closed]).toEqual(['', expect.stringContaining('KMSEncryption')]);
    await configure({ logging: 'DEFAULT' });
  });

  it('opens a session once for each token, and none for one that it did not issue', async () => {
    const task = await runReady();
    const { session } = await system.ecs.executeCommand({ task, command: 'shell', interactive: true });
    const { streamUrl = '', tokenValue = '' } = session ?? {};
    const [first, stranger] = [
      new Client(system, { streamUrl, tokenValue }),
      new Client(system, { streamUrl, tokenValue: 'x'.repeat(64) }),
    ];
    clients.push(first, stranger);
    expect(await stranger.refused.promise).toContain('token is unknown');
    await system.until('the handshake', () => first.isReady);
    const again = new Client(system, { streamUrl, tokenValue });
    clients.push(again);
    expect(await again.refused.promise).toContain('was used before');
    const other = new Client(system, {
      streamUrl: streamUrl.replace(/data-channel\/[^?]+/, 'data-channel/none'),
      tokenValue,
    });
    clients.push(other);
    expect(await other.refused.promise).toContain('token is unknown');
    expect(system.log.lines.filter((line) => JSON.stringify(line).includes(tokenValue))).toEqual([]);
  });

  it('kills what a client leaves alone, and has at most ten sessions on a container', async () => {
    const task = await runReady();
    const opened = await Promise.all(Array.from({ length: 10 }, () => open(task, 'shell')));
    await system.until('all handshakes', () => opened.every(({ isReady }) => isReady));
    await expect(open(task, 'shell')).rejects.toMatchObject({
      name: 'ClientException',
      message: expect.stringContaining('10 execute command sessions'),
    });
    opened[0]?.close();
    await toOpen('a place to be free', task);
  });

  it('outlives nothing but comes back: after a restart of the control plane there are new sessions', async () => {
    const task = await runReady();
    const client = await open(task, 'shell');
    await system.until('the handshake', () => client.isReady);
    await system.restartControlPlane();
    await client.refused.promise;
    await toOpen('a new session', task);
  });

  describe('refuses in the words of AWS', () => {
    const notEnabled =
      /^The execute command failed because execute command was not enabled when the task was run/;
    let enabled = '';
    let plain = '';
    let pair = '';
    beforeAll(async () => {
      [enabled, plain, pair] = await Promise.all([runReady(), run('web', false), runReady('pair')]);
    });

    const input = { command: 'sh', interactive: true };
    const cases: readonly (readonly [
      string,
      () => Parameters<System['ecs']['executeCommand']>[0],
      string,
      RegExp,
    ])[] = [
      [
        'a cluster that is not there',
        () => ({ ...input, task: enabled, cluster: 'none' }),
        'ClusterNotFoundException',
        /^Cluster not found/,
      ],
      [
        'a task that is not there',
        () => ({ ...input, task: '0'.repeat(32) }),
        'InvalidParameterException',
        /^The referenced task was not found/,
      ],
      [
        'no command',
        () => ({ ...input, task: enabled, command: ' ' }),
        'InvalidParameterException',
        /^Command can not be blank/,
      ],
      [
        'a command without end',
        () => ({ ...input, task: enabled, command: 'x'.repeat(70_000) }),
        'InvalidParameterException',
        /longer than/,
      ],
      [
        'what is not interactive',
        () => ({ ...input, task: enabled, interactive: false }),
        'InvalidParameterException',
        /^Interactive is the only mode/,
      ],
      ['a task without ECS Exec', () => ({ ...input, task: plain }), 'InvalidParameterException', notEnabled],
      [
        'a container that is not there',
        () => ({ ...input, task: enabled, container: 'no' }),
        'InvalidParameterException',
        /^Container no is not in the task/,
      ],
      [
        'none of several containers',
        () => ({ ...input, task: pair }),
        'InvalidParameterException',
        /^Container name can not be blank.*one, two/,
      ],
    ];
    for (const [what, make, name, message] of cases) {
      it(what, async () => {
        await expect(system.ecs.executeCommand(make())).rejects.toMatchObject({
          name,
          message: expect.stringMatching(message),
        });
      });
    }

    it('a task that has stopped', async () => {
      const task = await runReady();
      await system.ecs.stopTask({ task });
      await system.until(
        'the task to stop',
        async () => (await describeTask(task))?.lastStatus === 'STOPPED',
      );
      await expect(system.ecs.executeCommand({ ...input, task })).rejects.toMatchObject({
        name: 'InvalidParameterException',
        message: expect.stringMatching(notEnabled),
      });
    });

    it('a task whose agent is not connected', async () => {
      const task = await runReady();
      await system.machine(0).close();
      await system.until('the agent to be gone', () =>
        system.ecs.executeCommand({ ...input, task }).then(
          () => undefined,
          (error: Error) => error.name === 'TargetNotConnectedException',
        ),
      );
    });
  });
});
