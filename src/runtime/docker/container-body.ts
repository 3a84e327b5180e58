import type { ContainerLimits, ContainerSpec, HealthCheck, Mount, PortMapping } from '../runtime.ts';
import { RuntimeError } from '../runtime-error.ts';
import { roleLabel, sandboxLabel } from './labels.ts';

/** What a container's body needs besides its spec. */
export interface BodyContext {
  /** The Engine id of the sandbox's pause container, where it has one. */
  readonly pauseId: string | undefined;
  readonly cgroupLocation: string | undefined;
  /** The Engine's name of the OCI runtime that it is to run under; undefined: the default one. */
  readonly runtime: string | undefined;
  readonly ulimitBounds: ReadonlyMap<string, number>;
  readonly canBePrivileged: boolean;
  readonly canRaiseResources: boolean;
  /** The least `oom_score_adj` that the engine may give. */
  readonly leastOomScore: number;
}

const MiB = 1_048_576;
const cpuPeriodMicros = 100_000;
const leastQuotaMicros = 1_000;
const defaultLog = { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '2' } };

/**
 * The body of `POST /containers/create` (Engine API, "ContainerCreate"). Members that the spec leaves out are left to
 * the image, except its health check: ECS runs only those that a task definition names.
 * @throws {RuntimeError} `Unsupported` for what this engine can't give or the spec can't mean.
 */
export function containerBody(spec: ContainerSpec, context: BodyContext): object {
  refuseImpossible(spec, context);
  return {
    Image: spec.image,
    Cmd: spec.command,
    Entrypoint: spec.entryPoint,
    Env: Object.entries(spec.env).map(([name, value]) => `${name}=${value}`),
    User: spec.user,
    StopSignal: spec.stopSignal,
    WorkingDir: spec.workingDirectory,
    // A container in another's network namespace has that one's hostname.
    Hostname: spec.network.mode === 'sandbox' ? undefined : spec.hostname,
    Tty: spec.pseudoTerminal,
    OpenStdin: spec.interactive,
    StdinOnce: spec.isInputOnce,
    Labels: { ...spec.labels, [sandboxLabel]: spec.sandboxId, [roleLabel]: 'app' },
    Healthcheck: healthcheck(spec.healthCheck),
    ExposedPorts:
      spec.network.mode === 'bridge'
        ? Object.fromEntries(
            spec.network.ports.map(({ containerPort, protocol }) => [`${containerPort}/${protocol}`, {}]),
          )
        : undefined,
    HostConfig: hostConfig(spec, context),
  };
}

function hostConfig(spec: ContainerSpec, context: BodyContext): object {
  const log = spec.log ?? defaultLog;
  const isShared = spec.network.mode === 'sandbox';
  return {
    Runtime: context.runtime,
    NetworkMode: networkMode(spec, context),
    PortBindings: spec.network.mode === 'bridge' ? portBindings(spec.network.ports) : undefined,
    ExtraHosts: isShared
      ? undefined
      : spec.extraHosts?.map(({ hostname, ipAddress }) => `${hostname}:${ipAddress}`),
    Dns: isShared ? undefined : spec.dns?.servers,
    DnsSearch: isShared ? undefined : spec.dns?.search,
    ...limitsBody(spec),
    MemoryReservation: bytes(spec.memoryReservationMiB),
    OomScoreAdj:
      spec.oomScoreAdjust === undefined ? undefined : Math.max(spec.oomScoreAdjust, context.leastOomScore),
    MemorySwappiness: spec.swappiness,
    ShmSize: bytes(spec.sharedMemoryMiB),
    Ulimits: spec.ulimits?.map((ulimit) => clamped(ulimit, context.ulimitBounds)),
    GroupAdd: spec.supplementalGroups?.map(String),
    CapAdd: spec.capabilities?.add,
    CapDrop: spec.capabilities?.drop,
    Privileged: spec.isPrivileged,
    ReadonlyRootfs: spec.isReadonlyRootFilesystem,
    Devices: spec.devices?.map(({ hostPath, containerPath, permissions }) => ({
      PathOnHost: hostPath,
      PathInContainer: containerPath,
      CgroupPermissions: permissions,
    })),
    Tmpfs: spec.tmpfs
      ? Object.fromEntries(spec.tmpfs.map(({ containerPath, options }) => [containerPath, options]))
      : undefined,
    // A bind's missing source is made as a directory, which the Engine does for binds but not for mounts.
    Binds: spec.mounts?.filter((mount) => mount.type === 'bind').map(bind),
    Mounts: spec.mounts
      ?.filter((mount) => mount.type === 'volume')
      .map(({ name, target, isReadOnly }) => ({
        Type: 'volume',
        Source: name,
        Target: target,
        ReadOnly: isReadOnly,
      })),
    VolumesFrom: spec.volumesFrom,
    Links: spec.links,
    Init: spec.init,
    Sysctls: spec.sysctls,
    SecurityOpt: spec.securityOptions,
    IpcMode: namespace(spec.ipcMode, 'ipc', spec, context),
    PidMode: namespace(spec.pidMode, 'pid', spec, context),
    LogConfig: { Type: log.driver, Config: log.options },
    RestartPolicy: { Name: 'no' },
    CgroupParent: context.cgroupLocation,
  };
}

/**
 * The members that can be changed while a container runs. CPU as a quota, for the Engine takes no more "CPUs" than the machine
 * has, and a limit may be more; no smaller quota than the kernel takes.
 */
export function limitsBody(limits: ContainerLimits): object {
  const { cpuShares, cpuMillis, memoryMiB, memorySwapMiB } = limits;
  return {
    CpuShares: cpuShares,
    CpuPeriod: cpuMillis === undefined ? undefined : cpuPeriodMicros,
    CpuQuota: cpuMillis === undefined ? undefined : Math.max(leastQuotaMicros, cpuMillis * 100),
    Memory: bytes(memoryMiB),
    MemorySwap: bytes(memorySwapMiB),
  };
}

function networkMode(spec: ContainerSpec, context: BodyContext): string {
  if (spec.network.mode !== 'sandbox') return spec.network.mode;
  return `container:${pauseOf('network', spec, context)}`;
}

function namespace(
  mode: ContainerSpec['ipcMode'] | ContainerSpec['pidMode'],
  kind: 'ipc' | 'pid',
  spec: ContainerSpec,
  context: BodyContext,
): string | undefined {
  if (typeof mode === 'object') return `container:${mode.container}`;
  return mode === 'sandbox' ? `container:${pauseOf(kind, spec, context)}` : mode;
}

function pauseOf(kind: string, spec: ContainerSpec, { pauseId }: BodyContext): string {
  if (pauseId !== undefined) return pauseId;
  throw unsupported(
    spec,
    `it is to share its sandbox's ${kind} namespace, and sandbox '${spec.sandboxId}' has none: make the sandbox first, with ${kind === 'network' ? 'a private network' : `share${kind === 'ipc' ? 'Ipc' : 'Pid'}`}`,
  );
}

function portBindings(ports: readonly PortMapping[]): object {
  const byPort = Map.groupBy(ports, ({ containerPort, protocol }) => `${containerPort}/${protocol}`);
  return Object.fromEntries(
    [...byPort].map(([key, mappings]) => [
      key,
      mappings.map(({ hostIp, hostPort }) => ({
        HostIp: hostIp,
        HostPort: hostPort === 0 ? '' : String(hostPort),
      })),
    ]),
  );
}

function bind({ source, target, isReadOnly, propagation }: Mount & { type: 'bind' }): string {
  const options = [...(isReadOnly ? ['ro'] : []), ...(propagation ? [propagation] : [])];
  return [source, target, ...(options.length > 0 ? [options.join(',')] : [])].join(':');
}

function healthcheck(check: HealthCheck | undefined): object {
  if (check === undefined) return { Test: ['NONE'] };
  return {
    Test: check.command,
    Interval: check.intervalSeconds * 1e9,
    Timeout: check.timeoutSeconds * 1e9,
    Retries: check.retries,
    StartPeriod: check.startPeriodSeconds * 1e9,
  };
}

/** An engine that may not raise limits gets the most that it may give. -1 is unlimited. */
function clamped(
  { name, soft, hard }: { readonly name: string; readonly soft: number; readonly hard: number },
  bounds: ReadonlyMap<string, number>,
): object {
  const most = bounds.get(name);
  const clamp = (value: number): number => (most !== undefined && (value < 0 || value > most) ? most : value);
  return { Name: name, Soft: clamp(soft), Hard: clamp(hard) };
}

function refuseImpossible(spec: ContainerSpec, context: BodyContext): void {
  if (spec.isPrivileged && !context.canBePrivileged) {
    throw unsupported(
      spec,
      'privileged containers get every capability, and the engine itself runs without some: run it with full capabilities',
    );
  }
  const isRaising = spec.capabilities?.add.some((name) => /^(CAP_)?(SYS_RESOURCE|ALL)$/i.test(name));
  if (isRaising && !context.canRaiseResources) {
    throw unsupported(spec, 'it adds the capability SYS_RESOURCE, which the engine itself does not have');
  }
  for (const mount of spec.mounts ?? []) {
    if (mount.type === 'bind' && `${mount.source}${mount.target}`.includes(':')) {
      throw unsupported(
        spec,
        `the engine can't bind paths with a colon: '${mount.source}' to '${mount.target}'`,
      );
    }
  }
}

function unsupported(spec: ContainerSpec, why: string): RuntimeError {
  return new RuntimeError('Unsupported', `Cannot create container '${spec.name}': ${why}`, why);
}

const bytes = (mebibytes: number | undefined): number | undefined =>
  mebibytes === undefined || mebibytes < 0 ? mebibytes : mebibytes * MiB;
