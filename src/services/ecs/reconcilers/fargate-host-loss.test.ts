import { describe, expect, it } from 'vitest';
import { startReconcilers } from '../../../reconcile/index.ts';
import { runTask } from '../operations/run-task.ts';
import { stopTask } from '../operations/task.ts';
import { type ContainerInstanceRecord, containerInstances, fargateHosts } from '../records.ts';
import { testNetwork } from '../testing/network.ts';
import { key, openRoom, scope, type TestRoom } from '../testing/room.ts';
import { fargateHostLoss } from './fargate-host-loss.ts';

const minute = 60_000;

/** A machine with a Fargate host on which one task is; nobody's agent does anything. */
async function openHost() {
  const room = await openRoom();
  await room.addDefinition({
    ...{ networkMode: 'awsvpc', cpu: '512', memory: '1024', compatibilities: ['FARGATE'] },
  });
  const own = await room.addInstance();
  const lender = `arn:aws:ecs:${scope.region}:${scope.accountId}:container-instance/default/${own.id}`;
  const host = await room.addInstance({ cluster: fargateHosts, attributes: { 'catamaran.lender': lender } });
  const { ecs, store } = room;
  const start = () =>
    startReconcilers({
      ...{ state: ecs.state, store, clock: ecs.clock, random: ecs.random, log: ecs.log },
      reconcilers: [fargateHostLoss(ecs)],
    });
  const { tasks = [] } = await runTask(
    ecs,
    {
      ...{ launchType: 'FARGATE', taskDefinition: 'web:1' },
      networkConfiguration: { awsvpcConfiguration: { subnets: [testNetwork.subnetId] } },
    },
    room.call,
  );
  const id = tasks[0]?.taskArn?.split('/').at(-1) ?? '';
  return { room, own, host, start, id };
}

const setConnected = (room: TestRoom, { id, cluster }: ContainerInstanceRecord, agentConnected: boolean) =>
  room.write((tx) => {
    const instanceKey = key(containerInstances, cluster, id);
    const before = tx.get(containerInstances, instanceKey);
    if (before) tx.put(containerInstances, instanceKey, { ...before, agentConnected });
  });

describe('a Fargate host that does not come back', () => {
  it('has lost its tasks after ten minutes, and what they had is free again', async () => {
    const { room, own, host, start, id } = await openHost();
    await using _room = room;
    const reconcilers = start();
    expect(room.instance(own.id)?.used).toMatchObject({ cpu: 512, memoryMiB: 1024 });
    await setConnected(room, host, false);
    await room.ecs.clock.advance(10 * minute - 1);
    expect(room.task(id)).toMatchObject({ desiredStatus: 'RUNNING' });
    await room.ecs.clock.advance(1);
    expect(room.task(id)).toMatchObject({
      lastStatus: 'STOPPED',
      stopCode: 'TerminationNotice',
      stoppedReason: 'The host of the task was lost.',
    });
    expect(room.instance(own.id)?.used).toMatchObject({ cpu: 0, memoryMiB: 0 });
    await reconcilers.stop();
  });

  it('keeps them when its agent is back in time, and has the whole time when it goes again', async () => {
    const { room, host, start, id } = await openHost();
    await using _room = room;
    const reconcilers = start();
    for (let time = 0; time < 3; time += 1) {
      await setConnected(room, host, false);
      await room.ecs.clock.advance(9 * minute);
      await setConnected(room, host, true);
      await room.ecs.clock.advance(9 * minute);
    }
    expect(room.task(id)).toMatchObject({ desiredStatus: 'RUNNING' });
    await reconcilers.stop();
  });

  it('has it also when the control plane was away itself', async () => {
    const { room, host, start, id } = await openHost();
    await using _room = room;
    await setConnected(room, host, false);
    await room.ecs.clock.advance(60 * minute);
    const reconcilers = start();
    await room.ecs.clock.advance(9 * minute);
    expect(room.task(id)).toMatchObject({ desiredStatus: 'RUNNING' });
    await room.ecs.clock.advance(minute);
    expect(room.task(id)).toMatchObject({ lastStatus: 'STOPPED' });
    await reconcilers.stop();
  });

  it('leaves tasks that were to stop anyway the reason for that', async () => {
    const { room, host, start, id } = await openHost();
    await using _room = room;
    const reconcilers = start();
    await setConnected(room, host, false);
    await stopTask(room.ecs, { task: id, reason: 'Asked to' }, room.call);
    await room.ecs.clock.advance(10 * minute);
    expect(room.task(id)).toMatchObject({
      lastStatus: 'STOPPED',
      stopCode: 'UserInitiated',
      stoppedReason: 'Asked to',
    });
    await reconcilers.stop();
  });

  it('is no container instance: those are for their owners to give up', async () => {
    const { room, own, start } = await openHost();
    await using _room = room;
    await room.addDefinition({ family: 'job' });
    const { tasks = [] } = await runTask(room.ecs, { taskDefinition: 'job:1' }, room.call);
    const reconcilers = start();
    await setConnected(room, own, false);
    await room.ecs.clock.advance(60 * minute);
    const id = tasks[0]?.taskArn?.split('/').at(-1) ?? '';
    expect(room.task(id)).toMatchObject({ desiredStatus: 'RUNNING' });
    await reconcilers.stop();
  });
});
