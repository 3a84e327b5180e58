import { statfs } from 'node:fs/promises';
import type { Pressure } from './registration/node-object.ts';
import { evictionThresholds } from './registration/reservations.ts';

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
 * Whether a node is under pressure, by EKS's hard thresholds.
 * @param memory Of the node's share of the machine.
 */
export function pressureOf(
  memory: { readonly capacityBytes: number; readonly usedBytes: number },
  disk: FileSystemSpace,
): Pressure {
  const { memoryAvailableBytes, nodefsAvailableFraction, nodefsInodesFreeFraction } = evictionThresholds;
  // File systems that make inodes as they are needed say that they have none.
  const areInodesLow = disk.totalInodes > 0 && disk.freeInodes < disk.totalInodes * nodefsInodesFreeFraction;
  return {
    isMemoryLow: memory.capacityBytes - memory.usedBytes < memoryAvailableBytes,
    isDiskLow: disk.availableBytes < disk.totalBytes * nodefsAvailableFraction || areInodesLow,
  };
}
