import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes a file that only its owner may read, in one step: a reader sees the old text or the new, never half.
 */
export function writePrivateFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}.new`;
  try {
    writeFileSync(draft, text, { mode: 0o600 });
    renameSync(draft, path);
  } catch (cause) {
    rmSync(draft, { force: true });
    throw new Error(`Cannot write ${path}`, { cause });
  }
}

/** The file's JSON, or undefined when there is no such file. @throws when it can't be read or is not JSON. */
export function readJsonFile(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    // ENOTDIR: what should be its directory is a file.
    const isAbsent =
      cause instanceof Error && 'code' in cause && /^(?:ENOENT|ENOTDIR)$/.test(`${cause.code}`);
    if (isAbsent) return undefined;
    throw new Error(`Cannot read ${path}`, { cause });
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`Cannot read ${path}: it is not JSON; remove it and start Catamaran again`);
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
