import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hex, type Random } from '../../clock/index.ts';
import type { HostedInstance } from './shares.ts';

/** What a machine writes down of its instances, and what it makes by itself. */

/** An agent runs it, and users see it. */
export const isContainerInstance = ({ isFargateHost, isNode }: HostedInstance): boolean =>
  !isFargateHost && !isNode;

const instancesFile = 'instances.json';

/** Its tasks publish no ports, so any address will do. */
export function newHost(cluster: string, random: Random): HostedInstance {
  return {
    id: instanceId(random),
    name: 'fargate',
    cluster,
    isFargateHost: true,
    size: undefined,
    address: '127.0.0.1',
  };
}

export function instanceId(random: Random): string {
  return `i-${hex(random, 17)}`;
}

/** Undefined: the machine has never had any. */
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

/** In one step: whoever reads finds all of it, or what was there before. */
export function writeInstances(directory: string, hosted: readonly HostedInstance[]): void {
  const path = join(directory, instancesFile);
  writeFileSync(`${path}.new`, `${JSON.stringify(hosted, undefined, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
}
