import { join } from 'node:path';
import type { Mount } from '../../../runtime/index.ts';
import { expandKnown } from '../environment/expansion.ts';
import type { MountedVolume } from '../kubelet-options.ts';
import type { PodContainer, VolumeMount } from '../objects/pod.ts';
import type { MountPoints } from './mount-points.ts';
import { bindSubPath, subPathRefusal } from './sub-path.ts';

export interface ContainerMountInputs {
  readonly container: PodContainer;
  /** Of its pod, as `PodVolumes.mount` gave them. */
  readonly volumes: ReadonlyMap<string, MountedVolume>;
  /** The container's, for `subPathExpr`. */
  readonly environment: ReadonlyMap<string, string>;
  /** Where the pod's subPaths are shown. */
  readonly subPathsDirectory: string;
  readonly mountPoints: MountPoints;
}

/**
 * What a container mounts of its pod's volumes.
 * @throws {Error} in upstream's words for CreateContainerConfigError.
 */
export async function containerMounts(inputs: ContainerMountInputs): Promise<readonly Mount[]> {
  const mounts: Mount[] = [];
  for (const [index, mount] of (inputs.container.volumeMounts ?? []).entries())
    mounts.push(await mountOf(mount, index, inputs));
  return mounts;
}

async function mountOf(mount: VolumeMount, index: number, inputs: ContainerMountInputs): Promise<Mount> {
  const { container, volumes } = inputs;
  const volume = volumes.get(mount.name);
  if (volume === undefined)
    throw new Error(`cannot find volume "${mount.name}" to mount into container "${container.name}"`);
  if (mount.recursiveReadOnly === 'Enabled') {
    throw new Error(
      `volume "${mount.name}" cannot be mounted as recursive read-only because the runtime does not support it`,
    );
  }
  const subPath = subPathOf(mount, inputs);
  const propagation = propagations[mount.mountPropagation ?? 'None'];
  return {
    type: 'bind',
    source: subPath === '' ? volume.source : await boundSubPath(volume, mount, subPath, index, inputs),
    target: mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`,
    isReadOnly: (mount.readOnly ?? false) || (volume.isReadOnly ?? false),
    ...(propagation !== undefined && { propagation }),
  };
}

/** Nothing said: the runtime's own, which keeps mounts made later to themselves. */
const propagations: Readonly<Record<string, 'rslave' | 'rshared' | undefined>> = {
  HostToContainer: 'rslave',
  Bidirectional: 'rshared',
};

function subPathOf(
  { subPath = '', subPathExpr = '' }: VolumeMount,
  { environment }: ContainerMountInputs,
): string {
  const path = subPathExpr === '' ? subPath : expandKnown(subPathExpr, (name) => environment.get(name));
  const refusal = subPathRefusal(path);
  if (refusal !== undefined) throw new Error(refusal);
  return path;
}

/** What went wrong is not told to the pod's owner: it would tell of the machine's files. */
async function boundSubPath(
  volume: MountedVolume,
  mount: VolumeMount,
  subPath: string,
  index: number,
  { container, subPathsDirectory, mountPoints }: ContainerMountInputs,
): Promise<string> {
  const target = join(subPathsDirectory, mount.name, container.name, String(index));
  try {
    return await bindSubPath(volume.source, subPath, target, {
      mountPoints,
      mustExist: volume.isShared ?? false,
    });
  } catch (error) {
    throw new Error(
      `failed to prepare subPath for volumeMount "${mount.name}" of container "${container.name}"`,
      {
        cause: error,
      },
    );
  }
}
