import { stat } from 'node:fs/promises';
import type { Api } from '../api/api-client.ts';
import { isNotFound } from '../api/api-error.ts';
import { persistentVolumeClaims, persistentVolumes } from '../api/resources.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../objects/stored.ts';
import { checkHostPath } from './host-path.ts';

export interface Claimed {
  readonly claim: PersistentVolumeClaim;
  readonly volume: PersistentVolume;
}

export interface VolumePlace {
  /** On this machine. */
  readonly path: string;
  /** Whether a pod's `fsGroup` applies: to what the machine itself uses too, it does not. */
  readonly hasOwnership: boolean;
}

/** A claim that can't be used as it is now: the pod waits. */
export class ClaimError extends Error {
  override readonly name = 'ClaimError';
}

/**
 * The volume that a claim is bound to.
 * @throws {ClaimError} The claim is not to be used yet.
 */
export async function claimedVolume(
  api: Pick<Api, 'get'>,
  namespace: string,
  claimName: string,
  signal: AbortSignal,
): Promise<Claimed> {
  const refuse = (why: string): never => {
    throw new ClaimError(`error processing PVC ${namespace}/${claimName}: ${why}`);
  };
  const claim = await api
    .get(persistentVolumeClaims, namespace, claimName, signal)
    .catch((error: unknown) =>
      isNotFound(error)
        ? refuse(`failed to fetch PVC from API server: persistentvolumeclaims "${claimName}" not found`)
        : Promise.reject(error),
    );
  if (claim.metadata.deletionTimestamp !== undefined) refuse('PVC is being deleted');
  const { volumeName = '', volumeMode = 'Filesystem' } = claim.spec;
  if (claim.status?.phase !== 'Bound' || volumeName === '') refuse('PVC is not bound');
  if (volumeMode !== 'Filesystem') refuse(`volumeMode ${volumeMode} is not supported on this node`);
  const volume = await api.get(persistentVolumes, undefined, volumeName, signal);
  if (volume.spec.claimRef?.uid !== claim.metadata.uid) refuse(`PV ${volumeName} is not bound to this PVC`);
  return { claim, volume };
}

/** Where a volume is that is on this machine anyway. @throws {Error} It is another, or is not there. */
export async function placeOf({ metadata, spec }: PersistentVolume): Promise<VolumePlace> {
  if (spec.local !== undefined) {
    const { path } = spec.local;
    if (!(await stat(path).catch(() => undefined))) {
      throw new Error(`path ${JSON.stringify(path)} does not exist`);
    }
    return { path, hasOwnership: true };
  }
  if (spec.hostPath !== undefined) {
    await checkHostPath(spec.hostPath);
    return { path: spec.hostPath.path, hasOwnership: false };
  }
  if (spec.csi !== undefined)
    throw new Error(
      `kubernetes.io/csi: attacher.MountDevice failed to create newCsiDriverClient: driver name ${spec.csi.driver} not found in the list of registered CSI drivers`,
    );
  throw new Error(
    `PersistentVolume ${metadata.name} is neither local nor hostPath: this node mounts no other`,
  );
}
