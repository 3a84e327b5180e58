import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecordKey } from '../../reconcile/index.ts';
import { networkInterfaces } from '../ec2/records.ts';
import { runTask } from './operations/run-task.ts';
import { type TaskRecord, tasks } from './records.ts';
import { nothingUsed } from './reservation.ts';
import type { TaskReport } from './task-report.ts';
import {
  abandonTask,
  agentStopsTask,
  applyContainerHealth,
  applyTaskReport,
  requestTaskStop,
} from './task-state.ts';
import { testNetwork } from './testing/network.ts';
import { container, key, openRoom, type TestRoom } from './testing/room.ts';

/** A launched task of an essential `app` and a non-essential `side`. */
async function launchOne(room: TestRoom, networkMode: 'bridge' | 'awsvpc' = 'bridge') {
  await room.addInstance();
  await room.addDefinition({
    networkMode,
    containerDefinitions: [
      container({ portMappings: [{ containerPort: 80, hostPort: 80 }] }),
      container({ name: 'side', essential: false }),
    ],
  });
  const network = { awsvpcConfiguration: { subnets: [testNetwork.subnetId] } };
  await runTask(
    room.ecs,
    { taskDefinition: 'web:1', ...(networkMode === 'awsvpc' ? { networkConfiguration: network } : {}) },
    room.call,
  );
  const [task] = room.tasksOf('default');
  if (task === undefined) throw new Error('nothing was launched');
  return { task, taskKey: key(tasks, 'default', task.id) };
}

const report = (changes: Partial<TaskReport>): TaskReport => ({ containers: [], ...changes });

async function reported(
  room: TestRoom,
  taskKey: RecordKey,
  ...reports: readonly TaskReport[]
): Promise<TaskRecord | undefined> {
  for (const each of reports) {
    await room.ecs.clock.advance(1000);
    await room.write((tx) => applyTaskReport(tx, taskKey, each, room.ecs.clock.now()));
  }
  return room.ecs.state.get(tasks, taskKey);
}

describe('what the end of a task is put down to', () => {
  const running = report({
    status: 'RUNNING',
    containers: [{ name: 'app', status: 'RUNNING', runtimeId: 'r' }],
  });
  const cases: readonly [string, readonly TaskReport[], string, string][] = [
    [
      'an essential container that exited, whatever its code',
      [running, report({ status: 'STOPPED', containers: [{ name: 'app', status: 'STOPPED', exitCode: 0 }] })],
      'EssentialContainerExited',
      'Essential container in task exited',
    ],
    [
      'what its agent stopped it for, where that was not what was asked of it',
      [
        running,
        report({
          ...{ status: 'STOPPED', reason: 'ContainerNetworkingError: sg-1 is not open any more' },
          containers: [{ name: 'app', status: 'STOPPED', exitCode: 137 }],
        }),
      ],
      'EssentialContainerExited',
      'ContainerNetworkingError: sg-1 is not open any more',
    ],
    [
      'an essential container that exited before the task was seen RUNNING',
      [report({ status: 'STOPPED', containers: [{ name: 'app', status: 'STOPPED', exitCode: 1 }] })],
      'EssentialContainerExited',
      'Essential container in task exited',
    ],
    [
      'the error of a container that could not be started, though the Engine gave it an exit code',
      [
        report({
          status: 'STOPPED',
          containers: [{ name: 'app', exitCode: 127, reason: 'CannotStartContainerError: no such file' }],
        }),
      ],
      'TaskFailedToStart',
      'CannotStartContainerError: no such file',
    ],
    [
      'the reason the agent gives for a task that never started',
      [report({ status: 'STOPPED', reason: 'ResourceInitializationError: no network' })],
      'TaskFailedToStart',
      'ResourceInitializationError: no network',
    ],
    ['nothing better', [report({ status: 'STOPPED' })], 'TaskFailedToStart', 'Task failed to start'],
  ];
  it.each(cases)('%s', async (_, reports, stopCode, stoppedReason) => {
    await using room = await openRoom();
    const { taskKey } = await launchOne(room);
    expect(await reported(room, taskKey, ...reports)).toMatchObject({
      desiredStatus: 'STOPPED',
      lastStatus: 'STOPPED',
      stopCode,
      stoppedReason,
    });
  });

  it('stays what the user asked for, though the container was killed', async () => {
    await using room = await openRoom();
    const { taskKey } = await launchOne(room);
    await reported(room, taskKey, running);
    const now = room.ecs.clock.now();
    await room.write((tx) =>
      requestTaskStop(tx, taskKey, { stopCode: 'UserInitiated', reason: 'enough', now }),
    );
    await room.write((tx) => agentStopsTask(tx, taskKey, now));
    expect(room.ecs.state.get(tasks, taskKey)).toMatchObject({
      lastStatus: 'STOPPING',
      desiredStatus: 'STOPPED',
      stoppingAt: now,
    });
    const stopped = await reported(
      room,
      taskKey,
      report({ status: 'STOPPED', containers: [{ name: 'app', exitCode: 137 }] }),
    );
    expect(stopped).toMatchObject({ stopCode: 'UserInitiated', stoppedReason: 'enough' });
    expect(stopped?.containers[0]).toMatchObject({ exitCode: 137, lastStatus: 'STOPPED' });
  });
});

describe('the life of a task', () => {
  it('goes to RUNNING with the times and facts that the agent reports', async () => {
    await using room = await openRoom();
    const { taskKey } = await launchOne(room);
    const task = await reported(
      room,
      taskKey,
      report({ status: 'PENDING', containers: [{ name: 'app', imageDigest: 'sha256:1' }] }),
      report({
        status: 'RUNNING',
        pullStartedAt: 1,
        pullStoppedAt: 2,
        containers: [
          {
            name: 'app',
            status: 'RUNNING',
            runtimeId: 'r1',
            networkBindings: [{ bindIP: '0.0.0.0', containerPort: 80, hostPort: 80, protocol: 'tcp' }],
          },
        ],
      }),
    );
    expect(task).toMatchObject({
      lastStatus: 'RUNNING',
      startedAt: room.ecs.clock.now(),
      pullStartedAt: 1,
      pullStoppedAt: 2,
    });
    expect(task?.containers[0]).toMatchObject({
      imageDigest: 'sha256:1',
      runtimeId: 'r1',
      lastStatus: 'RUNNING',
    });
    expect(task?.version).toBe(3);
  });

  it('keeps its times in order, however late a report comes and whatever the agent’s clock says', async () => {
    const timesWhenEndedAfter = async (ms: number) => {
      await using room = await openRoom();
      const { taskKey } = await launchOne(room);
      await reported(room, taskKey, report({ status: 'RUNNING' }));
      const startedAt = room.ecs.clock.now();
      const task = await reported(
        room,
        taskKey,
        report({ status: 'STOPPED', executionStoppedAt: startedAt + ms }),
      );
      return [task?.stoppingAt, task?.executionStoppedAt, task?.stoppedAt].map(
        (time) => time !== undefined && time - startedAt,
      );
    };
    expect(await timesWhenEndedAfter(300)).toEqual([300, 300, 1_000]);
    expect(await timesWhenEndedAfter(-50)).toEqual([0, 0, 1_000]);
    expect(await timesWhenEndedAfter(5_000)).toEqual([1_000, 1_000, 1_000]);
  });

  it('does not change by a report that says nothing new', async () => {
    await using room = await openRoom();
    const { taskKey } = await launchOne(room);
    const running = report({ status: 'RUNNING' });
    const once = await reported(room, taskKey, running);
    expect(await reported(room, taskKey, running)).toEqual(once);
  });

  it('leaves PROVISIONING when its interface is attached', async () => {
    await using room = await openRoom();
    const { task, taskKey } = await launchOne(room, 'awsvpc');
    expect(task).toMatchObject({ lastStatus: 'PROVISIONING', networkInterface: { isAttached: false } });
    expect(await reported(room, taskKey, report({ isInterfaceAttached: true }))).toMatchObject({
      lastStatus: 'PENDING',
      networkInterface: { isAttached: true },
    });
  });

  it('gives its address back at the end', async () => {
    await using room = await openRoom();
    const { taskKey } = await launchOne(room, 'awsvpc');
    expect([...room.ecs.state.list(networkInterfaces)]).toHaveLength(1);
    await reported(room, taskKey, report({ status: 'STOPPED' }));
    expect([...room.ecs.state.list(networkInterfaces)]).toEqual([]);
  });

  it('has managed agents only with ECS Exec: PENDING until they are reported, STOPPED with their container', async () => {
    await using room = await openRoom();
    await room.addInstance({ attributes: { 'ecs.capability.execute-command': '' } });
    await room.addDefinition();
    const input = { taskDefinition: 'web:1', enableExecuteCommand: true };
    const { tasks: [launched] = [] } = await runTask(room.ecs, input, room.call);
    expect(launched?.containers?.[0]?.managedAgents).toEqual([
      { name: 'ExecuteCommandAgent', lastStatus: 'PENDING' },
    ]);
    const taskKey = key(tasks, 'default', launched?.taskArn?.split('/').at(-1) ?? '');
    const agentOf = (task: TaskRecord | undefined) => task?.containers[0]?.executeCommandAgent;
    const running = report({
      status: 'RUNNING',
      containers: [{ name: 'app', status: 'RUNNING', runtimeId: 'r' }],
    });
    const connected = report({ managedAgents: [{ container: 'app', status: 'RUNNING' }] });
    const known = agentOf(await reported(room, taskKey, running, connected));
    expect(known).toEqual({ lastStatus: 'RUNNING', lastStartedAt: room.ecs.clock.now() });
    expect(agentOf(await reported(room, taskKey, connected))).toEqual(known);
    expect(agentOf(await reported(room, taskKey, report({ status: 'STOPPED' })))).toEqual({
      ...known,
      lastStatus: 'STOPPED',
    });

    const { tasks: [plain] = [] } = await runTask(room.ecs, { taskDefinition: 'web:1' }, room.call);
    expect(plain?.containers?.[0]?.managedAgents).toBeUndefined();
  });

  it('is healthy as the worst of its essential containers', async () => {
    await using room = await openRoom();
    const { taskKey } = await launchOne(room);
    const health = (name: string, status: 'HEALTHY' | 'UNHEALTHY') => ({ name, status, since: 5 });
    await room.write((tx) =>
      applyContainerHealth(tx, taskKey, [health('app', 'HEALTHY'), health('side', 'UNHEALTHY')], 1),
    );
    expect(room.ecs.state.get(tasks, taskKey)?.healthStatus).toBe('HEALTHY');
    await room.write((tx) => applyContainerHealth(tx, taskKey, [health('app', 'UNHEALTHY')], 1));
    expect(room.ecs.state.get(tasks, taskKey)?.healthStatus).toBe('UNHEALTHY');
  });
});

describe('whatever happens to a task, in whatever order', () => {
  const status = fc.constantFrom('PENDING', 'RUNNING', 'STOPPED');
  const happening = fc.oneof(
    fc.record({
      type: fc.constant('report'),
      status: fc.option(status, { nil: undefined }),
      container: fc.option(status, { nil: undefined }),
      exitCode: fc.option(fc.integer({ min: 0, max: 255 }), { nil: undefined }),
      isInterfaceAttached: fc.boolean(),
    }),
    fc.constantFrom({ type: 'stop' as const }, { type: 'stopping' as const }, { type: 'abandon' as const }),
  );
  const order = ['PROVISIONING', 'PENDING', 'ACTIVATING', 'RUNNING', 'DEACTIVATING', 'STOPPING', 'STOPPED'];

  it('only moves forward, never leaves STOPPED, and gives back what it had exactly once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(happening, { maxLength: 12 }),
        fc.constantFrom('bridge' as const, 'awsvpc' as const),
        async (happenings, networkMode) => {
          await using room = await openRoom();
          const { task, taskKey } = await launchOne(room, networkMode);
          let before = task;
          for (const each of happenings) {
            await room.write((tx) => {
              const now = room.ecs.clock.now();
              if (each.type === 'stop')
                requestTaskStop(tx, taskKey, { stopCode: 'UserInitiated', reason: '', now });
              else if (each.type === 'stopping') agentStopsTask(tx, taskKey, now);
              else if (each.type === 'abandon') abandonTask(tx, taskKey, now);
              else {
                const { status, container: containerStatus, exitCode, isInterfaceAttached } = each;
                const app = {
                  name: 'app',
                  ...(containerStatus === undefined ? {} : { status: containerStatus }),
                  ...(exitCode === undefined ? {} : { exitCode }),
                };
                const said = { containers: [app], isInterfaceAttached };
                applyTaskReport(tx, taskKey, status === undefined ? said : { ...said, status }, now);
              }
            });
            const now = room.ecs.state.get(tasks, taskKey);
            if (now === undefined) throw new Error('the task is gone');
            if (before.lastStatus === 'STOPPED') expect(now).toEqual(before);
            expect(order.indexOf(now.lastStatus)).toBeGreaterThanOrEqual(order.indexOf(before.lastStatus));
            if (before.desiredStatus === 'STOPPED') expect(now.desiredStatus).toBe('STOPPED');
            expect(now.version).toBeGreaterThanOrEqual(before.version);
            expect(now.version === before.version).toBe(JSON.stringify(now) === JSON.stringify(before));
            const isOver = now.lastStatus === 'STOPPED';
            expect(room.instance(now.containerInstanceId ?? '')).toMatchObject(
              isOver ? { used: nothingUsed, taskCount: 0 } : { used: task.reserved, taskCount: 1 },
            );
            expect([...room.ecs.state.list(networkInterfaces)]).toHaveLength(
              isOver || networkMode === 'bridge' ? 0 : 1,
            );
            before = now;
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
