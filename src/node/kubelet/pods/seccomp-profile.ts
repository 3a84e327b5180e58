import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { LocalProfile } from '../objects/pod.ts';

const largestBytes = 1024 * 1024;

/**
 * What a profile of the type Localhost says, as the engine takes it: Docker's form of JSON, which is also upstream's.
 * @param directory On the node's machine, as upstream `/var/lib/kubelet/seccomp`; profiles are named relative to it.
 * @returns undefined: a profile of another type.
 * @throws {Error} there is no such file, or it is no profile.
 */
export async function readSeccompProfile(
  profile: LocalProfile | undefined,
  directory: string,
): Promise<string | undefined> {
  if (profile?.type !== 'Localhost') return undefined;
  const path = join(directory, profile.localhostProfile ?? '');
  const unreadable = (why: string): Error =>
    new Error(`cannot load seccomp profile ${JSON.stringify(path)}: ${why}`);
  const content = await read(path).catch((error: unknown) => {
    throw unreadable(error instanceof Error ? error.message : String(error));
  });
  if (!isObject(content)) throw unreadable('it is not an object in JSON');
  return content;
}

async function read(path: string): Promise<string> {
  await using file = await open(path);
  const stats = await file.stat();
  if (!stats.isFile()) throw new Error('it is not a file');
  if (stats.size > largestBytes) throw new Error(`it has more than ${largestBytes} bytes`);
  return file.readFile('utf8');
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
