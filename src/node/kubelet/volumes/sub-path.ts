import { chmod, type FileHandle, mkdir, realpath, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { codeOf } from '../../error-code.ts';
import type { MountPoints } from './mount-points.ts';
import { openUnfollowed, pathOf } from './open-unfollowed.ts';

/** Why a path can't be a subPath; undefined: it can. In upstream's words. */
export function subPathRefusal(subPath: string): string | undefined {
  if (subPath.startsWith('/')) return `error SubPath \`${subPath}\` must not be an absolute path`;
  if (subPath.split('/').includes('..'))
    return `unable to provision SubPath \`${subPath}\`: must not contain '..'`;
  return undefined;
}

/**
 * Shows what is at a path within a volume at `target`, made as a directory where it is not there. A container may change
 * the volume meanwhile: every part of the path is opened by itself, without following links, and what was opened is what
 * is mounted, so that no link leads out of the volume.
 * @param how.mustExist Nothing is made.
 * @returns the path to mount: `target`, or, for whoever may not mount, what the path is now.
 * @throws {Error} It leads out of the volume, or can't be made.
 */
export async function bindSubPath(
  volume: string,
  subPath: string,
  target: string,
  { mountPoints, mustExist = false }: { readonly mountPoints: MountPoints; readonly mustExist?: boolean },
): Promise<string> {
  const base = await realpath(volume);
  const { existing, missing } = await resolved(base, join(base, subPath));
  if (existing !== base && !existing.startsWith(`${base}/`))
    throw new Error(`subPath ${JSON.stringify(subPath)} leads out of its volume`);
  if (mustExist && missing.length > 0) throw new Error(`subPath ${JSON.stringify(subPath)} is not there`);
  const handle = await openWithin(base, partsOf(relative(base, existing)), missing);
  try {
    if (!mountPoints.canMount) return join(existing, ...missing);
    await makeTarget(target, (await handle.stat()).isDirectory());
    if (await mountPoints.isMounted(target)) await mountPoints.unmount(target);
    await mountPoints.bind(`/proc/${process.pid}/fd/${handle.fd}`, target);
    return target;
  } finally {
    await handle.close();
  }
}

const partsOf = (path: string): readonly string[] => path.split('/').filter((part) => part !== '');

/** As far as a path is there, with its links followed, and what is missing of it. */
async function resolved(
  base: string,
  path: string,
): Promise<{ readonly existing: string; readonly missing: readonly string[] }> {
  const missing: string[] = [];
  for (let at = path; ; at = dirname(at)) {
    const existing = await realpath(at).catch((error: unknown) => {
      if (codeOf(error) !== 'ENOENT' || at === base) throw error;
      return undefined;
    });
    if (existing !== undefined) return { existing, missing };
    missing.unshift(at.slice(dirname(at).length + 1));
  }
}

async function openWithin(
  base: string,
  existing: readonly string[],
  missing: readonly string[],
): Promise<FileHandle> {
  let handle = await openHere(base);
  const { mode } = await handle.stat();
  for (const [index, name] of [...existing, ...missing].entries()) {
    const parent = handle;
    try {
      const path = `${pathOf(parent)}/${name}`;
      const isNew = index >= existing.length;
      if (isNew) await mkdir(path);
      handle = await openHere(path);
      // As the volume itself: so a group that owns it may write here too.
      if (isNew) await chmod(pathOf(handle), mode & 0o7777);
    } finally {
      await parent.close();
    }
  }
  return handle;
}

async function openHere(path: string): Promise<FileHandle> {
  const handle = await openUnfollowed(path);
  if (!(await handle.stat()).isSymbolicLink()) return handle;
  await handle.close();
  throw new Error(`${path} has become a link`);
}

async function makeTarget(target: string, isDirectory: boolean): Promise<void> {
  const found = await stat(target).catch(() => undefined);
  if (found !== undefined) return;
  await mkdir(isDirectory ? target : dirname(target), { recursive: true, mode: 0o750 });
  if (!isDirectory) await writeFile(target, '');
}
