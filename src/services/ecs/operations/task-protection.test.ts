import type { UpdateTaskProtectionCommandInput } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { taskArn } from '../arn.ts';
import { services, type TaskRecord, tasks } from '../records.ts';
import { applyTaskReport } from '../task-state.ts';
import { key, openRoom, scope, type TestRoom } from '../testing/room.ts';
import { deploymentRecord, serviceRecord } from '../testing/service-record.ts';
import { runTask } from './run-task.ts';
import { getTaskProtection, updateTaskProtection } from './task-protection.ts';

/** A service `web` whose PRIMARY deployment is B and whose deployment A is superseded, with running tasks of both. */
async function roomWithService(): Promise<{
  room: TestRoom;
  ofA: string[];
  ofB: string[];
  standalone: string;
}> {
  const room = await openRoom();
  await room.addInstance();
  await room.addDefinition();
  const { tasks: launched = [] } = await runTask(room.ecs, { taskDefinition: 'web:1', count: 5 }, room.call);
  const ids = launched.map((task) => task.taskArn?.split('/').at(-1) ?? '');
  const [a1 = '', a2 = '', b1 = '', b2 = '', standalone = ''] = ids;
  await room.write((tx) => {
    const deployments = [deploymentRecord('B'), deploymentRecord('A', { status: 'ACTIVE' })];
    tx.put(services, key(services, 'default', 'web'), serviceRecord({ desiredCount: 2, deployments }));
    for (const [id, deploymentId] of [
      [a1, 'A'],
      [a2, 'A'],
      [b1, 'B'],
      [b2, 'B'],
    ] as const) {
      const task = tx.get(tasks, key(tasks, 'default', id));
      if (task) tx.put(tasks, key(tasks, 'default', id), { ...task, service: { name: 'web', deploymentId } });
      applyTaskReport(tx, key(tasks, 'default', id), { status: 'RUNNING', containers: [] }, room.call.now);
    }
  });
  return { room, ofA: [a1, a2], ofB: [b1, b2], standalone };
}

const cluster = 'default';
const arnOf = (id: string) => taskArn(scope, 'default', id);
const until = (room: TestRoom, id: string): TaskRecord['protectedUntil'] => room.task(id)?.protectedUntil;

describe('UpdateTaskProtection', () => {
  it('protects for two hours unless told otherwise, and from anew with each call', async () => {
    const { room, ofB } = await roomWithService();
    await using _room = room;
    const [id = ''] = ofB;
    const { call, ecs } = room;
    const hours = (count: number) => new Date(call.now + count * 3_600_000);
    expect(await updateTaskProtection(ecs, { cluster, tasks: [id], protectionEnabled: true }, call)).toEqual({
      protectedTasks: [{ taskArn: arnOf(id), protectionEnabled: true, expirationDate: hours(2) }],
      failures: [],
    });
    await ecs.clock.advance(3_600_000);
    const again = { cluster, tasks: [arnOf(id)], protectionEnabled: true, expiresInMinutes: 2_880 };
    await updateTaskProtection(ecs, again, call);
    expect(until(room, id)).toBe(hours(48).getTime());
    await updateTaskProtection(ecs, { cluster, tasks: [id], protectionEnabled: false }, call);
    expect(getTaskProtection(ecs, { cluster, tasks: [id] }, call)).toEqual({
      protectedTasks: [{ taskArn: arnOf(id), protectionEnabled: false }],
      failures: [],
    });
  });

  it('tells of each task that it can’t protect, and protects the others', async () => {
    const { room, ofB, standalone } = await roomWithService();
    await using _room = room;
    const [running = '', over = ''] = ofB;
    const stopped = { status: 'STOPPED', containers: [] } as const;
    await room.write((tx) => applyTaskReport(tx, key(tasks, 'default', over), stopped, room.call.now));
    const unknown = 'f'.repeat(32);
    const input = { cluster, tasks: [running, standalone, unknown, over], protectionEnabled: true };
    expect(await updateTaskProtection(room.ecs, input, room.call)).toMatchObject({
      protectedTasks: [{ taskArn: arnOf(running) }],
      failures: [
        { arn: arnOf(standalone), reason: 'TASK_NOT_VALID' },
        { arn: arnOf(unknown), reason: 'MISSING' },
        { arn: arnOf(over), reason: 'MISSING' },
      ],
    });
  });

  it('does not prolong what already blocks a deployment', async () => {
    const { room, ofA, ofB } = await roomWithService();
    await using _room = room;
    const [first = '', second = ''] = ofA;
    const protect = (id: string) =>
      updateTaskProtection(room.ecs, { cluster, tasks: [id], protectionEnabled: true }, room.call);
    expect((await protect(first)).failures).toEqual([]);
    for (const id of [first, second])
      expect((await protect(id)).failures).toMatchObject([{ arn: arnOf(id), reason: 'DEPLOYMENT_BLOCKED' }]);
    expect((await protect(ofB[0] ?? '')).failures).toEqual([]);
    const off = { cluster, tasks: [first], protectionEnabled: false };
    expect((await updateTaskProtection(room.ecs, off, room.call)).failures).toEqual([]);
    expect((await protect(second)).failures).toEqual([]);
  });

  it.each<[string, UpdateTaskProtectionCommandInput, string]>([
    ['no tasks', { cluster, tasks: [], protectionEnabled: true }, 'InvalidParameterException'],
    [
      'eleven tasks',
      { cluster, tasks: Array(11).fill('a'), protectionEnabled: true },
      'InvalidParameterException',
    ],
    [
      'no minutes',
      { cluster, tasks: ['a'], protectionEnabled: true, expiresInMinutes: 0 },
      'InvalidParameterException',
    ],
    [
      'more than 48 hours',
      { cluster, tasks: ['a'], protectionEnabled: true, expiresInMinutes: 2_881 },
      'InvalidParameterException',
    ],
    [
      'half a minute',
      { cluster, tasks: ['a'], protectionEnabled: true, expiresInMinutes: 1.5 },
      'InvalidParameterException',
    ],
    [
      'an unknown cluster',
      { cluster: 'nope', tasks: ['a'], protectionEnabled: true },
      'ClusterNotFoundException',
    ],
  ])('refuses %s', async (_, input, code) => {
    await using room = await openRoom();
    await expect(updateTaskProtection(room.ecs, input, room.call)).rejects.toMatchObject({ code });
  });
});

describe('GetTaskProtection', () => {
  it('tells of all tasks of services when none is named, and forgets what has expired', async () => {
    const { room, ofA, ofB, standalone } = await roomWithService();
    await using _room = room;
    const [id = ''] = ofB;
    const input = { cluster, tasks: [id], protectionEnabled: true, expiresInMinutes: 1 };
    await updateTaskProtection(room.ecs, input, room.call);
    const protectedArns = () =>
      getTaskProtection(room.ecs, { cluster }, room.call).protectedTasks?.filter(
        (task) => task.protectionEnabled,
      );
    expect(getTaskProtection(room.ecs, { cluster }, room.call).protectedTasks).toHaveLength(
      ofA.length + ofB.length,
    );
    expect(protectedArns()).toMatchObject([{ taskArn: arnOf(id) }]);
    await room.ecs.clock.advance(60_000);
    expect(protectedArns()).toEqual([]);
    expect(getTaskProtection(room.ecs, { cluster, tasks: [standalone] }, room.call).failures).toMatchObject([
      { reason: 'TASK_NOT_VALID' },
    ]);
  });

  it('refuses more than a hundred tasks', async () => {
    await using room = await openRoom();
    expect(() => getTaskProtection(room.ecs, { cluster, tasks: Array(101).fill('a') }, room.call)).toThrow(
      'at most 100',
    );
  });
});
