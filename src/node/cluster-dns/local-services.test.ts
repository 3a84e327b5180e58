import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { seededRandom, systemClock } from '../../clock/index.ts';
import { recordingLog } from '../../log.ts';
import { Forwarder, whyNoVpcs } from '../../network/index.ts';
import { api, localAddress, web } from '../../network/linux/testing/node-places.ts';
import { openApiAddress, openClusterDns } from './local-services.ts';

const why = await whyNoVpcs();
const [clock, random] = [systemClock(), seededRandom(2)];

describe.skipIf(why !== undefined)(`what a node answers itself ${why ?? ''}`, () => {
  it('is names and the API server, at the addresses of their services', { timeout: 30_000 }, async () => {
    const { openNode } = await import('../../network/linux/testing/node.ts');
    const { machine, node, join } = await openNode();
    await using _machine = machine;
    await using _node = node;
    for (const pod of [web, api]) await join(pod);
    await using forwarder = new Forwarder({ clock, random });
    const server = createServer((socket) => socket.end('from the API server'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const service = { metadata: { name: 'web', namespace: 'shop' }, spec: { clusterIP: '10.100.7.7' } };
    const dns = await openClusterDns({
      ...{ network: node, dnsAddress: localAddress, domain: 'cluster.local', forwarder },
      cluster: {
        service: (namespace, name) => (`${namespace}/${name}` === 'shop/web' ? service : undefined),
        services: () => [service],
        slicesOf: () => [],
      },
      vpcLookup: ({ name }) => ({
        kind: 'records',
        records: [{ name, ttl: 1, type: 'A', data: '10.0.2.5' }],
      }),
      ...{ clock, random, log: recordingLog() },
    });
    const apiServer = openApiAddress({
      ...{ network: node, address: localAddress, endpoint: `https://127.0.0.1:${port}` },
    });
    try {
      const lookUp = (name: string) =>
        machine.runIn('api', 'busybox', 'nslookup', '-type=a', name, localAddress);
      expect(await lookUp('web.shop.svc.cluster.local')).toContain('10.100.7.7');
      expect(await lookUp('db.of.the.vpc')).toContain('10.0.2.5');
      expect(await machine.connect('web', localAddress, 443)).toBe('from the API server');
    } finally {
      await dns[Symbol.asyncDispose]();
      await apiServer[Symbol.asyncDispose]();
      server.close();
    }
    expect(await machine.connect('web', localAddress, 443)).toBeUndefined();
  });
});
