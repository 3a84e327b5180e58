import { cpSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../clock/index.ts';
import type { AcsTask } from '../protocols/index.ts';
import type { Runtime } from '../runtime/index.ts';
import type { Agent } from './agent.ts';
import { TestInstance, withAwslogs } from './testing/test-instance.ts';

/**
 * Kills the agent at each of its steps and starts another on what the first left on disk. A killed agent is one
 * whose every call to the engine hangs from then on, whose clock stands still and whose requests nobody answers;
 * its state directory is copied at that instant, as the kernel would have kept it.
 */
let instance: TestInstance;

beforeEach(async () => {
  instance = await TestInstance.open();
});

afterEach(async () => {
  const closed = instance[Symbol.asyncDispose]();
  // Agents are closing by now, so none of the dead makes anything of it.
  for (const bury of buried.splice(0)) bury();
  await closed;
});

/** What the dead wait for. */
const buried: (() => void)[] = [];
const silence = (): Promise<never> =>
  new Promise((_, reject) => {
    buried.push(() => reject(new Error('The agent is dead')));
  });

const startFirst = (victim: Victim): Promise<Agent> =>
  instance.start({
    credentials: { accessKeyId: 'AKID1', secretAccessKey: 'secret' },
    runtime: victim.runtime,
    clock: victim.clock,
  });

const startSecond = (): Promise<Agent> => instance.start({ stateDirectory: instance.stateDirectory(2) });

/** Two containers, of which one logs and the other needs it. */
function taskOf(id: number): AcsTask {
  const made = instance.task(
    { name: 'db', command: ['print', 'ready'], ...withAwslogs() },
    { name: 'app', dependsOn: [{ containerName: 'db', condition: 'START' }] },
  );
  return { ...made, arn: made.arn.replace(/\d{32}$/, String(id).padStart(32, '0')) };
}

/** A victim that dies at the `fatal`-th call of the engine: just before it takes effect, or just after. */
class Victim {
  calls = 0;
  isDead = false;
  #fatal: { readonly call: number; readonly takesEffect: boolean };

  constructor(fatal: { readonly call: number; readonly takesEffect: boolean }) {
    this.#fatal = fatal;
  }

  /** Counts from here. */
  arm(fatal: { readonly call: number; readonly takesEffect: boolean }): void {
    this.calls = 0;
    this.#fatal = fatal;
  }

  readonly clock: Clock = {
    now: () => instance.clock.now(),
    monotonic: () => instance.clock.monotonic(),
    after: (delayMs, task) => instance.clock.after(delayMs, () => !this.isDead && task()),
    sleep: (delayMs, signal) => instance.clock.sleep(delayMs, signal),
  };

  readonly runtime: Runtime = new Proxy<Runtime>(instance.machine.runtime, {
    get: (target, property) => {
      const member: unknown = Reflect.get(target, property);
      if (typeof member !== 'function') return member;
      // A stream of the dead is never read again, and ends when its reader is cleared away.
      if (property === 'events' || property === 'output') return member.bind(target);
      return async (...input: unknown[]) => {
        this.calls += 1;
        const isFatal = this.calls === this.#fatal.call;
        if (isFatal && !this.#fatal.takesEffect) this.die();
        if (this.isDead) return silence();
        const result: unknown = await Reflect.apply(member, target, input);
        if (isFatal) this.die();
        return this.isDead ? silence() : result;
      };
    },
  });

  die(): void {
    if (this.isDead) return;
    this.isDead = true;
    cpSync(instance.stateDirectory(1), instance.stateDirectory(2), { recursive: true });
    instance.plane.deadKeys.add('AKID1');
    instance.plane.disconnect();
  }
}

describe('an agent killed at any step', () => {
  /** More than a launch takes: where there is no such step any more, death comes after the last. */
  const steps = Array.from({ length: 14 }, (_, index) => index + 1);

  for (const takesEffect of [false, true]) {
    test.each(steps)(
      `of a launch, step %i ${takesEffect ? 'done' : 'not done'}: the next one finishes it, once`,
      async (call) => {
        const victim = new Victim({ call, takesEffect });
        const wanted = taskOf(1);
        const first = startFirst(victim);
        first.catch(() => {});
        instance.plane.want(wanted);
        await instance.until(
          'death, or the launch',
          () => victim.isDead || instance.plane.statusesOf(wanted.arn).includes('RUNNING'),
          () => victim.calls,
        );
        victim.die();
        const second = await startSecond();
        await instance.until(
          'RUNNING',
          () => instance.plane.statusesOf(wanted.arn).includes('RUNNING'),
          () => [instance.plane.submissions, instance.machine.containers],
        );
        await instance.until(
          'both containers',
          () => instance.machine.runningNames(wanted.arn).length === 2,
          () => instance.machine.runningNames(wanted.arn),
        );
        expect(instance.machine.containers).toHaveLength(2);
        expect([...instance.machine.ofTask(wanted.arn).values()].map(({ runs }) => runs)).toEqual([1, 1]);
        await instance.until(
          'the log line',
          () =>
            instance.plane.logStreams.size === 1 &&
            ([...instance.plane.logStreams.values()][0]?.length ?? 0) > 0,
          () => [...instance.plane.logStreams],
        );

        instance.plane.want({ ...wanted, desiredStatus: 'STOPPED' });
        await instance.until(
          'STOPPED',
          () => instance.plane.lastSubmission(wanted.arn)?.status === 'STOPPED',
          () => instance.plane.submissions,
        );
        expect(instance.machine.runningNames(wanted.arn)).toEqual([]);
        // The batch in flight at the instant of death may come twice; nothing is lost.
        const lines = [...instance.plane.logStreams.values()].flat();
        expect([...new Set(lines)]).toEqual(['ready']);
        expect(lines.length).toBeLessThanOrEqual(2);
        await instance.until(
          'all reported',
          () => second.status().reportsPending === 0,
          () => second.status(),
        );
      },
    );
  }
});

describe('an agent killed at any step of a stop', () => {
  for (const takesEffect of [false, true]) {
    test.each(Array.from({ length: 8 }, (_, index) => index + 1))(
      `step %i ${takesEffect ? 'done' : 'not done'}: the next one finishes it`,
      async (call) => {
        const victim = new Victim({ call: -1, takesEffect });
        const wanted = taskOf(1);
        await startFirst(victim);
        instance.plane.want(wanted);
        await instance.until(
          'RUNNING',
          () => instance.plane.statusesOf(wanted.arn).includes('RUNNING'),
          () => instance.plane.submissions,
        );
        victim.arm({ call, takesEffect });
        instance.plane.want({ ...wanted, desiredStatus: 'STOPPED' });
        await instance.until(
          'death, or STOPPED',
          () => victim.isDead || instance.plane.lastSubmission(wanted.arn)?.status === 'STOPPED',
          () => victim.calls,
        );
        victim.die();
        const second = await startSecond();
        await instance.until(
          'STOPPED',
          () => instance.plane.lastSubmission(wanted.arn)?.status === 'STOPPED',
          () => instance.plane.submissions,
        );
        await instance.until(
          'nothing left to report',
          () => second.status().reportsPending === 0 && second.status().tasks.stopped === 1,
          () => second.status(),
        );
        expect(instance.plane.lastSubmission(wanted.arn)?.containers.map(({ exitCode }) => exitCode)).toEqual(
          [143, 143],
        );
        expect([...instance.machine.ofTask(wanted.arn).values()].map(({ runs }) => runs)).toEqual([1, 1]);
      },
    );
  }
});

describe('a restarted agent', () => {
  async function killAndRestart(between: () => void): Promise<Agent> {
    const victim = new Victim({ call: -1, takesEffect: false });
    const agent = await startFirst(victim);
    const tasks = [taskOf(1), taskOf(2)];
    instance.plane.want(...tasks);
    await instance.until(
      'both RUNNING',
      () => tasks.every(({ arn }) => instance.plane.statusesOf(arn).includes('RUNNING')),
      () => instance.plane.submissions,
    );
    await instance.until(
      'acknowledged',
      () => agent.status().reportsPending === 0,
      () => agent.status(),
    );
    await instance.until(
      'logs shipped',
      () => [...instance.plane.logStreams.values()].every((lines) => lines.length === 1),
      () => [...instance.plane.logStreams],
    );
    victim.die();
    between();
    return startSecond();
  }

  test('adopts what runs and restarts nothing', async () => {
    const before = () => instance.plane.submissions.length;
    let submissions = 0;
    const agent = await killAndRestart(() => {
      submissions = before();
    });
    await instance.until(
      'adopted',
      () => agent.status().tasks.running === 2 && agent.status().engine.isConnected,
      () => agent.status(),
    );
    await instance.clock.sleep(50);
    expect(instance.machine.engine.containers({}).map(({ runs }) => runs)).toEqual([1, 1, 1, 1]);
    expect(instance.plane.submissions).toHaveLength(submissions);
  });

  test('reports what exited meanwhile with its exit code, and stops what depended on it', async () => {
    await killAndRestart(() => instance.machine.container(taskOf(1).arn, 'app').kill());
    await instance.until(
      'STOPPED',
      () => instance.plane.lastSubmission(taskOf(1).arn)?.status === 'STOPPED',
      () => instance.plane.submissions,
    );
    expect(instance.plane.lastSubmission(taskOf(1).arn)?.containers).toMatchObject([
      { name: 'db', exitCode: 143 },
      { name: 'app', exitCode: 137 },
    ]);
    expect(instance.machine.runningNames(taskOf(2).arn)).toEqual(['app', 'db']);
  });

  test('removes containers of no task that it knows, and leaves those of others alone', async () => {
    await killAndRestart(() => {
      const { spec } = instance.machine.container(taskOf(1).arn, 'app');
      const foreign = { 'catamaran.instance': 'i-2' };
      const sandbox = { network: { mode: 'container' as const }, cgroupParent: 'p' };
      void instance.machine.engine.createSandbox({ ...sandbox, id: 'orphan', labels: spec.labels });
      void instance.machine.engine.createSandbox({ ...sandbox, id: 'foreign', labels: foreign });
      instance.machine.engine.createContainer({ ...spec, name: 'orphan', sandboxId: 'orphan' });
      instance.machine.engine.createContainer({
        ...spec,
        name: 'foreign',
        sandboxId: 'foreign',
        labels: foreign,
      });
    });
    await instance.until(
      'removal',
      () => instance.machine.engine.sandboxes({}).every(({ id }) => id !== 'orphan'),
      () => instance.machine.containers,
    );
    expect(instance.machine.containers).toContain('foreign');
    expect(instance.machine.containers).toHaveLength(5);
  });

  test('adopts and reports while the control plane is away', async () => {
    instance.plane.failing.clear();
    const waiting = killAndRestart(() => {
      instance.plane.failing.add('RegisterContainerInstance');
      instance.plane.failing.add('SubmitTaskStateChange');
      instance.machine.container(taskOf(1).arn, 'app').kill();
    });
    await instance.until(
      'the others stop',
      () => instance.plane.deadKeys.size === 1 && instance.machine.runningNames(taskOf(1).arn).length === 0,
      () => instance.machine.runningNames(taskOf(1).arn),
    );
    instance.plane.failing.clear();
    await waiting;
    await instance.until(
      'STOPPED',
      () => instance.plane.lastSubmission(taskOf(1).arn)?.status === 'STOPPED',
      () => instance.plane.submissions,
    );
  });
});
