import { statfs } from 'node:fs/promises';

/** What is left of a file system, as `statfs` says it. */
export interface FileSystemSpace {
  readonly totalBytes: number;
  readonly availableBytes: number;
  readonly totalInodes: number;
  readonly freeInodes: number;
}

export async function spaceOf(directory: string): Promise<FileSystemSpace> {
  const { bsize, blocks, bavail, files, ffree } = await statfs(directory);
  return {
    ...{ totalBytes: blocks * bsize, availableBytes: bavail * bsize },
    ...{ totalInodes: files, freeInodes: ffree },
  };
}

/**
 * What is left of a node's own disk, which is a share of the machine's: what others have written there is not the node's, but
 * where the machine has less than the node would have, it has no more.
 */
export function shareOf(
  machine: FileSystemSpace,
  shareBytes: number,
  usedBytes: number,
): { readonly available: number; readonly capacity: number } {
  const capacity = Math.min(shareBytes, machine.totalBytes);
  return { capacity, available: Math.max(0, Math.min(capacity - usedBytes, machine.availableBytes)) };
}
