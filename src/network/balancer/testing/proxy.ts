import { createServer } from 'node:net';
import type { ListenerPlan, LoadBalancerPlan } from '../../../balancing/index.ts';
import type { CertificateChain } from '../balancer.ts';
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
) => Promise<TestProxy>;

/** The plan with other ports, which nobody uses. */
export async function onFreePorts(
  changes: Partial<LoadBalancerPlan>,
): Promise<{ readonly plan: LoadBalancerPlan } & Pick<TestProxy, 'portOf'>> {
  const planned = balancer(changes);
  const ports = new Map<number, number>();
  for (const { port } of planned.listeners) ports.set(port, await freePort());
  const portOf = (port: number): number => ports.get(port) ?? 0;
  const listeners = planned.listeners.map((each): ListenerPlan => ({ ...each, port: portOf(each.port) }));
  return { plan: { ...planned, listeners }, portOf };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('No port is free');
  return address.port;
}
