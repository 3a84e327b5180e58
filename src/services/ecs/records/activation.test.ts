import { describe, expect, it } from 'vitest';
import type { NetworkBindingRecord } from '../records.ts';
import { publishedPort } from './activation.ts';

type Transport = 'TCP' | 'UDP' | 'TCP_UDP';

/** `53/udp -> 40000` */
function binding(text: string): NetworkBindingRecord {
  const [, containerPort, protocol, hostPort] = /^(\d+)\/(tcp|udp) -> (\d+)$/.exec(text) ?? [];
  if (protocol !== 'tcp' && protocol !== 'udp') throw new Error(`Not a binding: ${text}`);
  return { bindIP: '127.0.0.1', containerPort: Number(containerPort), hostPort: Number(hostPort), protocol };
}

describe('the port of its machine on which a load balancer finds a container', () => {
  it.each<[Transport, string[], number | undefined]>([
    ['TCP', ['53/udp -> 40000', '53/tcp -> 40001'], 40_001],
    ['UDP', ['53/tcp -> 40001', '53/udp -> 40000'], 40_000],
    ['UDP', ['54/udp -> 40000', '53/tcp -> 40001'], undefined],
    ['TCP', ['53/udp -> 40000'], undefined],
    ['TCP_UDP', ['53/udp -> 53', '53/tcp -> 53'], 53],
    ['TCP_UDP', ['53/udp -> 40000', '53/tcp -> 40001'], undefined],
    ['TCP_UDP', ['53/udp -> 53'], undefined],
    ['UDP', [], undefined],
  ])('for %s, of %j, is %s', (transport, bindings, port) => {
    const networkBindings = bindings.map(binding);
    const containers = [{ name: 'dns', networkBindings }] as unknown as Parameters<typeof publishedPort>[0];
    const balancer = { targetGroupArn: 'arn', containerName: 'dns', containerPort: 53 };
    expect(publishedPort(containers, transport === 'TCP' ? balancer : { ...balancer, transport })).toBe(port);
  });
});
