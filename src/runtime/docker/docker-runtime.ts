import type { Clock, Random } from '../../clock/index.ts';
import { type Log, silentLog } from '../../log.ts';
import type {
  AttachOptions,
  CommandOptions,
  ContainerAttachment,
  ContainerCommand,
  ContainerTerminal,
  ExecResult,
  TerminalOptions,
} from '../process.ts';
import type {
  CgroupLimits,
  Container,
  ContainerLimits,
  ContainerSpec,
  GvisorSupport,
  Image,
  OutputLine,
  PrivateNetwork,
  RegistryAuth,
  Runtime,
  RuntimeEvent,
  RuntimeInfo,
  Sandbox,
  SandboxDiskSpace,
  SandboxDiskSupport,
  SandboxSpec,
} from '../runtime.ts';
import { RuntimeError } from '../runtime-error.ts';
import type { ContainerDiskUse, ContainerStats } from '../usage.ts';
import { openAttachment } from './attach-streams.ts';
import { cgroupsOf } from './cgroups.ts';
import { Containers } from './containers.ts';
import { EngineApi } from './engine-api.ts';
import { type FoundEngine, findEngine } from './engine-socket.ts';
import { engineEvents } from './events.ts';
import { runExec } from './exec.ts';
import { openExecCommand, openExecTerminal } from './exec-streams.ts';
import { attempting } from './failures.ts';
import { FilesOfImages } from './files-of-images.ts';
import { Gvisor, gvisorStartMs } from './gvisor.ts';
import { Images } from './images.ts';
import { inParallel } from './in-parallel.ts';
import { labelFilter, madeImageLabels } from './labels.ts';
import { MemoryKills } from './memory-kills.ts';
import { type NetworkRange, Networks } from './networks.ts';
import { Outputs } from './output.ts';
import {
  canBePrivileged,
  type Daemon,
  type EngineFacts,
  findDaemon,
  lacksSysResource,
  leastOomScore,
  limitsOf,
  readFacts,
  ulimitBounds,
} from './probe.ts';
import { mountsOfImage, SandboxDisks } from './sandbox-disks.ts';
import { Sandboxes } from './sandboxes.ts';
import { readCgroupStats, readEngineStats } from './stats.ts';
import { Volumes } from './volumes.ts';

export interface DockerRuntimeOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log?: Log;
  /** Default: the one that `findEngine` finds. */
  readonly engine?: FoundEngine;
  /** Written on what belongs to no single task: networks and shared volumes. The installation's, for `purge`. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Where disks of sandboxes are, a directory of their own; left out, what sandboxes write is not limited. */
  readonly disksDirectory?: string;
  readonly signal?: AbortSignal;
}

/** An Engine that lives answers much sooner. */
const answerMs = 5_000;

/** How much was removed. */
export interface PurgedEngine {
  readonly containers: number;
  readonly networks: number;
  readonly volumes: number;
}

/**
 * Opens the runtime on this machine's container engine.
 * @throws {RuntimeError} `EngineUnavailable` with what to do when none answers; `Unsupported` when it is too old.
 */
export async function openDockerRuntime(options: DockerRuntimeOptions): Promise<DockerRuntime> {
  const { clock, random, log = silentLog, labels = {}, disksDirectory, signal } = options;
  const found = options.engine ?? (await findEngine(clock, signal === undefined ? {} : { signal }));
  if (found === undefined) {
    throw new RuntimeError(
      'EngineUnavailable',
      'No container engine answers on this machine: start Docker ("systemctl start docker"; where no systemd runs, as root "dockerd &"), or set DOCKER_HOST',
      'Cannot connect to the Docker daemon',
    );
  }
  const api = new EngineApi(found.address, found.apiVersion, clock);
  try {
    const facts = await attempting('Cannot probe the container engine', 'EngineUnavailable', () =>
      readFacts(api, found),
    );
    const daemon = facts.isLocal ? findDaemon(found) : undefined;
    const runtime = new DockerRuntime({ api, facts, daemon, clock, random, labels, disksDirectory });
    for (const { feature, message } of runtime.limits)
      log.debug('The engine has a limit', { feature, message });
    return runtime;
  } catch (error) {
    api[Symbol.dispose]();
    throw error;
  }
}

/** The runtime over the Docker Engine API: joins the parts in this folder, decides nothing itself. */
export class DockerRuntime implements Runtime {
  readonly name = 'docker';
  readonly limits: RuntimeInfo['limits'];
  readonly #api: EngineApi;
  readonly #facts: EngineFacts;
  readonly #daemon: Daemon | undefined;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #labels: Readonly<Record<string, string>>;
  readonly #images: Images;
  readonly #files: FilesOfImages;
  readonly #containers: Containers;
  readonly #memoryKills: MemoryKills | undefined;
  readonly #volumes: Volumes;
  readonly #networks: Networks;
  readonly #sandboxes: Sandboxes;
  readonly #outputs: Outputs;
  readonly #gvisor: Gvisor;
  readonly #disks: SandboxDisks;
  /** The disks of containers' sandboxes, by the names of the containers. */
  readonly #diskOf = new Map<string, string | undefined>();
  /** Containers that run under gVisor. */
  readonly #isolated = new Map<string, string>();
  readonly #ulimitBounds: ReadonlyMap<string, number>;
  readonly #closing = new AbortController();
  /** First processes of containers seen running, for their cgroups. */
  readonly #running = new Map<string, { readonly pid: number; readonly runtimeId: string }>();

  constructor(parts: {
    readonly api: EngineApi;
    readonly facts: EngineFacts;
    readonly daemon: Daemon | undefined;
    readonly clock: Clock;
    readonly random: Random;
    readonly labels: Readonly<Record<string, string>>;
    readonly disksDirectory: string | undefined;
  }) {
    const { api, facts, daemon, clock } = parts;
    const cgroups = cgroupsOf(facts, daemon, { clock });
    this.#api = api;
    this.#facts = facts;
    this.#daemon = daemon;
    this.#clock = clock;
    this.#random = parts.random;
    this.#labels = parts.labels;
    this.limits = limitsOf(facts, daemon, cgroups.missing);
    this.#ulimitBounds = ulimitBounds(daemon);
    this.#images = new Images(api);
    this.#files = new FilesOfImages(api, parts.random, parts.labels);
    this.#memoryKills = facts.isLocal ? new MemoryKills() : undefined;
    this.#containers = new Containers(api, clock, this.#memoryKills);
    this.#volumes = new Volumes(api);
    this.#networks = new Networks(api, parts.labels);
    this.#disks = new SandboxDisks({
      directory: parts.disksDirectory,
      isLocal: facts.isLocal,
      containers: this.#containers,
      random: parts.random,
      labels: parts.labels,
      makePauseImage: () => this.#sandboxes.ensurePauseImage(),
      disksInUse: () => this.#sandboxes.disksInUse(),
    });
    this.#sandboxes = new Sandboxes({
      containers: this.#containers,
      volumes: this.#volumes,
      networks: this.#networks,
      images: this.#images,
      cgroups,
      disks: this.#disks,
      apiVersion: facts.apiVersion,
      architecture: facts.architecture,
      leastOomScore: leastOomScore(daemon),
      clock,
    });
    this.#outputs = new Outputs(api, clock, facts.isLocal);
    this.#gvisor = new Gvisor({
      api,
      clock,
      random: parts.random,
      labels: parts.labels,
      runtimes: facts.runtimes,
      makePauseImage: () => this.#sandboxes.ensurePauseImage(),
      // Without labels these would be others', who may be probing just now.
      leftovers: async () =>
        Object.keys(parts.labels).length === 0
          ? []
          : (await this.#containers.summaries(parts.labels, 'probe')).map(({ name }) => name),
      seesProcesses: daemon !== undefined,
    });
  }

  /** @throws {RuntimeError} `EngineUnavailable`: it does not answer now. What it can do was probed when it was opened. */
  async info(): Promise<RuntimeInfo> {
    await attempting('The container engine is away', 'EngineUnavailable', () =>
      this.#api.json('GET', '/version', { timeoutMs: answerMs }),
    );
    const { engine, version, apiVersion, cpus, memoryBytes, architecture, kernel } = this.#facts;
    const { cgroupVersion, logDrivers, runtimes } = this.#facts;
    const maxOpenFiles = this.#ulimitBounds.get('nofile');
    return {
      ...{ engine, version, apiVersion, cpus, memoryBytes, architecture, kernel },
      ...{ cgroupVersion, logDrivers, runtimes, limits: this.limits },
      ...(maxOpenFiles === undefined ? {} : { maxOpenFiles }),
    };
  }

  gvisor(): Promise<GvisorSupport> {
    return this.#gvisor.support();
  }

  sandboxDisks(): Promise<SandboxDiskSupport> {
    return this.#disks.support();
  }

  diskSpace(disk: string): Promise<SandboxDiskSpace | undefined> {
    return this.#disks.space(disk);
  }

  inspectImage(reference: string): Promise<Image | undefined> {
    return this.#images.inspect(reference);
  }

  pullImage(
    reference: string,
    { auth, signal }: { readonly auth?: RegistryAuth; readonly signal: AbortSignal },
  ): Promise<Image> {
    return this.#images.pull(reference, auth, signal);
  }

  saveImage(reference: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return this.#images.save(reference, AbortSignal.any([signal, this.#closing.signal]));
  }

  readImageFiles(reference: string, paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return this.#files.read(reference, paths);
  }

  loadImage(archive: AsyncIterable<Uint8Array> | Uint8Array): Promise<void> {
    return this.#images.load(archive);
  }

  removeImage(reference: string): Promise<void> {
    return this.#images.remove(reference);
  }

  updateContainer(name: string, limits: ContainerLimits): Promise<void> {
    return this.#containers.update(name, limits);
  }

  limitSandbox(id: string, limits: CgroupLimits): Promise<void> {
    return this.#sandboxes.limit(id, limits);
  }

  limitCgroup(parent: string, limits: CgroupLimits): Promise<void> {
    return this.#sandboxes.limitParent(parent, limits);
  }

  createSandbox(spec: SandboxSpec): Promise<Sandbox> {
    return this.#sandboxes.create(spec);
  }

  networkNamespace(sandboxId: string): Promise<string | undefined> {
    return this.#sandboxes.networkNamespace(sandboxId);
  }

  stopSandbox(id: string): Promise<void> {
    return this.#sandboxes.stop(id);
  }

  removeSandbox(id: string): Promise<void> {
    return this.#sandboxes.remove(id);
  }

  async createContainer(spec: ContainerSpec): Promise<Container> {
    const place = await this.#sandboxes.place(spec.sandboxId);
    const { disk } = place;
    const ofImage = disk === undefined ? [] : mountsOfImage(spec, await this.#images.inspect(spec.image));
    const mounts = [...(spec.mounts ?? []), ...ofImage];
    for (const mount of mounts) {
      if (mount.type !== 'volume') continue;
      const isOnDisk = mount.scope === 'sandbox' && mount.driver === undefined;
      const directory =
        isOnDisk && disk !== undefined ? await this.#disks.volumeDirectory(disk, mount.name) : undefined;
      await this.#volumes.makeMounted(mount, spec.sandboxId, spec.labels, this.#labels, directory);
    }
    const runtime = await this.#gvisor.runtimeFor(spec);
    const container = await this.#containers.create(mounts.length > 0 ? { ...spec, mounts } : spec, {
      ...place,
      runtime,
      ulimitBounds: this.#ulimitBounds,
      canBePrivileged: canBePrivileged(this.#facts, this.#daemon),
      canRaiseResources: !lacksSysResource(this.#daemon),
      leastOomScore: leastOomScore(this.#daemon),
    });
    if (runtime !== undefined) this.#isolated.set(spec.name, container.runtimeId);
    this.#diskOf.set(spec.name, disk);
    return container;
  }

  async startContainer(name: string): Promise<Container> {
    await this.#outputs.attached(name);
    const disk = await this.#diskOfContainer(name);
    if (disk !== undefined) await this.#disks.hold(disk, name);
    const isolatedId = this.#isolated.get(name);
    const started =
      isolatedId === undefined
        ? await this.#containers.start(name)
        : await this.#containers.start(name, gvisorStartMs, () => this.#gvisor.killStuck(isolatedId));
    return this.#seen(started);
  }

  stopContainer(name: string, timeoutSeconds: number): Promise<void> {
    return this.#containers.stop(name, timeoutSeconds);
  }

  async removeContainer(name: string): Promise<void> {
    await this.#disks.removeContainer(await this.#diskOfContainer(name), name);
    this.#running.delete(name);
    this.#isolated.delete(name);
    this.#diskOf.delete(name);
    await this.#outputs.end(name);
  }

  async inspectContainer(name: string): Promise<Container | undefined> {
    const container = await this.#containers.inspect(name);
    return container && this.#seen(container);
  }

  listContainers(labels: Readonly<Record<string, string>>): Promise<readonly Container[]> {
    return this.#containers.list(labelFilter(labels, 'app'));
  }

  listSandboxes(labels: Readonly<Record<string, string>>): Promise<readonly Sandbox[]> {
    return this.#sandboxes.list(labels);
  }

  events(labels: Readonly<Record<string, string>>, signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    const until = AbortSignal.any([signal, this.#closing.signal]);
    return engineEvents(this.#api, labels, until, { clock: this.#clock, random: this.#random });
  }

  output(
    name: string,
    from: 'start' | { readonly sinceMs: number },
    signal: AbortSignal,
  ): AsyncIterable<OutputLine> {
    return this.#outputs.lines(name, from, AbortSignal.any([signal, this.#closing.signal]));
  }

  pastOutput(name: string, sinceMs: number, signal: AbortSignal): AsyncIterable<OutputLine> {
    return this.#outputs.past(name, sinceMs, AbortSignal.any([signal, this.#closing.signal]));
  }

  exec(
    name: string,
    command: readonly string[],
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<ExecResult> {
    return runExec(this.#api, this.#clock, name, command, {
      ...options,
      seesProcesses: this.#daemon !== undefined,
    });
  }

  openTerminal(
    name: string,
    command: readonly string[],
    options: TerminalOptions,
  ): Promise<ContainerTerminal> {
    return openExecTerminal(this.#api, this.#clock, name, command, {
      ...options,
      seesProcesses: this.#daemon !== undefined,
    });
  }

  openCommand(name: string, command: readonly string[], options: CommandOptions): Promise<ContainerCommand> {
    return openExecCommand(this.#api, this.#clock, name, command, {
      ...options,
      seesProcesses: this.#daemon !== undefined,
    });
  }

  attach(name: string, options: AttachOptions): Promise<ContainerAttachment> {
    return openAttachment(this.#api, this.#clock, name, options);
  }

  async stats(
    name: string,
    options: { readonly withIo?: boolean } = {},
  ): Promise<ContainerStats | undefined> {
    if (this.#facts.isLocal) {
      const known = this.#running.get(name);
      const read = known && (await readCgroupStats(known.pid, known.runtimeId, options));
      if (read) return read;
      const container = await this.inspectContainer(name);
      if (container?.status.state !== 'running') return undefined;
      const fresh = await readCgroupStats(container.status.pid, container.runtimeId, options);
      if (fresh) return fresh;
    }
    return attempting(`Cannot measure container '${name}'`, 'Unsupported', () =>
      readEngineStats(this.#api, name),
    );
  }

  diskUse(name: string): Promise<ContainerDiskUse | undefined> {
    return this.#containers.diskUse(name);
  }

  /**
   * Removes every sandbox, container, network and volume that carries all of `labels`, and the images made here when
   * nothing else uses them. What is already gone is success.
   */
  async purge(labels: Readonly<Record<string, string>>): Promise<PurgedEngine> {
    if (Object.keys(labels).length === 0)
      throw new TypeError('Cannot purge without labels: that would be everything');
    const containers = await this.#containers.summaries(labels);
    const sandboxes = await this.#sandboxes.list(labels);
    await inParallel(sandboxes, ({ id }) => this.#sandboxes.remove(id));
    await inParallel(containers, ({ name }) => this.removeContainer(name));
    const networks = await this.#networks.removeAll(labels);
    const volumes = await this.#volumes.list(labelFilter(labels));
    await inParallel(volumes, ({ name }) => this.#volumes.remove(name));
    await this.#disks.removeAll();
    await this.#sandboxes.removePauseImage();
    await this.#images.removeUnused(labelFilter(madeImageLabels));
    return { containers: containers.length, networks, volumes: volumes.length };
  }

  /** Makes a private network before its first sandbox, so that nobody else takes its range. */
  makeNetwork(network: PrivateNetwork): Promise<void> {
    return this.#networks.ensure(network);
  }

  /** Removes a private network. Absent is success; one that sandboxes are on stays. */
  removeNetwork(name: string): Promise<void> {
    return this.#networks.remove(name);
  }

  /** What the Engine's networks occupy: for choosing a range that is free, and an address that containers reach. */
  networkRanges(): Promise<readonly NetworkRange[]> {
    return this.#networks.ranges();
  }

  /** Streams end; containers run on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('The runtime was closed'));
    this.#api[Symbol.dispose]();
    this.#memoryKills?.[Symbol.dispose]();
  }

  /** One that an earlier process made is looked up. */
  async #diskOfContainer(name: string): Promise<string | undefined> {
    if (this.#diskOf.has(name)) return this.#diskOf.get(name);
    const { sandboxId } = await this.#containers.layerOf(name);
    const disk = sandboxId === undefined ? undefined : await this.#sandboxes.diskOf(sandboxId);
    this.#diskOf.set(name, disk);
    return disk;
  }

  #seen(container: Container): Container {
    const { name, runtimeId, status } = container;
    if (status.state === 'running') this.#running.set(name, { pid: status.pid, runtimeId });
    else this.#running.delete(name);
    return container;
  }
}
