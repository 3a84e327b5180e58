import { createHash } from 'node:crypto';
import { type Clock, hex, type Random } from '../../clock/index.ts';
import type {
  CgroupLimits,
  ContainerLimits,
  ContainerSpec,
  Image,
  PortMapping,
  RuntimeEvent,
  Sandbox,
  SandboxSpec,
} from '../runtime.ts';
import { RuntimeError, type RuntimeErrorCode } from '../runtime-error.ts';
import { readArchive } from './load-archive.ts';
import { drawMs, measuredLatency, type SimFailures, type SimLatency, type SimOptions } from './model.ts';
import { SimContainer } from './sim-container.ts';

const firstDynamicPort = 49_153;
const lastDynamicPort = 65_535;

interface SimSandbox {
  readonly spec: SandboxSpec;
  readonly pauseId: string | undefined;
  isPauseRunning: boolean;
}

interface Subscriber {
  readonly labels: Readonly<Record<string, string>>;
  tell(event: RuntimeEvent): void;
}

/**
 * A simulated machine's container engine. It outlives its clients, as a real one does: open as many `SimRuntime`s on
 * it as agents come and go. A simulated fleet is one engine for each machine.
 */
export class SimEngine {
  readonly clock: Clock;
  readonly options: SimOptions;
  readonly #random: Random;
  readonly #latency: SimLatency;
  readonly #failures: SimFailures;
  readonly #images = new Map<string, Image>();
  readonly #sandboxes = new Map<string, SimSandbox>();
  readonly #containers = new Map<string, SimContainer>();
  readonly #cgroups = new Map<string, CgroupLimits>();
  readonly #subscribers = new Set<Subscriber>();
  readonly #startQueue: (() => void)[] = [];
  #starting = 0;
  #isUp = true;
  #nextPid = 1_000;
  #nextPort = firstDynamicPort;

  constructor(options: SimOptions) {
    this.options = options;
    this.clock = options.clock;
    this.#random = options.random;
    this.#latency = { ...measuredLatency, ...options.latency };
    this.#failures = {
      ...{ pull: 0, createSandbox: 0, createContainer: 0, start: 0, outages: [] },
      ...options.failures,
    };
    for (const { fromMs, forMs } of this.#failures.outages) {
      this.clock.after(fromMs, () => this.stop());
      this.clock.after(fromMs + forMs, () => this.start());
    }
  }

  /** The engine goes away. Its containers run on. */
  stop(): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#tellAll({ type: 'disconnected', reason: 'the simulated engine is away' });
  }

  start(): void {
    if (this.#isUp) return;
    this.#isUp = true;
    this.#tellAll({ type: 'connected' });
  }

  /** The machine loses power: every process ends, everything written stays. */
  crash(): void {
    this.stop();
    for (const container of this.#containers.values()) container.kill();
    for (const sandbox of this.#sandboxes.values()) sandbox.isPauseRunning = false;
  }

  /** How many containers run. */
  get runningContainers(): number {
    let count = 0;
    for (const container of this.#containers.values()) if (container.isRunning) count += 1;
    return count;
  }

  subscribe(labels: Readonly<Record<string, string>>, tell: (event: RuntimeEvent) => void): Disposable {
    const subscriber = { labels, tell };
    this.#subscribers.add(subscriber);
    if (this.#isUp) tell({ type: 'connected' });
    return { [Symbol.dispose]: () => this.#subscribers.delete(subscriber) };
  }

  async pause(step: keyof SimLatency, attempt: string): Promise<void> {
    this.#assertUp(attempt);
    const delayMs = drawMs(this.#latency[step], this.#random);
    if (delayMs > 0) await this.clock.sleep(delayMs);
    this.#assertUp(attempt);
  }

  /** @param reference Or an image's id. */
  image(reference: string): Image | undefined {
    const named = this.#images.get(withTag(reference));
    return named ?? [...this.#images.values()].find(({ id }) => id === reference);
  }

  async pull(reference: string, signal: AbortSignal): Promise<Image> {
    const attempt = `Cannot pull image '${reference}'`;
    this.#assertUp(attempt);
    await this.clock.sleep(drawMs(this.#latency.pullImage, this.#random), signal);
    this.#assertUp(attempt);
    this.#mayFail(this.#failures.pull, attempt, 'CannotPullContainer', 'simulated failure of the registry');
    const image = (this.options.registry ?? anyImage)(reference);
    if (image === undefined) {
      const detail = `pull access denied for ${reference}, repository does not exist`;
      throw new RuntimeError('CannotPullContainer', `${attempt}: ${detail}`, detail);
    }
    this.#images.set(withTag(reference), image);
    return image;
  }

  async load(archive: AsyncIterable<Uint8Array> | Uint8Array): Promise<void> {
    this.#assertUp('Cannot load the image archive');
    for (const [reference, image] of await readArchive(archive)) this.#images.set(reference, image);
  }

  /** As the engine does, it refuses to remove what a container is made from. */
  removeImage(reference: string): void {
    const image = withTag(reference);
    if ([...this.#containers.values()].some(({ spec }) => withTag(spec.image) === image)) {
      const detail = `conflict: unable to remove repository reference "${image}" (must force) - a container is using its referenced image`;
      throw new RuntimeError('Unsupported', `Cannot remove image '${reference}': ${detail}`, detail);
    }
    this.#images.delete(image);
  }

  async createSandbox(spec: SandboxSpec): Promise<Sandbox> {
    const attempt = `Cannot make sandbox '${spec.id}'`;
    const hasPause = spec.network.mode !== 'container' || spec.shareIpc === true || spec.sharePid === true;
    if (hasPause && !this.#sandboxes.get(spec.id)?.isPauseRunning) await this.pause('createSandbox', attempt);
    this.#assertUp(attempt);
    const there = this.#sandboxes.get(spec.id);
    if (there && (!hasPause || there.isPauseRunning)) return sandboxView(there);
    const { createSandbox } = this.#failures;
    this.#mayFail(createSandbox, attempt, 'ContainerNetworking', 'simulated failure of the engine');
    this.#assertAddressIsFree(spec, attempt);
    const { network } = spec;
    if (network.mode === 'namespace' && !this.#hasNamespace(network.path)) {
      const detail = `${network.path} is no network namespace`;
      throw new RuntimeError('CannotCreateContainer', `${attempt}: ${detail}`, detail);
    }
    const pauseId = hasPause ? (there?.pauseId ?? hex(this.#random, 64)) : undefined;
    const sandbox = { spec, pauseId, isPauseRunning: hasPause };
    this.#sandboxes.set(spec.id, sandbox);
    return sandboxView(sandbox);
  }

  /** There is none: what stands here only tells one pause container from another. */
  networkNamespace(id: string): string | undefined {
    const { pauseId, isPauseRunning } = this.#sandboxes.get(id) ?? {};
    return isPauseRunning ? `${namespaces}${pauseId}/ns/net` : undefined;
  }

  /** Of those that are not its own nothing is known: they are taken to be there. */
  #hasNamespace(path: string): boolean {
    return (
      !path.startsWith(namespaces) ||
      this.#sandboxes.keys().some((sandboxId) => this.networkNamespace(sandboxId) === path)
    );
  }

  stopSandbox(id: string): void {
    for (const container of this.#containersOf(id)) container.kill();
    const sandbox = this.#sandboxes.get(id);
    if (sandbox) this.#sandboxes.set(id, { ...sandbox, pauseId: undefined, isPauseRunning: false });
  }

  removeSandbox(id: string): void {
    for (const container of this.#containersOf(id)) this.removeContainer(container.spec.name);
    this.#sandboxes.delete(id);
  }

  sandboxes(labels: Readonly<Record<string, string>>): Sandbox[] {
    return [...this.#sandboxes.values()].filter(({ spec }) => carries(spec.labels, labels)).map(sandboxView);
  }

  /** What a sandbox was asked to be. */
  sandboxSpec(id: string): SandboxSpec | undefined {
    return this.#sandboxes.get(id)?.spec;
  }

  container(name: string): SimContainer | undefined {
    return this.#containers.get(name);
  }

  containers(labels: Readonly<Record<string, string>>): SimContainer[] {
    return [...this.#containers.values()].filter(({ spec }) => carries(spec.labels, labels));
  }

  createContainer(spec: ContainerSpec): SimContainer {
    const attempt = `Cannot create container '${spec.name}'`;
    const there = this.#containers.get(spec.name);
    if (there) return there;
    const refuse = (detail: string): never => {
      throw new RuntimeError('CannotCreateContainer', `${attempt}: ${detail}`, detail);
    };
    this.#mayFail(
      this.#failures.createContainer,
      attempt,
      'CannotCreateContainer',
      'simulated failure of the engine',
    );
    if (spec.isolation === 'gvisor') {
      const why = 'simulated containers have no kernel that gVisor could replace';
      throw new RuntimeError('Unsupported', `${attempt}: ${why}`, why);
    }
    if (spec.ociRuntime !== undefined && spec.ociRuntime !== 'sim') {
      const why = `the engine has no runtime ${JSON.stringify(spec.ociRuntime)}`;
      throw new RuntimeError('Unsupported', `${attempt}: ${why}`, why);
    }
    const sandbox =
      this.#sandboxes.get(spec.sandboxId) ?? refuse(`sandbox '${spec.sandboxId}' does not exist`);
    const needsPause = [spec.network.mode, spec.ipcMode, spec.pidMode].includes('sandbox');
    if (needsPause && sandbox.pauseId === undefined) {
      refuse(`sandbox '${spec.sandboxId}' has no namespaces to share`);
    }
    const image = this.image(spec.image) ?? refuse(`No such image: ${withTag(spec.image)}`);
    const container: SimContainer = new SimContainer(spec, {
      runtimeId: hex(this.#random, 64),
      imageId: image.id,
      clock: this.clock,
      changed: () => this.#tellOf(container),
    });
    this.#containers.set(spec.name, container);
    this.#tellOf(container);
    return container;
  }

  /** As the kernel does, it refuses less memory than is in use. */
  updateContainer(name: string, limits: ContainerLimits): void {
    const attempt = `Cannot change the limits of container '${name}'`;
    const container = this.#containers.get(name);
    const detail = container === undefined ? `No such container: ${name}` : 'device or resource busy';
    if (container === undefined || container.uses(limits.memoryMiB))
      throw new RuntimeError('Unsupported', `${attempt}: ${detail}`, detail);
    container.limit(limits);
  }

  limitSandbox(id: string, limits: CgroupLimits): void {
    const sandbox = this.#sandboxes.get(id);
    if (sandbox) this.#sandboxes.set(id, { ...sandbox, spec: { ...sandbox.spec, ...limits } });
  }

  limitCgroup(parent: string, limits: CgroupLimits): void {
    this.#cgroups.set(parent, { ...this.#cgroups.get(parent), ...limits });
  }

  /** What the parents of sandboxes are limited to. */
  cgroupLimits(parent: string): CgroupLimits | undefined {
    return this.#cgroups.get(parent);
  }

  async startContainer(name: string): Promise<SimContainer> {
    const attempt = `Cannot start container '${name}'`;
    using _turn = await this.#startTurn();
    const isOnBridge = this.#containers.get(name)?.spec.network.mode === 'bridge';
    await this.pause(isOnBridge ? 'startContainerOnBridge' : 'startContainer', attempt);
    const container = this.#containers.get(name);
    if (container === undefined) {
      const detail = `No such container: ${name}`;
      throw new RuntimeError('CannotStartContainer', `${attempt}: ${detail}`, detail);
    }
    if (container.isRunning) return container;
    const program = this.options.programs?.(container.spec) ?? {};
    const isFailing = this.#failures.start > 0 && this.#random.float() < this.#failures.start;
    const error = program.startError ?? (isFailing ? 'simulated failure of the engine' : undefined);
    if (error !== undefined) {
      container.fail(error);
      throw new RuntimeError('CannotStartContainer', `${attempt}: ${error}`, error);
    }
    container.start(program, this.#nextPid++, this.#publish(container.spec, attempt));
    return container;
  }

  removeContainer(name: string): void {
    const container = this.#containers.get(name);
    if (container === undefined) return;
    this.#containers.delete(name);
    container.remove();
  }

  #publish(spec: ContainerSpec, attempt: string): readonly PortMapping[] {
    if (spec.network.mode !== 'bridge' || spec.network.ports.length === 0) return [];
    const taken = [...this.#containers.values()].flatMap((container) => container.view().ports);
    return spec.network.ports.map((mapping) => {
      const isTaken = (hostPort: number): boolean =>
        taken.some((other) => collides({ ...mapping, hostPort }, other));
      if (mapping.hostPort === 0) return { ...mapping, hostPort: this.#freePort(isTaken, attempt) };
      if (!isTaken(mapping.hostPort)) return mapping;
      const detail = `Bind for ${mapping.hostIp}:${mapping.hostPort} failed: port is already allocated`;
      throw new RuntimeError(
        'PortInUse',
        `${attempt}: ${detail}. Choose hostPort 0 to get a free one`,
        detail,
      );
    });
  }

  #freePort(isTaken: (port: number) => boolean, attempt: string): number {
    for (let tries = firstDynamicPort; tries <= lastDynamicPort; tries += 1) {
      const port = this.#nextPort;
      this.#nextPort = port === lastDynamicPort ? firstDynamicPort : port + 1;
      if (!isTaken(port)) return port;
    }
    const detail = 'all dynamic ports are in use';
    throw new RuntimeError('PortInUse', `${attempt}: ${detail}`, detail);
  }

  #assertAddressIsFree({ id, network }: SandboxSpec, attempt: string): void {
    if (network.mode !== 'private') return;
    for (const { spec, isPauseRunning } of this.#sandboxes.values()) {
      if (spec.id === id || !isPauseRunning || spec.network.mode !== 'private') continue;
      if (spec.network.network.name !== network.network.name || spec.network.ipv4 !== network.ipv4) continue;
      const detail = `Address already in use: ${network.ipv4}`;
      throw new RuntimeError('ContainerNetworking', `${attempt}: ${detail}`, detail);
    }
  }

  #assertUp(attempt: string): void {
    if (this.#isUp) return;
    const detail = 'the simulated engine is away';
    throw new RuntimeError('EngineUnavailable', `${attempt}: ${detail}`, detail);
  }

  #mayFail(probability: number, attempt: string, code: RuntimeErrorCode, detail: string): void {
    if (probability > 0 && this.#random.float() < probability)
      throw new RuntimeError(code, `${attempt}: ${detail}`, detail);
  }

  async #startTurn(): Promise<Disposable> {
    const most = this.options.startConcurrency ?? Number.POSITIVE_INFINITY;
    if (this.#starting >= most) await new Promise<void>((resolve) => this.#startQueue.push(resolve));
    else this.#starting += 1;
    // Whoever waits takes this place over, so that nobody slips in between.
    const pass = (): void => {
      const next = this.#startQueue.shift();
      if (next) next();
      else this.#starting -= 1;
    };
    return { [Symbol.dispose]: pass };
  }

  #containersOf(sandboxId: string): SimContainer[] {
    return [...this.#containers.values()].filter(({ spec }) => spec.sandboxId === sandboxId);
  }

  #tellOf({ spec }: SimContainer): void {
    if (!this.#isUp) return;
    for (const { labels, tell } of this.#subscribers) {
      if (carries(spec.labels, labels))
        tell({ type: 'container', name: spec.name, labels: { ...spec.labels } });
    }
  }

  #tellAll(event: RuntimeEvent): void {
    for (const { tell } of this.#subscribers) tell(event);
  }
}

/** Where its sandboxes' network namespaces would be. */
const namespaces = '/sim/';

const sandboxView = ({ spec, pauseId, isPauseRunning }: SimSandbox): Sandbox => ({
  id: spec.id,
  labels: { ...spec.labels },
  ...(pauseId === undefined ? {} : { pause: { runtimeId: pauseId, isRunning: isPauseRunning } }),
});

function carries(all: Readonly<Record<string, string>>, some: Readonly<Record<string, string>>): boolean {
  return Object.entries(some).every(([name, value]) => all[name] === value);
}

function collides(one: PortMapping, other: PortMapping): boolean {
  const isAny = (ip: string): boolean => ip === '' || ip === '0.0.0.0';
  if (one.hostPort !== other.hostPort || one.protocol !== other.protocol) return false;
  return one.hostIp === other.hostIp || isAny(one.hostIp) || isAny(other.hostIp);
}

function withTag(reference: string): string {
  return reference.includes('@') || /:[\w][\w.-]*$/.test(reference) ? reference : `${reference}:latest`;
}

function anyImage(reference: string): Image {
  const digest = createHash('sha256').update(withTag(reference)).digest('hex');
  return { id: `sha256:${digest}`, digest: `sha256:${digest}`, exposedPorts: [], env: {} };
}
