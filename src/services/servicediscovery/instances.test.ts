import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { registerServiceInstance } from './index.ts';
import { type CloudMapServer, dns, healthChecked, scope, startCloudMap } from './testing/cloud-map-server.ts';

let map: CloudMapServer;
beforeEach(async () => {
  map = await startCloudMap();
});
afterEach(() => map[Symbol.asyncDispose]());

const ipv4 = { AWS_INSTANCE_IPV4: '10.0.0.1' };

describe('instances', () => {
  it('are registered, registered anew, and deregistered by operations', async () => {
    const { sdk } = map;
    const ServiceId = await map.service(await map.dnsNamespace('svc.local'), 'web', dns(['A']));
    const registered = sdk.registerInstance({
      ServiceId,
      InstanceId: 'a/1',
      Attributes: { ...ipv4, color: 'red' },
    });
    expect(await map.ended(registered)).toMatchObject({
      ...{ status: 'SUCCESS', targets: { SERVICE: ServiceId, INSTANCE: 'a/1' } },
    });
    await map.register(ServiceId, 'a/1', { ...ipv4, color: 'blue' });
    expect((await sdk.getInstance({ ServiceId, InstanceId: 'a/1' })).Instance).toMatchObject({
      ...{ Id: 'a/1', Attributes: { ...ipv4, color: 'blue' } },
    });
    await map.register(ServiceId, 'b', ipv4);
    const { Instances = [] } = await sdk.listInstances({ ServiceId });
    expect(Instances.map(({ Id }) => Id)).toEqual(['a/1', 'b']);
    expect((await sdk.getService({ Id: ServiceId })).Service).toMatchObject({ InstanceCount: 2 });
    await map.ended(sdk.deregisterInstance({ ServiceId, InstanceId: 'b' }));
    await expect(sdk.getInstance({ ServiceId, InstanceId: 'b' })).rejects.toMatchObject({
      name: 'InstanceNotFound',
    });
    const again = sdk.deregisterInstance({ ServiceId, InstanceId: 'b' });
    await expect(again).rejects.toMatchObject({ name: 'InstanceNotFound' });
  });

  it.each<[string, readonly string[], Record<string, string>, RegExp]>([
    ['no address', ['A'], { color: 'red' }, /AWS_INSTANCE_IPV4 is required/],
    ['a wrong address', ['A'], { AWS_INSTANCE_IPV4: '10.0.0.256' }, /must be an IPv4 address/],
    ['one address of two', ['A', 'AAAA'], ipv4, /AWS_INSTANCE_IPV6 is required/],
    ['no port', ['SRV'], ipv4, /AWS_INSTANCE_PORT is required/],
    ['a wrong port', ['SRV'], { ...ipv4, AWS_INSTANCE_PORT: '65536' }, /a port from 1 to 65535/],
    ['a port and no address', ['SRV'], { AWS_INSTANCE_PORT: '80' }, /AWS_INSTANCE_IPV4 or/],
    ['no other name', ['CNAME'], ipv4, /AWS_INSTANCE_CNAME is required/],
    ['another name that is none', ['CNAME'], { AWS_INSTANCE_CNAME: 'a b' }, /a domain name/],
    [
      'a health that nobody checks',
      ['A'],
      { ...ipv4, AWS_INIT_HEALTH_STATUS: 'HEALTHY' },
      /HealthCheckCustomConfig/,
    ],
    ['an alias', ['A'], { AWS_ALIAS_DNS_NAME: 'x.elb.amazonaws.com' }, /not supported/],
    ['another attribute of Cloud Map’s', ['A'], { ...ipv4, AWS_OTHER: 'x' }, /begin with AWS_/],
    [
      'too many attributes',
      ['A'],
      { ...ipv4, ...Object.fromEntries(Array.from({ length: 31 }, (_, i) => [`k${i}`, 'v'])) },
      /at most 30/,
    ],
    [
      'too long attributes',
      ['A'],
      { ...ipv4, ...Object.fromEntries(Array.from({ length: 5 }, (_, i) => [`k${i}`, 'v'.repeat(1000)])) },
      /at most 5000/,
    ],
    ['a value that begins with a blank', ['A'], { ...ipv4, color: ' red' }, /regular expression/],
  ])('are refused with %s', async (_case, types, Attributes, message) => {
    const policy = types.includes('CNAME') ? 'WEIGHTED' : 'MULTIVALUE';
    const ServiceId = await map.service(await map.dnsNamespace('svc.local'), 'web', dns(types, policy));
    const registered = map.sdk.registerInstance({ ServiceId, InstanceId: 'one', Attributes });
    await expect(registered).rejects.toMatchObject({
      name: 'InvalidInput',
      message: expect.stringMatching(message),
    });
    expect((await map.sdk.listInstances({ ServiceId })).Instances).toEqual([]);
  });

  it('are a thousand of a service at most, one registered anew not counted', async () => {
    const ServiceId = await map.service(await map.httpNamespace('harbour'), 'web');
    const register = (InstanceId: string) =>
      map.sdk.registerInstance({ ServiceId, InstanceId, Attributes: { any: 'thing' } });
    const registryArn = `arn:aws:servicediscovery:us-east-1:${scope.accountId}:service/${ServiceId}`;
    await map.state.transact((tx) => {
      for (let index = 0; index < 999; index += 1) {
        const instance = { registryArn, instanceId: `i${index}`, attributes: {}, health: 'HEALTHY' } as const;
        registerServiceInstance(tx, scope, instance);
      }
    });
    await map.ended(register('last'));
    await expect(register('more')).rejects.toMatchObject({ name: 'ResourceLimitExceeded' });
    await map.ended(register('i0'));
  });

  it('become healthy or not half a minute after somebody says so', async () => {
    const { sdk, clock } = map;
    const ServiceId = await map.service(await map.httpNamespace('harbour'), 'web', healthChecked);
    await map.register(ServiceId, 'a', { any: 'thing' });
    await map.register(ServiceId, 'b', { AWS_INIT_HEALTH_STATUS: 'UNHEALTHY' });
    const told = async (): Promise<unknown> => (await sdk.getInstancesHealthStatus({ ServiceId })).Status;
    const say = (InstanceId: string, Status: 'HEALTHY' | 'UNHEALTHY') =>
      sdk.updateInstanceCustomHealthStatus({ ServiceId, InstanceId, Status });
    expect(await told()).toEqual({ a: 'HEALTHY', b: 'UNHEALTHY' });
    await say('a', 'UNHEALTHY');
    await say('b', 'HEALTHY');
    await clock.advance(20_000);
    await say('a', 'UNHEALTHY');
    await say('b', 'UNHEALTHY');
    await clock.advance(9_999);
    expect(await told()).toEqual({ a: 'HEALTHY', b: 'UNHEALTHY' });
    await clock.advance(1);
    expect(await told()).toEqual({ a: 'UNHEALTHY', b: 'UNHEALTHY' });
    const some = await sdk.getInstancesHealthStatus({ ServiceId, Instances: ['a'] });
    expect(some.Status).toEqual({ a: 'UNHEALTHY' });
    const unknown = sdk.getInstancesHealthStatus({ ServiceId, Instances: ['c'] });
    await expect(unknown).rejects.toMatchObject({ name: 'InstanceNotFound' });
  });

  it('have no health where nobody checks', async () => {
    const ServiceId = await map.service(await map.httpNamespace('harbour'), 'web');
    await map.register(ServiceId, 'a', { any: 'thing' });
    expect((await map.sdk.getInstancesHealthStatus({ ServiceId })).Status).toEqual({ a: 'UNKNOWN' });
    const said = map.sdk.updateInstanceCustomHealthStatus({ ServiceId, InstanceId: 'a', Status: 'HEALTHY' });
    await expect(said).rejects.toMatchObject({ name: 'CustomHealthNotFound' });
  });
});

describe('discovery', () => {
  const names = { NamespaceName: 'harbour', ServiceName: 'web' };
  const ids = async (more: object = {}): Promise<unknown> =>
    ((await map.sdk.discoverInstances({ ...names, ...more })).Instances ?? [])
      .map(({ InstanceId }) => InstanceId)
      .sort();
  let ServiceId: string;
  beforeEach(async () => {
    ServiceId = await map.service(await map.httpNamespace('harbour'), 'web', healthChecked);
    await map.register(ServiceId, 'a', { zone: '1', v: '1' });
    await map.register(ServiceId, 'b', { zone: '1', v: '2' });
    await map.register(ServiceId, 'c', { zone: '2', v: '1', AWS_INIT_HEALTH_STATUS: 'UNHEALTHY' });
  });

  it.each<[string, object, readonly string[]]>([
    ['nothing special', {}, ['a', 'b']],
    ['all', { HealthStatus: 'ALL' }, ['a', 'b', 'c']],
    ['the unhealthy', { HealthStatus: 'UNHEALTHY' }, ['c']],
    ['an attribute', { QueryParameters: { v: '1' }, HealthStatus: 'ALL' }, ['a', 'c']],
    ['two attributes', { QueryParameters: { v: '1', zone: '2' }, HealthStatus: 'ALL' }, ['c']],
    ['an attribute that nobody has', { QueryParameters: { v: '9' } }, []],
    ['an attribute if somebody has it', { OptionalParameters: { v: '2' } }, ['b']],
    ['an attribute that nobody has if somebody has it', { OptionalParameters: { v: '9' } }, ['a', 'b']],
    ['the healthy or else all, with some healthy', { HealthStatus: 'HEALTHY_OR_ELSE_ALL' }, ['a', 'b']],
    [
      'the healthy or else all, with none healthy',
      { HealthStatus: 'HEALTHY_OR_ELSE_ALL', QueryParameters: { zone: '2' } },
      ['c'],
    ],
  ])('by %s', async (_case, more, expected) => {
    expect(await ids(more)).toEqual(expected);
  });

  it('tells names, attributes, health and the revision, which grows', async () => {
    const { sdk } = map;
    const { Instances = [], InstancesRevision = 0 } = await sdk.discoverInstances({
      ...names,
      QueryParameters: { v: '2' },
    });
    expect(Instances).toEqual([
      { InstanceId: 'b', ...names, HealthStatus: 'HEALTHY', Attributes: { zone: '1', v: '2' } },
    ]);
    expect(await sdk.discoverInstancesRevision(names)).toMatchObject({ InstancesRevision });
    await map.ended(sdk.deregisterInstance({ ServiceId, InstanceId: 'b' }));
    expect((await sdk.discoverInstancesRevision(names)).InstancesRevision).toBeGreaterThan(InstancesRevision);
  });

  it('gives as many as asked for, by chance', async () => {
    const seen = new Set<unknown>();
    for (let time = 0; time < 20; time += 1) seen.add(JSON.stringify(await ids({ MaxResults: 1 })));
    expect([...seen].sort()).toEqual(['["a"]', '["b"]']);
  });

  it.each([
    ['another namespace', { NamespaceName: 'other' }, 'NamespaceNotFound'],
    ['another service', { ServiceName: 'other' }, 'ServiceNotFound'],
    ['another case', { ServiceName: 'WEB' }, 'ServiceNotFound'],
    ['another owner', { OwnerAccount: '999999999999' }, 'InvalidInput'],
    ['no number', { MaxResults: 0 }, 'InvalidInput'],
  ])('is refused for %s', async (_case, more, name) => {
    await expect(ids(more)).rejects.toMatchObject({ name });
  });
});
