import type { DiskUse } from '../../../runtime/index.ts';
import type { Pod } from '../objects/pod.ts';

/** What a pod uses of its node. */
export interface PodUse {
  readonly pod: Pod;
  /** Those that run. */
  readonly containers: readonly ContainerUse[];
  readonly emptyDirs: readonly EmptyDirUse[];
}

export interface ContainerUse {
  readonly name: string;
  readonly memoryBytes: number;
  /** What it has written beside its volumes. */
  readonly written: DiskUse;
  readonly logBytes: number;
}

export interface EmptyDirUse {
  readonly name: string;
  readonly use: DiskUse;
  /** It is of memory, which is counted as its writers'. */
  readonly isMemory: boolean;
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

export const memoryOf = ({ containers }: PodUse): number =>
  total(containers.map(({ memoryBytes }) => memoryBytes));

/** Of the node's disk: what its containers wrote, their logs, and its emptyDirs that are not of memory. */
export function diskOf({ containers, emptyDirs }: PodUse): DiskUse {
  const onDisk = emptyDirs.filter(({ isMemory }) => !isMemory).map(({ use }) => use);
  const written = [...containers.map((container) => container.written), ...onDisk];
  return {
    bytes: total([...written.map(({ bytes }) => bytes), ...containers.map(({ logBytes }) => logBytes)]),
    inodes: total(written.map(({ inodes }) => inodes)),
  };
}
