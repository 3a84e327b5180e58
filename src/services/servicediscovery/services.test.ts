import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CloudMapServer, dns, healthChecked, startCloudMap } from './testing/cloud-map-server.ts';

let map: CloudMapServer;
let http: string;
let zone: string;
beforeEach(async () => {
  map = await startCloudMap();
  http = await map.httpNamespace('harbour');
  zone = await map.dnsNamespace('svc.local');
});
afterEach(() => map[Symbol.asyncDispose]());

describe('services', () => {
  it('are answered with what was asked, and count in their namespace', async () => {
    const { sdk } = map;
    const { Service } = await sdk.createService({
      ...{ NamespaceId: zone, Name: 'web', Description: 'front', CreatorRequestId: 'one' },
      ...dns(['A', 'AAAA'], 'WEIGHTED', 60),
      ...healthChecked,
    });
    expect(Service).toMatchObject({
      ...{
        Id: expect.stringMatching(/^srv-[a-z0-9]{16}$/),
        Name: 'web',
        NamespaceId: zone,
        InstanceCount: 0,
      },
      ...{
        Type: 'DNS_HTTP',
        Description: 'front',
        CreatorRequestId: 'one',
        HealthCheckCustomConfig: { FailureThreshold: 1 },
      },
      DnsConfig: {
        RoutingPolicy: 'WEIGHTED',
        DnsRecords: [
          { Type: 'A', TTL: 60 },
          { Type: 'AAAA', TTL: 60 },
        ],
      },
    });
    expect((await sdk.getService({ Id: Service?.Arn })).Service).toEqual(Service);
    expect((await sdk.getNamespace({ Id: zone })).Namespace).toMatchObject({ ServiceCount: 1 });
    await map.service(http, 'web');
    const { Services = [] } = await sdk.listServices({ Filters: [{ Name: 'NAMESPACE_ID', Values: [zone] }] });
    expect(Services.map(({ Id }) => Id)).toEqual([Service?.Id]);
  });

  it('are made once by one request', async () => {
    const request = { NamespaceId: zone, Name: 'web', CreatorRequestId: 'one', ...dns(['A']) };
    const first = await map.sdk.createService(request);
    expect((await map.sdk.createService(request)).Service).toEqual(first.Service);
    const another = map.sdk.createService({ ...request, CreatorRequestId: 'two' });
    await expect(another).rejects.toMatchObject({
      name: 'ServiceAlreadyExists',
      ServiceId: first.Service?.Id,
      CreatorRequestId: 'one',
    });
    expect((await map.sdk.getNamespace({ Id: zone })).Namespace).toMatchObject({ ServiceCount: 1 });
  });

  it('differ by more than case where DNS tells them', async () => {
    await map.service(zone, 'web', dns(['A']));
    await expect(map.service(zone, 'WEB', dns(['A']))).rejects.toMatchObject({
      name: 'ServiceAlreadyExists',
    });
    await map.service(http, 'web');
    await map.service(http, 'WEB');
  });

  it.each<[string, 'http' | 'zone', object]>([
    ['DNS records in an HTTP namespace', 'http', dns(['A'])],
    ['no DNS records in a DNS namespace', 'zone', {}],
    ['DNS records of a service of type HTTP', 'zone', { ...dns(['A']), Type: 'HTTP' }],
    ['A and SRV', 'zone', dns(['A', 'SRV'])],
    ['A twice', 'zone', dns(['A', 'A'])],
    ['CNAME of several values', 'zone', dns(['CNAME'])],
    ['an unknown type', 'zone', dns(['MX'])],
    ['no records', 'zone', dns([])],
    ['a TTL below 0', 'zone', dns(['A'], 'WEIGHTED', -1)],
    [
      'health checks by Route 53 in a private namespace',
      'zone',
      { ...dns(['A']), HealthCheckConfig: { Type: 'TCP' } },
    ],
    ['health checks by Route 53', 'http', { HealthCheckConfig: { Type: 'TCP' } }],
    ['both health checks', 'http', { HealthCheckConfig: { Type: 'TCP' }, ...healthChecked }],
    [
      'two namespaces',
      'zone',
      { DnsConfig: { NamespaceId: 'ns-other', DnsRecords: [{ Type: 'A', TTL: 1 }] } },
    ],
    ['a name that is no label', 'http', { Name: 'a b' }],
  ])('are refused with %s', async (_case, where, more) => {
    const NamespaceId = where === 'http' ? http : zone;
    const created = map.sdk.createService({ NamespaceId, Name: 'web', ...more } as never);
    await expect(created).rejects.toMatchObject({ name: 'InvalidInput' });
    expect((await map.sdk.listServices({})).Services).toEqual([]);
  });

  it.each(['ns-0123456789abcdef', 'arn:aws:servicediscovery:us-east-1:999999999999:namespace/ns-1'])(
    'are refused in %s, which isn’t there',
    async (NamespaceId) => {
      const created = map.sdk.createService({ NamespaceId, Name: 'web' });
      await expect(created).rejects.toMatchObject({ name: 'NamespaceNotFound' });
    },
  );

  it('take other TTLs, and lose the records that are left out', async () => {
    const { sdk } = map;
    const Id = await map.service(zone, 'web', dns(['A', 'AAAA']));
    const change = (DnsRecords: readonly object[]) => ({
      ...{ Id, Service: { Description: 'new', DnsConfig: { DnsRecords: DnsRecords as never } } },
    });
    await expect(sdk.updateService(change([{ Type: 'SRV', TTL: 1 }]))).rejects.toMatchObject({
      name: 'InvalidInput',
    });
    expect(await map.ended(sdk.updateService(change([{ Type: 'A', TTL: 99 }])))).toMatchObject({
      ...{ status: 'SUCCESS', targets: { SERVICE: Id } },
    });
    const { Service } = await sdk.getService({ Id });
    expect(Service).toMatchObject({
      Description: 'new',
      DnsConfig: { DnsRecords: [{ Type: 'A', TTL: 99 }] },
    });
    const ofHttp = await map.service(http, 'web');
    const refused = sdk.updateService({ Id: ofHttp, Service: { Description: 'new' } });
    await expect(refused).rejects.toMatchObject({ name: 'InvalidInput' });
  });

  it('stay while they have instances', async () => {
    const { sdk } = map;
    const Id = await map.service(http, 'web');
    await map.register(Id, 'one', { any: 'thing' });
    await expect(sdk.deleteService({ Id })).rejects.toThrow('Service contains registered instances');
    await map.ended(sdk.deregisterInstance({ ServiceId: Id, InstanceId: 'one' }));
    await sdk.deleteService({ Id });
    await expect(sdk.getService({ Id })).rejects.toMatchObject({ name: 'ServiceNotFound' });
    expect((await sdk.getNamespace({ Id: http })).Namespace).toMatchObject({ ServiceCount: 0 });
  });

  it('are made, changed and found while instances are being registered', async () => {
    const { sdk } = map;
    const Id = await map.service(zone, 'web', dns(['A']));
    const Attributes = { AWS_INSTANCE_IPV4: '10.0.0.1' };
    const registered = Array.from({ length: 30 }, (_, index) =>
      sdk.registerInstance({ ServiceId: Id, InstanceId: `i${index}`, Attributes }),
    );
    const Namespace = { Description: 'busy' };
    const Service = { DnsConfig: { DnsRecords: [{ Type: 'A' as const, TTL: 9 }] } };
    await Promise.all([
      ...registered,
      map.service(zone, 'api', dns(['A'])),
      map.ended(sdk.updateService({ Id, Service })),
      map.ended(sdk.updatePrivateDnsNamespace({ Id: zone, Namespace })),
    ]);
    expect((await sdk.getService({ Id })).Service).toMatchObject({
      ...{ InstanceCount: 30, DnsConfig: { DnsRecords: [{ TTL: 9 }] } },
    });
    expect((await sdk.getNamespace({ Id: zone })).Namespace).toMatchObject({ ServiceCount: 2, ...Namespace });
  });

  it('have attributes', async () => {
    const { sdk } = map;
    const ServiceId = await map.service(http, 'web');
    await sdk.updateServiceAttributes({ ServiceId, Attributes: { Port: '80', zone: 'a' } });
    await sdk.updateServiceAttributes({ ServiceId, Attributes: { zone: 'b' } });
    await sdk.deleteServiceAttributes({ ServiceId, Attributes: ['Port', 'none'] });
    const { ServiceAttributes } = await sdk.getServiceAttributes({ ServiceId });
    expect(ServiceAttributes).toMatchObject({ Attributes: { zone: 'b' } });
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`k${index}`, 'v']));
    await expect(sdk.updateServiceAttributes({ ServiceId, Attributes: many })).rejects.toMatchObject({
      name: 'ServiceAttributesLimitExceededException',
    });
  });

  it('have tags', async () => {
    const { sdk } = map;
    const { Service } = await sdk.createService({
      NamespaceId: http,
      Name: 'web',
      Tags: [{ Key: 'a', Value: '1' }],
    });
    const ResourceARN = Service?.Arn;
    await sdk.tagResource({ ResourceARN, Tags: [{ Key: 'b', Value: '2' }] });
    await sdk.untagResource({ ResourceARN, TagKeys: ['a'] });
    expect((await sdk.listTagsForResource({ ResourceARN })).Tags).toEqual([{ Key: 'b', Value: '2' }]);
    const many = Array.from({ length: 50 }, (_, index) => ({ Key: `k${index}`, Value: '' }));
    await expect(sdk.tagResource({ ResourceARN, Tags: many })).rejects.toMatchObject({
      name: 'TooManyTagsException',
      ResourceName: ResourceARN,
    });
    const unknown = sdk.listTagsForResource({ ResourceARN: `${ResourceARN}0` });
    await expect(unknown).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});
