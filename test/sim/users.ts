import type {
  CreateServiceCommandInput,
  CreateServiceCommandOutput,
  DescribeTasksCommandOutput,
  RegisterTaskDefinitionCommandOutput,
  RunTaskCommandInput,
  RunTaskCommandOutput,
  UpdateServiceCommandInput,
  UpdateTaskProtectionCommandOutput,
} from '@aws-sdk/client-ecs';
import { type Clock, type Random, seededRandom, uuid } from '../../src/clock/index.ts';
import { Refusal } from '../../src/protocols/index.ts';
import type { Facts } from './facts.ts';
import { fail } from './invariants.ts';
import type { SimMachine } from './machine.ts';
import { type Network, UnknownOutcomeError, UnreachableError } from './network.ts';
import type { PlannedStep, UserStep } from './plan.ts';
import type { Plane } from './plane.ts';
import { arnOfKey, keyOfArn, type Records } from './records.ts';
import {
  circuitBreaker,
  definition,
  networkOf,
  percentages,
  pick,
  placementConstraints,
  placementStrategy,
  racks,
} from './requests.ts';
import { SimProcess } from './sim-process.ts';
import type { Trace } from './trace.ts';

export interface UsersOptions {
  readonly time: Clock;
  readonly trace: Trace;
  readonly network: Network;
  readonly plane: Plane;
  readonly records: Records;
  readonly facts: Facts;
  readonly machines: () => readonly SimMachine[];
  readonly addMachine: (random: Random) => void;
}

/** What a user was promised of a service. */
interface WantedService {
  readonly name: string;
  /** Absent for DAEMON services. */
  readonly desiredCount?: number;
  readonly taskDefinition: string;
  /** Its circuit breaker has been on: a rollout may have failed, and gone back. */
  readonly hasBreaker: boolean;
}

/** A task definition, and what its network mode asks for at each launch. */
interface Registered extends ReturnType<typeof networkOf> {
  readonly taskDefinition: string;
}

/** What the control plane answered in the end. */
type Answer = { readonly output: object } | { readonly refusal: Refusal };

/**
 * The people and programs who call the API: each asks again, with the same token, until it knows. What they were
 * promised is remembered and must come true.
 */
export class Users {
  readonly #options: UsersOptions;
  readonly #process: SimProcess;
  readonly #services = new Map<number, WantedService>();
  /** One user for each service: what it asks for comes one after the other. */
  readonly #turns = new Map<number, Promise<void>>();
  readonly #tasks = new Set<string>();
  /** Keys of tasks whose protection somebody is changing: of two at once, either may be the last. */
  readonly #beingProtected = new Set<string>();
  #busy = 0;
  #names = 0;

  constructor(options: UsersOptions) {
    this.#options = options;
    this.#process = new SimProcess({
      name: 'user',
      clock: options.time,
      mayDie: () => false,
      onDeath: () => {},
    });
  }

  /** Requests that are not answered yet. */
  get isBusy(): boolean {
    return this.#busy > 0;
  }

  get wantedServices(): Iterable<WantedService> {
    return this.#services.values();
  }

  /** Tasks that were promised, and are not a service's. */
  get promisedTasks(): ReadonlySet<string> {
    return this.#tasks;
  }

  /** Rejects when a promise was broken. */
  async take(step: PlannedStep & UserStep): Promise<void> {
    this.#busy += 1;
    try {
      const random = seededRandom(step.seed);
      switch (step.type) {
        case 'create-service':
          return await this.#inTurn(step.slot, () => this.#createService(step.slot, random));
        case 'update-service':
          return await this.#inTurn(step.slot, () => this.#updateService(step.slot, random));
        case 'delete-service':
          return await this.#inTurn(step.slot, () => this.#deleteService(step.slot));
        case 'run-task':
          return await this.#runTask(random);
        case 'start-task':
          return await this.#startTask(random);
        case 'stop-task':
          return await this.#stopTask(random);
        case 'drain':
          return await this.#setInstanceStatus(random, 'DRAINING');
        case 'activate':
          return await this.#setInstanceStatus(random, 'ACTIVE');
        case 'deregister': {
          const machine = pick(random, this.#options.machines().filter(isRegistered));
          if (machine) await this.deregister(machine);
          return;
        }
        case 'add-machine':
          this.#options.addMachine(random);
          return;
        case 'describe':
          return await this.#describeTasks();
        case 'protect':
          // One user protects tasks: two would undo what the other was promised.
          return await this.#inTurn(protector, () => this.#protect(random));
        case 'change-rack':
          return await this.#changeRack(random);
      }
    } finally {
      this.#busy -= 1;
    }
  }

  /** The machine is given up: its instance is deregistered by force, and it is switched off. */
  async deregister(machine: SimMachine): Promise<void> {
    const { instanceArn } = machine;
    if (instanceArn === undefined) return;
    machine.isRetired = true;
    await this.forget(instanceArn);
    if (!machine.isGone) machine.vanish();
  }

  async forget(instanceArn: string): Promise<void> {
    await this.#ask('DeregisterContainerInstance', { containerInstance: instanceArn, force: true });
    const status = this.#options.records.instances.get(keyOfArn(instanceArn))?.status;
    if (status !== undefined && status !== 'INACTIVE')
      fail('no lost acknowledgement', `${instanceArn} was deregistered and is ${status}`);
  }

  /** Every instance is to take tasks again. */
  async activateAll(): Promise<void> {
    for (const machine of this.#options.machines().filter(isRegistered))
      await this.#ask('UpdateContainerInstancesState', {
        containerInstances: [machine.instanceArn],
        status: 'ACTIVE',
      });
  }

  async #createService(slot: number, random: Random): Promise<void> {
    if (this.#services.has(slot)) return;
    this.#names += 1;
    const name = `service-${slot}-${this.#names}`;
    const registered = await this.#register(name, random);
    if (registered === undefined) return;
    const isDaemon = random.float() < 0.2;
    const breaker = circuitBreaker(random);
    const desiredCount = random.integer(6);
    const input: CreateServiceCommandInput = {
      serviceName: name,
      ...registered,
      clientToken: uuid(random).replaceAll('-', ''),
      placementConstraints: placementConstraints(random).filter(
        ({ type }) => !isDaemon || type === 'memberOf',
      ),
      ...(isDaemon
        ? {
            schedulingStrategy: 'DAEMON' as const,
            deploymentConfiguration: { minimumHealthyPercent: 50 * random.integer(2), ...breaker },
          }
        : {
            desiredCount,
            deploymentConfiguration: { ...percentages(desiredCount, random), ...breaker },
            placementStrategy: placementStrategy(random),
          }),
    };
    const answer = await this.#ask('CreateService', input);
    if (!('output' in answer)) return;
    const { taskDefinition } = registered;
    const hasBreaker = 'deploymentCircuitBreaker' in breaker;
    this.#services.set(slot, { name, taskDefinition, hasBreaker, ...(!isDaemon && { desiredCount }) });
    this.#checkService(slot, (answer.output as CreateServiceCommandOutput).service?.status);
  }

  async #updateService(slot: number, random: Random): Promise<void> {
    const service = this.#services.get(slot);
    if (service === undefined) return;
    const isDaemon = service.desiredCount === undefined;
    const registered = random.float() < 0.5 ? await this.#register(service.name, random) : undefined;
    const breaker = circuitBreaker(random);
    const desiredCount = random.float() < 0.6 ? random.integer(7) : (service.desiredCount ?? 0);
    const input: UpdateServiceCommandInput = {
      service: service.name,
      ...(registered ?? (random.float() < 0.3 && { forceNewDeployment: true })),
      ...(isDaemon
        ? { deploymentConfiguration: { minimumHealthyPercent: 50 * random.integer(2), ...breaker } }
        : {
            desiredCount,
            deploymentConfiguration: { ...percentages(desiredCount, random), ...breaker },
          }),
    };
    const answer = await this.#ask('UpdateService', input);
    if (!('output' in answer)) return;
    const { taskDefinition } = registered ?? service;
    const hasBreaker = service.hasBreaker || 'deploymentCircuitBreaker' in breaker;
    this.#services.set(slot, {
      ...{ ...service, taskDefinition, hasBreaker },
      ...(!isDaemon && { desiredCount }),
    });
    this.#checkService(slot, 'ACTIVE');
  }

  async #deleteService(slot: number): Promise<void> {
    const service = this.#services.get(slot);
    if (service === undefined) return;
    const answer = await this.#ask('DeleteService', { service: service.name, force: true });
    // Refused as unknown: an earlier attempt, whose answer never came, has deleted it.
    if ('output' in answer || answer.refusal.code === 'ServiceNotFoundException') this.#services.delete(slot);
  }

  /** What was just answered is what is durable. */
  #checkService(slot: number, status: string | undefined): void {
    const wanted = this.#services.get(slot);
    if (wanted === undefined) return;
    const record = [...this.#options.records.services.values()].find(({ name }) => name === wanted.name);
    const { family, revision } = record?.taskDefinition ?? {};
    const isKept =
      record?.status === status &&
      (wanted.desiredCount === undefined || record?.desiredCount === wanted.desiredCount) &&
      (wanted.hasBreaker || wanted.taskDefinition.endsWith(`/${family}:${revision}`));
    if (!isKept)
      fail(
        'no lost acknowledgement',
        `${JSON.stringify(wanted)} was acknowledged; ${JSON.stringify(record)}`,
      );
  }

  async #register(family: string, random: Random): Promise<Registered | undefined> {
    const input = definition(family, random);
    const answer = await this.#ask('RegisterTaskDefinition', input);
    if (!('output' in answer)) return undefined;
    const { taskDefinition } = answer.output as RegisterTaskDefinitionCommandOutput;
    return { taskDefinition: taskDefinition?.taskDefinitionArn ?? '', ...networkOf(input) };
  }

  async #runTask(random: Random): Promise<void> {
    const { facts, records } = this.#options;
    this.#names += 1;
    const startedBy = `run-${this.#names}`;
    const registered = await this.#register(`task-${random.integer(4)}`, random);
    if (registered === undefined) return;
    const count = 1 + random.integer(4);
    facts.requested(startedBy, count);
    const input: RunTaskCommandInput = {
      ...registered,
      count,
      startedBy,
      clientToken: uuid(random),
      placementStrategy: placementStrategy(random),
      placementConstraints: placementConstraints(random),
    };
    const answer = await this.#ask('RunTask', input);
    if (!('output' in answer)) return;
    this.#promised((answer.output as RunTaskCommandOutput).tasks ?? [], records);
  }

  async #startTask(random: Random): Promise<void> {
    const machine = pick(random, this.#options.machines().filter(isRegistered));
    const registered = await this.#register(`task-${random.integer(4)}`, random);
    const containerInstance = machine?.instanceArn;
    if (containerInstance === undefined || registered === undefined) return;
    const answer = await this.#ask('StartTask', { ...registered, containerInstances: [containerInstance] });
    if ('output' in answer)
      this.#promised((answer.output as RunTaskCommandOutput).tasks ?? [], this.#options.records);
  }

  /** Some of a service's tasks are not to be scaled in for a while, or are no longer so. */
  async #protect(random: Random): Promise<void> {
    const { records } = this.#options;
    const candidates = [...records.tasks].filter(
      ([key, { service, desiredStatus }]) =>
        service !== undefined && desiredStatus === 'RUNNING' && !this.#beingProtected.has(key),
    );
    const [key] = pick(random, candidates) ?? [];
    if (key === undefined) return;
    this.#beingProtected.add(key);
    const protectionEnabled = random.float() < 0.7;
    const answer = await this.#ask('UpdateTaskProtection', {
      cluster: 'default',
      tasks: [arnOfKey(key)],
      protectionEnabled,
      ...(protectionEnabled && { expiresInMinutes: 1 + random.integer(10) }),
    });
    // What was not answered may yet arrive.
    if (!('output' in answer)) return;
    this.#beingProtected.delete(key);
    const { protectedTasks = [] } = answer.output as UpdateTaskProtectionCommandOutput;
    const until = records.tasks.get(key)?.protectedUntil;
    if (protectedTasks.length > 0 && protectionEnabled !== (until !== undefined))
      fail('no lost acknowledgement', `${key} was protected: ${protectionEnabled}; it is until ${until}`);
  }

  async #changeRack(random: Random): Promise<void> {
    const machine = pick(random, this.#options.machines().filter(isRegistered));
    const targetId = machine?.instanceArn;
    if (targetId === undefined) return;
    await this.#ask('PutAttributes', {
      attributes: [{ name: 'rack', value: pick(random, racks), targetId }],
    });
  }

  #promised(tasks: NonNullable<RunTaskCommandOutput['tasks']>, records: Records): void {
    for (const { taskArn } of tasks) {
      if (taskArn === undefined || !records.tasks.has(keyOfArn(taskArn)))
        fail('no lost acknowledgement', `${taskArn} was acknowledged and is not durable`);
      this.#tasks.add(taskArn);
    }
  }

  async #stopTask(random: Random): Promise<void> {
    const { facts, records } = this.#options;
    const live = [...this.#tasks].filter(
      (arn) => records.tasks.get(keyOfArn(arn))?.desiredStatus === 'RUNNING',
    );
    const task = pick(random, live);
    if (task === undefined) return;
    facts.stopRequested(task);
    const answer = await this.#ask('StopTask', { task, reason: 'Asked to' });
    if ('output' in answer && records.tasks.get(keyOfArn(task))?.desiredStatus === 'RUNNING')
      fail('no lost acknowledgement', `${task} was stopped and is wanted RUNNING`);
  }

  async #setInstanceStatus(random: Random, status: 'ACTIVE' | 'DRAINING'): Promise<void> {
    const machine = pick(random, this.#options.machines().filter(isRegistered));
    if (machine?.instanceArn === undefined) return;
    await this.#ask('UpdateContainerInstancesState', {
      containerInstances: [machine.instanceArn],
      status,
    });
  }

  /** What was promised is shown, for an hour after its end at least. */
  async #describeTasks(): Promise<void> {
    const { records } = this.#options;
    const tasks = [...this.#tasks].slice(-100);
    if (tasks.length === 0) return;
    const answer = await this.#ask('DescribeTasks', { tasks });
    if (!('output' in answer)) return;
    for (const { arn } of (answer.output as DescribeTasksCommandOutput).failures ?? [])
      if (arn !== undefined && records.tasks.has(keyOfArn(arn)))
        fail('reads show what is durable', `DescribeTasks does not know ${arn}`);
  }

  #inTurn(slot: number, task: () => Promise<void>): Promise<void> {
    const turn = (this.#turns.get(slot) ?? Promise.resolve()).then(task);
    this.#turns.set(
      slot,
      turn.catch(() => {}),
    );
    return turn;
  }

  /** Until it is known what became of it: asking twice does no harm to anything that is asked here. */
  async #ask(operation: string, input: object): Promise<Answer> {
    const { network, plane, trace } = this.#options;
    for (;;) {
      try {
        const output = await network.request(
          { process: this.#process, host: 'user' },
          () => plane.listening,
          () => plane.serve(operation, input),
          false,
        );
        trace.say('user', `${operation} ${summary(input)}: done`);
        return { output };
      } catch (error) {
        if (error instanceof Refusal && error.code !== 'ThrottlingException') {
          trace.say('user', `${operation} ${summary(input)}: ${error.code}: ${error.message}`);
          return { refusal: error };
        }
        const isPassing = error instanceof UnreachableError || error instanceof UnknownOutcomeError;
        if (!isPassing && !(error instanceof Refusal)) throw error;
      }
      await this.#process.clock.sleep(1_000);
    }
  }
}

/** Beside those of the services. */
const protector = -1;

/** Registered, and its agent runs. */
function isRegistered(machine: SimMachine): boolean {
  return machine.instanceArn !== undefined && !machine.isRetired && !machine.isGone;
}

/** The members that tell one request from another, for the trace. */
function summary(input: object): string {
  const { serviceName, service, taskDefinition, desiredCount, count, task, family, status } = input as Record<
    string,
    unknown
  >;
  return [serviceName ?? service ?? task ?? family, taskDefinition, desiredCount ?? count, status]
    .filter((part) => part !== undefined)
    .map((part) => String(part).split('/').at(-1))
    .join(' ');
}
