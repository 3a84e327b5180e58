import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Clock, seededRandom, systemClock } from '../clock/index.ts';
import { recordingLog } from '../log.ts';
import type { AcsTask } from '../protocols/index.ts';
import type { Runtime } from '../runtime/index.ts';
import { type Agent, startAgent } from './index.ts';
import { ScriptedControlPlane } from './scripted-control-plane.ts';
import { SimulatedMachine } from './simulated-machine.ts';

/**
 * Kills the agent at each of its steps and starts another on what the first left on disk. A killed agent is one
 * whose every call to the engine hangs from then on, whose clock stands still and whose requests nobody answers;
 * its state directory is copied at that instant, as the kernel would have kept it.
 */
const clock = systemClock();
let root: string;
let plane: ScriptedControlPlane;
let machine: SimulatedMachine;
let log = recordingLog();
const agents: Agent[] = [];

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'agent-restart-'));
  plane = await ScriptedControlPlane.start();
  machine = new SimulatedMachine(clock);
  log = recordingLog();
});

afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.close()));
  await plane[Symbol.asyncDispose]();
  rmSync(root, { recursive: true });
});

async function start(generation: number, on: Runtime, at: Clock): Promise<Agent> {
  const agent = await startAgent({
    endpoint: plane.endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: `AKID${generation}`, secretAccessKey: 'secret' },
    cluster: 'default',
    instance: {
      id: 'i-1',
      resources: { cpuUnits: 2048, memoryMiB: 4096, reservedTcpPorts: [], reservedUdpPorts: [] },
      address: '127.0.0.1',
    },
    stateDirectory: join(root, String(generation)),
    runtime: on,
    clock: at,
    random: seededRandom(generation),
    log,
    logs: { endpoint: plane.endpoint },
    settings: { logFlushIntervalMs: 5 },
  });
  agents.push(agent);
  return agent;
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
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    after: (delayMs, task) => clock.after(delayMs, () => !this.isDead && task()),
    sleep: (delayMs, signal) => clock.sleep(delayMs, signal),
  };

  readonly runtime: Runtime = new Proxy<Runtime>(machine.runtime, {
    get: (target, property) => {
      const member: unknown = Reflect.get(target, property);
      if (typeof member !== 'function') return member;
      // A stream of the dead is never read again, and ends when its reader is cleared away.
      if (property === 'events' || property === 'output') return member.bind(target);
      return async (...input: unknown[]) => {
        this.calls += 1;
        const isFatal = this.calls === this.#fatal.call;
        if (isFatal && !this.#fatal.takesEffect) this.#die();
        if (this.isDead) return new Promise(() => {});
        const result: unknown = await Reflect.apply(member, target, input);
        if (isFatal) this.#die();
        return this.isDead ? new Promise(() => {}) : result;
      };
    },
  });

  #die(): void {
    this.isDead = true;
    cpSync(join(root, '1'), join(root, '2'), { recursive: true });
    plane.deadKeys.add('AKID1');
    plane.disconnect();
  }
}

async function until(what: string, holds: () => boolean, seen: () => unknown): Promise<void> {
  const deadlineMs = clock.monotonic() + 5_000;
  while (!holds()) {
    if (clock.monotonic() > deadlineMs) {
      const last = log.lines.slice(-5).map(({ message, fields }) => [message, fields]);
      throw new Error(`Not seen: ${what}; instead: ${JSON.stringify(seen())}\nlog: ${JSON.stringify(last)}`);
    }
    await clock.sleep(2);
  }
}

function taskOf(id: number, overrides: Partial<AcsTask> = {}): AcsTask {
  const logConfig = {
    LogConfig: { Type: 'awslogs', Config: { 'awslogs-group': '/app', 'awslogs-stream-prefix': 's' } },
  };
  const container = (name: string) => ({
    name,
    containerArn: `arn:container/${name}`,
    image: 'demo',
    essential: true,
    cpu: 0,
    dockerConfig: { version: '1.17', config: '{}', hostConfig: '{}' },
  });
  return {
    arn: `${plane.clusterArn.replace(':cluster/', ':task/')}/${String(id).padStart(32, '0')}`,
    family: 'web',
    version: '1',
    desiredStatus: 'RUNNING',
    taskClusterArn: plane.clusterArn,
    containers: [
      {
        ...container('db'),
        command: ['print', 'ready'],
        dockerConfig: { version: '1.17', config: '{}', hostConfig: JSON.stringify(logConfig) },
      },
      { ...container('app'), dependsOn: [{ containerName: 'db', condition: 'START' }] },
    ],
    ...overrides,
  };
}

describe('an agent killed at any step', () => {
  /** More than a launch takes; the test says when there was no such step any more. */
  const steps = Array.from({ length: 14 }, (_, index) => index + 1);

  for (const takesEffect of [false, true]) {
    test.each(steps)(
      `of a launch, step %i ${takesEffect ? 'done' : 'not done'}: the next one finishes it, once`,
      async (call) => {
        const victim = new Victim({ call, takesEffect });
        const wanted = taskOf(1);
        const first = start(1, victim.runtime, victim.clock);
        first.catch(() => {});
        plane.want(wanted);
        await until(
          'death, or the launch',
          () => victim.isDead || plane.statusesOf(wanted.arn).includes('RUNNING'),
          () => victim.calls,
        );
        if (!victim.isDead) {
          // The launch was done by then: die there.
          cpSync(join(root, '1'), join(root, '2'), { recursive: true });
          victim.isDead = true;
          plane.deadKeys.add('AKID1');
          plane.disconnect();
        }
        const second = await start(2, machine.runtime, clock);
        await until(
          'RUNNING',
          () => plane.statusesOf(wanted.arn).includes('RUNNING'),
          () => [plane.submissions, machine.containers],
        );
        await until(
          'both containers',
          () => machine.runningNames(wanted.arn).length === 2,
          () => machine.runningNames(wanted.arn),
        );
        expect(machine.containers).toHaveLength(2);
        expect([...machine.ofTask(wanted.arn).values()].map(({ runs }) => runs)).toEqual([1, 1]);
        await until(
          'the log line',
          () => plane.logStreams.size === 1 && ([...plane.logStreams.values()][0]?.length ?? 0) > 0,
          () => [...plane.logStreams],
        );

        plane.want({ ...wanted, desiredStatus: 'STOPPED' });
        await until(
          'STOPPED',
          () => plane.lastSubmission(wanted.arn)?.status === 'STOPPED',
          () => plane.submissions,
        );
        expect(machine.runningNames(wanted.arn)).toEqual([]);
        // The batch in flight at the instant of death may come twice; nothing is lost.
        const lines = [...plane.logStreams.values()].flat();
        expect([...new Set(lines)]).toEqual(['ready']);
        expect(lines.length).toBeLessThanOrEqual(2);
        await until(
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
        await start(1, victim.runtime, victim.clock);
        plane.want(wanted);
        await until(
          'RUNNING',
          () => plane.statusesOf(wanted.arn).includes('RUNNING'),
          () => plane.submissions,
        );
        victim.arm({ call, takesEffect });
        plane.want({ ...wanted, desiredStatus: 'STOPPED' });
        await until(
          'death, or STOPPED',
          () => victim.isDead || plane.lastSubmission(wanted.arn)?.status === 'STOPPED',
          () => victim.calls,
        );
        if (!victim.isDead) {
          cpSync(join(root, '1'), join(root, '2'), { recursive: true });
          victim.isDead = true;
          plane.deadKeys.add('AKID1');
          plane.disconnect();
        }
        const second = await start(2, machine.runtime, clock);
        await until(
          'STOPPED',
          () => plane.lastSubmission(wanted.arn)?.status === 'STOPPED',
          () => plane.submissions,
        );
        await until(
          'nothing left to report',
          () => second.status().reportsPending === 0 && second.status().tasks.stopped === 1,
          () => second.status(),
        );
        expect(plane.lastSubmission(wanted.arn)?.containers.map(({ exitCode }) => exitCode)).toEqual([
          143, 143,
        ]);
        expect([...machine.ofTask(wanted.arn).values()].map(({ runs }) => runs)).toEqual([1, 1]);
      },
    );
  }
});

describe('a restarted agent', () => {
  async function killAndRestart(between: () => void): Promise<Agent> {
    const victim = new Victim({ call: -1, takesEffect: false });
    const agent = await start(1, victim.runtime, victim.clock);
    const tasks = [taskOf(1), taskOf(2)];
    plane.want(...tasks);
    await until(
      'both RUNNING',
      () => tasks.every(({ arn }) => plane.statusesOf(arn).includes('RUNNING')),
      () => plane.submissions,
    );
    await until(
      'acknowledged',
      () => agent.status().reportsPending === 0,
      () => agent.status(),
    );
    await until(
      'logs shipped',
      () => [...plane.logStreams.values()].every((lines) => lines.length === 1),
      () => [...plane.logStreams],
    );
    victim.isDead = true;
    cpSync(join(root, '1'), join(root, '2'), { recursive: true });
    plane.deadKeys.add('AKID1');
    plane.disconnect();
    between();
    return start(2, machine.runtime, clock);
  }

  test('adopts what runs and restarts nothing', async () => {
    const before = () => plane.submissions.length;
    let submissions = 0;
    const agent = await killAndRestart(() => {
      submissions = before();
    });
    await until(
      'adopted',
      () => agent.status().tasks.running === 2 && agent.status().engine.isConnected,
      () => agent.status(),
    );
    await clock.sleep(50);
    expect(machine.engine.containers({}).map(({ runs }) => runs)).toEqual([1, 1, 1, 1]);
    expect(plane.submissions).toHaveLength(submissions);
  });

  test('reports what exited meanwhile with its exit code, and stops what depended on it', async () => {
    await killAndRestart(() => machine.container(taskOf(1).arn, 'app').kill());
    await until(
      'STOPPED',
      () => plane.lastSubmission(taskOf(1).arn)?.status === 'STOPPED',
      () => plane.submissions,
    );
    expect(plane.lastSubmission(taskOf(1).arn)?.containers).toMatchObject([
      { name: 'db', exitCode: 143 },
      { name: 'app', exitCode: 137 },
    ]);
    expect(machine.runningNames(taskOf(2).arn)).toEqual(['app', 'db']);
  });

  test('removes containers of no task that it knows, and leaves those of others alone', async () => {
    await killAndRestart(() => {
      const { spec } = machine.container(taskOf(1).arn, 'app');
      const foreign = { 'catamaran.instance': 'i-2' };
      const sandbox = { network: { mode: 'container' as const }, cgroupParent: 'p' };
      void machine.engine.createSandbox({ ...sandbox, id: 'orphan', labels: spec.labels });
      void machine.engine.createSandbox({ ...sandbox, id: 'foreign', labels: foreign });
      machine.engine.createContainer({ ...spec, name: 'orphan', sandboxId: 'orphan' });
      machine.engine.createContainer({ ...spec, name: 'foreign', sandboxId: 'foreign', labels: foreign });
    });
    await until(
      'removal',
      () => machine.engine.sandboxes({}).every(({ id }) => id !== 'orphan'),
      () => machine.containers,
    );
    expect(machine.containers).toContain('foreign');
    expect(machine.containers).toHaveLength(5);
  });

  test('adopts and reports while the control plane is away', async () => {
    plane.failing.clear();
    const waiting = killAndRestart(() => {
      plane.failing.add('RegisterContainerInstance');
      plane.failing.add('SubmitTaskStateChange');
      machine.container(taskOf(1).arn, 'app').kill();
    });
    await until(
      'the others stop',
      () => plane.deadKeys.size === 1 && machine.runningNames(taskOf(1).arn).length === 0,
      () => machine.runningNames(taskOf(1).arn),
    );
    plane.failing.clear();
    await waiting;
    await until(
      'STOPPED',
      () => plane.lastSubmission(taskOf(1).arn)?.status === 'STOPPED',
      () => plane.submissions,
    );
  });
});
