import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Guard, ListenerPlan, LoadBalancerPlan, NodePlan } from '../../../balancing/index.ts';
import { systemClock } from '../../../clock/index.ts';
import { silentLog } from '../../../log.ts';
import type { CertificateChain } from '../balancer.ts';
import { GuardEndpoint } from '../guard/endpoint.ts';
import { balancer } from './plans.ts';

/** A node's proxy by a plan, on loopback and without a VPC: for what it makes of requests. */
export interface TestProxy extends AsyncDisposable {
  /** Of the listener, by its port in the plan. */
  portOf(listenerPort: number): number;
}

/** All targets are well. */
export type OpenProxy = (
  changes: Partial<LoadBalancerPlan>,
  certificates?: ReadonlyMap<string, CertificateChain>,
  guard?: Guard,
) => Promise<TestProxy>;

/** A node of its own: proxies of one namespace are told apart by their nodes. */
export function testNode(): NodePlan {
  const interfaceId = `eni-${randomBytes(6).toString('hex')}`;
  return { interfaceId, address: '127.0.0.1', availabilityZone: 'us-east-1a' };
}

/** A guard where a node's proxy finds it, in this process's namespace. */
export function serveGuard({ interfaceId }: NodePlan, guard: Guard): Disposable {
  const namespace = { run: <T>(work: () => T): T => work() };
  return new GuardEndpoint({ namespace, interfaceId, guard, clock: systemClock(), log: silentLog });
}

/** The plan with other ports, which nobody uses. */
export async function onFreePorts(
  changes: Partial<LoadBalancerPlan>,
): Promise<{ readonly plan: LoadBalancerPlan } & Pick<TestProxy, 'portOf'>> {
  const planned = balancer(changes);
  const ports = new Map<number, number>();
  for (const { port } of planned.listeners) ports.set(port, await freePort(new Set(ports.values())));
  const portOf = (port: number): number => ports.get(port) ?? 0;
  const listeners = planned.listeners.map((each): ListenerPlan => ({ ...each, port: portOf(each.port) }));
  return { plan: { ...planned, listeners }, portOf };
}

/**
 * Below the ports that the kernel gives to connections and to `listen(0)` (32,768 on, Linux
 * `ip_local_port_range`): HAProxy binds with SO_REUSEPORT, so a port that anything else of the run
 * has got in the meantime is shared with it instead of refused.
 */
async function freePort(taken: ReadonlySet<number>): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = randomInt(10_000, 32_000);
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw new Error('No port between 10000 and 32000 is free');
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
