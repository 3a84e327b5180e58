import {
  chmod,
  chown,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { type Clock, digits, type Random } from '../../../clock/index.ts';
import { codeOf } from '../../error-code.ts';

export interface VolumeFile {
  readonly content: Uint8Array;
  readonly mode: number;
  /** Who owns it; default: the kubelet's user. */
  readonly uid?: number;
}

/** By path within the volume. */
export type VolumeFiles = ReadonlyMap<string, VolumeFile>;

const currentLink = '..data';
const nextLink = '..data_tmp';

/**
 * Makes a directory have exactly these files, all at once for whoever reads them: the files are in a directory
 * `..<time>.<number>`, the link `..data` names the one that counts, and what readers see are links through it. So a
 * change is one rename. Called again after it was killed anywhere, it finishes.
 * @param prepare Is told of the new files before they count.
 * @returns whether anything changed.
 */
export async function writeAtomically(
  directory: string,
  wanted: VolumeFiles,
  options: {
    readonly clock: Clock;
    readonly random: Random;
    prepare(): Promise<void>;
  },
): Promise<boolean> {
  const files = new Map([...wanted].map(([path, file]) => [checkedPath(path), file]));
  const current = await readlink(join(directory, currentLink)).catch(absent);
  const isSame = current !== undefined && (await hasFiles(join(directory, current), files));
  const shown = isSame ? current : timestamped(options);
  if (!isSame) {
    await writeFiles(join(directory, shown), files);
    await options.prepare();
    await rm(join(directory, nextLink), { force: true });
    await symlink(shown, join(directory, nextLink));
    await rename(join(directory, nextLink), join(directory, currentLink));
  }
  await showFiles(directory, files);
  await removeOthers(directory, shown, files);
  return !isSame;
}

function checkedPath(path: string): string {
  const clean = normalize(path);
  const parts = clean.split('/');
  const isInside = clean !== '.' && !clean.startsWith('/') && !parts.includes('..');
  if (path === '' || !isInside || parts[0]?.startsWith('..'))
    throw new Error(`invalid path in volume: ${JSON.stringify(path)}`);
  return clean;
}

function timestamped({ clock, random }: { readonly clock: Clock; readonly random: Random }): string {
  const time = new Date(clock.now()).toISOString().slice(0, 19).replaceAll(/[-T:]/g, '_');
  return `..${time}.${digits(random, 10)}`;
}

async function writeFiles(directory: string, files: VolumeFiles): Promise<void> {
  await makeDirectory(directory);
  for (const [path, { content, mode, uid }] of files) {
    const to = join(directory, path);
    for (const parent of parentsOf(path)) await makeDirectory(join(directory, parent));
    await writeFile(to, content, { mode: 0o600 });
    // What the process masks of a mode when it makes a file is still in it.
    await chmod(to, mode);
    if (uid !== undefined) await chown(to, uid, -1);
  }
}

async function makeDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true });
  await chmod(path, 0o755);
}

function parentsOf(path: string): readonly string[] {
  const parent = dirname(path);
  return parent === '.' ? [] : [...parentsOf(parent), parent];
}

async function hasFiles(directory: string, files: VolumeFiles): Promise<boolean> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(absent);
  const there = entries?.filter((entry) => entry.isFile());
  if (there?.length !== files.size) return false;
  for (const [path, { content }] of files) {
    const found = await readFile(join(directory, path)).catch(absent);
    if (found === undefined || Buffer.compare(found, content) !== 0) return false;
  }
  return true;
}

const topOf = (files: VolumeFiles): ReadonlySet<string> =>
  new Set([...files.keys()].map((path) => path.split('/', 1)[0] ?? path));

async function showFiles(directory: string, files: VolumeFiles): Promise<void> {
  for (const name of topOf(files)) {
    await symlink(join(currentLink, name), join(directory, name)).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
  }
}

async function removeOthers(directory: string, shown: string, files: VolumeFiles): Promise<void> {
  const kept = new Set([...topOf(files), shown, currentLink]);
  for (const name of await readdir(directory))
    if (!kept.has(name)) await rm(join(directory, name), { recursive: true, force: true });
}

function absent(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error;
  return undefined;
}
