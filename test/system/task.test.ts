import { join } from 'node:path';
import { waitUntilTasksRunning, waitUntilTasksStopped } from '@aws-sdk/client-ecs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSqliteStore } from '../../src/store/index.ts';
import { temporaryDirectory } from './directory.ts';
import { quickly, type System, type SystemOptions, startSystem } from './system.ts';

async function started(options: Partial<SystemOptions> = {}): Promise<System> {
  const system = await startSystem({ seed: 1, ...options });
  onTestFinished(() => system[Symbol.asyncDispose]());
  return system;
}

describe('a task', () => {
  it('is described as ECS describes it, from RunTask to STOPPED', async () => {
    const system = await started();
    const { ecs } = system;
    const definition = await system.define('web', { portMappings: [{ containerPort: 80 }] });
    const { tasks = [], failures } = await ecs.runTask({ taskDefinition: 'web', startedBy: 'me' });
    expect(failures).toEqual([]);
    const [accepted] = tasks;
    const taskArn = accepted?.taskArn ?? '';
    expect(taskArn).toMatch(new RegExp(`^${system.arn('task/default/')}[0-9a-f]{32}$`));
    expect(accepted).toMatchObject({ lastStatus: 'PENDING', desiredStatus: 'RUNNING', version: 1 });
    expect(accepted).not.toHaveProperty('startedAt');

    await waitUntilTasksRunning({ client: ecs, ...quickly }, { tasks: [taskArn] });
    const described = await ecs.describeTasks({ tasks: [taskArn] });
    const running = described.tasks?.[0];
    expect(described.failures).toEqual([]);
    expect(running).toMatchObject({
      taskArn,
      taskDefinitionArn: definition,
      clusterArn: system.arn('cluster/default'),
      attachments: [],
      attributes: [{ name: 'ecs.cpu-architecture', value: expect.any(String) }],
      connectivity: 'CONNECTED',
      cpu: '64',
      memory: '64',
      enableExecuteCommand: false,
      group: 'family:web',
      healthStatus: 'UNKNOWN',
      lastStatus: 'RUNNING',
      launchType: 'EC2',
      overrides: { containerOverrides: [{ name: 'app' }] },
      startedBy: 'me',
    });
    expect(running).not.toHaveProperty('tags');
    expect(running).not.toHaveProperty('stopCode');
    expect(running).not.toHaveProperty('capacityProviderName');
    const [container] = running?.containers ?? [];
    const [inEngine] = system.machine(0).containersOf(taskArn);
    expect(container).toMatchObject({
      taskArn,
      name: 'app',
      image: 'app:1',
      imageDigest: 'sha256:app:1',
      lastStatus: 'RUNNING',
      cpu: '64',
      memory: '64',
      networkBindings: [{ bindIP: '127.0.0.1', containerPort: 80, protocol: 'tcp' }],
      networkInterfaces: [],
      runtimeId: inEngine?.runtimeId,
    });
    expect(container).not.toHaveProperty('exitCode');
    expect(container?.networkBindings?.[0]?.hostPort).toBe(inEngine?.view().ports[0]?.hostPort);

    await ecs.stopTask({ task: taskArn, reason: 'enough' });
    await waitUntilTasksStopped({ client: ecs, ...quickly }, { tasks: [taskArn] });
    const stopped = (await ecs.describeTasks({ tasks: [taskArn], include: ['TAGS'] })).tasks?.[0];
    expect(stopped).toMatchObject({
      desiredStatus: 'STOPPED',
      stopCode: 'UserInitiated',
      stoppedReason: 'enough',
      tags: [],
      containers: [{ lastStatus: 'STOPPED', exitCode: 143 }],
    });
    expect(stopped?.version).toBeGreaterThan(running?.version ?? 0);
    const { createdAt, pullStartedAt, pullStoppedAt, startedAt, stoppedAt } = stopped ?? {};
    const moments = [createdAt, pullStartedAt, pullStoppedAt, startedAt, stoppedAt].map((moment) =>
      moment?.getTime(),
    );
    expect(moments).toEqual([...moments].sort((one, other) => Number(one) - Number(other)));
    expect(system.runningContainers()).toEqual([]);

    // Stopping again succeeds, and changes nothing.
    const again = await ecs.stopTask({ task: taskArn, reason: 'more than enough' });
    expect(again.task).toMatchObject({ stoppedReason: 'enough', version: stopped?.version });
  });

  it('reserves its CPU, memory and ports until it is STOPPED', async () => {
    const system = await started();
    const { ecs } = system;
    await system.define('web', {
      portMappings: [{ containerPort: 80, hostPort: 8080 }],
      memoryReservation: 32,
    });
    const remaining = async () => {
      const { containerInstances } = await system.instances();
      const resources = containerInstances[0]?.remainingResources ?? [];
      return Object.fromEntries(
        resources.map((each) => [
          each.name,
          each.type === 'STRINGSET' ? each.stringSetValue : each.integerValue,
        ]),
      );
    };
    const before = await remaining();
    expect(before).toMatchObject({ CPU: 2048, MEMORY: 4096, PORTS: ['22'] });
    const taskArn = (await ecs.runTask({ taskDefinition: 'web' })).tasks?.[0]?.taskArn ?? '';
    expect(await remaining()).toMatchObject({ CPU: 1984, MEMORY: 4064, PORTS: ['22', '8080'] });

    const second = await ecs.runTask({ taskDefinition: 'web' });
    expect(second).toMatchObject({ tasks: [], failures: [{ reason: 'RESOURCE:PORTS' }] });
    expect(second.failures?.[0]?.arn).toBe(
      (await system.instances()).containerInstances[0]?.containerInstanceArn,
    );

    await ecs.stopTask({ task: taskArn });
    await waitUntilTasksStopped({ client: ecs, ...quickly }, { tasks: [taskArn] });
    expect(await remaining()).toEqual(before);
  });

  it('ends with the exit code of its essential container', async () => {
    const system = await started();
    await system.define('job', { command: ['exit', '3', '50'] });
    const taskArn = (await system.ecs.runTask({ taskDefinition: 'job' })).tasks?.[0]?.taskArn ?? '';
    await waitUntilTasksStopped({ client: system.ecs, ...quickly }, { tasks: [taskArn] });
    const { tasks = [] } = await system.ecs.describeTasks({ tasks: [taskArn] });
    expect(tasks[0]).toMatchObject({
      desiredStatus: 'STOPPED',
      stopCode: 'EssentialContainerExited',
      stoppedReason: 'Essential container in task exited',
      containers: [{ exitCode: 3 }],
    });
    expect(await system.ecs.listTasks({})).toMatchObject({ taskArns: [] });
    expect(await system.ecs.listTasks({ desiredStatus: 'STOPPED' })).toMatchObject({ taskArns: [taskArn] });
  });

  it.each([
    [{ image: 'nowhere' }, /^CannotPullContainerError: /],
    [{ command: ['fail', 'no', 'such', 'file'] }, /^CannotStartContainerError: .*no such file/],
  ])('that cannot start says why: %j', async (container, reason) => {
    const system = await started();
    await system.define('broken', container);
    const taskArn = (await system.ecs.runTask({ taskDefinition: 'broken' })).tasks?.[0]?.taskArn ?? '';
    await waitUntilTasksStopped({ client: system.ecs, ...quickly }, { tasks: [taskArn] });
    const task = (await system.ecs.describeTasks({ tasks: [taskArn] })).tasks?.[0];
    expect(task?.stopCode).toBe('TaskFailedToStart');
    expect(task?.containers?.[0]?.reason).toMatch(reason);
    expect(task).not.toHaveProperty('startedAt');
  });

  it('runs on a store on disk, which another start finds as it was', async () => {
    const directory = temporaryDirectory();
    const system = await started({
      openStore: (clock) => openSqliteStore({ directory: join(directory, 's'), clock }),
    });
    await system.define('web');
    const { tasks = [] } = await system.ecs.runTask({ taskDefinition: 'web', count: 3 });
    const arns = tasks.map(({ taskArn = '' }) => taskArn);
    await waitUntilTasksRunning({ client: system.ecs, ...quickly }, { tasks: arns });
    await system.restartControlPlane();
    expect((await system.tasks()).map(({ taskArn }) => taskArn).sort()).toEqual([...arns].sort());
    for (const task of arns) await system.ecs.stopTask({ task });
    await waitUntilTasksStopped({ client: system.ecs, ...quickly }, { tasks: arns });
    expect(system.runningContainers()).toEqual([]);
  });
});

describe('RunTask', () => {
  it('starts tasks once for a client token, and refuses the token for anything else', async () => {
    const system = await started();
    await system.define('web');
    const request = { taskDefinition: 'web', count: 2, clientToken: 'once' };
    const first = await system.ecs.runTask(request);
    const arns = first.tasks?.map(({ taskArn }) => taskArn);
    expect(arns).toHaveLength(2);
    await system.killControlPlane();
    const second = await system.ecs.runTask(request);
    expect(second.tasks?.map(({ taskArn }) => taskArn)).toEqual(arns);
    await expect(system.ecs.runTask({ ...request, count: 3 })).rejects.toMatchObject({
      name: 'ConflictException',
      resourceIds: arns,
    });
    expect(await system.tasks()).toHaveLength(2);
  });

  it('places what fits, and says for the rest why not', async () => {
    const system = await started({ instances: 2 });
    await system.define('large', { cpu: 1500, memory: 64 });
    const { tasks = [], failures = [] } = await system.ecs.runTask({ taskDefinition: 'large', count: 4 });
    expect(tasks).toHaveLength(2);
    expect(new Set(tasks.map(({ containerInstanceArn }) => containerInstanceArn)).size).toBe(2);
    expect(failures.map(({ reason }) => reason)).toContain('RESOURCE:CPU');
  });

  it('refuses where there are no instances', async () => {
    const system = await started({ instances: 0 });
    await system.define('web');
    await expect(system.ecs.runTask({ taskDefinition: 'web' })).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: 'No Container Instances were found in your cluster.',
    });
  });
});

describe('the logs of a task', () => {
  it('arrive in CloudWatch Logs', async () => {
    const system = await started();
    await system.logs.createLogGroup({ logGroupName: '/app' });
    await system.define('talker', {
      command: ['print', 'hello', 'world'],
      logConfiguration: {
        logDriver: 'awslogs',
        options: { 'awslogs-group': '/app', 'awslogs-region': 'eu-west-1', 'awslogs-stream-prefix': 's' },
      },
    });
    const taskArn = (await system.ecs.runTask({ taskDefinition: 'talker' })).tasks?.[0]?.taskArn ?? '';
    const events = await system.until('the line', async () => {
      const page = await system.logs.filterLogEvents({ logGroupName: '/app' });
      return page.events?.length === 1 && page.events;
    });
    expect(events).toMatchObject([
      { message: 'hello world', logStreamName: `s/app/${taskArn.split('/').at(-1)}` },
    ]);
  });
});
