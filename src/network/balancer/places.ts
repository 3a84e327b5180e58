import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Of the thread that looks. */
export const ownNamespacePath = '/proc/thread-self/ns/net';

/** For sockets, whose paths have to be short. */
export function defaultRunDirectory(installationId: string): string {
  return join('/run', `catamaran-${installationId}`);
}

/** Whom a proxy works as that needs nothing of the machine. HAProxy's packages make a user for it. */
export function unprivilegedUser(): string {
  return /^haproxy:/m.test(readFileSync('/etc/passwd', 'utf8')) ? 'haproxy' : 'nobody';
}

/** `<user id>:<group id>` of a user of the machine. @throws there is none of that name. */
export function idsOf(user: string): string {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${user}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid === undefined || gid === undefined) throw new Error(`There is no user ${user} on this machine`);
  return `${uid}:${gid}`;
}

/** Enough of an interface's id to tell it from others in a name. */
export function nodeDigits(interfaceId: string): string {
  return interfaceId.slice(interfaceId.indexOf('-') + 1).slice(0, 12);
}

/** Of a node, below /run/netns. */
export function nodeNamespace(installationId: string, interfaceId: string): string {
  return `${nodeNamespacePrefix(installationId)}${nodeDigits(interfaceId)}`;
}

export function nodeNamespacePrefix(installationId: string): string {
  return `catamaranlb-${installationId}-`;
}
