import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { zoneAnswers } from './index.ts';
import { type CloudMapServer, dns, healthChecked, startCloudMap, vpcId } from './testing/cloud-map-server.ts';

let map: CloudMapServer;
let zone: string;
beforeEach(async () => {
  map = await startCloudMap();
  zone = await map.dnsNamespace('svc.local');
});
afterEach(() => map[Symbol.asyncDispose]());

const found = (name: string, type: string, vpc = vpcId) =>
  zoneAnswers(map.state, vpc, { name, type }, map.clock.now());
const data = (name: string, type: string): unknown => {
  const answer = found(name, type);
  return answer.kind === 'records' ? answer.records.map((record) => record.data) : answer.kind;
};

describe('the zones of a VPC', () => {
  it('answer with the addresses of a service’s instances', async () => {
    const service = await map.service(zone, 'Web', dns(['A', 'AAAA'], 'MULTIVALUE', 7));
    expect(data('web.svc.local', 'A')).toBe('nxdomain');
    await map.register(service, 'a', { AWS_INSTANCE_IPV4: '10.0.0.1', AWS_INSTANCE_IPV6: 'fd00::1' });
    await map.register(service, 'b', { AWS_INSTANCE_IPV4: '10.0.0.2', AWS_INSTANCE_IPV6: 'fd00::2' });
    expect(found('web.svc.local', 'A')).toMatchObject({
      ...{ kind: 'records', atMost: 8 },
      records: [{ name: 'web.svc.local', ttl: 7, type: 'A', data: '10.0.0.1' }, { data: '10.0.0.2' }],
    });
    expect(data('web.svc.local', 'AAAA')).toEqual(['fd00::1', 'fd00::2']);
    expect(data('web.svc.local', 'SRV')).toBe('nodata');
  });

  it('answer with one of many where the policy is WEIGHTED', async () => {
    const service = await map.service(zone, 'web', dns(['CNAME'], 'WEIGHTED'));
    await map.register(service, 'a', { AWS_INSTANCE_CNAME: 'one.example.com.' });
    await map.register(service, 'b', { AWS_INSTANCE_CNAME: 'two.example.com' });
    const cname = { kind: 'records', atMost: 1, records: [{ type: 'CNAME', data: 'one.example.com' }, {}] };
    expect(found('web.svc.local', 'A')).toMatchObject(cname);
    expect(found('web.svc.local', 'CNAME')).toMatchObject(cname);
  });

  it('answer with ports, and with the addresses that those lead to', async () => {
    const service = await map.service(zone, '_http._tcp', dns(['SRV']));
    await map.register(service, 'Task-1', { AWS_INSTANCE_IPV4: '10.0.0.1', AWS_INSTANCE_PORT: '8080' });
    const target = 'task-1._http._tcp.svc.local';
    expect(data('_http._tcp.svc.local', 'SRV')).toEqual([{ priority: 1, weight: 1, port: 8080, target }]);
    expect(data(target, 'A')).toEqual(['10.0.0.1']);
    expect(data(target, 'AAAA')).toBe('nodata');
    expect(data('task-2._http._tcp.svc.local', 'A')).toBe('nxdomain');
    expect(data('_tcp.svc.local', 'SRV')).toBe('nodata');
    expect(data('_udp.svc.local', 'SRV')).toBe('nxdomain');
  });

  it('leave out the unhealthy, unless all are', async () => {
    const service = await map.service(zone, 'web', { ...dns(['A']), ...healthChecked });
    const address = (last: number) => ({ AWS_INSTANCE_IPV4: `10.0.0.${last}` });
    await map.register(service, 'a', address(1));
    await map.register(service, 'b', { ...address(2), AWS_INIT_HEALTH_STATUS: 'UNHEALTHY' });
    expect(data('web.svc.local', 'A')).toEqual(['10.0.0.1']);
    await map.sdk.updateInstanceCustomHealthStatus({
      ServiceId: service,
      InstanceId: 'a',
      Status: 'UNHEALTHY',
    });
    expect(data('web.svc.local', 'A')).toEqual(['10.0.0.1']);
    await map.clock.advance(30_000);
    expect(data('web.svc.local', 'A')).toEqual(['10.0.0.1', '10.0.0.2']);
  });

  it('begin with SOA and NS, and are their VPC’s alone; the longest counts', async () => {
    map.vpcs.add('vpc-second');
    await map.dnsNamespace('deep.svc.local');
    await map.dnsNamespace('svc.local', 'vpc-second');
    expect(found('svc.local', 'SOA')).toMatchObject({ records: [{ name: 'svc.local', ttl: 15 }] });
    expect(found('deep.svc.local', 'SOA')).toMatchObject({ records: [{ name: 'deep.svc.local' }] });
    expect(data('svc.local', 'NS')).toHaveLength(4);
    expect(data('svc.local', 'A')).toBe('nodata');
    expect(found('x.deep.svc.local', 'A')).toMatchObject({
      kind: 'nxdomain',
      soa: { name: 'deep.svc.local' },
    });
    expect(found('x.deep.svc.local', 'A', 'vpc-second')).toMatchObject({ soa: { name: 'svc.local' } });
    expect(found('svc.local', 'A', 'vpc-third')).toEqual({ kind: 'not-ours' });
    expect(data('xsvc.local', 'A')).toBe('not-ours');
    expect(data('local', 'A')).toBe('not-ours');
  });

  it('keep services of type HTTP to themselves', async () => {
    const service = await map.service(zone, 'web', { Type: 'HTTP' });
    await map.register(service, 'a', { AWS_INSTANCE_IPV4: '10.0.0.1' });
    expect(data('web.svc.local', 'A')).toBe('nxdomain');
  });

  it('answer something to every question', async () => {
    const service = await map.service(zone, '_a._b', dns(['SRV']));
    await map.register(service, 'c', { AWS_INSTANCE_IPV4: '10.0.0.1', AWS_INSTANCE_PORT: '1' });
    const part = fc.constantFrom('_a', '_b', 'c', 'svc', 'local', '', '\\046', 'x'.repeat(63));
    const type = fc.constantFrom('A', 'AAAA', 'SRV', 'CNAME', 'SOA', 'NS', 'TYPE65', 'TXT');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), type, (parts, asked) => {
        const answer = found(parts.join('.'), asked);
        if (answer.kind !== 'records') return;
        expect(answer.records.length).toBeGreaterThan(0);
        for (const record of answer.records) expect([asked, 'CNAME']).toContain(record.type);
      }),
      { numRuns: 500 },
    );
  });
});
