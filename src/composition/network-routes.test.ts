import { expect, test } from 'vitest';
import { operatorPaths } from '../cli/index.ts';
import type { DnsFound } from '../topology/index.ts';
import { type NetworkParts, networkRoutes } from './network-routes.ts';

const vpc = (id: string, isDefault: boolean) =>
  ({ isDefault, topology: { id } }) as ReturnType<NetworkParts['facts']>['vpcs'][number];

const known = new Map([
  ['vpc-1 front.elb.amazonaws.com', ['198.18.0.2', '198.18.0.3']],
  ['vpc-2 web.harbor.local', ['10.0.0.4']],
]);

const parts: NetworkParts = {
  facts: () => ({
    ...{ vpcs: [vpc('vpc-2', false), vpc('vpc-1', true)], owners: new Map(), attached: new Set() },
    otherMachines: new Map(),
    policies: () => [],
  }),
  ...{ publicCidr: '198.18.0.0/24', whyNotEnforced: undefined, loadBalancers: 'HAProxy 2.6' },
  zoneAnswer: (vpcId, { name, type }): DnsFound => {
    const addresses = type === 'A' ? known.get(`${vpcId} ${name}`) : undefined;
    if (addresses === undefined) return { kind: 'not-ours' };
    return { kind: 'records', records: addresses.map((data) => ({ name, ttl: 60, type: 'A', data })) };
  },
};

const route = networkRoutes(() => parts).find(({ path }) => path === operatorPaths.resolvedNames);

async function resolve(query: Record<string, string>): Promise<unknown> {
  const request = { query: new URLSearchParams(query), labels: new Map(), body: undefined };
  const answer = await route?.handle(request as never, {} as never);
  return (answer as { readonly body: unknown }).body;
}

test('a name leads to the addresses that the resolver of a VPC answers', async () => {
  expect(await resolve({ name: 'Front.elb.amazonaws.com.' })).toEqual({
    ...{ vpcId: 'vpc-1', name: 'front.elb.amazonaws.com', addresses: ['198.18.0.2', '198.18.0.3'] },
  });
  expect(await resolve({ name: 'web.harbor.local', vpcId: 'vpc-2' })).toMatchObject({
    addresses: ['10.0.0.4'],
  });
  expect(await resolve({ name: 'web.harbor.local' })).toMatchObject({ vpcId: 'vpc-1', addresses: [] });
  await expect(resolve({ name: 'web', vpcId: 'vpc-9' })).rejects.toThrow('There is no VPC vpc-9');
});
