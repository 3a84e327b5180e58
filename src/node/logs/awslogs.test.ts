import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TestInstance, withAwslogs } from '../testing/test-instance.ts';

let instance: TestInstance;

beforeEach(async () => {
  instance = await TestInstance.open();
});

afterEach(() => instance[Symbol.asyncDispose]());

describe('a container’s output', () => {
  test('is shipped to its stream, from the first line to the last', async () => {
    await instance.start();
    const web = instance.task({
      name: 'app',
      command: ['print', 'one', 'two', '+30', 'three'],
      ...withAwslogs(),
    });
    instance.plane.want(web);
    await instance.until(
      'the lines',
      () => instance.logStream(web.arn, 'app').length === 3,
      () => [...instance.plane.logStreams],
    );
    expect(instance.logStream(web.arn, 'app')).toEqual(['one', 'two', 'three']);
  });

  test('goes on after a restart of the agent where the last one left off', async () => {
    const first = await instance.start();
    const web = instance.task({
      name: 'app',
      command: ['print', 'one', '+300', 'two', '+300', 'three'],
      ...withAwslogs(),
    });
    instance.plane.want(web);
    await instance.until('one', () => instance.logStream(web.arn, 'app').length >= 1);
    await first.close();
    await instance.clock.sleep(350);
    await instance.start();
    await instance.until(
      'the lines',
      () => instance.logStream(web.arn, 'app').length >= 3,
      () => [...instance.plane.logStreams],
    );
    expect(instance.logStream(web.arn, 'app')).toEqual(['one', 'two', 'three']);
  });

  test('waits while CloudWatch Logs is away', async () => {
    await instance.start();
    instance.plane.failing.add('PutLogEvents');
    const web = instance.task({ name: 'app', command: ['print', 'one'], ...withAwslogs() });
    instance.plane.want(web);
    await instance.untilStatus(web.arn, 'RUNNING');
    await instance.clock.sleep(50);
    instance.plane.failing.clear();
    await instance.until('the line', () => instance.logStream(web.arn, 'app').length === 1);
  });

  test('without its group fails the start as ECS does, and with awslogs-create-group makes it', async () => {
    await instance.start();
    const bad = instance.task({ name: 'app', ...withAwslogs({ 'awslogs-group': '/none' }) });
    instance.plane.want(bad);
    await instance.untilStatus(bad.arn, 'STOPPED');
    expect(instance.plane.lastSubmission(bad.arn)?.containers[0]?.reason).toBe(
      'CannotStartContainerError: Error response from daemon: failed to initialize logging driver: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.',
    );
    const good = instance.task({
      name: 'app',
      ...withAwslogs({ 'awslogs-group': '/none', 'awslogs-create-group': 'true' }),
    });
    instance.plane.want(good);
    await instance.untilStatus(good.arn, 'RUNNING');
    expect(instance.plane.logGroups).toContain('/none');
  });
});
