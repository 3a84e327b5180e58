import { readFileSync, renameSync, writeFileSync } from 'node:fs';

/** Replaces a file of the kubelet's own: whole or not at all. @throws {Error} it can't be written. */
export function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** Undefined: there is none. @throws {Error} it can't be read. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
