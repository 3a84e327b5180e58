import { describe, expect, it } from 'vitest';
import { runTask } from '../operations/run-task.ts';
import { stopTask } from '../operations/task.ts';
import { tasks } from '../records.ts';
import { applyTaskReport } from '../task-state.ts';
import { type AgentClient, openGateway, until } from '../testing/agent-client.ts';
import { key, openRoom, scope, type TestRoom } from '../testing/room.ts';

const arnPrefix = `arn:aws:ecs:${scope.region}:${scope.accountId}`;
const role = (name: string): string => `arn:aws:iam::${scope.accountId}:role/${name}`;
const hourMs = 3_600_000;

interface Fleet extends AsyncDisposable {
  readonly room: TestRoom;
  /** @returns a connected agent whose manifest has come. */
  connect(sendCredentials?: boolean): Promise<AgentClient>;
  /** @returns the task's ARN. */
  run(): Promise<string>;
  /** Lets time pass, until all that is sent then has come. */
  pass(agent: AgentClient, ms: number): Promise<void>;
}

async function openFleet(): Promise<Fleet> {
  const room = await openRoom();
  const gateway = await openGateway(room);
  const instance = await room.addInstance();
  await room.addDefinition({ taskRoleArn: 'app', executionRoleArn: 'execution' });
  return {
    room,
    connect: (sendCredentials = true) =>
      gateway.connect('/acs/ws', {
        clusterArn: 'default',
        containerInstanceArn: `${arnPrefix}:container-instance/default/${instance.id}`,
        protocolVersion: '1',
        sendCredentials: String(sendCredentials),
      }),
    run: async () => {
      const { tasks: made = [] } = await runTask(room.ecs, { taskDefinition: 'web:1' }, room.call);
      return made[0]?.taskArn ?? '';
    },
    pass: async (agent, ms) => {
      await room.ecs.clock.advance(ms);
      await settled(agent);
    },
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]();
      await room[Symbol.asyncDispose]();
    },
  };
}

let questions = 0;

/** An answer shows that all before the question was read. */
async function settled(agent: AgentClient): Promise<void> {
  questions += 1;
  const messageId = `question-${questions}`;
  agent.send('TaskStopVerificationMessage', { messageId, stopCandidates: [] });
  await until(
    () => agent.unread.some(({ message }) => message.messageId === messageId),
    () => agent.unread,
  );
}

const keyOf = (arn: string) => key(tasks, 'default', arn.split('/').at(-1) ?? '');

/** Reads a payload, and answers as an agent does that took it in. */
async function take(agent: AgentClient) {
  const payload = await agent.next('PayloadMessage');
  const { messageId, tasks: sent } = payload;
  agent.send('AckRequest', { cluster: 'default', containerInstance: 'x', messageId });
  for (const { roleCredentials, executionRoleCredentials } of sent)
    for (const set of [roleCredentials, executionRoleCredentials])
      if (set)
        agent.send('IAMRoleCredentialsAckRequest', {
          ...{ messageId, credentialsId: set.credentialsId, expiration: set.expiration },
        });
  await settled(agent);
  return sent[0];
}

function renewals(agent: AgentClient) {
  return agent.unread.flatMap(({ type, message }) => (type === 'IAMRoleCredentialsMessage' ? [message] : []));
}

describe('a task’s payload', () => {
  it('carries the credentials of its roles, made for this delivery', async () => {
    await using fleet = await openFleet();
    const agent = await fleet.connect();
    const arn = await fleet.run();
    const id = arn.split('/').at(-1) ?? '';
    const { roles } = fleet.room.task(id) ?? {};
    const first = await take(agent);
    const set = (kind: 'task' | 'execution', token: string) => ({
      ...{ credentialsId: roles?.[kind]?.credentialsId, roleArn: roles?.[kind]?.arn },
      ...{ accessKeyId: expect.any(String), secretAccessKey: 'secret', sessionToken: token },
      expiration: '2026-01-01T06:00:00Z',
    });
    // Two were made to see whether the roles can be assumed.
    expect(first.roleCredentials).toEqual(set('task', 'token-3'));
    expect(first.executionRoleCredentials).toEqual(set('execution', 'token-4'));
    expect(fleet.room.assumed.slice(2)).toEqual([
      { scope, roleArn: role('app'), sessionName: id, holder: arn },
      { scope, roleArn: role('execution'), sessionName: id },
    ]);

    const again = await take(await fleet.connect(false));
    expect(again.roleCredentials).toEqual(set('task', 'token-5'));
    expect(again.executionRoleCredentials).toEqual(set('execution', 'token-6'));
  });

  it('that was not acknowledged comes again with others', async () => {
    await using fleet = await openFleet();
    const agent = await fleet.connect();
    await fleet.run();
    const first = (await agent.next('PayloadMessage')).tasks[0].roleCredentials;
    await fleet.room.ecs.clock.advance(15_000);
    const second = (await agent.next('PayloadMessage')).tasks[0].roleCredentials;
    expect(second.credentialsId).toBe(first.credentialsId);
    expect(second.sessionToken).not.toBe(first.sessionToken);
  });

  it('leaves nothing of them in the store or in the log', async () => {
    await using fleet = await openFleet();
    const agent = await fleet.connect();
    await fleet.run();
    await take(agent);
    await settled(agent);
    const kept = await fleet.room.store.read('/', { limit: 1_000 });
    expect(JSON.stringify([kept, fleet.room.ecs.log.lines])).not.toMatch(/token-|"secret"/);
  });

  it('is not sent when its role can not be assumed any more: the task fails to start', async () => {
    await using fleet = await openFleet();
    const arn = await fleet.run();
    fleet.room.untrustedRoles.add(role('app'));
    const agent = await fleet.connect();
    expect(await take(agent)).toMatchObject({ arn, desiredStatus: 'STOPPED' });
    expect(fleet.room.ecs.state.get(tasks, keyOf(arn))).toMatchObject({
      stopCode: 'TaskFailedToStart',
      stoppedReason: expect.stringContaining(`unable to assume the role '${role('app')}'`),
    });
  });
});

describe('the credentials of a task that runs', () => {
  it('are renewed an hour before they expire, both', async () => {
    await using fleet = await openFleet();
    const agent = await fleet.connect();
    const arn = await fleet.run();
    const payload = await take(agent);
    await fleet.pass(agent, 5 * hourMs - 60_000);
    expect(renewals(agent)).toEqual([]);
    await fleet.pass(agent, 60_000);
    expect(renewals(agent)).toEqual(
      [
        ['TaskApplication', payload.roleCredentials],
        ['TaskExecution', payload.executionRoleCredentials],
      ].map(([roleType, { credentialsId, roleArn }]) => ({
        messageId: expect.any(String),
        taskArn: arn,
        roleType,
        roleCredentials: {
          ...{ credentialsId, roleArn, accessKeyId: expect.any(String), secretAccessKey: 'secret' },
          ...{ sessionToken: expect.any(String), expiration: expect.stringMatching(/^2026-01-01T1[01]:/) },
        },
      })),
    );
  });

  it('come again, as others, until the agent confirms them', async () => {
    await using fleet = await openFleet();
    const agent = await fleet.connect();
    await fleet.run();
    await take(agent);
    await fleet.pass(agent, 5 * hourMs + 180_000);
    const sent = renewals(agent);
    expect(sent.length).toBeGreaterThan(2);
    expect(new Set(sent.map(({ roleCredentials }) => roleCredentials.sessionToken)).size).toBe(sent.length);
    for (const { messageId, roleCredentials } of sent.slice(-2)) {
      const { credentialsId, expiration } = roleCredentials;
      agent.send('IAMRoleCredentialsAckRequest', { messageId, credentialsId, expiration });
    }
    await settled(agent);
    await fleet.pass(agent, 4 * hourMs);
    expect(renewals(agent)).toHaveLength(sent.length);
  });

  it('are not renewed when it has ended', async () => {
    await using fleet = await openFleet();
    const agent = await fleet.connect();
    const arn = await fleet.run();
    await take(agent);
    await stopTask(fleet.room.ecs, { task: arn }, fleet.room.call);
    await take(agent);
    await fleet.room.write((tx) =>
      applyTaskReport(tx, keyOf(arn), { status: 'STOPPED', containers: [] }, fleet.room.ecs.clock.now()),
    );
    const { length } = fleet.room.assumed;
    await fleet.pass(agent, 6 * hourMs);
    expect(renewals(agent)).toEqual([]);
    expect(fleet.room.assumed).toHaveLength(length);
  });

  it('stay as they are as long as a role can not be assumed, and this is said once', async () => {
    await using fleet = await openFleet();
    const agent = await fleet.connect();
    await fleet.run();
    await take(agent);
    fleet.room.untrustedRoles.add(role('app'));
    await fleet.pass(agent, 5 * hourMs + 600_000);
    const types = renewals(agent).map(({ roleType }) => roleType);
    expect(new Set(types)).toEqual(new Set(['TaskExecution']));
    const warnings = fleet.room.ecs.log.lines.filter(({ fields }) => fields?.roleArn === role('app'));
    expect(warnings).toHaveLength(1);
    fleet.room.untrustedRoles.clear();
    await fleet.pass(agent, 120_000);
    expect(renewals(agent).map(({ roleType }) => roleType)).toContain('TaskApplication');
  });
});

describe('a task that has ended', () => {
  async function ended(fleet: Fleet): Promise<string> {
    const arn = await fleet.run();
    await fleet.room.write((tx) =>
      applyTaskReport(tx, keyOf(arn), { status: 'STOPPED', containers: [] }, fleet.room.ecs.clock.now()),
    );
    return arn;
  }

  it('has its agent, when its process is new, write its last words as the execution role', async () => {
    await using fleet = await openFleet();
    const taskArn = await ended(fleet);
    const agent = await fleet.connect();
    await agent.next('IAMRoleCredentialsMessage').then((message) => {
      expect(message).toMatchObject({
        taskArn,
        roleType: 'TaskExecution',
        roleCredentials: { roleArn: role('execution') },
      });
    });
    await settled(agent);
    await fleet.pass(agent, 6 * hourMs);
    expect(renewals(agent)).toEqual([]);
  });

  it.each([
    ['is over for an agent that has its credentials', false, 0],
    ['is over when it ended long ago', true, 700_000],
  ])('%s', async (_what, sendCredentials, agoMs) => {
    await using fleet = await openFleet();
    await ended(fleet);
    await fleet.room.ecs.clock.advance(agoMs);
    const agent = await fleet.connect(sendCredentials);
    await settled(agent);
    expect(renewals(agent)).toEqual([]);
  });
});
