import { nodeDigits } from '../places.ts';

/**
 * Where a node's proxy asks whether a request passes: a Unix socket of the abstract kind. Such names are of a network
 * namespace and of no file system, so whoever is in the node's namespace finds it, with whatever rights and from whatever
 * root directory, and nobody else on the machine does.
 */
function guardName(interfaceId: string): string {
  return `catamaran-guard-${nodeDigits(interfaceId)}`;
}

/** In `sockaddr_un`. HAProxy takes all of it for the name, so the rest is zeros. */
const nameBytes = 108;

/** As Node names it. */
export function guardPath(interfaceId: string): string {
  return `\0${guardName(interfaceId)}`.padEnd(nameBytes, '\0');
}

/** As HAProxy names it. */
export function guardAddress(interfaceId: string): string {
  return `abns@${guardName(interfaceId)}`;
}
