import { type Clock, type Random, seededRandom } from '../../src/clock/index.ts';
import { Api } from './api.ts';
import { fail } from './broken-rule.ts';
import type { CapacityPlan } from './capacity-plan.ts';
import type { Facts } from './facts.ts';
import type { SimMachine } from './machine.ts';
import type { Network } from './network.ts';
import type { PlannedStep, UserStep } from './plan.ts';
import type { Plane } from './plane.ts';
import { keyOfArn, type Records } from './records.ts';
import { pick, racks } from './requests.ts';
import { ServiceOwners, type WantedService } from './service-owners.ts';
import { TaskOwners } from './task-owners.ts';
import type { Trace } from './trace.ts';

export interface UsersOptions {
  readonly time: Clock;
  readonly trace: Trace;
  readonly network: Network;
  readonly plane: Plane;
  readonly capacity: CapacityPlan;
  readonly records: Records;
  readonly facts: Facts;
  readonly machines: () => readonly SimMachine[];
  readonly addMachine: (random: Random) => void;
}

/**
 * The people and programs who call the API: each asks again, with the same token, until it knows. What they were
 * promised is remembered and must come true.
 */
export class Users {
  readonly #options: UsersOptions;
  readonly #api: Api;
  readonly #services: ServiceOwners;
  readonly #tasks: TaskOwners;
  #busy = 0;
  #ready: Promise<void> = Promise.resolve();

  constructor(options: UsersOptions) {
    this.#options = options;
    this.#api = new Api(options);
    this.#services = new ServiceOwners({ ...options, api: this.#api });
    this.#tasks = new TaskOwners({ ...options, api: this.#api });
  }

  /** Requests that are not answered yet. */
  get isBusy(): boolean {
    return this.#busy > 0;
  }

  get wantedServices(): Iterable<WantedService> {
    return this.#services.wanted;
  }

  /** Tasks that were promised, and are not a service's. */
  get promisedTasks(): ReadonlySet<string> {
    return this.#tasks.promised;
  }

  /** Makes what the plan's steps take for granted: clusters, and where their tasks may go. */
  setUp(): Promise<void> {
    this.#ready = this.#busyWith(() => this.#setUp());
    return this.#ready;
  }

  async #setUp(): Promise<void> {
    const { clusters, groups, fargateHosts, defaultStrategy } = this.#options.capacity;
    if (groups.length === 0 && fargateHosts === 0) return;
    for (const name of groups)
      await this.#api.ask('CreateCapacityProvider', {
        name,
        autoScalingGroupProvider: { autoScalingGroupArn: name },
      });
    for (const cluster of clusters) {
      const isFirst = cluster === clusters[0];
      await this.#api.ask('CreateCluster', { clusterName: cluster });
      await this.#api.ask('PutClusterCapacityProviders', {
        cluster,
        capacityProviders: [
          ...(fargateHosts > 0 ? ['FARGATE', 'FARGATE_SPOT'] : []),
          ...(isFirst ? groups : []),
        ],
        defaultCapacityProviderStrategy: isFirst ? defaultStrategy : [],
      });
    }
  }

  /** Rejects when a promise was broken. */
  take(step: PlannedStep & UserStep): Promise<void> {
    return this.#busyWith(async () => {
      await this.#ready;
      await this.#take(step, seededRandom(step.seed));
    });
  }

  async #take(step: PlannedStep & UserStep, random: Random): Promise<void> {
    switch (step.type) {
      case 'create-service':
        return this.#services.create(step.slot, random);
      case 'update-service':
        return this.#services.update(step.slot, random);
      case 'delete-service':
        return this.#services.delete(step.slot);
      case 'run-task':
        return this.#tasks.run(random);
      case 'start-task': {
        const { instanceArn } = this.#someMachine(random) ?? {};
        return instanceArn === undefined ? undefined : this.#tasks.startOn(instanceArn, random);
      }
      case 'stop-task':
        return this.#tasks.stop(random);
      case 'drain':
        return this.#setInstanceStatus(random, 'DRAINING');
      case 'activate':
        return this.#setInstanceStatus(random, 'ACTIVE');
      case 'deregister': {
        const machine = this.#someMachine(random);
        return machine && this.deregister(machine);
      }
      case 'add-machine':
        this.#options.addMachine(random);
        return;
      case 'describe':
        return this.#tasks.describe();
      case 'protect':
        return this.#tasks.protect(random);
      case 'change-rack':
        return this.#changeRack(random);
      case 'interrupt-spot':
        return this.#tasks.interruptSpot(random);
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
    await this.#api.ask('DeregisterContainerInstance', { containerInstance: instanceArn, force: true });
    const status = this.#options.records.instances.get(keyOfArn(instanceArn))?.status;
    if (status !== undefined && status !== 'INACTIVE')
      fail('no lost acknowledgement', `${instanceArn} was deregistered and is ${status}`);
  }

  /** Every instance is to take tasks again. */
  async activateAll(): Promise<void> {
    for (const machine of this.#options.machines().filter(isRegistered))
      await this.#api.ask('UpdateContainerInstancesState', {
        containerInstances: [machine.instanceArn],
        status: 'ACTIVE',
      });
  }

  /** ARNs of the Spot tasks that are wanted RUNNING. */
  get spotTasks(): readonly string[] {
    return this.#tasks.spotTasks();
  }

  /** Every Spot task is interrupted. */
  reclaimSpot(): Promise<void> {
    return this.#busyWith(() => this.#tasks.interrupt(undefined));
  }

  /** Nothing is wanted any more. */
  stopEverything(): Promise<void> {
    return this.#busyWith(async () => {
      await this.#services.deleteAll();
      await this.#tasks.stopAll();
    });
  }

  #someMachine(random: Random): SimMachine | undefined {
    return pick(random, this.#options.machines().filter(isRegistered));
  }

  async #changeRack(random: Random): Promise<void> {
    const targetId = this.#someMachine(random)?.instanceArn;
    if (targetId === undefined) return;
    await this.#api.ask('PutAttributes', {
      attributes: [{ name: 'rack', value: pick(random, racks), targetId }],
    });
  }

  async #setInstanceStatus(random: Random, status: 'ACTIVE' | 'DRAINING'): Promise<void> {
    const { instanceArn } = this.#someMachine(random) ?? {};
    if (instanceArn === undefined) return;
    await this.#api.ask('UpdateContainerInstancesState', { containerInstances: [instanceArn], status });
  }

  async #busyWith(work: () => Promise<void>): Promise<void> {
    this.#busy += 1;
    try {
      await work();
    } finally {
      this.#busy -= 1;
    }
  }
}

/** Registered, and its agent runs. */
function isRegistered(machine: SimMachine): boolean {
  return machine.instanceArn !== undefined && !machine.isRetired && !machine.isGone;
}
