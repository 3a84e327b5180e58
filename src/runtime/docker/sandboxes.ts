import { constants } from 'node:os';
import type { Clock } from '../../clock/index.ts';
import type { CgroupLimits, Container, Sandbox, SandboxSpec } from '../runtime.ts';
import { RuntimeError } from '../runtime-error.ts';
import type { Cgroups } from './cgroups.ts';
import type { Containers } from './containers.ts';
import { attempting } from './failures.ts';
import type { Images } from './images.ts';
import { cgroupLabel, diskLabel, labelFilter, roleLabel, sandboxLabel, withoutOwn } from './labels.ts';
import { hasLeftMachine, isInNamespace } from './network-namespace.ts';
import type { Networks } from './networks.ts';
import { pauseImage, pauseReference } from './pause-image.ts';
import type { SandboxDisks } from './sandbox-disks.ts';
import type { Volumes } from './volumes.ts';

/** What a sandbox's containers need to know of it. */
export interface SandboxPlace {
  readonly pauseId: string | undefined;
  readonly cgroupLocation: string | undefined;
  /** On which its containers write; undefined: on the machine's. */
  readonly disk: string | undefined;
}

const recordOf = (id: string): string => `catamaran-sandbox-${id}`;
/** Who holds the namespaces is killed after all whom it holds them for. */
const pauseOomScore = -998;
const pauseOf = (id: string): string => `catamaran-pause-${id}`;

/**
 * Sandboxes. The Engine has no such thing, so each is three: its record, an empty volume with its labels, made first
 * and removed last, from which any later process knows that it exists; its cgroup; and, where there are namespaces to
 * hold, a pause container. Whatever step a crash falls between, making it again or removing it puts things right.
 */
export class Sandboxes {
  readonly #containers: Containers;
  readonly #volumes: Volumes;
  readonly #networks: Networks;
  readonly #images: Images;
  readonly #cgroups: Cgroups;
  readonly #disks: SandboxDisks;
  readonly #apiVersion: string;
  readonly #architecture: string;
  readonly #leastOomScore: number;
  readonly #clock: Clock;
  #pauseImage: Promise<void> | undefined;
  /** Pause containers can make their network namespaces themselves, as far as is known. */
  #canUnshare = true;
  readonly #places = new Map<string, SandboxPlace>();

  constructor(parts: {
    readonly containers: Containers;
    readonly volumes: Volumes;
    readonly networks: Networks;
    readonly images: Images;
    readonly cgroups: Cgroups;
    readonly disks: SandboxDisks;
    readonly apiVersion: string;
    readonly architecture: string;
    readonly leastOomScore: number;
    readonly clock: Clock;
  }) {
    this.#containers = parts.containers;
    this.#volumes = parts.volumes;
    this.#networks = parts.networks;
    this.#images = parts.images;
    this.#cgroups = parts.cgroups;
    this.#disks = parts.disks;
    this.#apiVersion = parts.apiVersion;
    this.#architecture = parts.architecture;
    this.#leastOomScore = parts.leastOomScore;
    this.#clock = parts.clock;
  }

  async create(spec: SandboxSpec): Promise<Sandbox> {
    const { id, labels } = spec;
    const location = this.#cgroups.locate(spec.cgroupParent, id);
    const isLimited = spec.cpuMillis !== undefined || spec.memoryMiB !== undefined;
    if (isLimited && location === undefined) {
      const why = this.#cgroups.missing ?? 'no cgroups';
      throw new RuntimeError('Unsupported', `Cannot limit sandbox '${id}': ${why}`, why);
    }
    const disk = spec.disk && (await this.#disks.support()).works ? spec.disk : undefined;
    await this.#volumes.make(recordOf(id), {
      ...labels,
      [sandboxLabel]: id,
      [roleLabel]: 'sandbox',
      ...(location === undefined ? {} : { [cgroupLabel]: location }),
      ...(disk && { [diskLabel]: disk.name }),
    });
    if (disk) await this.#disks.make(disk);
    if (location !== undefined) {
      await this.#cgroups.make(location, spec);
      const [first = ''] = spec.cgroupParent.split('/');
      if (spec.cgroupParentLimits) await this.#cgroups.limitParent(first, spec.cgroupParentLimits);
    }
    const pause = needsPause(spec) ? await this.#startPause(spec, location) : undefined;
    this.#places.set(id, { pauseId: pause?.runtimeId, cgroupLocation: location, disk: disk?.name });
    return { id, labels: { ...labels }, ...(pause === undefined ? {} : { pause }) };
  }

  /** Where a container of this sandbox belongs. @throws {RuntimeError} `CannotCreateContainer`: no such sandbox. */
  async place(id: string): Promise<SandboxPlace> {
    const known = this.#places.get(id);
    if (known) return known;
    const record = await this.#volumes.find(recordOf(id));
    if (record === undefined) {
      const detail = `sandbox '${id}' does not exist`;
      throw new RuntimeError('CannotCreateContainer', `Cannot create a container: ${detail}`, detail);
    }
    const [pause] = await this.#containers.summaries({ [sandboxLabel]: id }, 'pause');
    const place = {
      pauseId: pause?.id,
      cgroupLocation: record.labels[cgroupLabel],
      disk: record.labels[diskLabel],
    };
    this.#places.set(id, place);
    return place;
  }

  /** Undefined: it has none, or is not there. */
  async diskOf(id: string): Promise<string | undefined> {
    const known = this.#places.get(id);
    return known ? known.disk : (await this.#volumes.find(recordOf(id)))?.labels[diskLabel];
  }

  async disksInUse(): Promise<ReadonlySet<string>> {
    const all = await this.#volumes.list(labelFilter({}, 'sandbox'));
    return new Set(all.flatMap(({ labels }) => labels[diskLabel] ?? []));
  }

  async limit(id: string, limits: CgroupLimits): Promise<void> {
    const { cgroupLocation } = await this.place(id);
    if (cgroupLocation !== undefined) await this.#cgroups.make(cgroupLocation, limits);
  }

  async limitParent(parent: string, limits: CgroupLimits): Promise<void> {
    await this.#cgroups.limitParent(parent, limits);
  }

  async networkNamespace(id: string): Promise<string | undefined> {
    const status = (await this.#containers.inspect(pauseOf(id)))?.status;
    if (status?.state !== 'running' || !(await hasLeftMachine(status.pid))) return undefined;
    return `/proc/${status.pid}/ns/net`;
  }

  /** The pause container and the cgroup go; exited containers, volumes and the record stay. */
  async stop(id: string): Promise<void> {
    this.#places.delete(id);
    // Containers hold the cgroup as long as they run.
    const apps = await this.#containers.summaries({ [sandboxLabel]: id }, 'app');
    await Promise.all(
      apps.filter(({ isRunning }) => isRunning).map((app) => this.#containers.stop(app.name, 0)),
    );
    await this.#containers.remove(pauseOf(id));
    await this.#removeCgroup(id);
  }

  async remove(id: string): Promise<void> {
    this.#places.delete(id);
    const apps = await this.#containers.summaries({ [sandboxLabel]: id }, 'app');
    const disk = (await this.#volumes.find(recordOf(id)))?.labels[diskLabel];
    await Promise.all(apps.map((app) => this.#disks.removeContainer(disk, app.name)));
    await this.#containers.remove(pauseOf(id));
    await this.#removeCgroup(id);
    const volumes = await this.#volumes.removeOf(id);
    if (disk !== undefined) await this.#leave(disk, id, volumes);
    await this.#volumes.remove(recordOf(id));
  }

  async list(labels: Readonly<Record<string, string>>): Promise<Sandbox[]> {
    const [records, pauses] = await Promise.all([
      this.#volumes.list(labelFilter(labels, 'sandbox')),
      this.#containers.summaries(labels, 'pause'),
    ]);
    const pauseById = new Map(pauses.map((pause) => [pause.labels[sandboxLabel], pause]));
    return records.map(({ labels: all }) => {
      const id = all[sandboxLabel] ?? '';
      const pause = pauseById.get(id);
      return {
        id,
        labels: withoutOwn(all),
        ...(pause === undefined ? {} : { pause: { runtimeId: pause.id, isRunning: pause.isRunning } }),
      };
    });
  }

  /** Whether other sandboxes are on a disk. */
  async #isShared(disk: string, id: string): Promise<boolean> {
    const all = await this.#volumes.list(labelFilter({ [diskLabel]: disk }, 'sandbox'));
    return all.some(({ name }) => name !== recordOf(id));
  }

  /** Others on the disk get back what the sandbox had there; the last takes the disk along. */
  async #leave(disk: string, id: string, volumes: readonly string[]): Promise<void> {
    for (const volume of volumes) await this.#disks.removeVolume(disk, volume);
    await this.#disks.remove(disk, () => this.#isShared(disk, id));
  }

  async #removeCgroup(id: string): Promise<void> {
    const location = (await this.#volumes.find(recordOf(id)))?.labels[cgroupLabel];
    if (location !== undefined) await this.#cgroups.remove(location);
  }

  async #startPause(spec: SandboxSpec, location: string | undefined): Promise<NonNullable<Sandbox['pause']>> {
    if (!this.#canUnshare || !unsharesItself(spec)) return this.#startPauseIn(spec, location, false);
    try {
      return await this.#startPauseIn(spec, location, true);
    } catch (error) {
      if (!(error instanceof RuntimeError) || error.code === 'EngineUnavailable') throw error;
      // The Engine may refuse the machine's network (with `userns-remap`), or the kernel the rest: it makes one itself then.
      await this.#containers.remove(pauseOf(spec.id));
      const pause = await this.#startPauseIn(spec, location, false);
      this.#canUnshare = false;
      return pause;
    }
  }

  async #startPauseIn(
    spec: SandboxSpec,
    location: string | undefined,
    unshares: boolean,
  ): Promise<NonNullable<Sandbox['pause']>> {
    const { network } = spec;
    const name = pauseOf(spec.id);
    const body = this.#pauseBody(spec, location, unshares);
    const make = async (): Promise<NonNullable<Sandbox['pause']>> => {
      await this.ensurePauseImage();
      if (network.mode === 'private') await this.#networks.ensure(network.network);
      await attempting(`Cannot make sandbox '${spec.id}'`, 'CannotCreateContainer', () =>
        this.#containers.createNamed(name, body),
      );
      const started = await this.#containers.start(name);
      if (network.mode === 'namespace')
        await this.#until(
          (pid) => isInNamespace(pid, network.path),
          `${network.path} could not be entered`,
          started,
        );
      if (network.mode === 'interface') await this.#until(hasLeftMachine, 'could not be made', started);
      return { runtimeId: started.runtimeId, isRunning: started.status.state === 'running' };
    };
    try {
      return await make();
    } catch (error) {
      // Image or network may have been pruned behind our back since they were made.
      if (!(error instanceof RuntimeError) || !/No such image|network \S+ not found/i.test(error.detail))
        throw error;
      this.#pauseImage = undefined;
      if (network.mode === 'private') this.#networks.forget(network.network.name);
      await this.#containers.remove(name);
      return make();
    }
  }

  /** Whoever joined it before would be in another namespace than it. One that does not get there is removed. */
  async #until(
    isThere: (pid: number) => Promise<boolean>,
    otherwise: string,
    { name }: Container,
  ): Promise<void> {
    const deadlineMs = this.#clock.monotonic() + enterMs;
    for (;;) {
      const status = (await this.#containers.inspect(name))?.status;
      if (status?.state === 'running' && (await isThere(status.pid))) return;
      if (status?.state === 'running' && this.#clock.monotonic() < deadlineMs) {
        await this.#clock.sleep(enterCheckMs);
        continue;
      }
      await this.#containers.remove(name);
      const why = status?.state === 'exited' ? errorName(status.exitCode) : 'it did not get there in time';
      const detail = `the network namespace ${otherwise}: ${why}`;
      throw new RuntimeError('ContainerNetworking', `Cannot start '${name}': ${detail}`, detail);
    }
  }

  /** @param unshares Whether it makes its network namespace itself: the Engine takes longer for that than for all the rest. */
  #pauseBody(spec: SandboxSpec, location: string | undefined, unshares: boolean): object {
    const { network } = spec;
    const isPrivate = network.mode === 'private';
    const namespacePath = network.mode === 'namespace' ? network.path : undefined;
    // Up to API 1.43 the address of the first network was the container's.
    const isOldMac = Number(this.#apiVersion.split('.')[1]) < 44;
    return {
      Image: pauseReference,
      Cmd: unshares ? ['own', 'network'] : namespacePath && [enteredPath],
      Labels: {
        ...spec.labels,
        [sandboxLabel]: spec.id,
        [roleLabel]: 'pause',
        ...(location === undefined ? {} : { [cgroupLabel]: location }),
      },
      Hostname: spec.hostname,
      ...(isPrivate && isOldMac ? { MacAddress: network.macAddress } : {}),
      HostConfig: {
        NetworkMode: unshares ? 'host' : networkMode(network),
        Dns: spec.dns?.servers,
        DnsSearch: spec.dns?.search,
        ExtraHosts: hostsOf(spec)?.map(({ hostname, ipAddress }) => `${hostname}:${ipAddress}`),
        Mounts: namespacePath && [
          { Type: 'bind', Source: namespacePath, Target: enteredPath, ReadOnly: true },
        ],
        Sysctls: spec.sysctls,
        IpcMode: spec.shareIpc ? 'shareable' : undefined,
        // It says nothing, and a log of it would be read by nobody.
        LogConfig: { Type: 'none', Config: {} },
        RestartPolicy: { Name: 'no' },
        CgroupParent: location,
        OomScoreAdj: Math.max(pauseOomScore, this.#leastOomScore),
        ReadonlyRootfs: true,
        CapDrop: ['ALL'],
        // The Engine can start a container in another's namespace, but not in one that none is in: it goes there itself.
        CapAdd: unshares || namespacePath ? ['SYS_ADMIN'] : undefined,
      },
      ...(isPrivate
        ? {
            NetworkingConfig: {
              EndpointsConfig: {
                [network.network.name]: {
                  IPAMConfig: { IPv4Address: network.ipv4 },
                  MacAddress: network.macAddress,
                },
              },
            },
          }
        : {}),
    };
  }

  /** Absent is success; one that other sandboxes use stays. */
  async removePauseImage(): Promise<void> {
    this.#pauseImage = undefined;
    await this.#images.remove(pauseReference).catch((error) => {
      if (!(error instanceof RuntimeError) || error.code === 'EngineUnavailable') throw error;
    });
  }

  /** Loads the image of pause containers unless the Engine has it. */
  ensurePauseImage(): Promise<void> {
    this.#pauseImage ??= this.#loadPauseImage().catch((error) => {
      this.#pauseImage = undefined;
      throw error;
    });
    return this.#pauseImage;
  }

  async #loadPauseImage(): Promise<void> {
    const { id, archive } = await pauseImage(this.#architecture);
    const found = await this.#images.inspect(pauseReference);
    if (found?.id !== id) await this.#images.load(archive);
  }
}

/**
 * Whether a sandbox's pause container makes its network namespace itself. Parameters of a network the Engine sets in
 * those alone that it makes; without a name the machine's would be the sandbox's; and whoever may trace processes
 * must find none among its own that may do more.
 */
function unsharesItself({ network, hostname, sysctls = {}, sharePid = false }: SandboxSpec): boolean {
  const isPlain = !Object.keys(sysctls).some((name) => name.startsWith('net.'));
  return network.mode === 'interface' && hostname !== undefined && isPlain && !sharePid;
}

/** With the sandbox itself where it has an interface, as agents of ECS and kubelets have it: else the Engine knows no address for it. */
function hostsOf({ network, hostname, extraHosts }: SandboxSpec): SandboxSpec['extraHosts'] {
  if (network.mode !== 'interface' || hostname === undefined) return extraHosts;
  return [{ hostname, ipAddress: network.ipv4 }, ...(extraHosts ?? [])];
}

function networkMode(network: SandboxSpec['network']): string {
  return network.mode === 'private' ? network.network.name : 'none';
}

/** Where a pause container finds the namespace that it enters. */
const enteredPath = '/netns';
const enterMs = 10_000;
const enterCheckMs = 2;

/** `EPERM`, by its number. */
function errorName(exitCode: number): string {
  const [name] = Object.entries(constants.errno).find(([, number]) => number === exitCode) ?? [];
  return name ?? `exit code ${exitCode}`;
}

const needsPause = ({ network, shareIpc, sharePid }: SandboxSpec): boolean =>
  network.mode !== 'container' || shareIpc === true || sharePid === true;
