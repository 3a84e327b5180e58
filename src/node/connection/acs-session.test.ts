import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TestInstance } from '../testing/test-instance.ts';

let instance: TestInstance;

beforeEach(async () => {
  instance = await TestInstance.open();
});

afterEach(() => instance[Symbol.asyncDispose]());

describe('over ACS, an agent', () => {
  test('acknowledges heartbeats', async () => {
    const agent = await instance.start();
    await instance.until('connected', () => agent.status().acs.state === 'connected');
    instance.plane.send('HeartbeatMessage', { messageId: 'h-1', healthy: true });
    await instance.until('the answer', () =>
      instance.plane.received.some(
        ({ type, message }) => type === 'HeartbeatAckRequest' && message.string('messageId') === 'h-1',
      ),
    );
  });

  test('reports a task that it cannot run and withholds the acknowledgement', async () => {
    await instance.start();
    const odd = { ...instance.task({ name: 'app', links: ['nobody'] }) };
    instance.plane.want(odd);
    await instance.untilStatus(odd.arn, 'STOPPED');
    expect(instance.plane.lastSubmission(odd.arn)?.reason).toMatch(/^UnrecognizedTask: .*'nobody'/);
    expect(instance.acknowledged).toEqual([]);
  });

  test('lets no message end it', async () => {
    const agent = await instance.start();
    await instance.until('connected', () => agent.status().acs.state === 'connected');
    for (const text of [
      '{',
      '[]',
      '{"type":"PayloadMessage","message":{}}',
      '{"type":"Nonsense","message":{}}',
      '{"type":"constructor","message":{}}',
    ]) {
      instance.plane.sendRaw(text);
    }
    instance.plane.sendRaw(
      '{"type":"PayloadMessage","message":{"messageId":"m","clusterArn":"c","containerInstanceArn":"i","seqNum":1,"tasks":[{"arn":7}]}}',
    );
    const web = instance.task({ name: 'app' });
    instance.plane.want(web);
    await instance.untilStatus(web.arn, 'RUNNING');
    expect(instance.acknowledged).toHaveLength(1);
  });

  test('asks about tasks missing from a newer manifest, and stops those confirmed', async () => {
    await instance.start();
    const web = instance.task({ name: 'app' });
    instance.plane.want(web);
    await instance.untilStatus(web.arn, 'RUNNING');
    const manifest = {
      clusterArn: instance.plane.clusterArn,
      containerInstanceArn: instance.plane.instanceArn,
      generatedAt: 0,
      tasks: [],
    };
    instance.plane.send('TaskManifestMessage', { ...manifest, messageId: 'old', timeline: 1 });
    instance.plane.send('TaskManifestMessage', {
      ...manifest,
      messageId: 'new',
      timeline: instance.plane.nextSequence(),
    });
    const asked = () => instance.plane.received.filter(({ type }) => type === 'TaskStopVerificationMessage');
    await instance.until('the question', () => asked().length > 0);
    expect(asked().map(({ message }) => message.string('messageId'))).toEqual(['new']);
    expect(instance.acknowledged).toContain('new');
    expect(instance.acknowledged).not.toContain('old');
    const stopTasks = [
      { taskArn: web.arn, taskClusterArn: instance.plane.clusterArn, desiredStatus: 'STOPPED' as const },
    ];
    instance.plane.send('TaskStopVerificationAck', { messageId: 'other', generatedAt: 0, stopTasks });
    instance.plane.send('TaskStopVerificationAck', { messageId: 'new', generatedAt: 0, stopTasks });
    await instance.untilStatus(web.arn, 'STOPPED');
  });

  test('comes back after a cut and says what happened meanwhile', async () => {
    const agent = await instance.start();
    const web = instance.task({ name: 'app' });
    instance.plane.want(web);
    await instance.untilStatus(web.arn, 'RUNNING');
    instance.plane.failing.add('SubmitTaskStateChange');
    instance.plane.disconnect();
    instance.machine.container(web.arn, 'app').kill();
    await instance.until('the failure', () => agent.status().reportsPending === 1);
    instance.plane.failing.clear();
    await instance.until(
      'the link',
      () => instance.plane.connections.filter((url) => url.pathname === '/acs/ws').length >= 2,
    );
    await instance.untilStatus(web.arn, 'STOPPED');
    expect(
      instance.plane.connections
        .filter((url) => url.pathname === '/acs/ws')[1]
        ?.searchParams.get('sendCredentials'),
    ).toBe('false');
  });

  test('waits long when its instance is inactive', async () => {
    instance.plane.refusedUpgrades.push(
      { status: 400, body: '{"InactiveInstanceException":"gone"}' },
      { status: 400, body: '{"InactiveInstanceException":"gone"}' },
    );
    const agent = await instance.start();
    await instance.until(
      'the refusal',
      () => agent.status().acs.reason === 'InactiveInstanceException: gone',
      () => agent.status(),
    );
    expect(agent.status().acs.state).toBe('waiting');
  });
});
