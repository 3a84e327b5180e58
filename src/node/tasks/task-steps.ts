import type { Clock } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import type { Container, Image, Runtime, SandboxSpec } from '../../runtime/index.ts';
import type { AgentSettings, EnginePlaces, InterfacePlaces } from '../agent-options.ts';
import type { Awslogs } from '../logs/awslogs.ts';
import type { ServiceConnect } from '../service-connect/service-connect.ts';
import type { Slots } from '../slots.ts';
import type { StateFile } from '../state/state-file.ts';
import { failureOf, StepError } from './failures.ts';
import { resolveImage } from './images.ts';
import { type PlannedContainer, proxiedTaskOf, type TaskPlan, withImage } from './plan.ts';

/** How long what was removed may still be read into its log stream. */
const shippingGraceMs = 60_000;

/**
 * The effects of the steps on the engine: each idempotent, each with its bound in time. Nothing here decides or
 * remembers; the owner of the task does.
 */
export class TaskSteps {
  readonly #options: TaskStepsOptions;

  constructor(options: TaskStepsOptions) {
    this.#options = options;
  }

  /**
   * @param onPullEnded Told of every pull that took place, also of one that failed, with when it began.
   * @throws {RuntimeError}, {StepError}
   */
  async pull(
    container: PlannedContainer,
    signal: AbortSignal,
    onPullEnded: (startedAtMs: number) => void,
  ): Promise<Image> {
    const { settings, runtime, state, clock, serviceConnect } = this.#options;
    if (container.proxy && serviceConnect) return serviceConnect.image();
    const pulling = resolveImage(container.spec.image, {
      behavior: settings.imagePullBehavior,
      ...{ runtime, state, clock, signal, onPullEnded },
    });
    return this.#within(settings.imagePullTimeoutMs, 'pulled', pulling);
  }

  /** @param onInterfaceLost Told, at any time later, that the task may not have its network interface any more. */
  async createSandbox(plan: TaskPlan, onInterfaceLost: (reason: string) => void): Promise<void> {
    const { settings, runtime, slots, signal } = this.#options;
    using _slot = await slots.take();
    // A closed agent's successor makes it.
    signal.throwIfAborted();
    const making = this.#onNetwork(plan, onInterfaceLost)
      .then((sandbox) => runtime.createSandbox(sandbox))
      .then(() => this.#joinInterface(plan));
    await this.#within(settings.containerStartTimeoutMs, 'created', making);
  }

  /** The network interface of a sandbox that runs already, as `createSandbox` left it: whoever guarded it may be gone. */
  async rejoinInterface(plan: TaskPlan, onInterfaceLost: (reason: string) => void): Promise<void> {
    await this.#onNetwork(plan, onInterfaceLost);
    await this.#joinInterface(plan);
  }

  /** A sandbox whose interface is to be on a network of the engine's gets it said which. */
  async #onNetwork(
    { sandbox, interfaceId }: TaskPlan,
    onLoss: (reason: string) => void,
  ): Promise<SandboxSpec> {
    const { engineNetworks, signal } = this.#options;
    if (engineNetworks === undefined || interfaceId === undefined || sandbox.network.mode !== 'private')
      return sandbox;
    const { network, absentNameServers } = await engineNetworks.place({ interfaceId, signal, onLoss });
    const dns = sandbox.dns && {
      ...sandbox.dns,
      servers: sandbox.dns.servers.filter((server) => !absentNameServers.includes(server)),
    };
    return { ...sandbox, network: { ...sandbox.network, network }, ...(dns && { dns }) };
  }

  /**
   * Puts the task's network interface into its sandbox, where it has one; what is there already stays. A sandbox that
   * doesn't run any more is left alone.
   */
  async #joinInterface({ sandbox }: TaskPlan): Promise<void> {
    const { runtime, network, signal } = this.#options;
    if (network === undefined || sandbox.network.mode !== 'interface') return;
    const netnsPath = await runtime.networkNamespace(sandbox.id);
    if (netnsPath === undefined) return;
    await network.attach({ interfaceId: sandbox.network.interfaceId, netnsPath, signal });
  }

  async create(
    plan: TaskPlan,
    container: PlannedContainer,
    imageEnvironment: Readonly<Record<string, string>>,
  ): Promise<Container> {
    const { settings, runtime, logs, serviceConnect } = this.#options;
    // Its log stream meanwhile; whether that worked out is for the start to say.
    if (container.awslogs?.stream) logs?.prepare(plan.taskArn, container, '').catch(() => {});
    const spec = withImage(container, imageEnvironment);
    const proxied = container.proxy && proxiedTaskOf(plan);
    const creating =
      proxied && serviceConnect
        ? serviceConnect.prepare(proxied).then((image) => runtime.createContainer({ ...spec, image }))
        : runtime.createContainer(spec);
    return this.#withinOrGone(settings.containerCreateTimeoutMs, 'created', container, creating);
  }

  /** @returns undefined when `isWanted` says no by the time that it would be its turn. */
  async start(
    plan: TaskPlan,
    container: PlannedContainer,
    runtimeId: string,
    isWanted: () => boolean,
  ): Promise<Container | undefined> {
    const { settings, runtime, slots, logs, serviceConnect } = this.#options;
    try {
      logs?.attach(plan.taskArn, container, runtimeId);
      await logs?.prepare(plan.taskArn, container, runtimeId);
      using _slot = await slots.take();
      if (isWanted()) {
        const starting = runtime.startContainer(container.spec.name);
        const started = await this.#withinOrGone(
          settings.containerStartTimeoutMs,
          'started',
          container,
          starting,
        );
        logs?.hasStarted(container);
        const proxied = container.proxy && proxiedTaskOf(plan);
        if (proxied) await serviceConnect?.started(proxied);
        return started;
      }
    } catch (error) {
      if (failureOf('start', error).type === 'retry') logs?.detach(container);
      else logs?.forget(container);
      throw error;
    }
    logs?.forget(container);
    return undefined;
  }

  async stop(container: PlannedContainer, timeoutSeconds: number): Promise<void> {
    await this.#options.runtime.stopContainer(container.spec.name, timeoutSeconds);
  }

  async inspect(container: PlannedContainer): Promise<Container | undefined> {
    return this.#options.runtime.inspectContainer(container.spec.name);
  }

  /** Gives back address and cgroup; the containers stay readable. */
  async releaseSandbox({ sandbox, interfaceId }: TaskPlan): Promise<void> {
    const { runtime, network, engineNetworks } = this.#options;
    await runtime.stopSandbox(sandbox.id);
    if (sandbox.network.mode === 'interface') await network?.detach(sandbox.network.interfaceId);
    if (interfaceId !== undefined) engineNetworks?.leave(interfaceId);
  }

  async remove(plan: TaskPlan): Promise<void> {
    const { runtime, logs, serviceConnect } = this.#options;
    await this.#shipRest(plan);
    await Promise.all(plan.containers.map((container) => runtime.removeContainer(container.spec.name)));
    await runtime.removeSandbox(plan.sandbox.id);
    const proxied = proxiedTaskOf(plan);
    if (proxied) await serviceConnect?.remove(proxied);
    for (const container of plan.containers) logs?.forget(container);
  }

  async #shipRest(plan: TaskPlan): Promise<void> {
    const { logs, clock, log } = this.#options;
    if (!logs) return;
    const shipping = Promise.all(plan.containers.map((container) => logs.shipped(container)));
    const isShipped = await raced(
      clock,
      shippingGraceMs,
      shipping.then(() => true),
    );
    if (!isShipped)
      log.warn('Container output is removed before all of it was shipped', { task: plan.taskArn });
  }

  async #within<T>(timeoutMs: number, what: string, work: Promise<T>): Promise<T> {
    const result = await raced(
      this.#options.clock,
      timeoutMs,
      work.then((value) => ({ value })),
    );
    if (result) return result.value;
    throw new StepError(
      `DockerTimeoutError: Could not transition to ${what}; timed out after waiting ${timeoutMs / 1000}s`,
    );
  }

  /** A container that took too long may yet come to be: it is removed before it is given up, and once more if it does. */
  async #withinOrGone<T>(
    timeoutMs: number,
    what: string,
    container: PlannedContainer,
    work: Promise<T>,
  ): Promise<T> {
    const { runtime, clock, signal } = this.#options;
    try {
      return await this.#within(timeoutMs, what, work);
    } catch (error) {
      if (!(error instanceof StepError)) throw error;
      const remove = () => runtime.removeContainer(container.spec.name);
      for (let isGone = false; !isGone && !signal.aborted; ) {
        isGone = await remove().then(
          () => true,
          () => clock.sleep(5_000, signal).then(() => false),
        );
      }
      work.then(remove).catch(() => {});
      throw error;
    }
  }
}

export interface TaskStepsOptions {
  readonly runtime: Runtime;
  readonly network?: InterfacePlaces;
  readonly engineNetworks?: EnginePlaces;
  readonly clock: Clock;
  readonly settings: AgentSettings;
  readonly slots: Slots;
  readonly state: StateFile;
  readonly logs: Awslogs | undefined;
  /** Left out: no task here has a proxy. */
  readonly serviceConnect?: ServiceConnect | undefined;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** The work's result, or undefined when it is not there in time. */
export async function raced<T>(clock: Clock, timeoutMs: number, work: Promise<T>): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>();
  using _timer = clock.after(timeoutMs, () => late.resolve(undefined));
  // Awaited here: the timer must live as long as the race.
  return await Promise.race([work, late.promise]);
}
