import { paginateListNamespaces } from '@aws-sdk/client-servicediscovery';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Call } from '../service.ts';
import { cloudMapAuthorization } from './authorization.ts';
import { type CloudMapServer, scope, startCloudMap, vpcId } from './testing/cloud-map-server.ts';

let map: CloudMapServer;
beforeEach(async () => {
  map = await startCloudMap();
});
afterEach(() => map[Symbol.asyncDispose]());

describe('namespaces', () => {
  it('come when their operation is carried out', async () => {
    const { sdk } = map;
    const submitted = sdk.createPrivateDnsNamespace({
      ...{ Name: 'svc.local', Vpc: vpcId, Description: 'harbour', CreatorRequestId: 'one' },
      ...{ Properties: { DnsProperties: { SOA: { TTL: 30 } } }, Tags: [{ Key: 'pier', Value: 'nine' }] },
    });
    const { OperationId = '' } = await submitted;
    expect((await sdk.getOperation({ OperationId })).Operation).toMatchObject({ Type: 'CREATE_NAMESPACE' });
    const { status, targets } = await map.ended(submitted);
    expect(status).toBe('SUCCESS');
    const Id = targets.NAMESPACE ?? '';
    expect(Id).toMatch(/^ns-[a-z0-9]{16}$/);
    const { Namespace } = await sdk.getNamespace({ Id });
    expect(Namespace).toMatchObject({
      ...{ Id, Name: 'svc.local', Type: 'DNS_PRIVATE', Description: 'harbour', CreatorRequestId: 'one' },
      ...{ Arn: `arn:aws:servicediscovery:us-east-1:${scope.accountId}:namespace/${Id}`, ServiceCount: 0 },
      Properties: {
        DnsProperties: { HostedZoneId: expect.stringMatching(/^Z[A-Z0-9]{20}$/), SOA: { TTL: 30 } },
        HttpProperties: { HttpName: 'svc.local' },
      },
    });
    expect((await sdk.getNamespace({ Id: Namespace?.Arn })).Namespace).toEqual(Namespace);
    const { Tags } = await sdk.listTagsForResource({ ResourceARN: Namespace?.Arn });
    expect(Tags).toEqual([{ Key: 'pier', Value: 'nine' }]);
  });

  it('fail to come into a VPC that isn’t there', async () => {
    const submitted = map.sdk.createPrivateDnsNamespace({ Name: 'svc.local', Vpc: 'vpc-none' });
    expect(await map.ended(submitted)).toMatchObject({ status: 'FAIL', error: 'CANNOT_CREATE_HOSTED_ZONE' });
    expect((await map.sdk.listNamespaces({})).Namespaces).toEqual([]);
  });

  it('have names of their own: an HTTP one in its Region, a DNS one in its VPC', async () => {
    const { sdk, vpcs } = map;
    vpcs.add('vpc-second');
    await map.httpNamespace('svc.local');
    await expect(sdk.createHttpNamespace({ Name: 'svc.local' })).rejects.toMatchObject({
      name: 'NamespaceAlreadyExists',
      NamespaceId: expect.stringMatching(/^ns-/),
    });
    await map.dnsNamespace('svc.local');
    await map.dnsNamespace('svc.local', 'vpc-second');
    await expect(sdk.createPrivateDnsNamespace({ Name: 'SVC.local', Vpc: vpcId })).rejects.toMatchObject({
      name: 'NamespaceAlreadyExists',
    });
    const { Namespaces = [] } = await sdk.listNamespaces({});
    const httpNames = Namespaces.map(({ Properties }) => Properties?.HttpProperties?.HttpName);
    expect(new Set(httpNames).size).toBe(3);
    expect(httpNames).toContain('svc.local');
  });

  it('are updated, by the operation for their type', async () => {
    const Id = await map.dnsNamespace('svc.local');
    const { sdk } = map;
    const Properties = { DnsProperties: { SOA: { TTL: 60 } } };
    await map.ended(sdk.updatePrivateDnsNamespace({ Id, Namespace: { Description: 'new', Properties } }));
    const { Namespace } = await sdk.getNamespace({ Id });
    expect(Namespace).toMatchObject({
      Description: 'new',
      Properties: { DnsProperties: { SOA: { TTL: 60 } } },
    });
    const otherType = sdk.updateHttpNamespace({ Id, Namespace: { Description: 'x' } });
    await expect(otherType).rejects.toMatchObject({ name: 'InvalidInput' });
  });

  it('go when they are empty', async () => {
    const { sdk } = map;
    const Id = await map.httpNamespace('harbour');
    const service = await map.service(Id, 'web');
    await expect(sdk.deleteNamespace({ Id })).rejects.toMatchObject({ name: 'ResourceInUse' });
    await sdk.deleteService({ Id: service });
    expect(await map.ended(sdk.deleteNamespace({ Id }))).toMatchObject({ status: 'SUCCESS' });
    await expect(sdk.getNamespace({ Id })).rejects.toMatchObject({ name: 'NamespaceNotFound' });
  });

  it('are found by filters and on pages', async () => {
    for (const name of ['a.one', 'a.two', 'b.three']) await map.httpNamespace(name);
    await map.dnsNamespace('a.four');
    const names = async (...Filters: readonly object[]): Promise<unknown> => {
      const { Namespaces = [] } = await map.sdk.listNamespaces({ Filters: Filters as never });
      return Namespaces.map(({ Name }) => Name).sort();
    };
    expect(await names({ Name: 'TYPE', Values: ['HTTP'] })).toEqual(['a.one', 'a.two', 'b.three']);
    const begins = { Name: 'NAME', Values: ['a.'], Condition: 'BEGINS_WITH' };
    expect(await names(begins)).toEqual(['a.four', 'a.one', 'a.two']);
    expect(await names(begins, { Name: 'TYPE', Values: ['HTTP'] })).toEqual(['a.one', 'a.two']);
    expect(await names({ Name: 'RESOURCE_OWNER', Values: ['OTHER_ACCOUNTS'] })).toEqual([]);
    await expect(names({ Name: 'NAME', Values: ['a', 'b'] })).rejects.toMatchObject({ name: 'InvalidInput' });
    await expect(names({ Name: 'TYPE', Values: ['HTTP'], Condition: 'IN' })).rejects.toMatchObject({
      name: 'InvalidInput',
    });
    const found: unknown[] = [];
    for await (const page of paginateListNamespaces({ client: map.sdk, pageSize: 3 }, {})) {
      found.push((page.Namespaces ?? []).length);
    }
    expect(found).toEqual([3, 1]);
  });

  it('are fifty at most', async () => {
    for (let count = 0; count < 50; count += 1) await map.sdk.createHttpNamespace({ Name: `n${count}` });
    await expect(map.sdk.createHttpNamespace({ Name: 'more' })).rejects.toMatchObject({
      name: 'ResourceLimitExceeded',
    });
  });

  it.each([
    ['no name', {}],
    ['a blank in its name', { Name: 'a b' }],
    ['a label that begins with a hyphen', { Name: '-a.local' }],
    ['an empty label', { Name: 'a..local' }],
    ['a label of 64 letters', { Name: `${'a'.repeat(64)}.local` }],
    ['a TTL below 0', { Name: 'a.local', Properties: { DnsProperties: { SOA: { TTL: -1 } } } }],
  ])('are refused with %s', async (_case, input) => {
    const created = map.sdk.createPrivateDnsNamespace({ Vpc: vpcId, ...input } as never);
    await expect(created).rejects.toMatchObject({ name: 'InvalidInput', $metadata: { httpStatusCode: 400 } });
  });

  it.each([
    'arn:aws:servicediscovery:::namespace/ns-1',
    'arn:aws:servicediscovery:us/east:1/1:namespace/ns-1',
    'arn:aws:servicediscovery:us-east-1:999999999999:namespace/ns-1',
    'ns-/',
    '*',
  ])('are not found as %s, nor are they asked what they have', async (Id) => {
    await expect(map.sdk.getNamespace({ Id })).rejects.toMatchObject({ name: 'NamespaceNotFound' });
    const { resources, conditions } = cloudMapAuthorization(map.state).namespace;
    const call = scope as Call;
    for (const resource of resources({ Id }, call)) expect(conditions?.({ Id }, call, resource)).toEqual({});
  });

  it('are not public', async () => {
    const created = map.sdk.createPublicDnsNamespace({ Name: 'example.com' });
    await expect(created).rejects.toThrow('CreatePublicDnsNamespace is not supported');
  });
});

describe('operations', () => {
  it('are found by what they were and when, and forgotten after a day', async () => {
    const { sdk, clock } = map;
    const Id = await map.httpNamespace('harbour');
    await map.ended(sdk.createPrivateDnsNamespace({ Name: 'x', Vpc: 'vpc-none' }));
    const count = async (...Filters: readonly object[]): Promise<number> =>
      ((await sdk.listOperations({ Filters: Filters as never })).Operations ?? []).length;
    expect(await count()).toBe(2);
    expect(await count({ Name: 'STATUS', Values: ['FAIL'] })).toBe(1);
    expect(await count({ Name: 'STATUS', Values: ['FAIL', 'SUCCESS'], Condition: 'IN' })).toBe(2);
    expect(await count({ Name: 'NAMESPACE_ID', Values: [Id] })).toBe(1);
    expect(await count({ Name: 'TYPE', Values: ['DELETE_NAMESPACE'] })).toBe(0);
    const seconds = clock.now() / 1000;
    const between = (from: number, to: number) => ({
      ...{ Name: 'UPDATE_DATE', Condition: 'BETWEEN', Values: [String(from), String(to)] },
    });
    expect(await count(between(seconds - 5, seconds + 5))).toBe(2);
    expect(await count(between(seconds + 1, seconds + 5))).toBe(0);
    await clock.advance(24 * 60 * 60 * 1000 + 1);
    expect(await count()).toBe(0);
    await expect(sdk.getOperation({ OperationId: 'none' })).rejects.toMatchObject({
      name: 'OperationNotFound',
    });
  });
});
