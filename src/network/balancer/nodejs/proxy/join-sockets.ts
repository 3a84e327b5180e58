import type { Socket } from 'node:net';

/** Carries bytes both ways until either connection is over, or nothing has passed for so many seconds. */
export function joinSockets(client: Socket, target: Socket, idleSeconds: number): void {
  for (const [from, to] of [
    [client, target],
    [target, client],
  ] as const) {
    from.on('error', () => to.destroy());
    from.once('close', () => to.destroy());
    from.pipe(to);
  }
  // All that passes, passes here.
  client.setTimeout(idleSeconds * 1_000, () => client.destroy());
}
