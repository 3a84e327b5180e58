import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostedInstance } from './shares.ts';

const instancesFile = 'instances.json';

/** In one step: whoever reads it sees what was, or this. */
export function writeInstances(directory: string, instances: readonly HostedInstance[]): void {
  const path = join(directory, instancesFile);
  writeFileSync(`${path}.new`, `${JSON.stringify(instances, undefined, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
}

/** Undefined: none were ever written. */
export function readInstances(directory: string): readonly HostedInstance[] | undefined {
  let text: string;
  try {
    text = readFileSync(join(directory, instancesFile), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  // Written by this program alone, in one step: it is whole or absent.
  return JSON.parse(text) as HostedInstance[];
}
