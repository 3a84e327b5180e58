import { chmod, chown, type FileHandle, lchown, readdir } from 'node:fs/promises';
import { codeOf } from '../../error-code.ts';
import { openUnfollowed, pathOf } from './open-unfollowed.ts';

const ofDirectories = 0o2110;
const readable = 0o440;
const writable = 0o660;

/**
 * Gives everything under a directory, and itself, to a group (`fsGroup`), which may read it and, unless `isReadOnly`,
 * write it; what is made in it later is the group's too. Takes root. Containers may change the directory meanwhile: each
 * part of the way is opened by itself, so that no link leads out of it; what has gone is left out.
 */
export async function giveToGroup(
  directory: string,
  gid: number,
  { isReadOnly }: { readonly isReadOnly: boolean },
): Promise<void> {
  await using root = await openUnfollowed(directory);
  await give(root, directory, gid, isReadOnly ? readable : writable);
}

/** @param path Of what was opened, for a link can't be changed by what it was opened as. */
async function give(handle: FileHandle, path: string, gid: number, added: number): Promise<void> {
  const found = await handle.stat();
  if (found.isSymbolicLink()) {
    await lchown(path, found.uid, gid);
    return;
  }
  const own = pathOf(handle);
  await chown(own, found.uid, gid);
  await chmod(own, (found.mode & 0o7777) | added | (found.isDirectory() ? ofDirectories : 0));
  if (!found.isDirectory()) return;
  for (const name of await readdir(own)) {
    const inside = `${own}/${name}`;
    try {
      await using child = await openUnfollowed(inside);
      await give(child, inside, gid, added);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }
}

/** Whether `fsGroupChangePolicy: OnRootMismatch` has nothing to do. */
export async function isOfGroup(directory: string, gid: number): Promise<boolean> {
  await using root = await openUnfollowed(directory);
  const { gid: owner, mode } = await root.stat();
  const needed = writable | ofDirectories;
  return owner === gid && (mode & needed) === needed;
}
