import type { Stats } from 'node:fs';
import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { codeOf } from '../../error-code.ts';
import type { HostPath } from './volume-source.ts';

/**
 * Makes sure that a path of the machine is what a hostPath volume says that it is.
 * @throws {Error} `hostPath type check failed: …`, in upstream's words.
 */
export async function checkHostPath({ path, type = '' }: HostPath): Promise<void> {
  if (path.split('/').includes('..'))
    throw new Error(`invalid HostPath ${JSON.stringify(path)}: must not contain '..'`);
  const found = await stat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  });
  if (found === undefined && (await makePath(path, type))) return;
  const rule = rules[type];
  if (type === '') return;
  if (rule === undefined) throw new Error(`${type} is an invalid volume type`);
  if (found === undefined || !rule.isIt(found)) {
    throw new Error(`hostPath type check failed: ${path} is not a ${rule.noun}`);
  }
}

/** @returns whether this type is made where it is missing. */
async function makePath(path: string, type: string): Promise<boolean> {
  switch (type) {
    // A container can't be given what is not there; without a type, runtimes make a directory.
    case '':
    case 'DirectoryOrCreate':
      await mkdir(path, { recursive: true, mode: 0o755 });
      return true;
    case 'FileOrCreate':
      await writeFile(path, '', { flag: 'a' });
      await chmod(path, 0o644);
      return true;
    default:
      return false;
  }
}

const directory = { noun: 'directory', isIt: (found: Stats) => found.isDirectory() };
const file = { noun: 'file', isIt: (found: Stats) => found.isFile() };

const rules: Readonly<Record<string, { readonly noun: string; isIt(found: Stats): boolean }>> = {
  Directory: directory,
  DirectoryOrCreate: directory,
  File: file,
  FileOrCreate: file,
  Socket: { noun: 'socket file', isIt: (found) => found.isSocket() },
  CharDevice: { noun: 'character device', isIt: (found) => found.isCharacterDevice() },
  BlockDevice: { noun: 'block device', isIt: (found) => found.isBlockDevice() },
};
