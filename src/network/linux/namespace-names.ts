import { readdirSync } from 'node:fs';
import { NetworkError } from '../network.ts';

/** Where `ip netns` looks for namespaces with names. */
export const namesDirectory = '/run/netns';

/** What the names of an installation's namespaces begin with. */
export function prefixOf(installationId: string): string {
  return `catamaran-${installationId}-`;
}

/** What the names of the namespaces of an installation's nodes begin with. */
export function nodePrefixOf(installationId: string): string {
  return `catamaran-node-${installationId}-`;
}

/** What the names of the namespaces begin with in which an installation itself is in a VPC. */
export function placePrefixOf(installationId: string): string {
  return `catamaran-place-${installationId}-`;
}

export function namesOfNamespaces(prefix: string): string[] {
  try {
    return readdirSync(namesDirectory).filter((name) => name.startsWith(prefix));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new NetworkError(`Cannot list ${namesDirectory}`, { cause });
  }
}
