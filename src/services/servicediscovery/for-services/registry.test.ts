import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  deregisterServiceInstance,
  findRegistry,
  type Registration,
  registerServiceInstance,
  setInstanceHealth,
  zoneAnswers,
} from '../index.ts';
import {
  type CloudMapServer,
  dns,
  healthChecked,
  scope,
  startCloudMap,
  vpcId,
} from '../testing/cloud-map-server.ts';

let map: CloudMapServer;
let registryArn: string;
beforeEach(async () => {
  map = await startCloudMap();
  const zone = await map.dnsNamespace('svc.local');
  const id = await map.service(zone, 'web', { ...dns(['A']), ...healthChecked });
  registryArn = `arn:aws:servicediscovery:us-east-1:${scope.accountId}:service/${id}`;
});
afterEach(() => map[Symbol.asyncDispose]());

const register = (
  instanceId: string,
  attributes: Record<string, string>,
  health: 'HEALTHY' | 'UNHEALTHY' = 'HEALTHY',
): Promise<Registration> =>
  map.state.transact((tx) =>
    registerServiceInstance(tx, scope, { registryArn, instanceId, attributes, health }),
  );
const addresses = (): unknown => {
  const found = zoneAnswers(map.state, vpcId, { name: 'web.svc.local', type: 'A' }, map.clock.now());
  return found.kind === 'records' ? found.records.map(({ data }) => data) : found.kind;
};

describe('a registry, for those who run something', () => {
  it('is found by its ARN, in its account and Region', () => {
    expect(findRegistry(map.state, scope, registryArn)).toMatchObject({
      ...{ serviceName: 'web', namespaceName: 'svc.local', namespaceType: 'DNS_PRIVATE' },
      ...{ recordTypes: ['A'], hasCustomHealthCheck: true },
    });
    expect(findRegistry(map.state, scope, `${registryArn}0`)).toBeUndefined();
    expect(findRegistry(map.state, { ...scope, region: 'eu-west-1' }, registryArn)).toBeUndefined();
    expect(findRegistry(map.state, scope, registryArn.split('/')[1] ?? '')).toBeUndefined();
  });

  it('takes instances at once, in the caller’s transaction, as often as they are told', async () => {
    const attributes = { AWS_INSTANCE_IPV4: '10.0.0.1', ECS_SERVICE_NAME: 'front' };
    expect(await register('task-1', attributes)).toEqual({ type: 'registered' });
    expect(await register('task-1', attributes)).toEqual({ type: 'registered' });
    await register('task-2', { AWS_INSTANCE_IPV4: '10.0.0.2' }, 'UNHEALTHY');
    expect(addresses()).toEqual(['10.0.0.1']);
    const { Instances = [] } = await map.sdk.discoverInstances({
      NamespaceName: 'svc.local',
      ServiceName: 'web',
    });
    expect(Instances).toMatchObject([
      { InstanceId: 'task-1', Attributes: { ...attributes, AWS_INIT_HEALTH_STATUS: 'HEALTHY' } },
    ]);
  });

  it('says why it doesn’t take one', async () => {
    expect(await register('task-1', {})).toMatchObject({
      type: 'refused',
      reason: expect.stringMatching(/IPV4/),
    });
    registryArn = `${registryArn}0`;
    expect(await register('task-1', {})).toMatchObject({
      type: 'refused',
      reason: expect.stringMatching(/exist/),
    });
  });

  it('is told the health of an instance, which counts at once', async () => {
    await register('task-1', { AWS_INSTANCE_IPV4: '10.0.0.1' });
    await register('task-2', { AWS_INSTANCE_IPV4: '10.0.0.2' });
    const tell = (instanceId: string) =>
      map.state.transact((tx) =>
        setInstanceHealth(tx, scope, { registryArn, instanceId, health: 'UNHEALTHY' }),
      );
    expect(await tell('task-1')).toBe(true);
    expect(addresses()).toEqual(['10.0.0.2']);
    expect(await tell('none')).toBe(false);
  });

  it('forgets an instance, and one that isn’t there, and one of a registry that isn’t there', async () => {
    await register('task-1', { AWS_INSTANCE_IPV4: '10.0.0.1' });
    const forget = (arn: string, id: string) =>
      map.state.transact((tx) => deregisterServiceInstance(tx, scope, arn, id));
    await forget(registryArn, 'task-1');
    await forget(registryArn, 'task-1');
    await forget(`${registryArn}0`, 'task-1');
    expect(addresses()).toBe('nxdomain');
  });
});
