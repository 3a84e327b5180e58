import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';

/** What files take of a disk. */
export interface DiskUse {
  readonly bytes: number;
  readonly inodes: number;
}

export const noDiskUse: DiskUse = { bytes: 0, inodes: 0 };

/**
 * Of a directory and everything in it that is on its own file system, each file once however many names it has. What is
 * removed meanwhile is left out; of a directory that is not there: nothing.
 */
export async function directoryUse(directory: string): Promise<DiskUse> {
  const top = await lstat(directory).catch(ifGone);
  if (top === undefined) return noDiskUse;
  const seen = new Set<number>();
  let [bytes, inodes] = [0, 0];
  const waiting = [directory];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const found = await lstat(path).catch(ifGone);
    if (found === undefined || found.dev !== top.dev || seen.has(found.ino)) continue;
    if (found.nlink > 1 && !found.isDirectory()) seen.add(found.ino);
    bytes += found.blocks * 512;
    inodes += 1;
    if (!found.isDirectory()) continue;
    const entries = await opendir(path).catch(ifGone);
    if (entries) for await (const { name } of entries) waiting.push(join(path, name));
  }
  return { bytes, inodes };
}

function ifGone(error: unknown): undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
  throw error;
}
