import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Random } from '../../../clock/index.ts';
import type { Log } from '../../../log.ts';
import { directoryUse, type Image, type Mount, type Runtime } from '../../../runtime/index.ts';
import { codeOf } from '../../error-code.ts';
import type { Api } from '../api/api-client.ts';
import { serviceAccounts } from '../api/resources.ts';
import type { Resources } from '../environment/fields.ts';
import type { LocalDriver, MountedVolume, PodVolumes } from '../kubelet-options.ts';
import type { KubernetesObject } from '../objects/object.ts';
import type { Pod, PodContainer, Volume } from '../objects/pod.ts';
import type { ReferencedObjects } from '../objects/referenced-objects.ts';
import type { EmptyDirUse } from '../usage/pod-use.ts';
import { writeAtomically } from './atomic-directory.ts';
import { containerMounts } from './container-mounts.ts';
import { DriverVolumes, type VolumeUse } from './driver-volumes.ts';
import { memorySizeBytes } from './empty-dir.ts';
import { giveToGroup, isOfGroup } from './group-ownership.ts';
import { checkHostPath } from './host-path.ts';
import { ImageVolumes } from './image-volumes.ts';
import { MountBackOff } from './mount-back-off.ts';
import { MountError } from './mount-error.ts';
import { type MountPoints, ownMountPoints } from './mount-points.ts';
import { ClaimError, claimedVolume, placeOf } from './persistent-volumes.ts';
import { type IssuedToken, TokenCache, type TokenRequest } from './token-cache.ts';
import { volumeFiles } from './volume-files.ts';
import { type EmptyDir, type ProjectedSource, sourceOf, type VolumeSource } from './volume-source.ts';
import { WatchedObjects } from './watched-objects.ts';

export interface PodVolumesOptions {
  readonly api: Api;
  /** The kubelet's own: volumes are in `pods/<uid>/volumes` of it. */
  readonly stateDirectory: string;
  /** The node's `status.allocatable`. */
  readonly allocatable: Resources;
  /** Where the images are of which there are volumes. */
  readonly runtime: Pick<Runtime, 'saveImage'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Default: this process's, as far as it may. */
  readonly mountPoints?: MountPoints;
  readonly localDriver?: LocalDriver;
  /** A pod's volume has become as large as its claim asks for. */
  onGrown?(pod: Pod, volumeName: string): void;
  /** A volume could not be mounted, or be brought up to date: in the words of the event FailedMount, less and less often. */
  onTrouble?(pod: Pod, message: string): void;
}

interface Entry {
  pod: Pod;
  /** One thing at a time is done to a pod's volumes. */
  turn: Promise<unknown>;
  readonly stop: AbortController;
  refresh: 'none' | 'waiting';
  /** Of volumes that fail, by name. */
  readonly troubles: Map<string, MountBackOff>;
  timer?: Disposable;
}

/** Changes come together: an apply of many objects, or all tokens of a pod. */
const gatherMs = 50;
const emptyDirPlugin = 'kubernetes.io~empty-dir';
const retryRefreshMs = 10_000;
/** What somebody else has to do first is looked at again so often. */
const awaitedGrowthMs = 1_000;

/** The volumes of a node's pods, as directories, files and mounts of this machine. */
export class NodeVolumes implements PodVolumes, AsyncDisposable {
  readonly #options: PodVolumesOptions;
  readonly #mountPoints: MountPoints;
  readonly #objects: WatchedObjects;
  readonly #tokens: TokenCache;
  readonly #pods = new Map<string, Entry>();
  readonly #driver: DriverVolumes | undefined;
  readonly #images: ImageVolumes;

  constructor(options: PodVolumesOptions) {
    const { api, clock, random, log, mountPoints = ownMountPoints() } = options;
    this.#options = options;
    this.#images = new ImageVolumes(options);
    this.#mountPoints = mountPoints;
    this.#objects = new WatchedObjects({
      ...{ api, clock, random, log },
      onChange: (podUids) => {
        for (const uid of podUids) this.#refreshSoon(uid, gatherMs);
      },
    });
    const { localDriver: driver, stateDirectory } = options;
    if (driver !== undefined)
      this.#driver = new DriverVolumes({
        ...{ driver, api, stateDirectory, log },
        lookSoon: (podUid) => this.#refreshSoon(podUid, gatherMs),
        onGrown: (pod, volumeName) => options.onGrown?.(pod, volumeName),
      });
    this.#tokens = new TokenCache({ clock, random, issue: (...asked) => issueToken(api, ...asked) });
  }

  /** What pods of this node refer to: also for their environments, from the pod's first `mount` on. */
  get objects(): ReferencedObjects {
    return this.#objects;
  }

  async mount(pod: Pod, signal: AbortSignal): Promise<ReadonlyMap<string, MountedVolume>> {
    const entry = this.#entryOf(pod);
    this.#objects.register(pod);
    return this.#inTurn(entry, async () => {
      const mounted = await this.#mountAll(entry, pod, AbortSignal.any([signal, entry.stop.signal]));
      this.#refreshWhenDue(entry);
      return mounted;
    });
  }

  async mountImage(pod: Pod, image: Image, signal: AbortSignal): Promise<MountedVolume> {
    const entry = this.#entryOf(pod);
    const until = AbortSignal.any([signal, entry.stop.signal]);
    return this.#inTurn(entry, async () => {
      until.throwIfAborted();
      const source = await this.#images.mount(pod.metadata.uid, image, until);
      return { source, isReadOnly: true, isShared: true };
    });
  }

  /** A pod is there, or is another than before: what was mounted of it follows, also what an earlier kubelet mounted. */
  changed(pod: Pod): void {
    const { uid } = pod.metadata;
    const hasEnded = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    if (hasEnded || !(this.#pods.has(uid) || existsSync(this.#podDirectory(uid)))) return;
    // What is being unmounted is not mounted again.
    if (this.#entryOf(pod).stop.signal.aborted) return;
    this.#objects.register(pod);
    this.#refreshSoon(uid, gatherMs);
  }

  /**
   * What a container mounts of what `mount` gave.
   * @param environment The container's own, for `subPathExpr`.
   * @throws {Error} in upstream's words for CreateContainerConfigError.
   */
  mountsOf(
    pod: Pod,
    container: PodContainer,
    volumes: ReadonlyMap<string, MountedVolume>,
    environment: ReadonlyMap<string, string>,
  ): Promise<readonly Mount[]> {
    return containerMounts({
      ...{ container, volumes, environment, mountPoints: this.#mountPoints },
      subPathsDirectory: join(this.#podDirectory(pod.metadata.uid), 'volume-subpaths'),
    });
  }

  async unmount(podUid: string): Promise<void> {
    const entry = this.#pods.get(podUid);
    entry?.stop.abort(new Error('The pod has ended'));
    entry?.timer?.[Symbol.dispose]();
    await entry?.turn;
    this.#objects.unregister(podUid);
    this.#tokens.forget(podUid);
    await this.#mountPoints.remove(this.#podDirectory(podUid));
    await this.#driver?.forget(podUid);
    await this.#images.collect();
    this.#pods.delete(podUid);
  }

  /** Of a pod's volumes that have a file system of their own. */
  async useOf(pod: Pod): Promise<readonly VolumeUse[]> {
    return (await this.#driver?.useOf(pod)) ?? [];
  }

  /** Removes what is left of pods that are not among these. */
  async removeOrphans(podUids: ReadonlySet<string>): Promise<void> {
    const found = await readdir(join(this.#options.stateDirectory, 'pods')).catch((error: unknown) => {
      if (codeOf(error) !== 'ENOENT') throw error;
      return [];
    });
    for (const uid of found) if (!podUids.has(uid)) await this.unmount(uid);
    await this.#images.collect();
  }

  /** Follows nothing any more. Volumes stay: containers may go on without this process. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#objects[Symbol.dispose]();
    this.#driver?.[Symbol.dispose]();
    const entries = [...this.#pods.values()];
    this.#pods.clear();
    for (const { stop, timer } of entries) {
      stop.abort(new Error('The kubelet ends'));
      timer?.[Symbol.dispose]();
    }
    await Promise.all(entries.map(({ turn }) => turn));
  }

  #entryOf(pod: Pod): Entry {
    const { uid } = pod.metadata;
    const entry = this.#pods.get(uid) ?? {
      ...{ pod, turn: Promise.resolve(), stop: new AbortController(), refresh: 'none' as const },
      troubles: new Map(),
    };
    entry.pod = pod;
    this.#pods.set(uid, entry);
    return entry;
  }

  #inTurn<T>(entry: Entry, act: () => Promise<T>): Promise<T> {
    const acting = entry.turn.then(act);
    entry.turn = acting.catch(() => {});
    return acting;
  }

  async #mountAll(entry: Entry, pod: Pod, signal: AbortSignal): Promise<ReadonlyMap<string, MountedVolume>> {
    const mounted = new Map<string, MountedVolume>();
    const failures: string[] = [];
    for (const volume of pod.spec.volumes ?? []) {
      try {
        const each = await this.#mountOne(pod, volume, signal);
        if (each !== undefined) mounted.set(volume.name, each);
        entry.troubles.delete(volume.name);
      } catch (error) {
        signal.throwIfAborted();
        failures.push(this.#failed(entry, volume, error));
      }
    }
    if (failures.length > 0) throw new MountError(failures);
    return mounted;
  }

  async #mountOne(pod: Pod, volume: Volume, signal: AbortSignal): Promise<MountedVolume | undefined> {
    const source = sourceOf(volume, pod.metadata.name);
    switch (source.kind) {
      case 'emptyDir':
        return { source: await this.#emptyDirectory(pod, volume.name, source.emptyDir) };
      case 'hostPath':
        await checkHostPath(source.hostPath);
        return { source: source.hostPath.path };
      case 'persistentVolumeClaim':
        return this.#claimed(pod, source, signal);
      case 'configMap':
      case 'secret':
      case 'downwardAPI':
      case 'projected':
        return { source: await this.#writeFiles(pod, volume.name, source, signal), isReadOnly: true };
      case 'image':
        // Each container waits for its own images: see `mountImage`.
        return undefined;
      case 'unsupported':
        throw new Error(`volumes of the type ${source.source} are not supported on this node`);
    }
  }

  async #emptyDirectory(pod: Pod, name: string, emptyDir: EmptyDir): Promise<string> {
    const directory = this.#directoryOf(pod, emptyDirPlugin, name);
    const ready = join(this.#podDirectory(pod.metadata.uid), 'plugins', emptyDirPlugin, name);
    const { medium = '' } = emptyDir;
    if (medium !== '' && medium !== 'Memory')
      throw new Error(`unknown storage medium ${JSON.stringify(medium)}`);
    const isReady = await stat(join(ready, 'ready')).then(
      () => true,
      () => false,
    );
    // Of a memory volume only its mount says that it is there: it does not survive the machine's restart.
    if (isReady && (medium === '' || (await this.#mountPoints.isMounted(directory)))) return directory;
    await this.#openDirectory(directory);
    if (medium === 'Memory')
      await this.#mountPoints.mountMemory(
        directory,
        memorySizeBytes(emptyDir, pod, this.#options.allocatable),
      );
    await chmod(directory, 0o777);
    await this.#own(pod, directory, false);
    await mkdir(ready, { recursive: true });
    await writeFile(join(ready, 'ready'), '');
    return directory;
  }

  /** What a pod has written into its emptyDirs. */
  async emptyDirUse(pod: Pod): Promise<readonly EmptyDirUse[]> {
    const uses = (pod.spec.volumes ?? []).map(async (volume): Promise<EmptyDirUse[]> => {
      const source = sourceOf(volume, pod.metadata.name);
      if (source.kind !== 'emptyDir') return [];
      const use = await directoryUse(this.#directoryOf(pod, emptyDirPlugin, volume.name));
      return [{ name: volume.name, use, isMemory: source.emptyDir.medium === 'Memory' }];
    });
    return (await Promise.all(uses)).flat();
  }

  async #claimed(
    pod: Pod,
    { claimName, isReadOnly }: Extract<VolumeSource, { readonly kind: 'persistentVolumeClaim' }>,
    signal: AbortSignal,
  ): Promise<MountedVolume> {
    const claimed = await claimedVolume(
      ...([this.#options.api, pod.metadata.namespace, claimName, signal] as const),
    );
    const { path, hasOwnership } = this.#driver?.has(claimed)
      ? { path: await this.#driver.mount(pod, claimName, claimed, signal), hasOwnership: true }
      : await placeOf(claimed.volume);
    if (hasOwnership && !isReadOnly) await this.#own(pod, path, false);
    return { source: path, isReadOnly };
  }

  async #writeFiles(pod: Pod, name: string, source: ProjectedSource, signal: AbortSignal): Promise<string> {
    const files = await volumeFiles(
      source,
      pod,
      {
        ...{ objects: this.#objects, allocatable: this.#options.allocatable },
        token: (request) => this.#tokens.token(request, signal),
      },
      signal,
    );
    const directory = this.#directoryOf(pod, plugins[source.kind], name);
    await this.#openDirectory(directory);
    if (source.kind !== 'configMap') await this.#mountPoints.mountMemory(directory);
    const { clock, random } = this.#options;
    await writeAtomically(directory, files, {
      ...{ clock, random },
      prepare: () => this.#own(pod, directory, true),
    });
    return directory;
  }

  /** Everybody may write into the directory itself: what is in it, and the mount, say what they really may. */
  async #openDirectory(directory: string): Promise<void> {
    await mkdir(directory, { recursive: true, mode: 0o750 });
    if (!(await this.#mountPoints.isMounted(directory))) await chmod(directory, 0o777);
  }

  async #own(pod: Pod, directory: string, isReadOnly: boolean): Promise<void> {
    const { fsGroup, fsGroupChangePolicy } = pod.spec.securityContext ?? {};
    if (fsGroup === undefined || !this.#mountPoints.canMount) return;
    const onMismatch = fsGroupChangePolicy === 'OnRootMismatch' && !isReadOnly;
    if (onMismatch && (await isOfGroup(directory, fsGroup))) return;
    await giveToGroup(directory, fsGroup, { isReadOnly });
  }

  #podDirectory(uid: string): string {
    return join(this.#options.stateDirectory, 'pods', uid);
  }

  #directoryOf(pod: Pod, plugin: string, name: string): string {
    return join(this.#podDirectory(pod.metadata.uid), 'volumes', plugin, name);
  }

  #refreshWhenDue(entry: Entry): void {
    const dueMs = this.#tokens.renewalDueMs(entry.pod.metadata.uid);
    if (dueMs === undefined) return;
    this.#refreshSoon(entry.pod.metadata.uid, Math.max(gatherMs, dueMs - this.#options.clock.now()));
  }

  /** Brings a pod's files up to date after a while. Sooner counts. */
  #refreshSoon(podUid: string, delayMs: number): void {
    const entry = this.#pods.get(podUid);
    if (entry === undefined || entry.stop.signal.aborted) return;
    if (entry.refresh === 'waiting' && delayMs > gatherMs) return;
    entry.timer?.[Symbol.dispose]();
    entry.refresh = delayMs > gatherMs ? 'none' : 'waiting';
    entry.timer = this.#options.clock.after(delayMs, () => {
      entry.refresh = 'none';
      void this.#inTurn(entry, () => this.#refresh(entry));
    });
  }

  /** @returns what it is told in. */
  #failed({ pod, troubles }: Entry, volume: Volume, error: unknown): string {
    const failure = failureOf(volume, error);
    const trouble = troubles.get(volume.name) ?? new MountBackOff();
    troubles.set(volume.name, trouble);
    if (trouble.isDue(this.#options.clock.now())) this.#options.onTrouble?.(pod, failure);
    return failure;
  }

  async #refresh(entry: Entry): Promise<void> {
    const { pod, stop } = entry;
    const { name, uid } = pod.metadata;
    if (stop.signal.aborted) return;
    const failures: string[] = [];
    for (const volume of pod.spec.volumes ?? []) {
      const source = sourceOf(volume, name);
      if (!isProjected(source)) continue;
      try {
        await this.#writeFiles(pod, volume.name, source, stop.signal);
        entry.troubles.delete(volume.name);
      } catch (error) {
        if (stop.signal.aborted) return;
        failures.push(this.#failed(entry, volume, error));
      }
    }
    if (stop.signal.aborted) return;
    for (const failure of failures)
      this.#options.log.debug('A volume could not be brought up to date', { pod: uid, failure });
    const isGrowing = (await this.#driver?.look(pod, stop.signal).catch(() => false)) ?? false;
    if (failures.length > 0) this.#refreshSoon(uid, retryRefreshMs);
    else if (isGrowing) this.#refreshSoon(uid, awaitedGrowthMs);
    else this.#refreshWhenDue(entry);
  }
}

const plugins: Readonly<Record<ProjectedSource['kind'], string>> = {
  configMap: 'kubernetes.io~configmap',
  secret: 'kubernetes.io~secret',
  downwardAPI: 'kubernetes.io~downward-api',
  projected: 'kubernetes.io~projected',
};

const isProjected = (source: VolumeSource): source is ProjectedSource => Object.hasOwn(plugins, source.kind);

function failureOf(volume: Volume, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ClaimError) {
    const list = `[${volume.name}]`;
    return `Unable to attach or mount volumes: unmounted volumes=${list}, unattached volumes=${list}, failed to process volumes=${list}: ${message}`;
  }
  return `MountVolume.SetUp failed for volume ${JSON.stringify(volume.name)} : ${message}`;
}

async function issueToken(api: Api, request: TokenRequest, signal: AbortSignal): Promise<IssuedToken> {
  const { namespace, serviceAccount, audiences, expirationSeconds, pod } = request;
  const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: pod.name, uid: pod.uid };
  const answer = await api.post<KubernetesObject, TokenAnswer>(
    ...([serviceAccounts, namespace, serviceAccount, 'token'] as const),
    {
      ...{ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest' },
      spec: { audiences, expirationSeconds, boundObjectRef },
    },
    signal,
  );
  const { token, expirationTimestamp } = answer.status;
  return { token, expiresAtMs: Date.parse(expirationTimestamp) };
}

interface TokenAnswer {
  readonly status: { readonly token: string; readonly expirationTimestamp: string };
}
