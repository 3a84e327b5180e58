import { describe, expect, it } from 'vitest';
import type { RouteTarget, VpcTopology } from '../../topology/index.ts';
import { linkName, natLinkName } from './link-name.ts';
import { type RouterView, routerParts, tableNumber } from './router-parts.ts';
import { eni, eniId, id, vpc } from './testing/topologies.ts';

const address = '10.0.1.10';
const natId = id('nat', 'one');
const nat = { id: natId, subnetId: id('subnet', 'a'), privateIpv4: '10.0.1.20' };
const forwarding = eni(address, { checksSourceAndDestination: false });
const here: RouterView = { hasLink: () => true };
const blackhole = { type: 'blackhole' };

/** Where a route of subnet `a` leads. */
function wayOf(target: RouteTarget, changes: Partial<VpcTopology> = {}, view: RouterView = here): unknown {
  const destination = '192.0.2.0/24';
  const routeTables = [{ id: id('rtb', 'a'), routes: [{ destination, target }] }];
  const parts = routerParts(vpc({ routeTables, interfaces: [forwarding], ...changes }), view);
  const route = parts.find((part) => part.type === 'route' && part.destination === destination);
  return route?.type === 'route' ? route.way : undefined;
}

describe('a route', () => {
  const toInternet = { type: 'internet-gateway' } as const;
  const toNat = { type: 'nat-gateway', id: natId } as const;
  const toInterface = { type: 'network-interface', id: forwarding.id } as const;

  it('within the VPC leads nowhere but to what is attached', () => {
    expect(wayOf({ type: 'local' })).toEqual(blackhole);
    expect(wayOf({ type: 'blackhole' })).toEqual(blackhole);
  });

  it('to an internet gateway leads to the host for as long as one is attached', () => {
    const way = { type: 'link', link: 'up0', gateway: '169.254.172.1' };
    expect(wayOf(toInternet, { hasInternetGateway: true })).toEqual(way);
    expect(wayOf(toInternet)).toEqual(blackhole);
  });

  it('to a NAT gateway leads out by its own link, if it is a public one', () => {
    const way = { type: 'link', link: natLinkName(natId), gateway: '169.254.172.1' };
    const natGateways = [{ ...nat, publicIpv4: '198.51.100.8' }];
    expect(wayOf(toNat, { hasInternetGateway: true, natGateways })).toEqual(way);
    expect(wayOf(toNat, { hasInternetGateway: true, natGateways: [nat] })).toEqual(blackhole);
    expect(wayOf(toNat, { hasInternetGateway: true })).toEqual(blackhole);
    expect(wayOf(toNat, { natGateways })).toEqual(blackhole);
  });

  it('to an interface leads there if it forwards and is attached, here or on another machine', () => {
    const own = { id: 'a', underlayAddress: '192.0.2.1' };
    const peer = { id: 'b', underlayAddress: '192.0.2.2', mac: '02:00:00:00:00:02' };
    const apart: RouterView = { hasLink: () => false, machines: { own, peers: new Map([['b', peer]]) } };
    expect(wayOf(toInterface)).toEqual({ type: 'link', link: linkName(eniId(address)), gateway: address });
    expect(wayOf(toInterface, {}, apart)).toEqual(blackhole);
    expect(wayOf(toInterface, { interfaces: [{ ...forwarding, machineId: 'b' }] }, apart)).toEqual({
      type: 'link',
      link: 'vx0',
      gateway: '192.0.2.2',
    });
    expect(wayOf(toInterface, { interfaces: [eni(address)] })).toEqual(blackhole);
    expect(wayOf(toInterface, { interfaces: [] })).toEqual(blackhole);
  });
});

describe('a router', () => {
  it('answers on its subnets’ first addresses, the link-local ones, and the resolver’s if there is one', () => {
    const addresses = (topology: VpcTopology) =>
      routerParts(topology, here).flatMap((part) => (part.type === 'address' ? [part.address] : []));
    const common = ['10.0.1.1', '10.0.2.1', '169.254.169.253', '169.254.169.254', '169.254.170.2'];
    expect(addresses(vpc()).sort()).toEqual(['10.0.0.2', ...common]);
    expect(addresses(vpc({ hasResolver: false })).sort()).toEqual(common);
  });

  it('asks what is attached first, then by the link of an interface that forwards, then by subnet', () => {
    const rules = routerParts(vpc({ interfaces: [forwarding] }), here).filter(({ type }) => type === 'rule');
    const table = tableNumber(id('rtb', 'a'));
    expect(rules).toEqual([
      { type: 'rule', priority: 100, table: 254, suppressedPrefixLength: 0 },
      { type: 'rule', priority: 300, table, source: { address: '10.0.1.0', prefixLength: 24 } },
      expect.objectContaining({ priority: 300, source: { address: '10.0.2.0', prefixLength: 24 } }),
      { type: 'rule', priority: 200, table, inLink: linkName(forwarding.id) },
    ]);
  });
});
