import { chmod, lchown, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const ofDirectories = 0o2110;
const readable = 0o440;
const writable = 0o660;

/**
 * Gives everything under a directory, and itself, to a group (`fsGroup`), which may read it and, unless `isReadOnly`,
 * write it; what is made in it later is the group's too. Takes root.
 */
export async function giveToGroup(
  directory: string,
  gid: number,
  { isReadOnly }: { readonly isReadOnly: boolean },
): Promise<void> {
  const found = await lstat(directory);
  await lchown(directory, found.uid, gid);
  if (found.isSymbolicLink()) return;
  const added = (isReadOnly ? readable : writable) | (found.isDirectory() ? ofDirectories : 0);
  await chmod(directory, (found.mode & 0o7777) | added);
  if (!found.isDirectory()) return;
  for (const name of await readdir(directory)) await giveToGroup(join(directory, name), gid, { isReadOnly });
}

/** Whether `fsGroupChangePolicy: OnRootMismatch` has nothing to do. */
export async function isOfGroup(directory: string, gid: number): Promise<boolean> {
  const { gid: owner, mode } = await lstat(directory);
  const needed = writable | ofDirectories;
  return owner === gid && (mode & needed) === needed;
}
