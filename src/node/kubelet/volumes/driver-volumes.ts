import { mkdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../../../log.ts';
import type { Api } from '../api/api-client.ts';
import type { LocalDriver } from '../kubelet-options.ts';
import type { Pod } from '../objects/pod.ts';
import { finishGrowth } from './claim-growth.ts';
import { type Claimed, claimedVolume } from './persistent-volumes.ts';
import { sourceOf } from './volume-source.ts';

export interface DriverVolumesOptions {
  readonly driver: LocalDriver;
  readonly api: Pick<Api, 'get' | 'patch'>;
  /** Of the node. */
  readonly stateDirectory: string;
  readonly log: Log;
  /** A pod's volumes may have become larger: they are to be looked at. */
  lookSoon(podUid: string): void;
  /** A pod's volume has become as large as its claim asks for. */
  onGrown(pod: Pod, volumeName: string): void;
}

/** What a volume's file system has, and has left. */
export interface VolumeUse {
  /** Of the pod's volume. */
  readonly name: string;
  readonly claimName: string;
  readonly capacityBytes: number;
  readonly availableBytes: number;
  readonly usedBytes: number;
  readonly inodes: number;
  readonly inodesFree: number;
}

interface Known {
  readonly pod: Pod;
  /** Claims whose volumes may have grown: all, of a pod that is new to this process. */
  readonly awaited: Set<string>;
  /** Where volumes are shown, by claim. */
  readonly shown: Map<string, string>;
}

const manyNodes = new Set(['ReadOnlyMany', 'ReadWriteMany']);

/** The volumes of pods' claims that the node's own driver has. */
export class DriverVolumes implements Disposable {
  readonly #options: DriverVolumesOptions;
  readonly #pods = new Map<string, Known>();
  readonly #following: Disposable;

  constructor(options: DriverVolumesOptions) {
    this.#options = options;
    this.#following = options.driver.volumes.onGrown(({ clusterId }) => {
      if (clusterId !== options.driver.clusterId) return;
      for (const [uid, { pod, awaited }] of this.#pods) {
        for (const [claimName] of claimsOf(pod)) awaited.add(claimName);
        options.lookSoon(uid);
      }
    });
  }

  /** Whether it is this driver's. */
  has({ volume }: Claimed): boolean {
    return volume.spec.csi?.driver === this.#options.driver.name;
  }

  /** Shows the volume of a claim to a pod. Idempotent. @returns where. @throws {Error} in the words of FailedMount. */
  async mount(pod: Pod, claimName: string, claimed: Claimed, signal: AbortSignal): Promise<string> {
    const { driver, stateDirectory } = this.#options;
    const { spec } = claimed.volume;
    const target = this.#targetOf(pod, claimed);
    await mkdir(target, { recursive: true, mode: 0o750 });
    await driver.volumes.publish(
      { clusterId: driver.clusterId, name: spec.csi?.volumeHandle ?? '' },
      {
        ...{ target, nodeDirectory: stateDirectory, options: spec.mountOptions ?? [] },
        isShared: (spec.accessModes ?? []).some((mode) => manyNodes.has(mode)),
      },
    );
    const known = this.#knownOf(pod);
    await this.#finish(known, claimName, claimed, signal);
    if (known.awaited.has(claimName)) this.#options.lookSoon(pod.metadata.uid);
    return target;
  }

  /** Its directory has gone: what it alone had is not mounted any more. No pod is kept from ending by what can't be yet. */
  async forget(podUid: string): Promise<void> {
    this.#pods.delete(podUid);
    const { driver, log } = this.#options;
    await driver.volumes
      .release()
      .catch((error: unknown) => log.warn('A volume could not be unmounted yet', { pod: podUid, error }));
  }

  /** Makes volumes as large as their claims ask for. @returns whether somebody else has something to do first. */
  async look(pod: Pod, signal: AbortSignal): Promise<boolean> {
    const known = this.#knownOf(pod);
    for (const claimName of known.awaited) {
      try {
        const claimed = await claimedVolume(this.#options.api, pod.metadata.namespace, claimName, signal);
        if (this.has(claimed)) await this.#finish(known, claimName, claimed, signal);
        else known.awaited.delete(claimName);
      } catch (error) {
        signal.throwIfAborted();
        this.#options.log.debug('A volume could not be looked at', { claim: claimName, error });
      }
    }
    return known.awaited.size > 0;
  }

  /** Of those of a pod's volumes that this process has seen. */
  async useOf(pod: Pod): Promise<readonly VolumeUse[]> {
    const { shown } = this.#pods.get(pod.metadata.uid) ?? {};
    const found = claimsOf(pod).map(async ([claimName, name]) => {
      const path = shown?.get(claimName);
      const stats = path === undefined ? undefined : await statfs(path).catch(() => undefined);
      if (stats === undefined) return [];
      const { bsize, blocks, bavail, bfree, files: inodes, ffree: inodesFree } = stats;
      const sizes = { capacityBytes: blocks * bsize, availableBytes: bavail * bsize };
      return [{ name, claimName, ...sizes, usedBytes: (blocks - bfree) * bsize, inodes, inodesFree }];
    });
    return (await Promise.all(found)).flat();
  }

  [Symbol.dispose](): void {
    this.#following[Symbol.dispose]();
  }

  #targetOf({ metadata: { uid } }: Pod, { volume }: Claimed): string {
    const { stateDirectory } = this.#options;
    return join(stateDirectory, 'pods', uid, 'volumes/kubernetes.io~csi', volume.metadata.name, 'mount');
  }

  #knownOf(pod: Pod): Known {
    const { uid } = pod.metadata;
    const known = this.#pods.get(uid) ?? {
      ...{ pod, shown: new Map(), awaited: new Set(claimsOf(pod).map(([claimName]) => claimName)) },
    };
    this.#pods.set(uid, known);
    return known;
  }

  /** No pod is kept from starting by what can't grow: that is tried again. */
  async #finish(
    { pod, awaited, shown }: Known,
    claimName: string,
    claimed: Claimed,
    signal: AbortSignal,
  ): Promise<void> {
    const { driver, api, log, onGrown } = this.#options;
    shown.set(claimName, this.#targetOf(pod, claimed));
    try {
      const growth = await finishGrowth(claimed, driver, api, signal);
      if (growth === 'grown') onGrown(pod, claimed.volume.metadata.name);
      if (growth === 'awaited') awaited.add(claimName);
      else awaited.delete(claimName);
    } catch (error) {
      signal.throwIfAborted();
      awaited.add(claimName);
      log.warn('A volume could not be made larger: it is tried again', { claim: claimName, error });
    }
  }
}

/** The claims that a pod uses, with what their volumes are called in it. */
function claimsOf({ metadata, spec }: Pod): readonly (readonly [claimName: string, volumeName: string])[] {
  return (spec.volumes ?? []).flatMap((volume) => {
    const source = sourceOf(volume, metadata.name);
    return source.kind === 'persistentVolumeClaim' ? [[source.claimName, volume.name] as const] : [];
  });
}
