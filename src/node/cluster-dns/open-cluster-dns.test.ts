import { describe, expect, it } from 'vitest';
import { seededRandom, systemClock } from '../../clock/index.ts';
import { recordingLog } from '../../log.ts';
import { Forwarder, whyNoVpcs } from '../../network/index.ts';
import { api, localAddress, web } from '../../network/linux/testing/node-places.ts';
import { openClusterDns } from './open-cluster-dns.ts';

const why = await whyNoVpcs();
const [clock, random] = [systemClock(), seededRandom(2)];

describe.skipIf(why !== undefined)(`the names of a cluster ${why ?? ''}`, () => {
  it('are answered by each node, at the address of their service', async () => {
    const { openNode } = await import('../../network/linux/testing/node.ts');
    const { machine, node, join } = await openNode();
    await using _machine = machine;
    await using _node = node;
    for (const pod of [web, api]) await join(pod);
    await using forwarder = new Forwarder({ clock, random });
    const service = { metadata: { name: 'web', namespace: 'shop' }, spec: { clusterIP: '10.100.7.7' } };
    await using _names = await openClusterDns({
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
    const lookUp = (name: string) =>
      machine.runIn('api', 'busybox', 'nslookup', '-type=a', name, localAddress);
    await expect.poll(() => lookUp('web.shop.svc.cluster.local')).toContain('10.100.7.7');
    await expect.poll(() => lookUp('db.of.the.vpc')).toContain('10.0.2.5');
  });
});
