import type { AcsContainer, AcsVolume } from '../../protocols/index.ts';
import type { Mount } from '../../runtime/index.ts';
import { given, MalformedError } from '../reading.ts';

/**
 * A container's mount points. A host volume with a path is a bind; one without, and a docker volume of scope
 * `task`, is an engine volume that dies with the task; scope `shared` outlives it under its own name.
 */
export function mountsOf(
  container: AcsContainer,
  volumes: readonly AcsVolume[],
  sandboxId: string,
): readonly Mount[] {
  return (container.mountPoints ?? []).map((mount) => {
    const volume = volumes.find((candidate) => candidate.name === mount.sourceVolume);
    if (!volume) {
      throw new MalformedError(
        `Container '${container.name}' mounts volume '${mount.sourceVolume}', which the task does not define`,
      );
    }
    return mountOf(volume, mount.containerPath, mount.readOnly ?? false, sandboxId);
  });
}

function mountOf(volume: AcsVolume, target: string, isReadOnly: boolean, sandboxId: string): Mount {
  const source = volume.host?.sourcePath;
  if (source !== undefined && source !== '') return { type: 'bind', source, target, isReadOnly };

  const docker = volume.dockerVolumeConfiguration;
  const isShared = docker?.scope === 'shared';
  return given({
    type: 'volume' as const,
    name: isShared ? volume.name : `${sandboxId}-${volume.name}`,
    target,
    isReadOnly,
    scope: isShared ? ('shared' as const) : ('sandbox' as const),
    driver: docker?.driver,
    driverOptions: docker?.driverOpts,
    labels: docker?.labels,
  });
}
