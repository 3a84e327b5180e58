import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where system programs are that an ordinary user's PATH leaves out. */
const systemFolders = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** Every executable file called `name`: those on PATH in order, then in the system's folders. */
export function programs(name: string, env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const folders = [...(env.PATH ?? '').split(delimiter), ...systemFolders].filter((folder) => folder !== '');
  return [...new Set(folders)].map((folder) => join(folder, name)).filter(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
