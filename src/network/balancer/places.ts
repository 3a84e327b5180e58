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
