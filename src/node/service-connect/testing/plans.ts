import type { AcsProxyListener } from '../../../protocols/index.ts';
import type { ProxyPlan } from '../proxy-plan.ts';

export function listener(
  discoveryName: string,
  protocol: AcsProxyListener['protocol'],
  port = 80,
): AcsProxyListener {
  const perRequest = protocol === 'tcp' ? {} : { perRequestTimeoutSeconds: 15 };
  return { discoveryName, address: '127.255.0.1', port, protocol, idleTimeoutSeconds: 300, ...perRequest };
}

export const proxyPlan = (changes: Partial<ProxyPlan> = {}): ProxyPlan => ({
  containerName: 'ecs-service-connect-x',
  hosts: [],
  namespace: 'harbor',
  outbound: [],
  inbound: [],
  ...changes,
});
