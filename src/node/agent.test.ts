import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seededRandom, systemClock } from '../clock/index.ts';
import { recordingLog } from '../log.ts';
import type { AcsContainer, AcsTask } from '../protocols/index.ts';
import { type Agent, type AgentOptions, startAgent } from './index.ts';
import { ScriptedControlPlane } from './scripted-control-plane.ts';
import { SimulatedMachine } from './simulated-machine.ts';

const clock = systemClock();
let directory: string;
let plane: ScriptedControlPlane;
let machine: SimulatedMachine;
let log = recordingLog();
const agents: Agent[] = [];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'agent-'));
  plane = await ScriptedControlPlane.start();
  machine = new SimulatedMachine(clock);
  log = recordingLog();
});

afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.close()));
  await plane[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

async function start(overrides: Partial<AgentOptions> = {}): Promise<Agent> {
  const agent = await startAgent({
    endpoint: plane.endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKID', secretAccessKey: 'secret' },
    cluster: 'default',
    instance: {
      id: 'i-1',
      attributes: { rack: 'r1' },
      resources: { cpuUnits: 2048, memoryMiB: 4096, reservedTcpPorts: [22], reservedUdpPorts: [] },
      address: '127.0.0.1',
    },
    stateDirectory: directory,
    runtime: machine.runtime,
    clock,
    random: seededRandom(2),
    log,
    logs: { endpoint: plane.endpoint },
    settings: { logFlushIntervalMs: 10 },
    ...overrides,
  });
  agents.push(agent);
  return agent;
}

let tasksMade = 0;
function task(...containers: readonly (Partial<AcsContainer> & { name: string })[]): AcsTask {
  tasksMade += 1;
  return {
    arn: `${plane.clusterArn.replace(':cluster/', ':task/')}/${String(tasksMade).padStart(32, '0')}`,
    family: 'web',
    version: '1',
    desiredStatus: 'RUNNING',
    taskClusterArn: plane.clusterArn,
    containers: containers.map((container) => ({
      containerArn: `arn:container/${container.name}`,
      image: 'demo',
      essential: true,
      cpu: 0,
      dockerConfig: { version: '1.17', config: '{}', hostConfig: '{}' },
      ...container,
    })),
  };
}

async function until(
  what: string,
  holds: () => boolean,
  seen: () => unknown = () => plane.submissions,
): Promise<void> {
  const deadlineMs = clock.monotonic() + 5_000;
  while (!holds()) {
    if (clock.monotonic() > deadlineMs) {
      throw new Error(
        `Not seen: ${what}; instead: ${JSON.stringify(seen())}\nlog: ${JSON.stringify(log.lines.slice(-5))}`,
      );
    }
    await clock.sleep(5);
  }
}

const untilStatus = (arn: string, status: string) =>
  until(`${status} of ${arn}`, () => plane.statusesOf(arn).includes(status));
const acks = () =>
  plane.received
    .filter(({ type }) => type === 'AckRequest')
    .map(({ message }) => message.string('messageId'));

describe('an agent', () => {
  test('registers with resources and attributes, and connects as the official agent does', async () => {
    const agent = await start();
    expect(agent.containerInstanceArn).toBe(plane.instanceArn);
    await until('both links', () => plane.connections.length === 2);
    const [registration] = plane.registrations;
    expect(
      registration?.list('totalResources', (resource) => [
        resource.string('name'),
        resource.raw('integerValue') ?? resource.raw('stringSetValue'),
      ]),
    ).toEqual([
      ['CPU', 2048],
      ['MEMORY', 4096],
      ['PORTS', ['22']],
      ['PORTS_UDP', []],
    ]);
    const attributes = registration?.list('attributes', (attribute) => attribute.string('name')) ?? [];
    expect(attributes).toEqual(expect.arrayContaining(['rack', 'ecs.capability.task-eni', 'ecs.os-type']));
    const acs = plane.connections.find((url) => url.pathname === '/acs/ws');
    expect(Object.fromEntries(acs?.searchParams ?? [])).toMatchObject({
      clusterArn: 'default',
      containerInstanceArn: plane.instanceArn,
      dockerVersion: 'DockerVersion: 1',
      protocolVersion: '2',
      sendCredentials: 'true',
      seqNum: '1',
    });
    await until('connected', () => agent.status().acs.state === 'connected');
  });

  test('registers as the same instance again, without its custom attributes', async () => {
    const first = await start();
    await first.close();
    await start();
    expect(plane.registrations.map((input) => input.optionalString('containerInstanceArn'))).toEqual([
      undefined,
      plane.instanceArn,
    ]);
    expect(plane.registrations[1]?.list('attributes', (attribute) => attribute.string('name'))).not.toContain(
      'rack',
    );
  });

  test('does not share its state directory', async () => {
    await start();
    await expect(start()).rejects.toThrow('is in use by another agent');
  });

  test('runs a task and reports it with its ports', async () => {
    await start();
    const web = task({ name: 'app', portMappings: [{ containerPort: 80 }] });
    plane.want(web);
    await untilStatus(web.arn, 'RUNNING');
    const app = machine.container(web.arn, 'app');
    expect(plane.lastSubmission(web.arn)?.containers).toEqual([
      expect.objectContaining({
        name: 'app',
        status: 'RUNNING',
        runtimeId: app.runtimeId,
        ports: [app.view().ports[0]?.hostPort],
      }),
    ]);
    expect(acks()).toHaveLength(1);
    expect(plane.submissions).toHaveLength(1);
  });

  test('stops it when told so, dependents first, and reports exit codes', async () => {
    await start();
    const web = task(
      { name: 'db' },
      { name: 'app', dependsOn: [{ containerName: 'db', condition: 'START' }] },
    );
    plane.want(web);
    await untilStatus(web.arn, 'RUNNING');
    plane.want({ ...web, desiredStatus: 'STOPPED' });
    await untilStatus(web.arn, 'STOPPED');
    expect(plane.lastSubmission(web.arn)?.containers.map(({ name, exitCode }) => [name, exitCode])).toEqual([
      ['db', 143],
      ['app', 143],
    ]);
    expect(machine.containers).toHaveLength(2);
  });

  test('tells RUNNING and then STOPPED of a task that is over at once', async () => {
    await start();
    const job = task({ name: 'job', command: ['exit', '3'] });
    plane.want(job);
    await untilStatus(job.arn, 'STOPPED');
    expect(plane.statusesOf(job.arn)).toEqual(['RUNNING', 'STOPPED']);
    expect(plane.lastSubmission(job.arn)?.containers[0]).toMatchObject({ status: 'STOPPED', exitCode: 3 });
  });

  test.each<[string, Partial<AcsContainer>, string]>([
    [
      'an image that can’t be had',
      { image: 'nowhere' },
      'CannotPullContainerError: pull access denied for nowhere, repository does not exist',
    ],
    [
      'a command that can’t be started',
      { command: ['fail', 'no', 'such', 'file'] },
      'CannotStartContainerError: no such file',
    ],
  ])('reports %s and stops the task', async (_name, container, reason) => {
    await start();
    const bad = task({ name: 'side', essential: false }, { name: 'app', ...container });
    plane.want(bad);
    await untilStatus(bad.arn, 'STOPPED');
    const stopped = plane.lastSubmission(bad.arn);
    expect(stopped?.reason).toBe(reason);
    expect(stopped?.containers.find(({ name }) => name === 'app')).toMatchObject({
      status: 'STOPPED',
      reason,
    });
  });

  test('reports memory that ran out in ECS’s words', async () => {
    await start();
    const web = task({ name: 'app', command: ['oom'] });
    plane.want(web);
    await untilStatus(web.arn, 'STOPPED');
    expect(plane.lastSubmission(web.arn)?.containers[0]).toMatchObject({
      exitCode: 137,
      reason: 'OutOfMemoryError: Container killed due to memory usage',
    });
  });

  test('starts a container when another has completed, and one when another is healthy', async () => {
    await start();
    const health = {
      version: '1.17',
      config: JSON.stringify({ Healthcheck: { Test: ['CMD', 'true'], Interval: 2e7 } }),
      hostConfig: '{}',
    };
    const web = task(
      { name: 'init', essential: false, command: ['exit', '0'] },
      {
        name: 'db',
        command: ['healthy-after', '2'],
        dependsOn: [{ containerName: 'init', condition: 'SUCCESS' }],
        healthCheckType: 'docker',
        dockerConfig: health,
      },
      { name: 'app', dependsOn: [{ containerName: 'db', condition: 'HEALTHY' }] },
    );
    plane.want(web);
    await until('db', () => machine.runningNames(web.arn).includes('db'));
    expect(machine.runningNames(web.arn)).toEqual(['db']);
    await untilStatus(web.arn, 'RUNNING');
    await until('health over TCS', () =>
      plane.received.some(
        ({ type, message }) =>
          type === 'PublishHealthRequest' && JSON.stringify(message.raw('tasks')).includes('"HEALTHY"'),
      ),
    );
  });

  test('cancels a pull under way when the task is stopped', async () => {
    machine = new SimulatedMachine(clock, { pullImage: { p50Ms: 60_000, p99Ms: 60_000 } });
    await start();
    const slow = task({ name: 'app' });
    plane.want(slow);
    await until('the pull', () => machine.engine.sandboxes({}).length === 1);
    plane.want({ ...slow, desiredStatus: 'STOPPED' });
    await untilStatus(slow.arn, 'STOPPED');
    expect(plane.statusesOf(slow.arn)).toEqual(['STOPPED']);
  });

  test('starts wait for the stops that came with them', async () => {
    await start();
    const old = task({ name: 'app' });
    plane.want(old);
    await untilStatus(old.arn, 'RUNNING');
    const young = task({ name: 'app' });
    plane.want({ ...old, desiredStatus: 'STOPPED' }, young);
    await untilStatus(young.arn, 'RUNNING');
    const order = plane.submissions.map(
      ({ task: arn, status }) => `${arn === old.arn ? 'old' : 'young'} ${status}`,
    );
    expect(order).toContain('old STOPPED');
    expect(machine.runningNames(old.arn)).toEqual([]);
  });

  test('removes the remains of a stopped task after the wait, and does not start it again', async () => {
    await start({ settings: { taskCleanupWaitMs: 0 } });
    const job = task({ name: 'job', command: ['exit', '0'] });
    plane.want(job);
    await untilStatus(job.arn, 'STOPPED');
    await until(
      'removal',
      () => machine.containers.length === 0 && machine.engine.sandboxes({}).length === 0,
      () => machine.containers,
    );
    plane.want(job);
    await until('acknowledgement', () => acks().length === 2);
    await until(
      'another STOPPED',
      () => plane.submissions.filter(({ status }) => status === 'STOPPED').length === 2,
    );
    expect(machine.containers).toEqual([]);
  });
});

describe('over ACS, an agent', () => {
  test('acknowledges heartbeats', async () => {
    const agent = await start();
    await until('connected', () => agent.status().acs.state === 'connected');
    plane.send('HeartbeatMessage', { messageId: 'h-1', healthy: true });
    await until('the answer', () =>
      plane.received.some(
        ({ type, message }) => type === 'HeartbeatAckRequest' && message.string('messageId') === 'h-1',
      ),
    );
  });

  test('reports a task that it cannot run and withholds the acknowledgement', async () => {
    await start();
    const odd = { ...task({ name: 'app', links: ['nobody'] }) };
    plane.want(odd);
    await untilStatus(odd.arn, 'STOPPED');
    expect(plane.lastSubmission(odd.arn)?.reason).toMatch(/^UnrecognizedTask: .*'nobody'/);
    expect(acks()).toEqual([]);
  });

  test('lets no message end it', async () => {
    const agent = await start();
    await until('connected', () => agent.status().acs.state === 'connected');
    for (const text of [
      '{',
      '[]',
      '{"type":"PayloadMessage","message":{}}',
      '{"type":"Nonsense","message":{}}',
      '{"type":"constructor","message":{}}',
    ]) {
      plane.sendRaw(text);
    }
    plane.sendRaw(
      '{"type":"PayloadMessage","message":{"messageId":"m","clusterArn":"c","containerInstanceArn":"i","seqNum":1,"tasks":[{"arn":7}]}}',
    );
    const web = task({ name: 'app' });
    plane.want(web);
    await untilStatus(web.arn, 'RUNNING');
    expect(acks()).toHaveLength(1);
  });

  test('asks about tasks missing from a newer manifest, and stops those confirmed', async () => {
    await start();
    const web = task({ name: 'app' });
    plane.want(web);
    await untilStatus(web.arn, 'RUNNING');
    const manifest = {
      clusterArn: plane.clusterArn,
      containerInstanceArn: plane.instanceArn,
      generatedAt: 0,
      tasks: [],
    };
    plane.send('TaskManifestMessage', { ...manifest, messageId: 'old', timeline: 1 });
    plane.send('TaskManifestMessage', { ...manifest, messageId: 'new', timeline: plane.nextSequence() });
    const asked = () => plane.received.filter(({ type }) => type === 'TaskStopVerificationMessage');
    await until('the question', () => asked().length > 0);
    expect(asked().map(({ message }) => message.string('messageId'))).toEqual(['new']);
    expect(acks()).toContain('new');
    expect(acks()).not.toContain('old');
    const stopTasks = [
      { taskArn: web.arn, taskClusterArn: plane.clusterArn, desiredStatus: 'STOPPED' as const },
    ];
    plane.send('TaskStopVerificationAck', { messageId: 'other', generatedAt: 0, stopTasks });
    plane.send('TaskStopVerificationAck', { messageId: 'new', generatedAt: 0, stopTasks });
    await untilStatus(web.arn, 'STOPPED');
  });

  test('comes back after a cut and says what happened meanwhile', async () => {
    const agent = await start();
    const web = task({ name: 'app' });
    plane.want(web);
    await untilStatus(web.arn, 'RUNNING');
    plane.failing.add('SubmitTaskStateChange');
    plane.disconnect();
    machine.container(web.arn, 'app').kill();
    await until('the failure', () => agent.status().reportsPending === 1);
    plane.failing.clear();
    await until('the link', () => plane.connections.filter((url) => url.pathname === '/acs/ws').length >= 2);
    await untilStatus(web.arn, 'STOPPED');
    expect(
      plane.connections.filter((url) => url.pathname === '/acs/ws')[1]?.searchParams.get('sendCredentials'),
    ).toBe('false');
  });

  test('waits long when its instance is inactive', async () => {
    plane.refusedUpgrades.push(
      { status: 400, body: '{"InactiveInstanceException":"gone"}' },
      { status: 400, body: '{"InactiveInstanceException":"gone"}' },
    );
    const agent = await start();
    await until(
      'the refusal',
      () => agent.status().acs.state === 'waiting',
      () => agent.status(),
    );
    expect(agent.status().acs.reason).toBe('InactiveInstanceException: gone');
  });
});

describe('container output', () => {
  const logging = (options: Record<string, string> = {}) => ({
    dockerConfig: {
      version: '1.17',
      config: '{}',
      hostConfig: JSON.stringify({
        LogConfig: {
          Type: 'awslogs',
          Config: { 'awslogs-group': '/app', 'awslogs-stream-prefix': 'web', ...options },
        },
      }),
    },
  });
  const streamOf = (made: AcsTask, container = 'app') =>
    plane.logStreams.get(`/app/web/${container}/${made.arn.split('/').at(-1)}`);

  test('is shipped to its stream, from the first line to the last', async () => {
    await start();
    const web = task({ name: 'app', command: ['print', 'one', 'two', '+30', 'three'], ...logging() });
    plane.want(web);
    await until(
      'the lines',
      () => streamOf(web)?.length === 3,
      () => [...plane.logStreams],
    );
    expect(streamOf(web)).toEqual(['one', 'two', 'three']);
  });

  test('goes on after a restart of the agent where the last one left off', async () => {
    const first = await start();
    const web = task({
      name: 'app',
      command: ['print', 'one', '+300', 'two', '+300', 'three'],
      ...logging(),
    });
    plane.want(web);
    await until('one', () => streamOf(web)?.length === 1);
    await first.close();
    await clock.sleep(350);
    await start();
    await until(
      'the lines',
      () => (streamOf(web)?.length ?? 0) >= 3,
      () => [...plane.logStreams],
    );
    expect(streamOf(web)).toEqual(['one', 'two', 'three']);
  });

  test('waits while CloudWatch Logs is away', async () => {
    await start();
    plane.failing.add('PutLogEvents');
    const web = task({ name: 'app', command: ['print', 'one'], ...logging() });
    plane.want(web);
    await untilStatus(web.arn, 'RUNNING');
    await clock.sleep(50);
    plane.failing.clear();
    await until('the line', () => streamOf(web)?.length === 1);
  });

  test('without its group fails the start as ECS does, and with awslogs-create-group makes it', async () => {
    await start();
    const bad = task({ name: 'app', ...logging({ 'awslogs-group': '/none' }) });
    plane.want(bad);
    await untilStatus(bad.arn, 'STOPPED');
    expect(plane.lastSubmission(bad.arn)?.containers[0]?.reason).toBe(
      'CannotStartContainerError: Error response from daemon: failed to initialize logging driver: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.',
    );
    const good = task({
      name: 'app',
      ...logging({ 'awslogs-group': '/none', 'awslogs-create-group': 'true' }),
    });
    plane.want(good);
    await untilStatus(good.arn, 'RUNNING');
    expect(plane.logGroups).toContain('/none');
  });
});

describe('when the engine is away, an agent', () => {
  test('finds out what it missed', async () => {
    await start();
    const web = task({ name: 'app' });
    plane.want(web);
    await untilStatus(web.arn, 'RUNNING');
    machine.unseen(() => machine.container(web.arn, 'app').kill());
    await untilStatus(web.arn, 'STOPPED');
    expect(plane.lastSubmission(web.arn)?.containers[0]?.exitCode).toBe(137);
  });

  test('reports a container that somebody removed', async () => {
    await start();
    const web = task({ name: 'app' });
    plane.want(web);
    await untilStatus(web.arn, 'RUNNING');
    machine.unseen(() => machine.engine.removeContainer(machine.container(web.arn, 'app').spec.name));
    await untilStatus(web.arn, 'STOPPED');
    expect(plane.lastSubmission(web.arn)?.containers[0]?.reason).toMatch(/^ContainerVanishedError/);
  });
});

describe('under faults, an agent', () => {
  test('brings every task to RUNNING or STOPPED, and leaves nothing behind that is neither', async () => {
    machine = new SimulatedMachine(
      clock,
      {},
      {
        pull: 0.1,
        createSandbox: 0.1,
        createContainer: 0.1,
        start: 0.2,
        outages: [
          { fromMs: 150, forMs: 200 },
          { fromMs: 600, forMs: 100 },
        ],
      },
    );
    const agent = await start();
    const tasks = Array.from({ length: 40 }, (_, index) =>
      task(
        { name: 'app', command: index % 4 === 0 ? ['exit', '1', String(index * 10)] : ['run'] },
        { name: 'side', essential: false },
      ),
    );
    for (const each of tasks) {
      plane.want(each);
      await clock.sleep(10);
    }
    const isSettled = ({ arn }: AcsTask): boolean => {
      const status = plane.lastSubmission(arn)?.status;
      return status === 'STOPPED' || (status === 'RUNNING' && machine.runningNames(arn).includes('app'));
    };
    await until(
      'all settled',
      () => tasks.every(isSettled),
      () => tasks.filter((each) => !isSettled(each)).map(({ arn }) => plane.lastSubmission(arn) ?? arn),
    );
    await until(
      'all reported',
      () => agent.status().reportsPending === 0,
      () => agent.status(),
    );
    for (const { arn } of tasks) {
      const last = plane.lastSubmission(arn);
      if (last?.status !== 'STOPPED') continue;
      expect(machine.runningNames(arn)).toEqual([]);
      const [app] = last.containers.filter(({ name }) => name === 'app');
      expect(app?.exitCode ?? app?.reason ?? last.reason).toBeDefined();
    }
    expect(plane.submissions.some(({ status }) => status === 'STOPPED')).toBe(true);
    expect(plane.submissions.some(({ status }) => status === 'RUNNING')).toBe(true);
  });
});
