import { describe, expect, it } from 'vitest';
import { attachmentArn } from '../arn.ts';
import { testNetwork } from '../testing/network.ts';
import { openRoom, scope, type TestRoom } from '../testing/room.ts';
import {
  discoverPollEndpoint,
  submitAttachmentStateChanges,
  submitContainerStateChange,
  submitTaskStateChange,
} from './agent.ts';
import { createCluster } from './cluster.ts';
import { runTask } from './run-task.ts';

async function launchOne(room: TestRoom, networkMode: 'bridge' | 'awsvpc' = 'bridge') {
  await room.addInstance();
  await room.addDefinition({ networkMode });
  const networkConfiguration = { awsvpcConfiguration: { subnets: [testNetwork.subnetId] } };
  const { tasks } = await runTask(
    room.ecs,
    { taskDefinition: 'web:1', ...(networkMode === 'awsvpc' ? { networkConfiguration } : {}) },
    room.call,
  );
  const arn = tasks?.[0]?.taskArn ?? '';
  const id = arn.split('/').at(-1) ?? '';
  return { arn, now: () => room.task(id) };
}

describe('the operations that agents call', () => {
  it('tells where to connect to', async () => {
    await using room = await openRoom();
    expect(discoverPollEndpoint(room.ecs, {}, room.call)).toEqual({
      endpoint: 'http://127.0.0.1:1/acs',
      telemetryEndpoint: 'http://127.0.0.1:1/tcs',
    });
  });

  it('takes a task from PENDING to RUNNING to STOPPED as agents report', async () => {
    await using room = await openRoom();
    const { arn, now } = await launchOne(room);
    const submit = (input: object) => submitTaskStateChange(room.ecs, { task: arn, ...input }, room.call);
    expect(
      await submit({
        status: 'RUNNING',
        pullStartedAt: new Date(1000),
        containers: [
          {
            containerName: 'app',
            status: 'RUNNING',
            runtimeId: 'r1',
            networkBindings: [{ bindIP: '0.0.0.0', containerPort: 80, hostPort: 49153 }],
          },
        ],
      }),
    ).toEqual({ acknowledgment: 'ACK' });
    expect(now()).toMatchObject({ lastStatus: 'RUNNING', pullStartedAt: 1000 });
    expect(now()?.containers[0]?.networkBindings).toEqual([
      { bindIP: '0.0.0.0', containerPort: 80, hostPort: 49153, protocol: 'tcp' },
    ]);
    await submitContainerStateChange(
      room.ecs,
      { task: arn, containerName: 'app', status: 'STOPPED', exitCode: 3 },
      room.call,
    );
    expect(now()?.containers[0]).toMatchObject({ lastStatus: 'STOPPED', exitCode: 3 });
    const endedAt = room.ecs.clock.now();
    await submit({ status: 'STOPPED', executionStoppedAt: new Date(endedAt) });
    expect(now()).toMatchObject({
      lastStatus: 'STOPPED',
      stopCode: 'EssentialContainerExited',
      executionStoppedAt: endedAt,
    });
  });

  it.each(['with the task', 'by themselves'])('takes attachments that are reported %s', async (way) => {
    await using room = await openRoom();
    const { arn, now } = await launchOne(room, 'awsvpc');
    const attachments = [
      {
        attachmentArn: attachmentArn(scope, now()?.networkInterface?.attachmentId ?? ''),
        status: 'ATTACHED',
      },
    ];
    if (way === 'with the task') await submitTaskStateChange(room.ecs, { task: arn, attachments }, room.call);
    else await submitAttachmentStateChanges(room.ecs, { attachments }, room.call);
    expect(now()).toMatchObject({ lastStatus: 'PENDING', networkInterface: { isAttached: true } });
  });

  it('acknowledges a report about a task that is long forgotten', async () => {
    await using room = await openRoom();
    expect(
      await submitTaskStateChange(room.ecs, { task: 'f'.repeat(32), status: 'STOPPED' }, room.call),
    ).toEqual({ acknowledgment: 'ACK' });
  });

  it('knows no attachment of another cluster, which the caller may not speak for', async () => {
    await using room = await openRoom();
    const { now } = await launchOne(room, 'awsvpc');
    await createCluster(room.ecs, { clusterName: 'other' }, room.call);
    const arn = attachmentArn(scope, now()?.networkInterface?.attachmentId ?? '');
    const attachments = [{ attachmentArn: arn, status: 'ATTACHED' }];
    await expect(
      submitAttachmentStateChanges(room.ecs, { cluster: 'other', attachments }, room.call),
    ).rejects.toThrow(`The attachment ${arn} was not found.`);
  });

  it('refuses statuses and attachments that do not exist', async () => {
    await using room = await openRoom();
    const { arn } = await launchOne(room);
    await expect(
      submitTaskStateChange(room.ecs, { task: arn, status: 'DANCING' }, room.call),
    ).rejects.toMatchObject({ code: 'InvalidParameterException' });
    await expect(
      submitAttachmentStateChanges(
        room.ecs,
        { attachments: [{ attachmentArn: attachmentArn(scope, 'nope'), status: 'ATTACHED' }] },
        room.call,
      ),
    ).rejects.toMatchObject({ code: 'InvalidParameterException' });
  });
});
