import type { ListServiceDeploymentsCommandInput } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { moved } from '../deployment/service-deployment-state.ts';
import { type ServiceDeploymentStatus, serviceDeployments } from '../records.ts';
import { key, openRoom, type TestRoom } from '../testing/room.ts';
import { createService, deleteService, updateService } from './service.ts';
import {
  continueServiceDeployment,
  describeServiceDeployments,
  listServiceDeployments,
  stopServiceDeployment,
} from './service-deployment.ts';
import { describeServiceRevisions } from './service-revision.ts';

/** A room with the service `web` of `web:1`, and as many deployments of it as asked for, a minute apart. */
async function openHistory(deployments = 1): Promise<TestRoom> {
  const room = await openRoom();
  await room.addInstance();
  await room.addDefinition();
  await createService(room.ecs, { serviceName: 'web', taskDefinition: 'web:1', desiredCount: 2 }, room.call);
  for (let made = 1; made < deployments; made++) {
    await room.ecs.clock.advance(60_000);
    await updateService(room.ecs, { service: 'web', forceNewDeployment: true }, room.call);
  }
  return room;
}

const list = (room: TestRoom, input: Partial<ListServiceDeploymentsCommandInput> = {}) =>
  listServiceDeployments(room.ecs, { service: 'web', ...input }, room.call);

const newest = (room: TestRoom) => list(room).serviceDeployments?.[0]?.serviceDeploymentArn ?? '';

async function setStatus(room: TestRoom, arn: string, ...statuses: readonly ServiceDeploymentStatus[]) {
  const recordKey = key(serviceDeployments, 'default', 'web', arn.split('/').at(-1) ?? '');
  await room.write((tx) => {
    let record = tx.get(serviceDeployments, recordKey);
    for (const to of statuses) record = record && moved(record, { to }, room.ecs.clock.now());
    if (record) tx.put(serviceDeployments, recordKey, record);
  });
}

const refusal = (code: string, message: string) => ({ code, message });
const invalid = (message: string) => refusal('InvalidParameterException', message);
const unknown = 'arn:aws:ecs:eu-west-1:123456789012:service-deployment/default/web/none';
const foreign = 'arn:aws:ecs:eu-west-1:210987654321:service-deployment/default/web/none';

describe('ListServiceDeployments', () => {
  it('lists the newest first, in brief', async () => {
    await using room = await openHistory(3);
    const { serviceDeployments: listed = [] } = list(room);
    expect(listed.map(({ createdAt }) => (createdAt?.getTime() ?? 0) - Date.UTC(2026, 0, 1))).toEqual([
      120_000, 60_000, 0,
    ]);
    expect(listed[0]).toEqual({
      serviceDeploymentArn: expect.stringMatching(
        /^arn:aws:ecs:eu-west-1:123456789012:service-deployment\/default\/web\/[A-Za-z0-9]{21}$/,
      ),
      serviceArn: 'arn:aws:ecs:eu-west-1:123456789012:service/default/web',
      clusterArn: 'arn:aws:ecs:eu-west-1:123456789012:cluster/default',
      createdAt: expect.any(Date),
      targetServiceRevisionArn: expect.stringMatching(/:service-revision\/default\/web\/\d{19}$/),
      status: 'PENDING',
    });
    expect(listed[1]?.status).toBe('STOP_REQUESTED');
  });

  it('gives twenty to a page unless asked otherwise', async () => {
    await using room = await openHistory(22);
    const first = list(room);
    expect(first.serviceDeployments).toHaveLength(20);
    const second = list(room, { nextToken: first.nextToken });
    expect(second.serviceDeployments).toHaveLength(2);
    expect(second).not.toHaveProperty('nextToken');
    expect(list(room, { maxResults: 100 }).serviceDeployments).toHaveLength(22);
  });

  it('filters by status and by time, whose ends are outside', async () => {
    await using room = await openHistory(3);
    const at = (minutes: number) => new Date(Date.UTC(2026, 0, 1, 0, minutes));
    const count = (input: Partial<ListServiceDeploymentsCommandInput>) =>
      list(room, input).serviceDeployments?.length;
    expect(count({ status: ['PENDING'] })).toBe(1);
    expect(count({ status: ['PENDING', 'STOP_REQUESTED'] })).toBe(3);
    expect(count({ status: ['SUCCESSFUL'] })).toBe(0);
    expect(count({ createdAt: { after: at(0) } })).toBe(2);
    expect(count({ createdAt: { before: at(1) } })).toBe(1);
    expect(count({ createdAt: { after: at(0), before: at(2) } })).toBe(1);
  });

  it.each<[Partial<ListServiceDeploymentsCommandInput>, object]>([
    [{ service: undefined }, invalid('Service identifier can not be blank.')],
    [{ service: 'none' }, refusal('ServiceNotFoundException', 'Service not found.')],
    [{ cluster: 'none' }, refusal('ClusterNotFoundException', 'Cluster not found.')],
    [{ maxResults: 0 }, invalid('Invalid maxResults: 0. It must be between 1 and 100.')],
    [{ maxResults: 101 }, invalid('Invalid maxResults: 101. It must be between 1 and 100.')],
    [{ nextToken: 'x' }, invalid('Invalid token.')],
    [
      { createdAt: { after: new Date(2), before: new Date(1) } },
      invalid('createdAt.after must not be later than createdAt.before.'),
    ],
  ])('refuses %o', async (input, expected) => {
    await using room = await openHistory();
    expect(() => list(room, input)).toThrow(expect.objectContaining(expected));
  });

  it('refuses a status that there isn’t', async () => {
    await using room = await openHistory();
    const wrong = { status: ['DONE'] } as unknown as Partial<ListServiceDeploymentsCommandInput>;
    expect(() => list(room, wrong)).toThrow(
      /^Invalid status DONE: it should be one of \[PENDING,IN_PROGRESS,/,
    );
  });
});

describe('DescribeServiceDeployments', () => {
  it('shows what is known, and tells unknown ones as MISSING', async () => {
    await using room = await openHistory();
    const arn = newest(room);
    const answer = describeServiceDeployments(
      room.ecs,
      { serviceDeploymentArns: [arn, arn, unknown, foreign] },
      room.call,
    );
    expect(answer.failures).toEqual([unknown, foreign].map((each) => ({ arn: each, reason: 'MISSING' })));
    expect(answer.serviceDeployments).toEqual([
      {
        serviceDeploymentArn: arn,
        serviceArn: 'arn:aws:ecs:eu-west-1:123456789012:service/default/web',
        clusterArn: 'arn:aws:ecs:eu-west-1:123456789012:cluster/default',
        createdAt: expect.any(Date),
        updatedAt: expect.any(Date),
        sourceServiceRevisions: [],
        targetServiceRevision: {
          arn: expect.stringMatching(/:service-revision\//),
          requestedTaskCount: 2,
          runningTaskCount: 0,
          pendingTaskCount: 0,
        },
        status: 'PENDING',
        deploymentConfiguration: {
          strategy: 'ROLLING',
          maximumPercent: 200,
          minimumHealthyPercent: 100,
          bakeTimeInMinutes: 0,
          deploymentCircuitBreaker: { enable: false, rollback: false },
        },
        deploymentCircuitBreaker: { status: 'DISABLED', failureCount: 0, threshold: 3 },
        alarms: { status: 'DISABLED', alarmNames: [], triggeredAlarmNames: [] },
      },
    ]);
  });

  it('takes one to twenty ARNs, and no short names', async () => {
    await using room = await openHistory();
    const describeThem = (...serviceDeploymentArns: readonly string[]) =>
      describeServiceDeployments(room.ecs, { serviceDeploymentArns: [...serviceDeploymentArns] }, room.call);
    expect(() => describeThem()).toThrow('serviceDeploymentArns cannot be empty.');
    expect(() => describeThem(...Array.from({ length: 21 }, (_, place) => `${unknown}${place}`))).toThrow(
      'serviceDeploymentArns can have at most 20 items.',
    );
    for (const wrong of ['web', 'default/web/x', unknown.replace('/none', ''), `${unknown}/x`])
      expect(() => describeThem(wrong)).toThrow(`Invalid identifier: ${wrong}`);
  });
});

describe('DescribeServiceRevisions', () => {
  it('shows what was rolled out', async () => {
    await using room = await openHistory();
    const arn = list(room).serviceDeployments?.[0]?.targetServiceRevisionArn ?? '';
    const missing = arn.replace(/\d+$/, '1');
    const answer = describeServiceRevisions(room.ecs, { serviceRevisionArns: [arn, missing] }, room.call);
    expect(answer).toEqual({
      serviceRevisions: [
        {
          serviceRevisionArn: arn,
          serviceArn: 'arn:aws:ecs:eu-west-1:123456789012:service/default/web',
          clusterArn: 'arn:aws:ecs:eu-west-1:123456789012:cluster/default',
          taskDefinition: 'arn:aws:ecs:eu-west-1:123456789012:task-definition/web:1',
          launchType: 'EC2',
          loadBalancers: [],
          serviceRegistries: [],
          containerImages: [{ containerName: 'app', image: 'app:1' }],
          guardDutyEnabled: false,
          createdAt: expect.any(Date),
        },
      ],
      failures: [{ arn: missing, reason: 'MISSING' }],
    });
  });

  it('takes one to twenty ARNs, and no short names', async () => {
    await using room = await openHistory();
    const describeThem = (...serviceRevisionArns: readonly string[]) =>
      describeServiceRevisions(room.ecs, { serviceRevisionArns: [...serviceRevisionArns] }, room.call);
    expect(() => describeThem()).toThrow('serviceRevisionArns cannot be empty.');
    expect(() => describeThem(...Array.from({ length: 21 }, (_, place) => `${place}`))).toThrow(
      'serviceRevisionArns can have at most 20 items.',
    );
    for (const wrong of ['1234', unknown])
      expect(() => describeThem(wrong)).toThrow(`Invalid identifier: ${wrong}`);
  });
});

describe('StopServiceDeployment', () => {
  const stop = (room: TestRoom, arn: string, stopType?: string) =>
    stopServiceDeployment(
      room.ecs,
      { serviceDeploymentArn: arn, ...(stopType && { stopType: stopType as 'ABORT' }) },
      room.call,
    );
  const statusOf = (room: TestRoom) => list(room).serviceDeployments?.[0]?.status;

  it.each([
    ['PENDING', [], undefined, 'ROLLBACK_REQUESTED'],
    ['PENDING', [], 'ROLLBACK', 'ROLLBACK_REQUESTED'],
    ['PENDING', [], 'ABORT', 'STOP_REQUESTED'],
    ['IN_PROGRESS', ['IN_PROGRESS'], 'ROLLBACK', 'ROLLBACK_REQUESTED'],
    ['IN_PROGRESS', ['IN_PROGRESS'], 'ABORT', 'STOP_REQUESTED'],
    ['STOP_REQUESTED', ['STOP_REQUESTED'], 'ROLLBACK', 'STOP_REQUESTED'],
    ['ROLLBACK_REQUESTED', ['ROLLBACK_REQUESTED'], 'ABORT', 'ROLLBACK_REQUESTED'],
    ['ROLLBACK_IN_PROGRESS', ['IN_PROGRESS', 'ROLLBACK_IN_PROGRESS'], 'ROLLBACK', 'ROLLBACK_IN_PROGRESS'],
  ] as const)('of one that is %s (%j), %s, makes it %s', async (_status, statuses, stopType, expected) => {
    await using room = await openHistory();
    const arn = newest(room);
    await setStatus(room, arn, ...statuses);
    expect(await stop(room, arn, stopType)).toEqual({ serviceDeploymentArn: arn });
    expect(statusOf(room)).toBe(expected);
  });

  it.each([
    ['SUCCESSFUL', ['IN_PROGRESS', 'SUCCESSFUL']],
    ['STOPPED', ['STOPPED']],
    ['ROLLBACK_SUCCESSFUL', ['IN_PROGRESS', 'ROLLBACK_IN_PROGRESS', 'ROLLBACK_SUCCESSFUL']],
    ['ROLLBACK_FAILED', ['IN_PROGRESS', 'ROLLBACK_IN_PROGRESS', 'ROLLBACK_FAILED']],
  ] as const)('refuses one that is %s', async (status, statuses) => {
    await using room = await openHistory();
    const arn = newest(room);
    await setStatus(room, arn, ...statuses);
    await expect(stop(room, arn)).rejects.toMatchObject(
      refusal('ConflictException', `The service deployment is ${status} and can't be stopped any more.`),
    );
  });

  it('refuses what it does not know', async () => {
    await using room = await openHistory();
    const notFound = refusal('ServiceDeploymentNotFoundException', 'Service deployment not found.');
    for (const arn of [unknown, foreign]) await expect(stop(room, arn)).rejects.toMatchObject(notFound);
    await expect(stop(room, 'web')).rejects.toMatchObject(invalid('Invalid identifier: web'));
    await expect(stop(room, '')).rejects.toMatchObject(invalid('serviceDeploymentArn can not be blank.'));
    await expect(stop(room, newest(room), 'PAUSE')).rejects.toMatchObject(
      invalid('stopType should be one of [ABORT,ROLLBACK].'),
    );
  });
});

describe('ContinueServiceDeployment', () => {
  const go = (room: TestRoom, serviceDeploymentArn: string, hookId = 'ecs-pause-1', action?: string) =>
    continueServiceDeployment(room.ecs, { serviceDeploymentArn, hookId, action: action as never }, room.call);

  it('finds nothing to continue', async () => {
    await using room = await openHistory();
    const arn = newest(room);
    await expect(go(room, arn)).rejects.toMatchObject(
      invalid(
        'Provided hookId is either completed, unavailable, or not associated with the given Resource ARN',
      ),
    );
    await expect(go(room, arn, 'h')).rejects.toMatchObject(
      invalid('Invalid hookId: hookId must follow the format: ecs-{hookType}-{id}'),
    );
    await expect(go(room, arn, 'ecs-pause-1', 'WAIT')).rejects.toMatchObject(
      invalid('action should be one of [CONTINUE,ROLLBACK].'),
    );
    await expect(go(room, unknown)).rejects.toMatchObject(
      refusal('ServiceDeploymentNotFoundException', 'The service deployment does not exist.'),
    );
    await setStatus(room, arn, 'IN_PROGRESS', 'SUCCESSFUL');
    await expect(go(room, arn)).rejects.toMatchObject(
      invalid('Continuing a service deployment is not allowed for service deployment in terminal states.'),
    );
  });
});

describe('a service that is being deleted', () => {
  it('still shows its deployments', async () => {
    await using room = await openHistory();
    await deleteService(room.ecs, { service: 'web', force: true }, room.call);
    expect(list(room).serviceDeployments).toHaveLength(1);
  });
});
