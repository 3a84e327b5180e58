import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AcsContainer, AcsTask } from '../protocols/index.ts';
import { openStateFile, type StateFile } from './state/state-file.ts';
import { SimulatedMachine } from './testing/simulated-machine.ts';
import { TestInstance } from './testing/test-instance.ts';

let instance: TestInstance;

beforeEach(async () => {
  instance = await TestInstance.open();
});

afterEach(() => instance[Symbol.asyncDispose]());

describe('an agent', () => {
  test('registers with resources and attributes, and connects as the official agent does', async () => {
    const agent = await instance.start();
    expect(agent.containerInstanceArn).toBe(instance.plane.instanceArn);
    await instance.until('both links', () => instance.plane.connections.length >= 2);
    const [registration] = instance.plane.registrations;
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
    expect(registration?.optionalString('clientToken')).toMatch(/^[0-9a-f-]{36}$/);
    const attributes = registration?.list('attributes', (attribute) => attribute.string('name')) ?? [];
    expect(attributes).toEqual(expect.arrayContaining(['rack', 'ecs.capability.task-eni', 'ecs.os-type']));
    const acs = instance.plane.connections.find((url) => url.pathname === '/acs/ws');
    expect(Object.fromEntries(acs?.searchParams ?? [])).toMatchObject({
      clusterArn: 'default',
      containerInstanceArn: instance.plane.instanceArn,
      dockerVersion: 'DockerVersion: 1',
      protocolVersion: '2',
      sendCredentials: 'true',
      seqNum: '1',
    });
    await instance.until('connected', () => agent.status().acs.state === 'connected');
  });

  test('registers as the same instance again, without its custom attributes', async () => {
    const first = await instance.start();
    await first.close();
    await instance.start();
    expect(instance.plane.registrations.map((input) => input.optionalString('containerInstanceArn'))).toEqual(
      [undefined, instance.plane.instanceArn],
    );
    expect(
      instance.plane.registrations[1]?.list('attributes', (attribute) => attribute.string('name')),
    ).not.toContain('rack');
  });

  test('tells its availability zone at every registration', async () => {
    const options = {
      instance: {
        id: 'i-1',
        availabilityZone: 'eu-west-1c',
        resources: { cpuUnits: 1024, memoryMiB: 1024, reservedTcpPorts: [], reservedUdpPorts: [] },
        address: '127.0.0.1',
      },
    };
    await (await instance.start(options)).close();
    await instance.start(options);
    const documents = instance.plane.registrations.map((input) => input.string('instanceIdentityDocument'));
    expect(documents).toEqual(
      Array(2).fill('{"availabilityZone":"eu-west-1c","instanceId":"i-1","privateIp":"127.0.0.1"}'),
    );
  });

  test('does not share its state directory', async () => {
    await instance.start();
    await expect(instance.start()).rejects.toThrow('is in use by another agent');
  });

  test('runs a task and reports it with its ports', async () => {
    await instance.start();
    const web = instance.task({ name: 'app', portMappings: [{ containerPort: 80 }] });
    instance.plane.want(web);
    await instance.untilStatus(web.arn, 'RUNNING');
    const app = instance.machine.container(web.arn, 'app');
    expect(instance.plane.lastSubmission(web.arn)?.containers).toEqual([
      expect.objectContaining({
        name: 'app',
        status: 'RUNNING',
        runtimeId: app.runtimeId,
        ports: [app.view().ports[0]?.hostPort],
      }),
    ]);
    expect(instance.acknowledged).toHaveLength(1);
    expect(instance.plane.submissions).toHaveLength(1);
  });

  test('stops it when told so, dependents first, and reports exit codes', async () => {
    await instance.start();
    const web = instance.task(
      { name: 'db' },
      { name: 'app', dependsOn: [{ containerName: 'db', condition: 'START' }] },
    );
    instance.plane.want(web);
    await instance.untilStatus(web.arn, 'RUNNING');
    instance.plane.want({ ...web, desiredStatus: 'STOPPED' });
    await instance.untilStatus(web.arn, 'STOPPED');
    expect(
      instance.plane.lastSubmission(web.arn)?.containers.map(({ name, exitCode }) => [name, exitCode]),
    ).toEqual([
      ['db', 143],
      ['app', 143],
    ]);
    expect(instance.machine.containers).toHaveLength(2);
  });

  test('has a task’s end on disk for good before the control plane hears of it', async () => {
    const task = instance.task({ name: 'app', command: ['exit', '0'] });
    const toldWhenSaved: boolean[] = [];
    const openRecorded = (directory: string): StateFile => {
      const file = openStateFile(directory);
      const save = file.saveProgress.bind(file);
      file.saveProgress = (taskArn, progress, isDurable) => {
        save(taskArn, progress, isDurable);
        if (isDurable && progress.isReleased)
          toldWhenSaved.push(instance.plane.statusesOf(task.arn).includes('STOPPED'));
      };
      return file;
    };
    await instance.start({ seams: { openStateFile: openRecorded } });
    instance.plane.want(task);
    await instance.untilStatus(task.arn, 'STOPPED');
    expect(toldWhenSaved).toEqual([false]);
  });

  test('tells RUNNING and then STOPPED of a task that is over at once', async () => {
    await instance.start();
    const job = instance.task({ name: 'job', command: ['exit', '3'] });
    instance.plane.want(job);
    await instance.untilStatus(job.arn, 'STOPPED');
    expect(instance.plane.statusesOf(job.arn)).toEqual(['RUNNING', 'STOPPED']);
    expect(instance.plane.lastSubmission(job.arn)?.containers[0]).toMatchObject({
      status: 'STOPPED',
      exitCode: 3,
    });
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
    await instance.start();
    const bad = instance.task({ name: 'side', essential: false }, { name: 'app', ...container });
    instance.plane.want(bad);
    await instance.untilStatus(bad.arn, 'STOPPED');
    const stopped = instance.plane.lastSubmission(bad.arn);
    expect(stopped?.reason).toBe(reason);
    expect(stopped?.containers.find(({ name }) => name === 'app')).toMatchObject({
      status: 'STOPPED',
      reason,
    });
  });

  test('reports memory that ran out in ECS’s words', async () => {
    await instance.start();
    const web = instance.task({ name: 'app', command: ['oom'] });
    instance.plane.want(web);
    await instance.untilStatus(web.arn, 'STOPPED');
    expect(instance.plane.lastSubmission(web.arn)?.containers[0]).toMatchObject({
      exitCode: 137,
      reason: 'OutOfMemoryError: Container killed due to memory usage',
    });
  });

  test('starts a container when another has completed, and one when another is healthy', async () => {
    await instance.start();
    const health = {
      version: '1.17',
      config: JSON.stringify({ Healthcheck: { Test: ['CMD', 'true'], Interval: 2e7 } }),
      hostConfig: '{}',
    };
    const web = instance.task(
      { name: 'init', essential: false, command: ['exit', '0'] },
      {
        name: 'db',
        command: ['healthy-when-told'],
        dependsOn: [{ containerName: 'init', condition: 'SUCCESS' }],
        healthCheckType: 'docker',
        dockerConfig: health,
      },
      { name: 'app', dependsOn: [{ containerName: 'db', condition: 'HEALTHY' }] },
    );
    instance.plane.want(web);
    await instance.until('db', () => instance.machine.runningNames(web.arn).includes('db'));
    expect(instance.machine.runningNames(web.arn)).toEqual(['db']);
    instance.machine.isHealthy = true;
    await instance.untilStatus(web.arn, 'RUNNING');
    await instance.until('health over TCS', () =>
      instance.plane.received.some(
        ({ type, message }) =>
          type === 'PublishHealthRequest' && JSON.stringify(message.raw('tasks')).includes('"HEALTHY"'),
      ),
    );
  });

  test('cancels a pull under way when the task is stopped', async () => {
    instance.machine = new SimulatedMachine(instance.clock, {
      pullImage: { p50Ms: 600_000, p99Ms: 600_000 },
    });
    await instance.start();
    const slow = instance.task({ name: 'app' });
    instance.plane.want(slow);
    await instance.until('the pull', () => instance.machine.engine.sandboxes({}).length === 1);
    instance.plane.want({ ...slow, desiredStatus: 'STOPPED' });
    await instance.untilStatus(slow.arn, 'STOPPED');
    expect(instance.plane.statusesOf(slow.arn)).toEqual(['STOPPED']);
  });

  test('starts wait for the stops that came with them', async () => {
    await instance.start();
    const old = instance.task({ name: 'app' });
    instance.plane.want(old);
    await instance.untilStatus(old.arn, 'RUNNING');
    const young = instance.task({ name: 'app' });
    instance.plane.want({ ...old, desiredStatus: 'STOPPED' }, young);
    await instance.untilStatus(young.arn, 'RUNNING');
    expect(instance.machine.runningNames(old.arn)).toEqual([]);
    await instance.untilStatus(old.arn, 'STOPPED');
  });

  test('keeps the remains of the last stopped tasks only, however long the wait', async () => {
    const agent = await instance.start({ settings: { stoppedTasksKept: 2 } });
    const jobs = Array.from({ length: 6 }, () => instance.task({ name: 'job', command: ['exit', '0'] }));
    for (const job of jobs) {
      instance.plane.want(job);
      await instance.untilStatus(job.arn, 'STOPPED');
    }
    await instance.until(
      'two left',
      () => agent.status().tasks.stopped === 2 && instance.machine.containers.length === 2,
      () => [agent.status(), instance.machine.containers],
    );
    const left = jobs.filter(({ arn }) => instance.machine.ofTask(arn).size > 0);
    expect(left).toEqual(jobs.slice(-2));
  });

  test('removes the remains of a stopped task after the wait, and does not start it again', async () => {
    await instance.start({ settings: { taskCleanupWaitMs: 0 } });
    const job = instance.task({ name: 'job', command: ['exit', '0'] });
    instance.plane.want(job);
    await instance.untilStatus(job.arn, 'STOPPED');
    await instance.until(
      'removal',
      () => instance.machine.containers.length === 0 && instance.machine.engine.sandboxes({}).length === 0,
      () => instance.machine.containers,
    );
    instance.plane.want(job);
    await instance.until('acknowledgement', () => instance.acknowledged.length === 2);
    await instance.until(
      'another STOPPED',
      () => instance.plane.submissions.filter(({ status }) => status === 'STOPPED').length === 2,
    );
    expect(instance.machine.containers).toEqual([]);
  });
});

describe('when the engine is away, an agent', () => {
  test('finds out what it missed', async () => {
    await instance.start();
    const web = instance.task({ name: 'app' });
    instance.plane.want(web);
    await instance.untilStatus(web.arn, 'RUNNING');
    instance.machine.unseen(() => instance.machine.container(web.arn, 'app').kill());
    await instance.untilStatus(web.arn, 'STOPPED');
    expect(instance.plane.lastSubmission(web.arn)?.containers[0]?.exitCode).toBe(137);
  });

  test('reports a container that somebody removed', async () => {
    await instance.start();
    const web = instance.task({ name: 'app' });
    instance.plane.want(web);
    await instance.untilStatus(web.arn, 'RUNNING');
    instance.machine.unseen(() =>
      instance.machine.engine.removeContainer(instance.machine.container(web.arn, 'app').spec.name),
    );
    await instance.untilStatus(web.arn, 'STOPPED');
    expect(instance.plane.lastSubmission(web.arn)?.containers[0]?.reason).toMatch(/^ContainerVanishedError/);
  });
});

describe('under faults, an agent', () => {
  test('brings every task to RUNNING or STOPPED, and leaves nothing behind that is neither', async () => {
    instance.machine = new SimulatedMachine(
      instance.clock,
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
    const agent = await instance.start();
    const tasks = Array.from({ length: 40 }, (_, index) =>
      instance.task(
        { name: 'app', command: index % 4 === 0 ? ['exit', '1', String(index * 10)] : ['run'] },
        { name: 'side', essential: false },
      ),
    );
    for (const each of tasks) {
      instance.plane.want(each);
      await instance.clock.sleep(10);
    }
    const isSettled = ({ arn }: AcsTask): boolean => {
      const status = instance.plane.lastSubmission(arn)?.status;
      return (
        status === 'STOPPED' || (status === 'RUNNING' && instance.machine.runningNames(arn).includes('app'))
      );
    };
    await instance.until(
      'all settled',
      () => tasks.every(isSettled),
      () =>
        tasks.filter((each) => !isSettled(each)).map(({ arn }) => instance.plane.lastSubmission(arn) ?? arn),
    );
    await instance.until(
      'all reported',
      () => agent.status().reportsPending === 0,
      () => agent.status(),
    );
    for (const { arn } of tasks) {
      const last = instance.plane.lastSubmission(arn);
      if (last?.status !== 'STOPPED') continue;
      expect(instance.machine.runningNames(arn)).toEqual([]);
      const [app] = last.containers.filter(({ name }) => name === 'app');
      expect(app?.exitCode ?? app?.reason ?? last.reason).toBeDefined();
    }
    expect(instance.plane.submissions.some(({ status }) => status === 'STOPPED')).toBe(true);
    expect(instance.plane.submissions.some(({ status }) => status === 'RUNNING')).toBe(true);
  });
});
