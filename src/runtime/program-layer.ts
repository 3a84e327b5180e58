import { execFile } from 'node:child_process';
import { access, constants, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { type TarEntry, tar } from './image-archive.ts';

const directories = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/bin', '/bin'];

/** Where a program of this machine is; undefined when it isn't installed. */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const directory of directories) {
    const path = `${directory}/${name}`;
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}

/**
 * A layer with a program of this machine and the shared libraries that it loads, each where the program looks for it,
 * and nothing else: no shell, no files of the machine's own. The same files give the same bytes.
 * @param path Of an executable that is dynamically linked.
 * @throws {Error} what it loads can't be found out (ldd(1)), or is not all there.
 */
export async function programLayer(path: string): Promise<Uint8Array> {
  const { stdout } = await promisify(execFile)('ldd', [path], { timeout: 10_000 });
  const libraries = librariesOf(stdout);
  const files = [...new Set([...libraries, path])].sort();
  const entries: TarEntry[] = [];
  const made = new Set<string>();
  for (const file of files) {
    for (const directory of parentsOf(file)) {
      if (made.has(directory)) continue;
      made.add(directory);
      entries.push({ path: directory, isDirectory: true });
    }
    entries.push({ path: file.slice(1), content: await readFile(file), mode: 0o755 });
  }
  return tar(entries);
}

/** From what ldd(1) prints: `libc.so.6 => /lib/…/libc.so.6 (0x…)`, `/lib64/ld-linux-x86-64.so.2 (0x…)`. */
export function librariesOf(printed: string): readonly string[] {
  return printed.split('\n').flatMap((line) => {
    const [, missing] = /^\s*(\S+) => not found/.exec(line) ?? [];
    if (missing !== undefined) throw new Error(`The library ${missing} is not installed`);
    const [, path] = /(?:^\s*|=> )(\/\S+) \(0x[0-9a-f]+\)/.exec(line) ?? [];
    return path === undefined ? [] : [path];
  });
}

/** `/usr/sbin/x` is in `usr/` and `usr/sbin/`. */
function parentsOf(file: string): readonly string[] {
  const names = file.split('/').slice(1, -1);
  return names.map((_, index) => `${names.slice(0, index + 1).join('/')}/`);
}
