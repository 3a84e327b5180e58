import { describe, expect, it } from 'vitest';
import type { RouteTarget, VpcTopology } from '../../topology/index.ts';
import { linkName, natLinkName } from './link-name.ts';
import { type RouterView, routerParts } from './router-parts.ts';
import { tableNumber } from './routing-rules.ts';
import { eni, eniId, id, local, toInternet, vpc } from './testing/topologies.ts';

const address = '10.0.1.10';
const natId = id('nat', 'one');
const nat = { id: natId, subnetId: id('subnet', 'a'), privateIpv4: '10.0.1.20' };
const forwarding = eni(address, { checksSourceAndDestination: false });
const here: RouterView = { hasLink: () => true, machines: () => undefined };
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

  it('to an interface leads there if it is attached, here or on another machine', () => {
    const own = { id: 'a', underlayAddress: '192.0.2.1' };
    const peer = { id: 'b', underlayAddress: '192.0.2.2' };
    const apart: RouterView = { hasLink: () => false, machines: () => ({ own, peers: [peer] }) };
    expect(wayOf(toInterface)).toEqual({ type: 'link', link: linkName(eniId(address)), gateway: address });
    expect(wayOf(toInterface, {}, apart)).toEqual(blackhole);
    expect(wayOf(toInterface, { interfaces: [{ ...forwarding, machineId: 'b' }] }, apart)).toEqual({
      type: 'link',
      link: 'vx0',
      gateway: '192.0.2.2',
    });
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

  const table = tableNumber(id('rtb', 'a'));
  const source = { address: '10.0.1.0', prefixLength: 24 };
  const attached = { table: 254, suppressedPrefixLength: 0 };
  const inLink = linkName(forwarding.id);

  function rulesOf(topology: VpcTopology): readonly unknown[] {
    return routerParts(topology, here)
      .flatMap((part) => (part.type === 'rule' && part.source?.address !== '10.0.2.0' ? [part] : []))
      .sort((one, other) => one.priority - other.priority)
      .map(({ type, priority, ...rule }) => rule);
  }

  it('asks what is attached, then the subnet’s table; for an interface that forwards its own subnet’s', () => {
    expect(rulesOf(vpc({ interfaces: [forwarding] }))).toEqual([
      { ...attached, inLink: 'lo' },
      { ...attached, inLink },
      { table, inLink },
      attached,
      { table, source },
    ]);
  });

  it('asks before all that for routes within the VPC that do not lead straight there', () => {
    const target = { type: 'network-interface', id: forwarding.id } as const;
    const routes = [local, { destination: '10.0.2.0/24', target }];
    const topology = vpc({ interfaces: [forwarding], routeTables: [{ id: id('rtb', 'a'), routes }] });
    const detours = tableNumber(`${id('rtb', 'a')}/detours`);
    expect(rulesOf(topology)).toEqual([
      { ...attached, inLink: 'lo' },
      { table: detours, inLink },
      { ...attached, inLink },
      { table, inLink },
      { table: detours, source },
      attached,
      { table, source },
    ]);
    const found = routerParts(topology, here).filter(
      (part) => part.type === 'route' && part.table === detours,
    );
    expect(found).toEqual([expect.objectContaining({ destination: '10.0.2.0/24' })]);
  });

  it('asks no other table where the subnet’s has no route', () => {
    const everywhere = (routes: VpcTopology['routeTables'][number]['routes']) =>
      routerParts(vpc({ routeTables: [{ id: id('rtb', 'a'), routes }] }), here).flatMap((part) =>
        part.type === 'route' && part.table === table && part.destination === '0.0.0.0/0' ? [part.way] : [],
      );
    expect(everywhere([local])).toEqual([blackhole]);
    expect(everywhere([local, toInternet])).toHaveLength(1);
  });
});
