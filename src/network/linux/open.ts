import { readFileSync } from 'node:fs';
import { NetworkError } from '../network.ts';
import type { LinuxNetwork, LinuxNetworkOptions } from './linux-network.ts';

/**
 * What is behind this loads libraries of the machine, so it is loaded here, when it is wanted.
 * @throws {NetworkError} this machine can't carry VPCs.
 */
export async function openLinuxNetwork(options: LinuxNetworkOptions): Promise<LinuxNetwork> {
  const why = await whyNot();
  if (why !== undefined) throw new NetworkError(`Cannot carry VPCs on this machine: ${why}`);
  const { LinuxNetwork } = await import('./linux-network.ts');
  return new LinuxNetwork(options);
}

/**
 * What keeps this machine from carrying VPCs, and what to do about it; undefined when nothing does. It loads nothing
 * where it can see from outside that all is there.
 */
export async function whyNoVpcs(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'network namespaces are Linux’s';
  return mayAdministrate() && knowsLibrary() ? undefined : whyNot();
}

const libraryName = 'libnftables.so.1';

async function whyNot(): Promise<string | undefined> {
  try {
    await import('./nftables.ts');
  } catch {
    return `${libraryName} cannot be loaded; install it (Debian, Ubuntu: apt-get install libnftables1)`;
  }
  const { canMakeNamespaces } = await import('./namespace.ts');
  return canMakeNamespaces() ? undefined : 'network namespaces need root';
}

const systemAdministrator = 1n << 21n; // CAP_SYS_ADMIN

/** capabilities(7), proc(5) */
function mayAdministrate(): boolean {
  const [, effective = '0'] = /^CapEff:\s*([0-9a-f]+)$/m.exec(read('/proc/self/status')) ?? [];
  return (BigInt(`0x${effective}`) & systemAdministrator) !== 0n;
}

/** Where the C library looks for others: ld.so(8). Not every C library keeps such a list. */
function knowsLibrary(): boolean {
  return read('/etc/ld.so.cache').includes(libraryName);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
