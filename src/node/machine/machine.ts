import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ECS } from '@aws-sdk/client-ecs';
import type { Clock, Random } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import { instanceId, isContainerInstance, newHost, readInstances, writeInstances } from './hosted.ts';
import {
  type HostedInstance,
  lackOfRoom,
  type MachineSize,
  nextAddress,
  refusalToAdd,
  sizeOf,
} from './shares.ts';

/** A running agent, as the machine needs to know it. */
export interface HostedAgent {
  readonly containerInstanceArn: string;
  /** Ends the agent; its containers keep running. */
  close(): Promise<void>;
}

export interface MachineOptions {
  /** Where the list of instances and each agent's own state are kept. */
  readonly directory: string;
  readonly size: MachineSize;
  /** The cluster that the machine's own instance joins. */
  readonly cluster: string;
  readonly ecs: ECS;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Aborts while it is being opened, to end that. */
  readonly signal?: AbortSignal;
  /** The cluster of Fargate hosts; left out, the machine takes no Fargate tasks. */
  readonly fargateCluster?: string;
  /** `attributes` tell ECS what the instance belongs to. */
  startAgent(
    instance: HostedInstance,
    size: MachineSize,
    stateDirectory: string,
    attributes: Readonly<Record<string, string>>,
  ): Promise<HostedAgent>;
  /** Removes whatever containers an instance has left behind. */
  removeContainers(instance: HostedInstance): Promise<void>;
}

/** An instance with what it has been given and, once its agent has registered, its name in ECS. */
export interface InstanceOnMachine extends Omit<HostedInstance, 'containerInstanceArn'> {
  readonly share: MachineSize;
  readonly containerInstanceArn: string | undefined;
  /** Why it could not register; it is tried again. */
  readonly problem?: string;
}

/** Asked for what can't be; the message says why and what to do. */
export class MachineError extends Error {
  override readonly name = 'MachineError';
}

const stopDeadlineMs = 180_000;
/** An instance that could not start is tried again after this long. */
const retryMs = 10_000;

/**
 * The container instances that this machine hosts: one of its own at first, more as they are added, each with an
 * own agent. Which instances there are is written down before anything is started and forgotten after everything
 * has ended, so a crash in between is put right by the next start.
 */
export class Machine implements AsyncDisposable {
  readonly #options: MachineOptions;
  readonly #agents = new Map<string, HostedAgent>();
  /** Why an instance has no agent. */
  readonly #problems = new Map<string, string>();
  readonly #closing = new AbortController();
  #hosted: readonly HostedInstance[];
  /** Adding and removing change the shares of others: one at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(options: MachineOptions, hosted: readonly HostedInstance[]) {
    this.#options = options;
    this.#hosted = hosted;
  }

  /** Reads the list of instances, at first start with the machine's own, and starts every agent. */
  static async open(options: MachineOptions): Promise<Machine> {
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
    const known = readInstances(options.directory);
    const machine = new Machine(options, known ?? []);
    if (known === undefined) {
      machine.#remember([
        {
          id: instanceId(options.random),
          name: 'machine',
          cluster: options.cluster,
          size: undefined,
          address: nextAddress([]),
        },
      ]);
    }
    const { fargateCluster } = options;
    if (fargateCluster !== undefined && machine.#host() === undefined)
      machine.#remember([...machine.#hosted, newHost(fargateCluster, options.random)]);
    const started = machine.#hosted.filter((it) => isContainerInstance(it) && !it.isManaged);
    await Promise.all(started.map((it) => machine.#startOrExplain(it)));
    const host = machine.#host();
    if (host !== undefined) await machine.#startOrExplain(host);
    if (options.signal?.aborted) {
      await machine[Symbol.asyncDispose]();
      throw options.signal.reason;
    }
    return machine;
  }

  /** The container instances; the Fargate host is none, and nodes of Kubernetes are none. */
  instances(): readonly InstanceOnMachine[] {
    return this.#hosted.filter(isContainerInstance).map((instance) => this.#describe(instance));
  }

  /** The ids of the Managed Instances that have a share. */
  managed(): readonly string[] {
    return this.#hosted.filter(({ isManaged }) => isManaged).map(({ id }) => id);
  }

  /** The instances that are nodes of Kubernetes clusters. */
  nodes(): readonly InstanceOnMachine[] {
    return this.#hosted.filter(({ isNode }) => isNode).map((instance) => this.#describe(instance));
  }

  /**
   * Takes the share of a node out of the machine's own instance, and remembers it over restarts. Again is success.
   * @returns why there is no room for it, for people; undefined: it has its share.
   * @throws {MachineError} nobody can tell just now.
   */
  reserveNode({
    id,
    cluster,
    size,
  }: Pick<HostedInstance, 'cluster' | 'id'> & { readonly size: MachineSize }): Promise<string | undefined> {
    return this.#inTurn(async () => {
      if (this.#hosted.some((other) => other.id === id)) return undefined;
      const refusal = refusalToAdd(size, await this.free());
      if (refusal !== undefined) return refusal;
      this.#remember([
        ...this.#hosted,
        { ...{ id, name: id, cluster, size, isNode: true }, address: '127.0.0.1' },
      ]);
      await this.#resizeOwn();
      return undefined;
    });
  }

  /**
   * Takes the share of a Managed Instance out of the machine's own instance, and remembers it over restarts. Again is success.
   * @returns the address at which the ports of its tasks are to be; else why there is no room for it, for people.
   * @throws {MachineError} nobody can tell just now.
   */
  reserveManaged(
    wanted: Pick<HostedInstance, 'cluster' | 'id' | 'storageGiB'> & { readonly size: MachineSize },
  ): Promise<{ readonly address: string } | { readonly refusal: string }> {
    return this.#inTurn(async () => {
      const known = this.#hosted.find(({ id }) => id === wanted.id);
      if (known !== undefined) return { address: known.address };
      const refusal = lackOfRoom(wanted.size, await this.free());
      if (refusal !== undefined) return { refusal };
      const address = nextAddress(this.#hosted);
      this.#remember([...this.#hosted, { ...wanted, name: wanted.id, isManaged: true, address }]);
      await this.#resizeOwn();
      return { address };
    });
  }

  /**
   * Starts the agent of a Managed Instance that has its share; one that runs is left alone.
   * @throws {Error} it can't be started, or has no share.
   */
  startManaged(id: string, availabilityZone: string): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#agents.has(id)) return;
      const instance = this.#hosted.find((other) => other.id === id && other.isManaged);
      if (instance === undefined) throw new MachineError(`${id} has no share of this machine`);
      const placed = { ...instance, availabilityZone };
      this.#remember(this.#hosted.map((other) => (other.id === id ? placed : other)));
      await this.#start(placed);
    });
  }

  /** Ends the agent of a Managed Instance and all that ran there, and gives its share back; of one that has none: success. */
  endManaged(id: string): Promise<void> {
    return this.#inTurn(async () => {
      const instance = this.#hosted.find((other) => other.id === id && other.isManaged);
      if (instance !== undefined) await this.#forget(instance);
    });
  }

  /** Gives a node's share back; of one that has none: success. */
  releaseNode(id: string): Promise<void> {
    return this.#inTurn(async () => {
      const left = this.#hosted.filter((other) => other.id !== id || !other.isNode);
      if (left.length === this.#hosted.length) return;
      this.#remember(left);
      await this.#resizeOwn();
    });
  }

  /** What takes the Fargate tasks; undefined when the machine takes none. */
  fargateHost(): InstanceOnMachine | undefined {
    const host = this.#host();
    return host && this.#describe(host);
  }

  /**
   * Adds an instance of `size` to `cluster`, taken from the machine's own. A cluster that isn't there is made.
   * @throws {MachineError} there is not that much free, or the name is taken.
   */
  add(request: {
    readonly cluster: string;
    readonly name?: string;
    /** A zone of the region; default: its first. */
    readonly availabilityZone?: string;
    readonly capacityProvider?: string;
    readonly size: MachineSize;
  }): Promise<InstanceOnMachine> {
    return this.#inTurn(async () => {
      const id = instanceId(this.#options.random);
      const name = request.name ?? id;
      if (this.#hosted.some((other) => other.name === name)) {
        throw new MachineError(`An instance named ${name} exists already: choose another name`);
      }
      const refusal = refusalToAdd(request.size, await this.free());
      if (refusal !== undefined) throw new MachineError(refusal);
      const instance: HostedInstance = {
        id,
        name,
        cluster: request.cluster,
        ...(request.availabilityZone === undefined ? {} : { availabilityZone: request.availabilityZone }),
        ...(request.capacityProvider === undefined ? {} : { capacityProvider: request.capacityProvider }),
        size: request.size,
        address: nextAddress(this.#hosted),
      };
      await this.#options.ecs.createCluster({ clusterName: request.cluster });
      if (request.capacityProvider !== undefined)
        await this.#requireProvider(request.cluster, request.capacityProvider);
      const before = this.#hosted;
      this.#remember([...before, instance]);
      try {
        await this.#resizeOwn();
        await this.#start(instance);
      } catch (error) {
        this.#remember(before);
        rmSync(this.#stateDirectory(instance), { recursive: true, force: true });
        await this.#resizeOwn();
        throw error;
      }
      return this.#describe(instance);
    });
  }

  /**
   * Ends an instance and gives its share back. Its tasks must have ended, or are stopped with `force`.
   * @throws {MachineError} unknown, the machine's own, or tasks are running on it.
   */
  remove(
    idOrName: string,
    options: { readonly force: boolean; readonly signal: AbortSignal },
  ): Promise<InstanceOnMachine> {
    return this.#inTurn(async () => {
      const instance = this.#hosted.find(
        ({ id, name, isFargateHost }) => !isFargateHost && (id === idOrName || name === idOrName),
      );
      if (instance?.isNode) {
        throw new MachineError(
          `${instance.name} is a node of the Kubernetes cluster ${instance.cluster}: make its node group smaller (aws eks update-nodegroup-config), or delete the pod that Fargate has made it for`,
        );
      }
      if (instance === undefined) throw new MachineError(`There is no instance ${idOrName} on this machine`);
      if (instance.isManaged) {
        throw new MachineError(
          `${instance.name} is a Managed Instance of the cluster ${instance.cluster}: it ends by itself when no task needs it`,
        );
      }
      if (instance.size === undefined) {
        throw new MachineError(
          `${instance.name} is the machine's own instance: it stays as long as Catamaran runs`,
        );
      }
      const removed = this.#describe(instance);
      if (removed.containerInstanceArn !== undefined) {
        const signal = AbortSignal.any([options.signal, this.#closing.signal]);
        await this.#stopTasks(instance, removed.containerInstanceArn, { ...options, signal });
        await this.#options.ecs.deregisterContainerInstance({
          cluster: instance.cluster,
          containerInstance: removed.containerInstanceArn,
          force: true,
        });
      }
      await this.#forget(instance);
      return removed;
    });
  }

  /** Its agent, its containers, what it remembers and its share. */
  async #forget(instance: HostedInstance): Promise<void> {
    await this.#agents.get(instance.id)?.close();
    this.#agents.delete(instance.id);
    await this.#options.removeContainers(instance);
    rmSync(this.#stateDirectory(instance), { recursive: true, force: true });
    this.#remember(this.#hosted.filter(({ id }) => id !== instance.id));
    await this.#resizeOwn();
  }

  /** Ends every agent; containers keep running. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new MachineError('Catamaran is stopping: try again when it runs'));
    await this.#turn;
    await Promise.all([...this.#agents.values()].map((agent) => agent.close()));
    this.#agents.clear();
  }

  #describe(instance: HostedInstance): InstanceOnMachine {
    const problem = this.#problems.get(instance.id);
    return {
      ...instance,
      share: sizeOf(instance, this.#hosted, this.#options.size),
      containerInstanceArn:
        this.#agents.get(instance.id)?.containerInstanceArn ?? instance.containerInstanceArn,
      ...(problem === undefined ? {} : { problem }),
    };
  }

  #stateDirectory(instance: HostedInstance): string {
    return join(this.#options.directory, instance.id);
  }

  async #start(instance: HostedInstance): Promise<void> {
    const directory = this.#stateDirectory(instance);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const share = sizeOf(instance, this.#hosted, this.#options.size);
    const agent = await this.#options.startAgent(instance, share, directory, this.#attributesOf(instance));
    this.#agents.set(instance.id, agent);
    this.#problems.delete(instance.id);
    const { containerInstanceArn } = agent;
    if (instance.containerInstanceArn === containerInstanceArn) return;
    this.#remember(
      this.#hosted.map((other) => (other.id === instance.id ? { ...other, containerInstanceArn } : other)),
    );
  }

  /** One instance that can't start must not keep the others, or Catamaran itself, from starting. */
  async #startOrExplain(instance: HostedInstance): Promise<void> {
    try {
      await this.#start(instance);
    } catch (error) {
      if (this.#options.signal?.aborted) return;
      this.#problems.set(instance.id, error instanceof Error ? error.message : String(error));
      this.#options.log.error('A container instance could not be started', {
        instance: instance.name,
        error,
      });
      this.#options.clock.after(retryMs, () => void this.#inTurn(() => this.#retry(instance.id)));
    }
  }

  async #retry(id: string): Promise<void> {
    const instance = this.#hosted.find((hosted) => hosted.id === id);
    if (instance === undefined || this.#agents.has(id) || this.#closing.signal.aborted) return;
    await this.#startOrExplain(instance);
  }

  /** The machine's own instance and the Fargate host register again with what is left to them now. */
  async #resizeOwn(): Promise<void> {
    for (const instance of [this.#own(), this.#host()]) {
      if (instance === undefined) continue;
      await this.#agents.get(instance.id)?.close();
      this.#agents.delete(instance.id);
      await this.#startOrExplain(instance);
    }
  }

  #own(): HostedInstance | undefined {
    return this.#hosted.find(({ size, isFargateHost }) => size === undefined && !isFargateHost);
  }

  #host(): HostedInstance | undefined {
    return this.#hosted.find(({ isFargateHost }) => isFargateHost);
  }

  #attributesOf({ capacityProvider, isFargateHost }: HostedInstance): Readonly<Record<string, string>> {
    if (capacityProvider !== undefined) return { 'catamaran.capacity-provider': capacityProvider };
    if (!isFargateHost) return {};
    const lender = this.#own()?.containerInstanceArn;
    if (lender === undefined)
      throw new MachineError(
        "The machine's own instance, whose room Fargate tasks take, has not registered yet",
      );
    return { 'catamaran.lender': lender };
  }

  /** @throws {MachineError} the cluster has no such Auto Scaling group's provider. */
  async #requireProvider(cluster: string, name: string): Promise<void> {
    const { capacityProviders = [] } = await this.#options.ecs.describeCapacityProviders({
      cluster,
      capacityProviders: [name],
    });
    const [provider] = capacityProviders;
    if (provider?.status !== 'ACTIVE' || provider.autoScalingGroupProvider === undefined)
      throw new MachineError(
        `The cluster ${cluster} has no capacity provider ${name} for instances: create it and associate it first (aws ecs create-capacity-provider, put-cluster-capacity-providers)`,
      );
  }

  /** What the machine's own instance could give away without taking from a task. */
  async free(): Promise<MachineSize> {
    const own = this.#own();
    const arn = own && this.#agents.get(own.id)?.containerInstanceArn;
    if (own === undefined || arn === undefined)
      throw new MachineError("The machine's own instance has not registered yet: try again");
    const { containerInstances = [] } = await this.#options.ecs.describeContainerInstances({
      cluster: own.cluster,
      containerInstances: [arn],
    });
    const remaining = containerInstances[0]?.remainingResources ?? [];
    const amount = (name: string) => remaining.find((resource) => resource.name === name)?.integerValue ?? 0;
    return { cpu: amount('CPU'), memoryMiB: amount('MEMORY') };
  }

  async #stopTasks(
    instance: HostedInstance,
    containerInstance: string,
    options: { readonly force: boolean; readonly signal: AbortSignal },
  ): Promise<void> {
    const { ecs, clock } = this.#options;
    if (options.force) {
      // DRAINING first: no scheduler places a replacement here while its tasks end.
      await ecs.updateContainerInstancesState({
        cluster: instance.cluster,
        containerInstances: [containerInstance],
        status: 'DRAINING',
      });
    }
    const deadline = clock.monotonic() + stopDeadlineMs;
    for (;;) {
      const { taskArns = [] } = await ecs.listTasks({ cluster: instance.cluster, containerInstance });
      if (taskArns.length > 0 && !options.force) {
        throw new MachineError(
          `${instance.name} still has ${taskArns.length === 1 ? 'a task' : `${taskArns.length} tasks`}: stop ${taskArns.length === 1 ? 'it' : 'them'} first, or remove it with --force`,
        );
      }
      for (const task of taskArns) {
        await ecs.stopTask({
          cluster: instance.cluster,
          task,
          reason: `Container instance ${instance.name} is removed`,
        });
      }
      const { containerInstances = [] } = await ecs.describeContainerInstances({
        cluster: instance.cluster,
        containerInstances: [containerInstance],
      });
      const { runningTasksCount = 0, pendingTasksCount = 0 } = containerInstances[0] ?? {};
      if (taskArns.length === 0 && runningTasksCount + pendingTasksCount === 0) return;
      if (clock.monotonic() > deadline) {
        throw new MachineError(
          `The tasks of ${instance.name} did not stop within ${stopDeadlineMs / 1000} s: see the log, then try again`,
        );
      }
      await clock.sleep(100, options.signal);
    }
  }

  #remember(hosted: readonly HostedInstance[]): void {
    writeInstances(this.#options.directory, hosted);
    this.#hosted = hosted;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work, work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}
