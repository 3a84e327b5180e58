import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFailed, onTestFinished } from 'vitest';
import { type Random, seededRandom } from '../../src/clock/index.ts';
import { type System, startSystem } from './system.ts';

/**
 * Whatever is asked, whatever dies: in the end what the API says is what runs. Each seed is another story; a
 * failing one is told on standard error, and `CATAMARAN_SEEDS=3,17` tells those again, as far as sockets allow.
 */
const seeds = process.env.CATAMARAN_SEEDS?.split(',') ?? ['1', '2', '3', '4'];
const steps = 70;

/** What tasks are made of: `steady` runs until it is stopped. */
const families = {
  steady: { command: ['run'] },
  short: { command: ['exit', '1', '3000'] },
  broken: { command: ['fail', 'by', 'design'] },
  nowhere: { image: 'nowhere' },
  stubborn: { command: ['ignore-stop'], stopTimeout: 2 },
};
type Family = keyof typeof families;
const familyNames: readonly Family[] = [
  'steady',
  'steady',
  'steady',
  'short',
  'broken',
  'nowhere',
  'stubborn',
];

describe('after any story', () => {
  it.each(seeds)('the API and the machines agree, seed %s', async (seed) => {
    const system = await startSystem({
      seed,
      instances: 4,
      latency: {
        createContainer: { p50Ms: 40, p99Ms: 400 },
        startContainer: { p50Ms: 100, p99Ms: 800 },
        startContainerOnBridge: { p50Ms: 200, p99Ms: 1000 },
        removeContainer: { p50Ms: 40, p99Ms: 100 },
      },
      failures: { start: 0.05, createContainer: 0.02 },
    });
    onTestFinished(() => system[Symbol.asyncDispose]());
    const story = new Story(system, seededRandom(`chaos/${seed}`));
    onTestFailed(() => console.error(`The story of seed ${seed}:\n${story.told.join('\n')}`));
    await story.tell(steps);
    await story.settle();
    await story.expectAgreement();
  });
});

class Story {
  readonly told: string[] = [];
  readonly #system: System;
  readonly #random: Random;
  /** What was asked and isn't answered yet. */
  readonly #asked = new Set<Promise<void>>();
  readonly #problems: unknown[] = [];
  /** Every task that RunTask has acknowledged, and of what. */
  readonly #acknowledged = new Map<string, Family>();
  /** Tasks that somebody has ended. */
  readonly #ended = new Set<string>();
  readonly #services = new Set<string>();
  readonly #startedAt = performance.now();

  constructor(system: System, random: Random) {
    this.#system = system;
    this.#random = random;
  }

  async tell(steps: number): Promise<void> {
    for (const [family, container] of Object.entries(families)) await this.#system.define(family, container);
    for (let step = 0; step < steps; step += 1) {
      await this.#step();
      await sleep(this.#random.integer(30));
    }
  }

  /** Everybody comes back, and services are asked for what can be had. */
  async settle(): Promise<void> {
    this.#note('everybody comes back');
    await Promise.all(this.#asked);
    const { ecs, machines } = this.#system;
    for (const machine of machines) machine.engine.start();
    await Promise.all(machines.filter(({ hasAgent }) => !hasAgent).map((machine) => machine.start()));
    const { containerInstances } = await this.#system.instances();
    await ecs.updateContainerInstancesState({
      containerInstances: containerInstances.map(({ containerInstanceArn = '' }) => containerInstanceArn),
      status: 'ACTIVE',
    });
    for (const service of this.#services) {
      const { status } = await this.#system.service(service);
      if (status === 'ACTIVE')
        await ecs.updateService({
          service,
          taskDefinition: 'steady',
          desiredCount: 1 + this.#random.integer(5),
        });
    }
    const unsettled = () => this.#unsettled();
    await this.#system.until('all to settle', async () => (await unsettled()).length === 0, {
      seen: unsettled,
    });
  }

  async expectAgreement(): Promise<void> {
    const system = this.#system;
    expect(this.#problems).toEqual([]);
    const live = await system.tasks();
    const liveArns = live.map(({ taskArn = '' }) => taskArn).sort();
    expect(system.runningContainers()).toEqual(liveArns);
    expect(new Set(liveArns).size).toBe(liveArns.length);

    // No container was made or started twice for a task.
    for (const machine of system.machines) {
      const containers = machine.engine.containers({});
      const ofTasks = containers.map(({ spec }) => spec.labels['com.amazonaws.ecs.task-arn']);
      expect(new Set(ofTasks).size).toBe(ofTasks.length);
      for (const { runs, spec } of containers) expect(runs, spec.name).toBeLessThanOrEqual(1);
    }

    // Nothing acknowledged is lost, and what nobody ended runs.
    for (const [taskArn, family] of this.#acknowledged) {
      const { tasks = [], failures } = await system.ecs.describeTasks({ tasks: [taskArn] });
      expect(failures).toEqual([]);
      const [task] = tasks;
      const mayHaveEnded = family !== 'steady' && family !== 'stubborn';
      if (mayHaveEnded || this.#ended.has(taskArn) || task?.stopCode === 'TaskFailedToStart') continue;
      expect(task).toMatchObject({ lastStatus: 'RUNNING', desiredStatus: 'RUNNING' });
    }

    // What is reserved is what the live tasks need.
    const { containerInstances } = await system.instances();
    expect(containerInstances).toHaveLength(system.machines.length);
    for (const instance of containerInstances) {
      const own = live.filter(
        ({ containerInstanceArn }) => containerInstanceArn === instance.containerInstanceArn,
      );
      const remaining = (name: string) =>
        instance.remainingResources?.find((each) => each.name === name)?.integerValue ?? Number.NaN;
      expect({
        cpu: 2048 - remaining('CPU'),
        memory: 4096 - remaining('MEMORY'),
        running: instance.runningTasksCount,
        pending: instance.pendingTasksCount,
        agentConnected: instance.agentConnected,
      }).toEqual({
        cpu: own.reduce((sum, { cpu }) => sum + Number(cpu), 0),
        memory: own.reduce((sum, { memory }) => sum + Number(memory), 0),
        running: own.length,
        pending: 0,
        agentConnected: true,
      });
    }

    // What went wrong inside is only what was cut off by a kill.
    const errors = system.log.lines.filter(
      ({ level, fields }) => level === 'error' && !JSON.stringify(fields).includes('StoreClosedError'),
    );
    expect(errors).toEqual([]);
  }

  /** What still has to happen, in words; empty: nothing. */
  async #unsettled(): Promise<string[]> {
    const system = this.#system;
    const words: string[] = [];
    // Services first: once they are steady, they stop none of the tasks that are looked at after them.
    for (const name of this.#services) {
      const {
        status,
        deployments = [],
        desiredCount,
        runningCount,
        pendingCount,
      } = await system.service(name);
      const [primary] = deployments;
      const isSteady =
        status === 'INACTIVE' ||
        (status === 'ACTIVE' &&
          deployments.length === 1 &&
          primary?.rolloutState === 'COMPLETED' &&
          runningCount === desiredCount &&
          pendingCount === 0);
      if (!isSteady)
        words.push(
          `${name} is ${status}, ${runningCount} of ${desiredCount}, ${JSON.stringify(deployments)}`,
        );
    }
    const { containerInstances } = await system.instances();
    for (const { containerInstanceArn, agentConnected } of containerInstances) {
      if (!agentConnected) words.push(`${containerInstanceArn} is without its agent`);
    }
    const stopped = await system.tasks('STOPPED');
    const live = await system.tasks('RUNNING');
    for (const { taskArn, lastStatus } of live) {
      const isEnding = this.#acknowledged.get(taskArn ?? '') === 'short';
      if (lastStatus !== 'RUNNING' || isEnding) words.push(`${taskArn} is ${lastStatus}`);
    }
    for (const { taskArn, lastStatus } of stopped) {
      if (lastStatus !== 'STOPPED') words.push(`${taskArn} is ${lastStatus} and should be STOPPED`);
    }
    const [running, wanted] = [system.runningContainers(), live.map(({ taskArn = '' }) => taskArn).sort()];
    if (JSON.stringify(running) !== JSON.stringify(wanted)) {
      words.push(`without a container: ${wanted.filter((arn) => !running.includes(arn))}`);
      words.push(`without a task: ${running.filter((arn) => !wanted.includes(arn))}`);
    }
    return words;
  }

  async #step(): Promise<void> {
    const system = this.#system;
    const { ecs } = system;
    const machine = this.#one(system.machines);
    switch (this.#one(doings)) {
      case 'run a task': {
        const family = this.#one(familyNames) ?? 'steady';
        const count = 1 + this.#random.integer(3);
        return this.#ask(`RunTask ${family} ${count}`, async () => {
          const { tasks = [] } = await ecs.runTask({ taskDefinition: family, count });
          for (const { taskArn = '' } of tasks) this.#acknowledged.set(taskArn, family);
        });
      }
      case 'stop a task': {
        const task = this.#one([...this.#acknowledged.keys()]);
        if (task === undefined) return;
        this.#ended.add(task);
        return this.#ask(`StopTask ${task}`, () => ecs.stopTask({ task }));
      }
      case 'create a service': {
        const serviceName = `s-${this.#random.integer(4)}`;
        const desiredCount = this.#random.integer(5);
        const taskDefinition = this.#one(familyNames) ?? 'steady';
        return this.#ask(`CreateService ${serviceName} ${taskDefinition} ${desiredCount}`, async () => {
          await ecs.createService({ serviceName, taskDefinition, desiredCount });
          this.#services.add(serviceName);
        });
      }
      case 'update a service': {
        const service = this.#one([...this.#services]);
        if (service === undefined) return;
        const change = this.#one([
          { desiredCount: this.#random.integer(6) },
          { taskDefinition: this.#one(familyNames) },
          { forceNewDeployment: true },
        ]);
        return this.#ask(`UpdateService ${service} ${JSON.stringify(change)}`, () =>
          ecs.updateService({ service, ...change }),
        );
      }
      case 'delete a service': {
        const service = this.#one([...this.#services]);
        if (service === undefined) return;
        return this.#ask(`DeleteService ${service}`, () => ecs.deleteService({ service, force: true }));
      }
      case 'drain or activate an instance': {
        const { containerInstances } = await system.instances();
        const { containerInstanceArn = '' } = this.#one(containerInstances) ?? {};
        const status = this.#one(['DRAINING', 'ACTIVE'] as const) ?? 'ACTIVE';
        return this.#ask(`UpdateContainerInstancesState ${containerInstanceArn} ${status}`, () =>
          ecs.updateContainerInstancesState({ containerInstances: [containerInstanceArn], status }),
        );
      }
      case 'kill or start an agent': {
        if (machine === undefined) return;
        if (machine.hasAgent) {
          this.#note(`the agent of ${machine.name} is killed`);
          machine.crash();
        } else {
          this.#note(`the agent of ${machine.name} is started`);
          // It may be waiting for its engine or the control plane: the story goes on.
          this.#follow(machine.start());
        }
        return;
      }
      case 'end a container': {
        const container = this.#one(
          machine?.engine.containers({}).filter(({ isRunning }) => isRunning) ?? [],
        );
        if (container === undefined) return;
        this.#note(`the container ${container.spec.name} ends`);
        this.#ended.add(container.spec.labels['com.amazonaws.ecs.task-arn'] ?? '');
        container.kill();
        return;
      }
      case 'cut the power of a machine': {
        if (machine === undefined) return;
        this.#note(`${machine.name} loses power`);
        for (const taskArn of machine.runningTasks()) this.#ended.add(taskArn);
        machine.engine.crash();
        machine.engine.start();
        return;
      }
      case 'take an engine away for a while': {
        if (machine === undefined) return;
        this.#note(`the engine of ${machine.name} is away for 2 s`);
        machine.engine.stop();
        system.clock.after(2_000, () => machine.engine.start());
        return;
      }
      case 'restart the control plane':
        this.#note('the control plane is restarted');
        return system.restartControlPlane();
      case 'kill the control plane':
        this.#note('the control plane is killed');
        return system.killControlPlane();
    }
  }

  /** Asks, and half of the time goes on before the answer is there. */
  async #ask(what: string, request: () => Promise<unknown>): Promise<void> {
    this.#note(what);
    const answered = request().then(
      () => undefined,
      (error: unknown) => {
        this.#note(`  ${what} failed: ${String(error)}`);
        if (!isExpected(error)) this.#problems.push(error);
      },
    );
    this.#follow(answered);
    if (this.#random.integer(2) === 0) await answered;
  }

  #follow(work: Promise<unknown>): void {
    const followed = work.then(
      () => undefined,
      (error: unknown) => this.#note(`  ${String(error)}`),
    );
    this.#asked.add(followed);
    void followed.then(() => this.#asked.delete(followed));
  }

  #note(what: string): void {
    this.told.push(`${Math.round(performance.now() - this.#startedAt)} ms: ${what}`);
  }

  #one<T>(of: readonly T[]): T | undefined {
    return of.length === 0 ? undefined : of[this.#random.integer(of.length)];
  }
}

const doings = [
  ...Array<'run a task'>(6).fill('run a task'),
  ...Array<'stop a task'>(3).fill('stop a task'),
  'create a service',
  'create a service',
  ...Array<'update a service'>(3).fill('update a service'),
  'delete a service',
  'drain or activate an instance',
  ...Array<'kill or start an agent'>(4).fill('kill or start an agent'),
  'end a container',
  'end a container',
  'cut the power of a machine',
  'take an engine away for a while',
  'restart the control plane',
  'kill the control plane',
] as const;

/** What users hear when they ask for what is not there just now, or when the one who was to answer is killed. */
function isExpected(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const refusals = [
    'InvalidParameterException',
    'ServiceNotFoundException',
    'ServiceNotActiveException',
    'ClientException',
  ];
  if (refusals.includes(error.name)) return true;
  return !('$fault' in error) || error.$fault === 'server';
}
