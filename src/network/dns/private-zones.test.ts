import { decode } from 'dns-packet';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { zoneAnswers } from '../../services/servicediscovery/index.ts';
import {
  type CloudMapServer,
  dns,
  startCloudMap,
  vpcId,
} from '../../services/servicediscovery/testing/cloud-map-server.ts';
import { findVpcName, type VpcNames } from '../../topology/index.ts';
import type { Namespace } from '../linux/namespace.ts';
import { listenIn } from '../linux/sockets.ts';
import type { Lookup } from './resolution.ts';
import { askTcp, askUdp, question } from './testing/asking.ts';
import { openTestServer } from './testing/test-server.ts';

/** What a VPC's resolver answers: its private zones, then EC2's own names. */
const names: VpcNames = {
  ...{ region: 'us-east-1', cidrs: ['10.0.0.0/16'] },
  privateAddressOf: () => undefined,
  instanceAddress: () => undefined,
};
const lookup: Lookup = (asked) => {
  const inZones = zoneAnswers(map.state, vpcId, asked, map.clock.now());
  return inZones.kind === 'not-ours' ? findVpcName(asked, names) : inZones;
};

let map: CloudMapServer;
beforeEach(async () => {
  map = await startCloudMap();
});
afterEach(() => map[Symbol.asyncDispose]());

describe('the resolver of a VPC with Cloud Map’s zones', () => {
  it('tells eight of a service’s instances, each time others', async () => {
    const service = await map.service(await map.dnsNamespace('svc.local'), 'web', dns(['A']));
    for (let last = 1; last <= 12; last += 1) {
      await map.register(service, `i${last}`, { AWS_INSTANCE_IPV4: `10.0.0.${last}` });
    }
    await using server = await openTestServer([], { lookup });
    const seen = new Set<unknown>();
    for (let time = 0; time < 20; time += 1) {
      const { answers = [] } = await askUdp(server.udp, 'Web.svc.local', 'A');
      expect(answers).toHaveLength(8);
      for (const answer of answers) seen.add('data' in answer && answer.data);
    }
    expect(seen.size).toBe(12);
    await map.ended(map.sdk.deregisterInstance({ ServiceId: service, InstanceId: 'i1' }));
    expect((await askUdp(server.udp, 'web.svc.local', 'AAAA')).authorities).toMatchObject([
      { type: 'SOA', ttl: 15 },
    ]);
  });

  it('leads by ports to addresses, and knows EC2’s names beside', async () => {
    const service = await map.service(await map.dnsNamespace('svc.local'), '_http._tcp', dns(['SRV']));
    await map.register(service, 'task-1', { AWS_INSTANCE_IPV4: '10.0.0.1', AWS_INSTANCE_PORT: '8080' });
    await using server = await openTestServer([], { lookup });
    const { answers: [srv] = [] } = await askUdp(server.udp, '_http._tcp.svc.local', 'SRV');
    expect(srv).toMatchObject({ data: { port: 8080, target: 'task-1._http._tcp.svc.local' } });
    expect(await askUdp(server.udp, 'task-1._http._tcp.svc.local', 'A')).toMatchObject({
      answers: [{ data: '10.0.0.1' }],
    });
    expect(await askUdp(server.udp, 'ip-10-0-9-9.ec2.internal', 'A')).toMatchObject({
      answers: [{ data: '10.0.9.9' }],
    });
    expect(await askUdp(server.udp, '9.9.0.10.in-addr.arpa', 'PTR')).toMatchObject({
      answers: [{ data: 'ip-10-0-9-9.ec2.internal' }],
    });
  });

  it.skipIf(process.platform !== 'linux')(
    'listens on sockets that were opened elsewhere (only Linux opens them in a VPC)',
    async () => {
      // Not moving to another namespace is all that is left out.
      const here = { path: 'this namespace', run: <R>(run: () => R): R => run() } as Namespace;
      const open = (type: 'udp' | 'tcp') => ({
        type,
        openFd: () => listenIn(here, { type, address: '127.0.0.1', port: 0 }),
      });
      await using server = await openTestServer([], { lookup, sockets: [open('udp'), open('tcp')] });
      const asked = 'ip-10-0-0-1.ec2.internal';
      expect(await askUdp(server.udp, asked, 'A')).toMatchObject({ answers: [{ data: '10.0.0.1' }] });
      const [byTcp = Buffer.alloc(0)] = await askTcp(server.tcp, question(asked, 'A'));
      expect(decode(byTcp)).toMatchObject({ answers: [{ data: '10.0.0.1' }] });
    },
  );
});
