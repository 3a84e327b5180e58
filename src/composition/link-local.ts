import type { Log } from '../log.ts';
import { LinkLocalListener, linkLocalAddress } from '../node/index.ts';
import type { DockerRuntime } from '../runtime/index.ts';

/**
 * A network of the Engine whose gateway is the address: so the machine has it without being configured, and containers
 * on every other network find it by their own gateway. No container joins it. The machine itself reaches the address
 * from the same address, by which tasks in host mode are known.
 */
const linkLocalNetwork = {
  name: 'catamaran-link-local',
  cidr: '169.254.170.0/30',
  gateway: linkLocalAddress,
  keepsSources: true,
} as const;

/**
 * Listens on 169.254.170.2:80, where containers ask for their role's credentials. Where that can't be, tasks with a role
 * are refused and everything else goes on.
 */
export async function openLinkLocal(
  runtime: Pick<DockerRuntime, 'makeNetwork'>,
  log: Log,
): Promise<LinkLocalListener | undefined> {
  const listener = new LinkLocalListener();
  try {
    await listener.listen().catch(async (error: unknown) => {
      if (codeOf(error) !== 'EADDRNOTAVAIL') throw error;
      await runtime.makeNetwork(linkLocalNetwork);
      await listener.listen();
    });
    return listener;
  } catch (error) {
    log.warn(`Tasks with a role are refused: ${obstacle(codeOf(error))}`, { error });
    return undefined;
  }
}

function obstacle(code: string | undefined): string {
  switch (code) {
    case 'EADDRINUSE':
      return `another program listens on ${linkLocalAddress}:80, such as a second Catamaran or Amazon's own agent`;
    case 'EACCES':
      return `listening on ${linkLocalAddress}:80 takes root, or the sysctl net.ipv4.ip_unprivileged_port_start at 80`;
    case 'EADDRNOTAVAIL':
      return `the Engine's networks are not this machine's, so that it can't have the address ${linkLocalAddress}`;
    default:
      return `the address ${linkLocalAddress} can't be had`;
  }
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error ? String(error.code) : undefined;
