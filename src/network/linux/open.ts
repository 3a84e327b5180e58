import { NetworkError } from '../network.ts';
import type { LinuxNetwork, LinuxNetworkOptions } from './linux-network.ts';

/**
 * What is behind this loads libraries of the machine, so it is loaded here, when it is wanted.
 * @throws {NetworkError} this machine can't carry VPCs; `whyNoVpcs` says why without an error.
 */
export async function openLinuxNetwork(options: LinuxNetworkOptions): Promise<LinuxNetwork> {
  const why = await whyNoVpcs();
  if (why !== undefined) throw new NetworkError(`Cannot carry VPCs on this machine: ${why}`);
  const { LinuxNetwork } = await import('./linux-network.ts');
  return new LinuxNetwork(options);
}

/** What keeps this machine from carrying VPCs, and what to do about it; undefined when nothing does. */
export async function whyNoVpcs(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'network namespaces are Linux’s';
  try {
    await import('./nftables.ts');
  } catch {
    return 'libnftables.so.1 cannot be loaded; install it (Debian, Ubuntu: apt-get install libnftables1)';
  }
  const { canMakeNamespaces } = await import('./namespace.ts');
  return canMakeNamespaces() ? undefined : 'network namespaces need root';
}
