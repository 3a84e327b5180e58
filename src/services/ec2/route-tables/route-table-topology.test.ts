import { expect, it } from 'vitest';
import type { PrefixListRecord, RouteTableRecord } from '../records.ts';
import { type RouteFacts, routeTableTopology } from './route-table-topology.ts';

const list = (addressFamily: 'IPv4' | 'IPv6', ...cidrs: string[]): PrefixListRecord => ({
  ...{ id: 'pl-1', name: 'n', addressFamily, maxEntries: 5, version: 1, state: 'create-complete', tags: {} },
  entries: cidrs.map((cidr) => ({ cidr })),
});
const table: RouteTableRecord = {
  ...{ id: 'rtb-1', vpcId: 'vpc-1', associations: [], tags: {} },
  routes: [
    { destination: '0.0.0.0/0', target: { type: 'internet-gateway', id: 'igw-1' } },
    { destination: 'pl-1', target: { type: 'nat-gateway', id: 'nat-1' } },
    { destination: '172.16.0.0/16', target: { type: 'network-interface', id: 'eni-1' } },
    { destination: '10.1.0.0/16', target: { type: 'network-interface', id: 'eni-1' } },
  ],
};
const facts: RouteFacts = {
  cidrs: ['10.0.0.0/16', '10.1.0.0/16'],
  isAvailable: ({ id }) => id !== 'igw-1',
  prefixListOf: () => list('IPv4', '172.16.0.0/16', '172.17.0.0/16'),
};

it('has local routes, blackholes, and the blocks of prefix lists that have no routes of their own', () => {
  const eni = { type: 'network-interface', id: 'eni-1' };
  expect(routeTableTopology(table, facts)).toEqual({
    id: 'rtb-1',
    routes: [
      { destination: '10.0.0.0/16', target: { type: 'local' } },
      { destination: '10.1.0.0/16', target: eni },
      { destination: '0.0.0.0/0', target: { type: 'blackhole' } },
      { destination: '172.16.0.0/16', target: eni },
      { destination: '172.17.0.0/16', target: { type: 'nat-gateway', id: 'nat-1' } },
    ],
  });
  const ipv6 = { ...facts, prefixListOf: () => list('IPv6', '::/0') };
  expect(routeTableTopology({ ...table }, ipv6).routes).toHaveLength(4);
});

it('is the same object for the same record as long as it says the same', () => {
  const first = routeTableTopology(table, facts);
  expect(routeTableTopology(table, { ...facts })).toBe(first);
  const attached = routeTableTopology(table, { ...facts, isAvailable: () => true });
  expect(attached.routes[2]).toEqual({ destination: '0.0.0.0/0', target: { type: 'internet-gateway' } });
  expect(routeTableTopology(table, { ...facts, isAvailable: () => true })).toBe(attached);
});
