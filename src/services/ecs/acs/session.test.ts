import { describe, expect, it } from 'vitest';
import { deregisterContainerInstance } from '../operations/container-instance.ts';
import { runTask } from '../operations/run-task.ts';
import { createService } from '../operations/service.ts';
import { stopTask } from '../operations/task.ts';
import { type ContainerInstanceRecord, containerInstances, tasks } from '../records.ts';
import { applyTaskReport } from '../task-state.ts';
import { type AgentClient, openGateway, type TestGateway, until } from '../testing/agent-client.ts';
import { container, key, openRoom, type TestRoom } from '../testing/room.ts';

const arnPrefix = 'arn:aws:ecs:eu-west-1:123456789012';
const instanceArn = ({ id }: ContainerInstanceRecord) => `${arnPrefix}:container-instance/default/${id}`;
const clusterArn = `${arnPrefix}:cluster/default`;

interface Fleet extends AsyncDisposable {
  readonly room: TestRoom;
  readonly gateway: TestGateway;
  readonly instance: ContainerInstanceRecord;
  connect(query?: Record<string, string>): Promise<AgentClient>;
  run(count?: number): Promise<readonly string[]>;
  now(): ContainerInstanceRecord | undefined;
}

async function openFleet(): Promise<Fleet> {
  const room = await openRoom();
  const gateway = await openGateway(room);
  const instance = await room.addInstance();
  await room.addDefinition({ containerDefinitions: [container({ cpu: 10, memory: 10 })] });
  return {
    room,
    gateway,
    instance,
    connect: (query = {}) =>
      gateway.connect('/acs/ws', {
        agentHash: 'abc',
        agentVersion: '1.105.1',
        clusterArn,
        containerInstanceArn: instanceArn(instance),
        dockerVersion: 'DockerVersion: 27.3.1',
        protocolVersion: '2',
        sendCredentials: 'true',
        seqNum: '1',
        ...query,
      }),
    run: async (count = 1) => {
      const answer = await runTask(room.ecs, { taskDefinition: 'web:1', count }, room.call);
      return (answer.tasks ?? []).map(({ taskArn }) => taskArn ?? '');
    },
    now: () => room.instance(instance.id),
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]();
      await room[Symbol.asyncDispose]();
    },
  };
}

const acknowledge = (agent: AgentClient, { messageId }: { messageId: string }): void =>
  agent.send('AckRequest', { cluster: 'default', containerInstance: 'x', messageId });

describe('an agent that connects', () => {
  it('opens its instance to placement together with the tasks of DAEMON services', async () => {
    await using fleet = await openFleet();
    const { ecs, call } = fleet.room;
    const instanceKey = key(containerInstances, 'default', fleet.instance.id);
    await fleet.room.write((tx) =>
      tx.put(containerInstances, instanceKey, { ...fleet.instance, agentConnected: false }),
    );
    const daemon = { serviceName: 'web', taskDefinition: 'web:1', schedulingStrategy: 'DAEMON' } as const;
    await createService(ecs, daemon, call);
    const groupsWhenOpened: unknown[] = [];
    using _watching = ecs.state.subscribe(containerInstances, ({ before, after }) => {
      if (after?.agentConnected && !before?.agentConnected) groupsWhenOpened.push(after.groups);
    });
    const agent = await fleet.connect();
    const [task] = (await agent.next('PayloadMessage')).tasks;
    expect(task).toMatchObject({ serviceName: 'web', desiredStatus: 'RUNNING' });
    expect(groupsWhenOpened).toEqual([[{ group: 'service:web', tasks: 1 }]]);
  });

  it('is marked connected with its versions, and gets a manifest', async () => {
    await using fleet = await openFleet();
    await fleet.room.write((tx) =>
      tx.put(containerInstances, key(containerInstances, 'default', fleet.instance.id), {
        ...fleet.instance,
        agentConnected: false,
      }),
    );
    const agent = await fleet.connect();
    expect(await agent.next('TaskManifestMessage')).toMatchObject({
      clusterArn,
      containerInstanceArn: instanceArn(fleet.instance),
      messageId: expect.any(String),
      tasks: [],
    });
    expect(fleet.now()).toMatchObject({
      agentConnected: true,
      versionInfo: { agentVersion: '1.105.1', agentHash: 'abc', dockerVersion: 'DockerVersion: 27.3.1' },
    });
  });

  it('is handed every task that is wanted of it, in payloads of ten, and then a manifest with a later timeline', async () => {
    await using fleet = await openFleet();
    const launched = [...(await fleet.run(10)), ...(await fleet.run(2))];
    await stopTask(fleet.room.ecs, { task: launched[0] }, fleet.room.call);
    const agent = await fleet.connect();
    const [first, second] = [await agent.next('PayloadMessage'), await agent.next('PayloadMessage')];
    const sent = [...first.tasks, ...second.tasks];
    expect([first.tasks.length, second.tasks.length]).toEqual([10, 2]);
    expect(sent.map(({ arn }) => arn).sort()).toEqual([...launched].sort());
    expect(sent.find(({ arn }) => arn === launched[0])?.desiredStatus).toBe('STOPPED');
    expect(second.seqNum).toBeGreaterThan(first.seqNum);
    const manifest = await agent.next('TaskManifestMessage');
    expect(manifest.timeline).toBeGreaterThan(second.seqNum);
    expect(manifest.tasks).toContainEqual({
      taskArn: launched[0],
      taskClusterArn: clusterArn,
      desiredStatus: 'STOPPED',
    });
    expect(manifest.tasks).toHaveLength(12);
  });

  it('gets greater numbers than any connection before it', async () => {
    await using fleet = await openFleet();
    await fleet.run();
    const one = await (await fleet.connect()).next('TaskManifestMessage');
    const two = await (await fleet.connect()).next('TaskManifestMessage');
    expect(two.timeline).toBeGreaterThan(one.timeline);
    expect(fleet.now()?.seqNum).toBeGreaterThanOrEqual(two.timeline);
  });

  it('may name the cluster by its bare name', async () => {
    await using fleet = await openFleet();
    await (await fleet.connect({ clusterArn: 'default' })).next('TaskManifestMessage');
  });

  it('replaces the older connection of the same instance, and stays connected', async () => {
    await using fleet = await openFleet();
    const older = await fleet.connect();
    await older.next('TaskManifestMessage');
    const newer = await fleet.connect();
    await newer.next('TaskManifestMessage');
    expect(await older.closed).toMatchObject({ code: 1008 });
    await fleet.room.ecs.clock.advance(60_000);
    expect(fleet.now()?.agentConnected).toBe(true);
  });

  it.each<[string, Record<string, string>, string]>([
    ['an unknown cluster', { clusterArn: 'nope' }, 'InvalidClusterException'],
    [
      'an unknown instance',
      { containerInstanceArn: `${arnPrefix}:container-instance/default/${'f'.repeat(32)}` },
      'InvalidInstanceException',
    ],
    ['no instance', { containerInstanceArn: '' }, 'InvalidParameterException'],
  ])('is refused for %s', async (_, query, code) => {
    await using fleet = await openFleet();
    const { status, body } = await fleet.gateway.refusal('/acs/ws', {
      clusterArn,
      containerInstanceArn: instanceArn(fleet.instance),
      ...query,
    });
    expect(status).toBe(400);
    expect(Object.keys(JSON.parse(body))).toEqual([code]);
  });

  it('is refused, and cut off, when its instance is deregistered', async () => {
    await using fleet = await openFleet();
    const agent = await fleet.connect();
    await agent.next('TaskManifestMessage');
    await deregisterContainerInstance(
      fleet.room.ecs,
      { containerInstance: fleet.instance.id },
      fleet.room.call,
    );
    expect(await agent.closed).toMatchObject({ code: 1008 });
    const query = { clusterArn, containerInstanceArn: instanceArn(fleet.instance) };
    const { body } = await fleet.gateway.refusal('/acs/ws', query);
    expect(Object.keys(JSON.parse(body))).toEqual(['InactiveInstanceException']);
  });
});

describe('an agent that is connected', () => {
  it('hears of a new task with the commit that makes it, and again when it is to stop', async () => {
    await using fleet = await openFleet();
    const agent = await fleet.connect();
    await agent.next('TaskManifestMessage');
    const [arn = ''] = await fleet.run();
    const started = await agent.next('PayloadMessage');
    expect(started.tasks).toEqual([expect.objectContaining({ arn, desiredStatus: 'RUNNING' })]);
    acknowledge(agent, started);

    await stopTask(fleet.room.ecs, { task: arn }, fleet.room.call);
    const stopping = await agent.next('PayloadMessage');
    expect(stopping.tasks).toEqual([expect.objectContaining({ arn, desiredStatus: 'STOPPED' })]);
    expect(stopping.seqNum).toBeGreaterThan(started.seqNum);
    acknowledge(agent, stopping);
    const id = arn.split('/').at(-1) ?? '';
    await until(
      () => fleet.room.task(id)?.lastStatus === 'STOPPING',
      () => fleet.room.task(id),
    );
  });

  it('is not told what it has reported itself', async () => {
    await using fleet = await openFleet();
    const agent = await fleet.connect();
    await agent.next('TaskManifestMessage');
    const [arn = ''] = await fleet.run();
    acknowledge(agent, await agent.next('PayloadMessage'));
    const taskKey = key(tasks, 'default', arn.split('/').at(-1) ?? '');
    await fleet.room.write((tx) => applyTaskReport(tx, taskKey, { status: 'RUNNING', containers: [] }, 1));
    const [other = ''] = await fleet.run();
    expect((await agent.next('PayloadMessage')).tasks).toEqual([expect.objectContaining({ arn: other })]);
  });

  it('gets a payload again until it is acknowledged', async () => {
    await using fleet = await openFleet();
    const agent = await fleet.connect();
    await agent.next('TaskManifestMessage');
    const [arn] = await fleet.run();
    const first = await agent.next('PayloadMessage');
    await fleet.room.ecs.clock.advance(15_000);
    const second = await agent.next('PayloadMessage');
    expect(second.tasks[0].arn).toBe(arn);
    expect(second.seqNum).toBeGreaterThan(first.seqNum);
    acknowledge(agent, second);
    // An answer to a later question shows that the acknowledgement before it was read.
    agent.send('TaskStopVerificationMessage', { messageId: 'v', stopCandidates: [] });
    await agent.next('TaskStopVerificationAck');
    await fleet.room.ecs.clock.advance(29_000);
    expect(agent.unread.filter(({ type }) => type === 'PayloadMessage')).toEqual([]);
  });

  it('is told which of the tasks that it finds surplus are to stop', async () => {
    await using fleet = await openFleet();
    const [wanted = '', unwanted = ''] = await fleet.run(2);
    await stopTask(fleet.room.ecs, { task: unwanted }, fleet.room.call);
    const unknown = `${arnPrefix}:task/default/${'f'.repeat(32)}`;
    const agent = await fleet.connect();
    await agent.next('TaskManifestMessage');
    const candidate = (taskArn: string) => ({
      taskArn,
      taskClusterArn: clusterArn,
      desiredStatus: 'STOPPED',
    });
    agent.send('TaskStopVerificationMessage', {
      messageId: 'verify-1',
      stopCandidates: [wanted, unwanted, unknown].map(candidate),
    });
    expect(await agent.next('TaskStopVerificationAck')).toEqual({
      messageId: 'verify-1',
      generatedAt: expect.any(Number),
      stopTasks: [unwanted, unknown].map(candidate),
    });
  });

  it('gets heartbeats, and is cut off when it answers none of them', async () => {
    await using fleet = await openFleet();
    const agent = await fleet.connect();
    await agent.next('TaskManifestMessage');
    await fleet.room.ecs.clock.advance(30_000);
    expect(await agent.next('HeartbeatMessage')).toMatchObject({ healthy: true });
    await fleet.room.ecs.clock.advance(70_000);
    expect(await agent.closed).toMatchObject({ code: 1006 });
  });

  it('counts as disconnected only when it stays away, and its tasks stay as they are', async () => {
    await using fleet = await openFleet();
    const agent = await fleet.connect();
    await agent.next('TaskManifestMessage');
    const [arn = ''] = await fleet.run();
    const { clock } = fleet.room.ecs;
    const timersOfOpenLink = clock.pendingTimers;
    agent.terminate();
    // Its heartbeat and redelivery end, the grace time begins.
    await until(
      () => clock.pendingTimers < timersOfOpenLink,
      () => clock.pendingTimers,
    );
    expect(fleet.now()?.agentConnected).toBe(true);
    await fleet.room.ecs.clock.advance(3_000);
    await until(
      () => fleet.now()?.agentConnected === false,
      () => fleet.now(),
    );
    expect(fleet.room.task(arn.split('/').at(-1) ?? '')).toMatchObject({
      desiredStatus: 'RUNNING',
      lastStatus: 'PENDING',
    });
  });

  it('survives what makes no sense', async () => {
    await using fleet = await openFleet();
    const agent = await fleet.connect();
    await agent.next('TaskManifestMessage');
    for (const nonsense of [
      '',
      'null',
      '{"type":1}',
      '{"type":"AckRequest"}',
      '[]',
      '{"type":"Unknown","message":3}',
    ])
      agent.sendRaw(nonsense);
    agent.sendRaw(Buffer.from([1, 2, 3]));
    agent.send('AckRequest', { messageId: 'never-sent' });
    agent.send('TaskStopVerificationMessage', { messageId: 'v', stopCandidates: [{ taskArn: 'x:y' }, 7] });
    expect(await agent.next('TaskStopVerificationAck')).toMatchObject({ messageId: 'v' });
  });
});

describe('after a start of the control plane', () => {
  it('marks as disconnected the agents that do not come back', async () => {
    await using fleet = await openFleet();
    expect(fleet.now()?.agentConnected).toBe(true);
    await fleet.room.ecs.clock.advance(30_000);
    await until(
      () => fleet.now()?.agentConnected === false,
      () => fleet.now(),
    );
  });
});

describe('an agent’s telemetry', () => {
  it('makes container health known, and is acknowledged', async () => {
    await using fleet = await openFleet();
    const [arn = ''] = await fleet.run();
    const telemetry = await fleet.gateway.connect('/tcs/ws', {
      cluster: 'default',
      containerInstance: instanceArn(fleet.instance),
    });
    telemetry.send('PublishHealthRequest', {
      metadata: {
        cluster: clusterArn,
        containerInstance: instanceArn(fleet.instance),
        fin: true,
        messageId: 'm',
      },
      tasks: [
        {
          taskArn: arn,
          containers: [{ containerName: 'app', healthStatus: 'HEALTHY', statusSince: 1_700_000_000 }],
        },
        { taskArn: 'nonsense:x', containers: [] },
      ],
      timestamp: 1,
    });
    await telemetry.next('AckPublishHealth');
    const task = fleet.room.task(arn.split('/').at(-1) ?? '');
    expect(task).toMatchObject({ healthStatus: 'HEALTHY' });
    expect(task?.containers[0]).toMatchObject({
      healthStatus: 'HEALTHY',
      healthStatusSince: 1_700_000_000_000,
    });
    telemetry.send('PublishInstanceStatusRequest', {});
    await telemetry.next('AckPublishInstanceStatus');
    await fleet.room.ecs.clock.advance(30_000);
    await telemetry.next('HeartbeatMessage');
  });

  it('becomes a minute of utilization for the service and the cluster', async () => {
    await using fleet = await openFleet();
    const { room } = fleet;
    const [alone = '', served = ''] = await fleet.run(2);
    const { id } = room.task(served.split('/').at(-1) ?? '') ?? { id: '' };
    await room.write((tx) => {
      const task = tx.get(tasks, key(tasks, 'default', id));
      if (task)
        tx.put(tasks, key(tasks, 'default', id), { ...task, service: { name: 'web', deploymentId: 'd' } });
    });
    const telemetry = await fleet.gateway.connect('/tcs/ws', {
      cluster: 'default',
      containerInstance: instanceArn(fleet.instance),
    });
    const figures = (value: number) => ({ min: value, max: value, sampleCount: 1, sum: value });
    const publish = async (taskArn: string, cpu: number, memory: number) => {
      const containerMetrics = [
        { containerName: 'app', cpuStatsSet: figures(cpu), memoryStatsSet: figures(memory) },
        { containerName: 'broken', cpuStatsSet: { sum: 'x' }, memoryStatsSet: figures(1) },
      ];
      telemetry.send('PublishMetricsRequest', { taskMetrics: [{ taskArn, containerMetrics }], timestamp: 1 });
      await telemetry.next('AckPublishMetric');
    };
    // The instance has 4096 CPU units and 8192 MiB; each task reserves 10 of both.
    await publish(served, 0.1, 4);
    await publish(served, 0.3, 6);
    await publish(alone, 1, 100);
    await publish('nonsense:x', 1, 100);
    expect(room.published).toEqual([]);
    await room.ecs.clock.advance(65_000);
    const told = room.published.map(({ namespace, name, dimensions, unit, timestamp, value }) => [
      `${namespace} ${name} ${dimensions.map((each) => `${each.name}=${each.value}`).join(' ')} ${unit}`,
      timestamp - Date.UTC(2026, 0, 1),
      Number(Number(value).toFixed(6)),
    ]);
    expect(told).toEqual([
      ['AWS/ECS CPUUtilization ClusterName=default ServiceName=web Percent', 0, 81.92],
      ['AWS/ECS MemoryUtilization ClusterName=default ServiceName=web Percent', 0, 50],
      ['AWS/ECS CPUUtilization ClusterName=default Percent', 0, 1.2],
      ['AWS/ECS MemoryUtilization ClusterName=default Percent', 0, Number(((105 / 8192) * 100).toFixed(6))],
      ['AWS/ECS CPUReservation ClusterName=default Percent', 0, Number(((20 / 4096) * 100).toFixed(6))],
      ['AWS/ECS MemoryReservation ClusterName=default Percent', 0, Number(((20 / 8192) * 100).toFixed(6))],
    ]);
    await room.ecs.clock.advance(600_000);
    expect(room.published).toHaveLength(told.length);
  });
});
