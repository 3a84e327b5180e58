import type {
  AttachOptions,
  CommandOptions,
  ContainerAttachment,
  ContainerCommand,
  ContainerTerminal,
  ExecResult,
  TerminalOptions,
} from './process.ts';
import type { ContainerDiskUse, ContainerStats } from './usage.ts';

/**
 * The narrow interface to run containers on one machine. `docker` speaks the Engine API, `sim` keeps it in
 * memory; one conformance suite runs against both.
 *
 * The caller (the node side) decides order and policy. Every method is one idempotent step: what is already so
 * is success, names are the caller's and deterministic, clean-up works where set-up never ran.
 */
export interface Runtime extends AsyncDisposable {
  readonly name: string;
  /** Probes the machine and the engine: sizes, versions, what is possible and what is not (with the reason). */
  info(): Promise<RuntimeInfo>;
  /**
   * Whether containers can have a kernel of their own (gVisor): found out once, by starting one under it, so that an
   * installation that is broken is known before anything relies on it.
   */
  gvisor(): Promise<GvisorSupport>;
  /** Whether what sandboxes write can be limited (`SandboxSpec.disk`): found out once, by starting a container on a small disk. */
  sandboxDisks(): Promise<SandboxDiskSupport>;

  /** The image as it is on this machine; undefined when it is not there. */
  inspectImage(reference: string): Promise<Image | undefined>;
  /** Fetches an image from its registry. @throws {RuntimeError} code `CannotPullContainer`. */
  pullImage(
    reference: string,
    options: { readonly auth?: RegistryAuth; readonly signal: AbortSignal },
  ): Promise<Image>;
  /** As `loadImage` takes it; a simulated image has no files. @throws {RuntimeError} while it is read: it is not there. */
  saveImage(reference: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /**
   * Small files of an image that is on this machine, as text, by path; those that it has not are left out. A simulated
   * image has none. @throws {RuntimeError} the image is not there; `Unsupported` a file is larger than 1 MiB.
   */
  readImageFiles(reference: string, paths: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Loads a docker-archive / OCI-layout tar. */
  loadImage(archive: AsyncIterable<Uint8Array> | Uint8Array): Promise<void>;
  removeImage(reference: string): Promise<void>;

  /**
   * Makes what the containers of a task share: its cgroup with the task's limits and, for `network.mode`
   * `private`, `interface` and `namespace`, a network namespace held by a pause container. A second call with the same id changes nothing
   * and returns what is there.
   */
  createSandbox(spec: SandboxSpec): Promise<Sandbox>;
  /**
   * Where on this machine the network namespace of a sandbox is, e.g. `/proc/4711/ns/net`, for whoever puts interfaces
   * into it. Undefined when its pause container doesn't run, or it has none.
   */
  networkNamespace(sandboxId: string): Promise<string | undefined>;
  /**
   * Changes the limits of a sandbox's cgroup. Where sandboxes can have none there is nothing to change: success.
   * @throws {RuntimeError} `Unsupported`: the kernel refuses, as it does a limit below what is in use.
   */
  limitSandbox(id: string, limits: CgroupLimits): Promise<void>;
  /**
   * Limits everything under a parent of sandboxes, spelled as their `cgroupParent`, or its first levels. One that is not
   * there, for there is no sandbox in it: success. A limit below what is in use is taken up at the next try.
   */
  limitCgroup(parent: string, limits: CgroupLimits): Promise<void>;
  /**
   * Gives back what a stopped task holds from others: the pause container, and with it its address, and the cgroup.
   * Its exited containers and its volumes stay readable until `removeSandbox`. Absent is success.
   */
  stopSandbox(id: string): Promise<void>;
  /** Removes the pause container, the cgroup and volumes of `scope: sandbox`. The sandbox's containers must be gone or are removed too. */
  removeSandbox(id: string): Promise<void>;

  /** Makes a container, not started. An existing container of that name is returned as it is. */
  createContainer(spec: ContainerSpec): Promise<Container>;
  /** Starts it and returns it as it then stands (with its host ports). Running already is success. @throws {RuntimeError} `CannotStartContainer` */
  startContainer(name: string): Promise<Container>;
  /** Sends the stop signal (the image's STOPSIGNAL, else SIGTERM), after `timeoutSeconds` SIGKILL; resolves when it has exited. */
  stopContainer(name: string, timeoutSeconds: number): Promise<void>;
  /** Removes it, killing it first if need be, with its anonymous volumes. Absent is success. */
  removeContainer(name: string): Promise<void>;
  inspectContainer(name: string): Promise<Container | undefined>;
  /**
   * Changes the limits of a container, running or not. @throws {RuntimeError} `Unsupported` in the engine's words: it is
   * not there, or the kernel refuses, as it does a limit below what is in use.
   */
  updateContainer(name: string, limits: ContainerLimits): Promise<void>;
  /** All containers (not pause containers) whose labels include every one of `labels`. */
  listContainers(labels: Readonly<Record<string, string>>): Promise<readonly Container[]>;
  /** All sandboxes made with these labels, also those without containers. */
  listSandboxes(labels: Readonly<Record<string, string>>): Promise<readonly Sandbox[]>;

  /**
   * What happens to containers that carry `labels`, from now on. `connected` comes first and after every
   * reconnection: events may have been missed before it, so list again.
   * Ends when the signal aborts; never throws while the engine is merely away (it reconnects).
   */
  events(labels: Readonly<Record<string, string>>, signal: AbortSignal): AsyncIterable<RuntimeEvent>;

  /**
   * A container's output from `from` on, until it exits or the signal aborts. `from: 'start'` must be called
   * before `startContainer` and loses nothing; `since` first reads back what the engine kept after that
   * time (epoch ms, exclusive by line), then goes on live. Lines longer than 256 KiB are split.
   * Whoever reads too slowly holds the container, for a few seconds at most: then the rest is to be read back.
   * @throws {RuntimeError} `EngineUnavailable`: it broke off, for that or because the engine went away.
   */
  output(
    name: string,
    from: 'start' | { readonly sinceMs: number },
    signal: AbortSignal,
  ): AsyncIterable<OutputLine>;
  /** What the engine has kept of a container's output after `sinceMs`, as `output` reads it back, and no more than that. */
  pastOutput(name: string, sinceMs: number, signal: AbortSignal): AsyncIterable<OutputLine>;
  /** Runs a command in a running container and waits for it. */
  exec(
    name: string,
    command: readonly string[],
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<ExecResult>;
  /**
   * Runs a command in a running container on a terminal of its own. Disposing it kills the command, where its
   * process can be reached. A command that does not exist ends with the shell's exit code (126, 127).
   * @throws {RuntimeError} `CannotExecContainer`.
   */
  openTerminal(
    name: string,
    command: readonly string[],
    options: TerminalOptions,
  ): Promise<ContainerTerminal>;
  /**
   * Runs a command in a running container with pipes: its input can be ended, and its outputs come apart. Who takes them
   * slowly holds the command. Disposing it kills the command, where its process can be reached.
   * @throws {RuntimeError} `CannotExecContainer`.
   */
  openCommand(name: string, command: readonly string[], options: CommandOptions): Promise<ContainerCommand>;
  /**
   * What the first process of a running container says from now on, and, where the container is `interactive`, its
   * input. Who takes slowly holds the container. Disposing it leaves the container running.
   * @throws {RuntimeError} `CannotExecContainer`: it does not run.
   */
  attach(name: string, options: AttachOptions): Promise<ContainerAttachment>;
  /**
   * CPU and memory in use now, read cheaply (from cgroups where possible), and `withIo` what goes over its network and
   * to its disks. Undefined when it is not running.
   */
  stats(name: string, options?: { readonly withIo?: boolean }): Promise<ContainerStats | undefined>;
  /** How full a disk of sandboxes is. Undefined when there is none. */
  diskSpace(disk: string): Promise<SandboxDiskSpace | undefined>;
  /** What a container takes of the disk, found by going through its files. Undefined when it is not there. */
  diskUse(name: string): Promise<ContainerDiskUse | undefined>;
}

export interface RuntimeInfo {
  /** E.g. `docker`, `podman`, `sim`. */
  readonly engine: string;
  readonly version: string;
  readonly apiVersion: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** `x86_64` or `arm64`. */
  readonly architecture: string;
  readonly kernel: string;
  readonly cgroupVersion: 1 | 2;
  readonly logDrivers: readonly string[];
  readonly runtimes: readonly string[];
  /** What this engine on this machine can't do, found by probing, each with what to do about it. */
  readonly limits: readonly RuntimeLimit[];
  /** Hard limit of open files that containers can be given; undefined when unlimited or unknown. */
  readonly maxOpenFiles?: number;
}

/** `how`: in words, what was found. `why`: what is in the way, and what to do. */
export type GvisorSupport =
  | { readonly works: true; readonly how: string }
  | { readonly works: false; readonly why: string };

/** `how`: in words, what was found. `why`: what is in the way, and what to do. */
export type SandboxDiskSupport = GvisorSupport;

/** A file system of its own, for one sandbox or several that name it; it is there as long as one of them is. */
export interface SandboxDisk {
  /** Unique on the machine and stable, `[a-zA-Z0-9._-]`. */
  readonly name: string;
  /** Room for files. Nothing of it is set aside: the machine's disk may be full before. */
  readonly sizeBytes: number;
}

export interface SandboxDiskSpace {
  readonly usedBytes: number;
  readonly sizeBytes: number;
}

export interface RuntimeLimit {
  readonly feature:
    | 'privileged'
    | 'sandbox-cgroup'
    | 'private-network'
    | 'port-publishing'
    | 'ulimit-raise'
    | 'memory-limit'
    | 'cpu-limit'
    | 'pids-limit';
  readonly message: string;
}

export interface Image {
  /** `sha256:...` of the image's configuration. */
  readonly id: string;
  /** Repository digest (`sha256:...`) where the registry gave one. */
  readonly digest?: string;
  readonly sizeBytes?: number;
  readonly stopSignal?: string;
  /** As the image says it: a name or an id, perhaps with a group. */
  readonly user?: string;
  readonly exposedPorts: readonly { readonly port: number; readonly protocol: 'tcp' | 'udp' }[];
  readonly env: Readonly<Record<string, string>>;
  /** Paths that get a volume of their own where nothing is mounted there. */
  readonly volumes?: readonly string[];
}

export interface RegistryAuth {
  readonly username: string;
  readonly password: string;
}

/** Of everything in a cgroup together; what is absent is not limited, or stays as it is. */
export interface CgroupLimits {
  readonly cpuMillis?: number;
  readonly memoryMiB?: number;
  /** Docker's relative weight, at least 2. */
  readonly cpuShares?: number;
  /** How many processes and threads there can be. */
  readonly pids?: number;
}

/** What of a container can be changed while it runs; what is absent stays as it is. */
export type ContainerLimits = Partial<
  Pick<ContainerSpec, 'cpuShares' | 'cpuMillis' | 'memoryMiB' | 'memorySwapMiB'>
>;

export interface SandboxSpec {
  /** Unique on the machine and stable: the caller's name for it, `[a-zA-Z0-9_-]`. */
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly network: SandboxNetwork;
  /** Limits over all its containers. */
  readonly cpuMillis?: number;
  readonly memoryMiB?: number;
  /** What all its containers together weigh beside its neighbours. Held, as `pids`, where cgroups can be made. */
  readonly cpuShares?: number;
  readonly pids?: number;
  /** Name of the parent under which its cgroup is made, e.g. the container instance; deeper levels after a `/`. */
  readonly cgroupParent: string;
  /** Limits over everything under the parent's first level, e.g. the container instance's size. Held where cgroups can be made. */
  readonly cgroupParentLimits?: CgroupLimits;
  /**
   * Where its containers write, beside each other: their own layers, what their images call volumes, and volumes of
   * `scope: sandbox`. Where there are no such disks (`sandboxDisks`) they write on the machine's, without a limit.
   */
  readonly disk?: SandboxDisk;
  readonly hostname?: string;
  readonly dns?: { readonly servers: readonly string[]; readonly search: readonly string[] };
  /** In the file `/etc/hosts` that its containers share; where the sandbox has a namespace for all. */
  readonly extraHosts?: readonly { readonly hostname: string; readonly ipAddress: string }[];
  readonly sysctls?: Readonly<Record<string, string>>;
  /** The sandbox's containers share one IPC / PID namespace (the pause container's). */
  readonly shareIpc?: boolean;
  readonly sharePid?: boolean;
}

export type SandboxNetwork =
  /** Containers bring their own: engine bridge, host or none. */
  | { readonly mode: 'container' }
  /** One namespace for all, on the machine's plain private network `network`, with this address. */
  | {
      readonly mode: 'private';
      readonly network: PrivateNetwork;
      readonly ipv4: string;
      readonly macAddress: string;
    }
  /** A namespace that somebody else has made on this machine, by its path, e.g. `/run/netns/node`: it must be there. */
  | { readonly mode: 'namespace'; readonly path: string }
  /** One namespace for all, with nothing in it but loopback: a network interface is put into it from outside. */
  | {
      readonly mode: 'interface';
      /** `eni-…` */
      readonly interfaceId: string;
      readonly ipv4: string;
      readonly macAddress: string;
    };

export interface PrivateNetwork {
  /** The engine network's name; made on first use. */
  readonly name: string;
  /** E.g. `10.231.0.0/16`. */
  readonly cidr: string;
  readonly gateway: string;
  /** What comes from its addresses keeps them, wherever it goes; left out, others see the machine's own. */
  readonly keepsSources?: true;
}

export interface Sandbox {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The pause container's engine id and whether it runs; absent in `container` mode. */
  readonly pause?: { readonly runtimeId: string; readonly isRunning: boolean };
}

export interface ContainerSpec {
  /** Unique on the machine and stable. */
  readonly name: string;
  readonly sandboxId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly image: string;
  readonly command?: readonly string[];
  readonly entryPoint?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly user?: string;
  /** Groups that its processes are in besides. */
  readonly supplementalGroups?: readonly number[];
  /** Asks it to end. Default: the image's. */
  readonly stopSignal?: string;
  readonly workingDirectory?: string;
  readonly hostname?: string;
  /** `gvisor`: a kernel of its own, or no container. `strongest`: gVisor where it works. Absent: as any container. */
  readonly isolation?: 'gvisor' | 'strongest';
  /** One of the engine's runtimes, whatever the isolation. Default: by the isolation. */
  readonly ociRuntime?: string;
  readonly network: ContainerNetwork;
  readonly extraHosts?: readonly { readonly hostname: string; readonly ipAddress: string }[];
  readonly dns?: { readonly servers: readonly string[]; readonly search: readonly string[] };
  /** Docker's relative weight, at least 2. */
  readonly cpuShares: number;
  /** Hard CPU limit in thousandths of a core. */
  readonly cpuMillis?: number;
  readonly memoryMiB?: number;
  readonly memoryReservationMiB?: number;
  readonly memorySwapMiB?: number;
  readonly swappiness?: number;
  /** Whom the kernel kills first when memory runs out, from -1000 to 1000; no less than what the engine may give. */
  readonly oomScoreAdjust?: number;
  readonly sharedMemoryMiB?: number;
  readonly ulimits?: readonly { readonly name: string; readonly soft: number; readonly hard: number }[];
  readonly capabilities?: { readonly add: readonly string[]; readonly drop: readonly string[] };
  readonly isPrivileged?: boolean;
  readonly isReadonlyRootFilesystem?: boolean;
  readonly devices?: readonly {
    readonly hostPath: string;
    readonly containerPath: string;
    readonly permissions: string;
  }[];
  readonly tmpfs?: readonly { readonly containerPath: string; readonly options: string }[];
  readonly mounts?: readonly Mount[];
  /** `name` or `name:ro` of other containers. */
  readonly volumesFrom?: readonly string[];
  /** `containerName:alias`, bridge only. */
  readonly links?: readonly string[];
  readonly init?: boolean;
  readonly sysctls?: Readonly<Record<string, string>>;
  readonly securityOptions?: readonly string[];
  readonly ipcMode?: 'host' | 'none' | 'sandbox';
  /** `container`: that of another one, by its name, which has to run. */
  readonly pidMode?: 'host' | 'sandbox' | { readonly container: string };
  readonly pseudoTerminal?: boolean;
  /** Its first process has an input, which `attach` reaches. */
  readonly interactive?: boolean;
  /** With `interactive`: the input ends with the first attachment that has it. */
  readonly isInputOnce?: boolean;
  readonly healthCheck?: HealthCheck;
  /** An Engine log driver with its options. Default: a bounded `json-file`, so that `output` can read back. */
  readonly log?: { readonly driver: string; readonly options: Readonly<Record<string, string>> };
  /** Files put into the container before it starts. */
  readonly files?: readonly { readonly path: string; readonly content: string; readonly mode: number }[];
}

export type ContainerNetwork =
  | { readonly mode: 'bridge'; readonly ports: readonly PortMapping[] }
  | { readonly mode: 'host' }
  | { readonly mode: 'none' }
  /** The sandbox's namespace. */
  | { readonly mode: 'sandbox' };

export interface PortMapping {
  readonly containerPort: number;
  /** 0: the engine picks a free one. */
  readonly hostPort: number;
  readonly protocol: 'tcp' | 'udp';
  readonly hostIp: string;
}

export type Mount =
  | {
      readonly type: 'bind';
      readonly source: string;
      readonly target: string;
      readonly isReadOnly: boolean;
      /** Whether what is mounted in it later is seen: in the container (`rslave`), or both ways. Default: by neither. */
      readonly propagation?: 'rslave' | 'rshared';
    }
  /** A named engine volume; made on first use. `scope: sandbox` volumes die with the sandbox. */
  | {
      readonly type: 'volume';
      readonly name: string;
      readonly target: string;
      readonly isReadOnly: boolean;
      readonly scope: 'sandbox' | 'shared';
      readonly driver?: string;
      readonly driverOptions?: Readonly<Record<string, string>>;
      readonly labels?: Readonly<Record<string, string>>;
    };

export interface HealthCheck {
  /** Docker form: `['CMD', ...]` or `['CMD-SHELL', command]`. */
  readonly command: readonly string[];
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  readonly retries: number;
  readonly startPeriodSeconds: number;
}

export interface Container {
  readonly name: string;
  readonly runtimeId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly imageId: string;
  readonly status: ContainerStatus;
  /** Published ports as they are now: only while running. */
  readonly ports: readonly PortMapping[];
  /** Own addresses on engine networks. */
  readonly ipv4Addresses: readonly string[];
  readonly macAddress?: string;
  readonly createdAtMs: number;
  readonly restartCount?: number;
  /** As they are now; without those that it has not. */
  readonly limits: ContainerLimits;
  readonly health?: ContainerHealth;
}

export type ContainerStatus =
  | { readonly state: 'created' }
  | { readonly state: 'running'; readonly startedAtMs: number; readonly pid: number }
  | {
      readonly state: 'exited';
      readonly exitCode: number;
      readonly startedAtMs?: number;
      readonly finishedAtMs: number;
      readonly wasOutOfMemory: boolean;
      /** The engine's own words when the container could not be started. */
      readonly error?: string;
    };

export interface ContainerHealth {
  readonly status: 'STARTING' | 'HEALTHY' | 'UNHEALTHY';
  readonly output?: string;
  readonly exitCode?: number;
  readonly sinceMs?: number;
}

export type RuntimeEvent =
  | { readonly type: 'connected' }
  | { readonly type: 'disconnected'; readonly reason: string }
  /** Something about this container changed (started, exited, health): inspect it. */
  | { readonly type: 'container'; readonly name: string; readonly labels: Readonly<Record<string, string>> };

export interface OutputLine {
  readonly stream: 'stdout' | 'stderr';
  /** Without its newline. `isUnended`: last words that had none, as the engine's log knows. */
  readonly text: string;
  readonly timeMs: number;
  readonly isUnended?: true;
}
