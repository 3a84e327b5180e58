import { type Clock, unlessAborted } from '../../../clock/index.ts';
import {
  type ContainerLimits,
  isEngineAway,
  type Runtime,
  RuntimeError,
  type SandboxSpec,
} from '../../../runtime/index.ts';
import { given } from '../../reading.ts';
import type { Slots } from '../../slots.ts';
import type { PodEvents } from '../events/pod-events.ts';
import type { ImageAccounts } from '../images/image-accounts.ts';
import type { FoundImage, ImagePuller } from '../images/image-puller.ts';
import type {
  MountedVolume,
  NodeDescription,
  PodIdentity,
  PodNetwork,
  PodVolumes,
} from '../kubelet-options.ts';
import { allContainers, type Pod, type PodContainer } from '../objects/pod.ts';
import { limitsMeanwhile } from '../resources/container-resize.ts';
import { killTogether } from '../resources/kill-together.ts';
import { podCgroupLimits } from '../resources/limits.ts';
import type { NodeCgroups } from '../resources/node-cgroups.ts';
import { imageVolumesOf } from '../volumes/volume-source.ts';
import type { ContainerSetup } from './container-setup.ts';
import { containerSpec } from './container-spec.ts';
import { containerUser } from './container-user.ts';
import type { HookTarget, RunHook } from './hooks.ts';
import { hostPortsOf } from './host-ports.ts';
import { labelsOf, podLabels, sandboxId } from './names.ts';
import { ownInterfaceOf } from './own-interface.ts';
import { type ContainerRun, type PodView, podView } from './pod-view.ts';
import { type RuntimeHandlersOptions, runtimeHandlerOf } from './runtime-handlers.ts';
import { readSeccompProfile } from './seccomp-profile.ts';
import { containerRights, profileOf } from './security.ts';
import type { TerminationMessages } from './termination-message.ts';

/** Where a preStop hook, or those that end before it, took all the time there was, a container has this long to end. */
const leastStopSeconds = 2;
const MiB = 1_048_576;

export interface PodStepsOptions {
  readonly node: NodeDescription;
  readonly api: RuntimeHandlersOptions['api'];
  readonly runtime: Runtime;
  readonly podNetwork: PodNetwork;
  readonly cgroups: NodeCgroups;
  readonly volumes: PodVolumes;
  readonly setup: ContainerSetup;
  readonly accounts: Pick<ImageAccounts, 'of'>;
  /** The directory of profiles of the type Localhost. */
  readonly seccompProfiles: string;
  readonly messages: TerminationMessages;
  readonly runHook: RunHook;
  readonly events: PodEvents;
  readonly labels: Readonly<Record<string, string>>;
  /** How many containers start at the same time. */
  readonly slots: Slots;
  readonly isolation?: 'gvisor';
  readonly clock: Clock;
  /** Of the kubelet. */
  readonly signal: AbortSignal;
}

/** A container could not be made or started: as its status says it. */
export class ContainerError extends Error {
  override readonly name = 'ContainerError';
  readonly reason:
    | 'CreateContainerConfigError'
    | 'CreateContainerError'
    | 'RunContainerError'
    | 'PostStartHookError';

  constructor(reason: ContainerError['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}

export interface KillOptions {
  /** Of the event Killing. */
  readonly why: string;
  readonly graceSeconds: number;
  readonly podIp: string;
  /** When those have ended that end before it. */
  readonly turn?: Promise<unknown>;
  readonly signal: AbortSignal;
}

/** The effects of what is decided for a pod: each idempotent. Nothing here decides or remembers. */
export class PodSteps {
  readonly #options: PodStepsOptions;

  constructor(options: PodStepsOptions) {
    this.#options = options;
  }

  /** What the engine has of a pod now. */
  async view(podUid: string): Promise<PodView> {
    const { runtime, labels } = this.#options;
    const own = { ...labels, [podLabels.uid]: podUid };
    return podView(...(await Promise.all([runtime.listSandboxes(own), runtime.listContainers(own)])));
  }

  /**
   * Makes the pod's sandbox with its network, or finishes one that is there. @returns the pod's address.
   * @throws {Error} in the words of the event FailedCreatePodSandBox.
   */
  async sandbox(pod: Pod, attempt: number, signal: AbortSignal): Promise<string> {
    const { node, runtime, podNetwork, cgroups } = this.#options;
    const handler = await runtimeHandlerOf(pod, this.#options, signal);
    if (pod.spec.hostNetwork) {
      const path = await podNetwork.nodeNamespace(signal);
      await runtime.createSandbox(this.#sandboxSpec(pod, attempt, { mode: 'namespace', path }, handler));
      await cgroups.keep();
      return node.internalIp;
    }
    const identity = identityOf(pod);
    const { network } = await podNetwork.assign(identity, signal);
    if (network.mode === 'container' || network.mode === 'namespace')
      throw new Error('the network has no address for the pod');
    const { id } = await runtime.createSandbox(this.#sandboxSpec(pod, attempt, network, handler));
    await cgroups.keep();
    const path = await runtime.networkNamespace(id);
    if (path === undefined) throw new Error(`sandbox '${id}' has no network namespace`);
    await podNetwork.join(identity, path, signal);
    return network.ipv4;
  }

  /** @throws {Error} in the words of the event FailedMount. */
  volumes(pod: Pod, signal: AbortSignal): Promise<ReadonlyMap<string, MountedVolume>> {
    return this.#options.volumes.mount(pod, signal);
  }

  /**
   * The images that a container mounts: one that is missing keeps no other container from starting.
   * @returns by volume name.
   * @throws {ImageError}; {ContainerError}; {RuntimeError} when the engine is away.
   */
  async imageVolumes(
    pod: Pod,
    { volumeMounts = [] }: PodContainer,
    images: Pick<ImagePuller, 'ensure'>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, MountedVolume>> {
    const mounted = new Map<string, MountedVolume>();
    for (const { name, reference, pullPolicy } of imageVolumesOf(pod)) {
      if (!volumeMounts.some((mount) => mount.name === name)) continue;
      const wanted = given({ image: reference, imagePullPolicy: pullPolicy });
      const { image } = await images.ensure(pod, wanted, signal);
      const mount = () => this.#options.volumes.mountImage(pod, image, signal);
      mounted.set(name, await as('CreateContainerError', mount));
    }
    return mounted;
  }

  /**
   * Makes and starts a container, and runs its postStart hook.
   * @throws {ContainerError}; {RuntimeError} when the engine is away.
   */
  async start(
    pod: Pod,
    container: PodContainer,
    given: {
      readonly attempt: number;
      readonly sandboxAttempt: number;
      readonly image: FoundImage;
      readonly podIp: string;
      readonly volumes: ReadonlyMap<string, MountedVolume>;
      /** In the engine, of the container whose processes it is to be among. */
      readonly target?: string;
    },
    signal: AbortSignal,
  ): Promise<void> {
    const { runtime, events, messages, slots, node, setup, labels, isolation } = this.#options;
    const { attempt, sandboxAttempt, image, target } = given;
    const { uid } = pod.metadata;
    const { directory, file } = await messages.prepare(uid, container.name, attempt);
    const places = { podIp: given.podIp, hostIp: node.internalIp, volumes: given.volumes, directory };
    const inside = await as('CreateContainerConfigError', () =>
      setup.container(pod, container, places, signal),
    );
    const accounts = await as('CreateContainerError', () => this.#options.accounts.of(image.image, signal));
    const user = await as('CreateContainerError', async () =>
      containerUser(pod.spec, container, image.image.user, accounts),
    );
    const seccompProfile = await as('CreateContainerError', () =>
      readSeccompProfile(profileOf(pod, container, 'seccompProfile'), this.#options.seccompProfiles),
    );
    const rights = await as('CreateContainerConfigError', async () =>
      containerRights(pod, container, image.image, user, seccompProfile),
    );
    const handler = await as('CreateContainerError', () => this.#handlerOf(pod, sandboxAttempt));
    const spec = containerSpec(pod, container, inside, {
      ...{ rights, user, node },
      ...{ sandboxId: sandboxId(uid, sandboxAttempt), sandboxAttempt, attempt, labels },
      ...{ image: image.name.reference, terminationMessageFile: file },
      ...(isolation && { isolation }),
      ...(handler && { handler }),
      ...(target && { target }),
    });
    using _slot = await slots.take();
    signal.throwIfAborted();
    await as('CreateContainerError', () => runtime.createContainer(spec));
    events.normal(pod, 'Created', 'Container created', container.name);
    await killTogether(await as('RunContainerError', () => runtime.startContainer(spec.name)));
    events.normal(pod, 'Started', 'Container started', container.name);
    await this.#postStart(pod, container, hookTarget(pod, container, spec.name, given.podIp), signal);
  }

  /**
   * Ends a container: its preStop hook, in its turn its stop signal, and after what is left of the grace period it is
   * killed. Resolves when it has ended.
   */
  async kill(
    pod: Pod,
    container: PodContainer,
    run: ContainerRun,
    { why, graceSeconds, podIp, turn, signal }: KillOptions,
  ): Promise<void> {
    const { events, clock, runHook } = this.#options;
    const { name } = run.container;
    const begunAtMs = clock.monotonic();
    events.normal(pod, 'Killing', why, container.name);
    const preStop = container.lifecycle?.preStop;
    if (preStop && graceSeconds > 0) {
      await runHook(preStop, hookTarget(pod, container, name, podIp), {
        timeoutMs: graceSeconds * 1_000,
        signal,
      }).catch((error: unknown) => {
        if (signal.aborted) return;
        events.warning(pod, 'FailedPreStopHook', `PreStopHook failed: ${messageOf(error)}`, container.name);
      });
    }
    await turn;
    const left = graceSeconds - (clock.monotonic() - begunAtMs) / 1_000;
    await this.#stop(name, graceSeconds === 0 ? 0 : Math.max(left, preStop || turn ? leastStopSeconds : 0));
  }

  /** The engine goes on with it when the kubelet ends, and what the next one asks does no harm beside it. */
  #stop(name: string, graceSeconds: number): Promise<void> {
    const { runtime, signal } = this.#options;
    return unlessAborted(runtime.stopContainer(name, graceSeconds), signal);
  }

  /**
   * Gives running containers, and the pod as a whole, other limits.
   * @throws {RuntimeError} a container uses more memory than it is to have, or the engine refuses.
   */
  async resize(
    pod: Pod,
    sandbox: string,
    {
      runs,
      due,
    }: {
      readonly runs: readonly ContainerRun[];
      readonly due: readonly {
        readonly container: PodContainer;
        readonly run: ContainerRun;
        readonly limits: ContainerLimits;
      }[];
    },
  ): Promise<void> {
    const { runtime, node, cgroups } = this.#options;
    const whole = podCgroupLimits(pod, node.capacity.cpuMillis);
    for (const { container, run, limits } of due) {
      const { memoryMiB } = limits;
      const used =
        memoryMiB === undefined ? 0 : ((await runtime.stats(run.container.name))?.memoryBytes ?? 0);
      if (memoryMiB === undefined || used <= memoryMiB * MiB) continue;
      const why = `attempting to set container ${JSON.stringify(container.name)} memory limit (${memoryMiB * MiB}) below current usage (${used})`;
      throw new RuntimeError('Unsupported', `Cannot resize pod '${pod.metadata.name}': ${why}`, why);
    }
    const now = runs.map(({ container }) => container.limits);
    if (due.length > 0) await runtime.limitSandbox(sandbox, limitsMeanwhile(now, whole));
    for (const { run, limits } of due) await runtime.updateContainer(run.container.name, limits);
    await runtime.limitSandbox(sandbox, whole);
    await cgroups.keep();
  }

  /** What is being stopped is to end sooner. */
  async hurry(run: ContainerRun, graceSeconds: number): Promise<void> {
    await this.#stop(run.container.name, graceSeconds);
  }

  /** What a run said at its end. */
  message(pod: Pod, container: PodContainer, run: ContainerRun, signal: AbortSignal): Promise<string> {
    const { messages, runtime } = this.#options;
    const { status, name } = run.container;
    const hasFailed = status.state === 'exited' && status.exitCode !== 0;
    const containers = allContainers(pod.spec).length;
    const ended = { attempt: run.attempt, containerName: name, hasFailed, containers };
    return messages.read(pod.metadata.uid, container, ended, runtime, signal);
  }

  /** Gives back all that a pod whose containers have ended holds from others. Its ended containers stay. */
  async release(podUid: string, view: PodView): Promise<void> {
    const { runtime, podNetwork, volumes, cgroups } = this.#options;
    for (const { id } of view.sandboxes) await runtime.stopSandbox(id);
    await cgroups.keep();
    // Volumes first: on a disk that they have filled nothing can be written down of the address.
    await volumes.unmount(podUid);
    await podNetwork.release(podUid);
  }

  /** Removes everything of a pod. */
  async remove(podUid: string, view: PodView): Promise<void> {
    const { runtime, messages } = this.#options;
    for (const run of [...view.runs.values()].flat()) await runtime.removeContainer(run.container.name);
    for (const { id } of view.sandboxes) await runtime.removeSandbox(id);
    await messages.forget(podUid);
  }

  /** Of a container's runs the last one before the next is kept, for its logs. */
  async prune(runs: readonly ContainerRun[], kept = 1): Promise<void> {
    for (const run of runs.slice(kept)) await this.#options.runtime.removeContainer(run.container.name);
  }

  async #postStart(
    pod: Pod,
    container: PodContainer,
    target: HookTarget,
    signal: AbortSignal,
  ): Promise<void> {
    const { runHook, events } = this.#options;
    const handler = container.lifecycle?.postStart;
    if (handler === undefined) return;
    try {
      await runHook(handler, target, { timeoutMs: 10 * 60_000, signal });
    } catch (error) {
      signal.throwIfAborted();
      const message = messageOf(error);
      // As upstream has it, not what the hook said, which may be secret.
      events.warning(pod, 'FailedPostStartHook', 'PostStartHook failed', container.name);
      events.normal(pod, 'Killing', 'FailedPostStartHook', container.name);
      await this.#stop(target.containerName, pod.spec.terminationGracePeriodSeconds ?? 30);
      throw new ContainerError('PostStartHookError', message);
    }
  }

  /** As it was when the sandbox was made: the RuntimeClass may have gone since. */
  async #handlerOf({ metadata, spec }: Pod, sandboxAttempt: number): Promise<string | undefined> {
    if (!spec.runtimeClassName) return undefined;
    const { runtime, labels } = this.#options;
    const own = { ...labels, [podLabels.uid]: metadata.uid, [podLabels.sandboxAttempt]: `${sandboxAttempt}` };
    const [sandbox] = await runtime.listSandboxes(own);
    return sandbox?.labels[podLabels.handler];
  }

  #sandboxSpec(
    pod: Pod,
    attempt: number,
    network: SandboxSpec['network'],
    handler: string | undefined,
  ): SandboxSpec {
    const { node, cgroups, setup, labels } = this.#options;
    const { hostname, dns } = setup.sandbox(pod);
    return given({
      id: sandboxId(pod.metadata.uid, attempt),
      labels: {
        ...{ ...labels, ...labelsOf(pod), [podLabels.sandboxAttempt]: String(attempt) },
        ...(handler !== undefined && { [podLabels.handler]: handler }),
      },
      network,
      ...cgroups.placeOf(pod),
      ...podCgroupLimits(pod, node.capacity.cpuMillis),
      ...{ hostname, dns },
      shareIpc: !pod.spec.hostIPC,
      sharePid: pod.spec.shareProcessNamespace,
      sysctls: sysctlsOf(pod),
    });
  }
}

function hookTarget(
  { metadata }: Pod,
  { ports = [] }: PodContainer,
  containerName: string,
  podIp: string,
): HookTarget {
  return { containerName, podUid: metadata.uid, podIp, ports };
}

function sysctlsOf({ spec }: Pod): Readonly<Record<string, string>> | undefined {
  const sysctls = spec.securityContext?.sysctls ?? [];
  if (sysctls.length === 0) return undefined;
  return Object.fromEntries(sysctls.map(({ name, value }) => [name.replaceAll('/', '.'), value]));
}

function identityOf({ metadata, spec }: Pod): PodIdentity {
  const { uid, namespace, name } = metadata;
  return { uid, namespace, name, hostPorts: hostPortsOf(spec), ...ownInterfaceOf({ metadata, spec }) };
}

/** An engine that is away is another's trouble than the container's. */
async function as<T>(reason: ContainerError['reason'], step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (isEngineAway(error)) throw error;
    throw new ContainerError(reason, error instanceof RuntimeError ? error.detail : messageOf(error));
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
