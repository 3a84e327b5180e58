import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../clock/index.ts';
import { type Runtime, RuntimeError } from '../runtime/index.ts';
import { TestInstance } from './testing/test-instance.ts';

let instance: TestInstance;

beforeEach(async () => {
  instance = await TestInstance.open();
});

afterEach(() => instance[Symbol.asyncDispose]());

/** The simulated machine's runtime with some of its calls answered otherwise. */
function runtimeWith(calls: Partial<Runtime>): Runtime {
  return new Proxy<Runtime>(instance.machine.runtime, {
    get: (target, property) => {
      const member: unknown = Reflect.get(calls, property) ?? Reflect.get(target, property);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

describe('an agent', () => {
  test('sees what happens while something that belongs to no task cannot be removed', async () => {
    const labels = { 'catamaran.instance': 'i-1' };
    const { engine, runtime } = instance.machine;
    await engine.createSandbox({ id: 'orphan', labels, network: { mode: 'container' }, cgroupParent: 'p' });
    const held = Promise.withResolvers<void>();
    let attempts = 0;
    const agent = await instance.start({
      runtime: runtimeWith({
        removeSandbox: (id) => {
          if (id !== 'orphan') return runtime.removeSandbox(id);
          attempts += 1;
          return attempts < 3 ? Promise.reject(new Error('device or resource busy')) : held.promise;
        },
      }),
    });
    await instance.until('the attempts', () => attempts === 3);
    const job = instance.task({ name: 'job', command: ['exit', '3', '20'] });
    instance.plane.want(job);
    await instance.untilStatus(job.arn, 'STOPPED');
    expect(agent.status().engine).toEqual({ isConnected: true });
    held.resolve();
  });

  test('that is closed lets a start under way end and begins none that waits for its turn', async () => {
    const { runtime } = instance.machine;
    const held = Promise.withResolvers<void>();
    const started: string[] = [];
    const agent = await instance.start({
      settings: { startConcurrency: 1 },
      runtime: runtimeWith({
        startContainer: async (name) => {
          started.push(name);
          await held.promise;
          return runtime.startContainer(name);
        },
      }),
    });
    const web = instance.task({ name: 'app' }, { name: 'side' });
    instance.plane.want(web);
    await instance.until('a start', () => started.length === 1 && instance.machine.containers.length === 2);
    const events: string[] = [];
    const closing = agent.close().then(() => events.push('closed'));
    await instance.clock.sleep(20);
    events.push('start ends');
    held.resolve();
    await closing;
    await instance.clock.sleep(20);
    expect(events).toEqual(['start ends', 'closed']);
    expect(started).toHaveLength(1);

    await instance.start();
    await instance.untilStatus(web.arn, 'RUNNING');
    expect([...instance.machine.ofTask(web.arn).values()].map(({ runs }) => runs)).toEqual([1, 1]);
  });

  test('gives up a start that takes too long', async () => {
    const { runtime } = instance.machine;
    const held = Promise.withResolvers<void>();
    await instance.start({
      settings: { containerStartTimeoutMs: 50 },
      runtime: runtimeWith({
        startContainer: async (name) => {
          await held.promise;
          return runtime.startContainer(name);
        },
      }),
    });
    const web = instance.task({ name: 'app' });
    instance.plane.want(web);
    await instance.untilStatus(web.arn, 'STOPPED');
    expect(instance.plane.lastSubmission(web.arn)?.containers[0]?.reason).toMatch(/^DockerTimeoutError/);
    held.resolve();
  });

  test('closes in time when the engine does not answer any more', async () => {
    let isHanging = false;
    const agent = await instance.start({
      runtime: runtimeWith({
        startContainer: () => {
          isHanging = true;
          return new Promise(() => {});
        },
      }),
    });
    instance.plane.want(instance.task({ name: 'app' }));
    await instance.until('a start', () => isHanging);
    await agent.close();
    expect(instance.log.lines.at(-1)?.message).toContain('still works on its last steps');
  });

  test('tries again in time when the machine’s clock is set back meanwhile', async () => {
    const { runtime } = instance.machine;
    let setBackMs = 0;
    let attempts = 0;
    const clock: Clock = {
      now: () => instance.clock.now() - setBackMs,
      monotonic: () => instance.clock.monotonic(),
      after: (delayMs, task) => instance.clock.after(delayMs, task),
      sleep: (delayMs, signal) => instance.clock.sleep(delayMs, signal),
    };
    await instance.start({
      clock,
      runtime: runtimeWith({
        createSandbox: async (spec) => {
          attempts += 1;
          if (attempts > 1) return runtime.createSandbox(spec);
          instance.clock.after(20, () => {
            setBackMs = 3_600_000;
          });
          throw new RuntimeError('EngineUnavailable', 'away', 'away');
        },
      }),
    });
    const web = instance.task({ name: 'app' });
    instance.plane.want(web);
    await instance.untilStatus(web.arn, 'RUNNING');
    expect(attempts).toBe(2);
  });

  test('goes on when following the engine fails', async () => {
    const { runtime } = instance.machine;
    let streams = 0;
    await instance.start({
      runtime: runtimeWith({
        events: (labels, signal) => {
          streams += 1;
          if (streams === 1) throw new TypeError('an event that cannot be read');
          return runtime.events(labels, signal);
        },
      }),
    });
    const job = instance.task({ name: 'job', command: ['exit', '3', '20'] });
    instance.plane.want(job);
    await instance.untilStatus(job.arn, 'STOPPED');
    expect(instance.log.lines).toContainEqual(
      expect.objectContaining({ level: 'error', message: 'Part of the agent failed: it is begun again' }),
    );
  });
});

describe('the metadata address', () => {
  const environmentOf = (arn: string) => instance.machine.container(arn, 'app').spec.env;

  test('of another machine costs the metadata alone', async () => {
    // TEST-NET-1 (RFC 5737): no machine's.
    await instance.start({ metadata: { host: '192.0.2.1', port: 0 } });
    const web = instance.task({ name: 'app' });
    instance.plane.want(web);
    await instance.untilStatus(web.arn, 'RUNNING');
    expect(environmentOf(web.arn)).not.toHaveProperty('ECS_CONTAINER_METADATA_URI_V4');
    expect(instance.log.lines).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        message: expect.stringContaining('Containers get no task metadata'),
      }),
    );
  });

  test('whose remembered port was taken gets another', async () => {
    const metadata = { host: '127.0.0.1', port: 0 };
    const first = await instance.start({ metadata });
    const before = instance.task({ name: 'app' });
    instance.plane.want(before);
    await instance.untilStatus(before.arn, 'RUNNING');
    const oldUri = new URL(environmentOf(before.arn).ECS_CONTAINER_METADATA_URI_V4 ?? '');
    await first.close();
    const other = createServer();
    // Who else has it by now will do as well.
    await new Promise<void>((resolve) =>
      other.once('error', () => resolve()).listen(Number(oldUri.port), '127.0.0.1', resolve),
    );
    try {
      await instance.start({ metadata });
      const after = instance.task({ name: 'app' });
      instance.plane.want(after);
      await instance.untilStatus(after.arn, 'RUNNING');
      const uri = new URL(environmentOf(after.arn).ECS_CONTAINER_METADATA_URI_V4 ?? '');
      expect(uri.port).not.toBe(oldUri.port);
      expect((await fetch(uri)).status).toBe(200);
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  });
});
