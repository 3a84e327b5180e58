import { describe, expect, it } from 'vitest';
import { whyNoVpcs } from './open.ts';
import { tunnelMac } from './router-parts.ts';
import type { TestMachine } from './testing/machine.ts';
import { eni, eniId, id, local, toInternet, vpc } from './testing/topologies.ts';

const why = await whyNoVpcs();
const machineOf = async (): Promise<TestMachine> => new (await import('./testing/machine.ts')).TestMachine();

const here = '10.0.1.10';
const there = '10.0.1.11';
const publicIpv4 = '198.51.100.7';
const topology = vpc({
  hasInternetGateway: true,
  routeTables: [
    { id: id('rtb', 'a'), routes: [local, toInternet] },
    { id: id('rtb', 'b'), routes: [local] },
  ],
  interfaces: [
    eni(here, { machineId: 'machine-a' }),
    eni(there, { machineId: 'machine-b', publicAddresses: [{ privateIpv4: there, publicIpv4 }] }),
  ],
});

describe.skipIf(why !== undefined)(`a VPC on two machines ${why ?? ''}`, () => {
  it('carries packets between them, judged where they are sent and where they arrive', async () => {
    await using a = await machineOf();
    await using b = await machineOf();
    const [network, other] = await joined(a, b);
    await network.apply(topology);
    await other.apply(topology);
    await a.attach(network, eniId(here), 'here');
    await b.attach(other, eniId(there), 'there');
    await b.serve('there');
    expect(await a.connect('here', there)).toBe(here);
    expect(await b.canPing('there', here)).toBe(true);
    expect(network.attached()).toEqual([eniId(here)]);
    expect(network.interfaceAt(topology.id, there)).toBeUndefined();

    // As large as it may be: the tunnel's own header has to fit as well.
    await a.runIn('here', 'busybox', 'ping', '-c1', '-W1', '-s', String(1450 - 28), there);

    const closed = {
      ...topology,
      securityGroups: topology.securityGroups.map((group) => ({ ...group, ingress: [] })),
    };
    await other.apply(closed);
    expect(await a.connect('here', there)).toBeUndefined();
    await other.apply(topology);
    expect(await a.connect('here', there)).toBe(here);
    await network.apply({
      ...topology,
      securityGroups: topology.securityGroups.map((group) => ({ ...group, egress: [] })),
    });
    expect(await a.connect('here', there)).toBeUndefined();
  });

  it('has public addresses where their interfaces are, and the tunnel is guarded', async () => {
    await using a = await machineOf();
    await using b = await machineOf();
    const [network, other] = await joined(a, b);
    await network.apply(topology);
    await other.apply(topology);
    await a.attach(network, eniId(here), 'here');
    await b.attach(other, eniId(there), 'there');
    expect(await a.runIn('host', 'ip', 'route')).not.toContain(publicIpv4);
    expect(await b.runIn('host', 'ip', 'route')).toContain(publicIpv4);

    const [router = ''] = a.routers();
    await a.run('ip', '-n', router, 'link', 'delete', 'vx0');
    await network.verify();
    expect(await a.canPing('here', there)).toBe(true);
    const { writes } = network;
    await network.verify();
    await network.apply(topology);
    expect(network.writes).toBe(writes);
  });

  it('follows an interface from one machine to the other', async () => {
    await using a = await machineOf();
    await using b = await machineOf();
    const [network, other] = await joined(a, b);
    await network.apply(topology);
    await other.apply(topology);
    await a.attach(network, eniId(here), 'here');
    await b.attach(other, eniId(there), 'there');
    expect(await a.canPing('here', there)).toBe(true);

    const moved = {
      ...topology,
      interfaces: topology.interfaces.map((each) => ({ ...each, machineId: 'machine-a' })),
    };
    await other.detach(eniId(there));
    await network.apply(moved);
    await other.apply(moved);
    await a.attach(network, eniId(there), 'there');
    expect(await a.canPing('here', there)).toBe(true);
    expect(await a.runIn('host', 'ip', 'route')).toContain(publicIpv4);
  });
});

/** Two machines with a wire between them, each with a network that knows the other. */
async function joined(a: TestMachine, b: TestMachine) {
  await a.runIn(
    'host',
    'ip',
    'link',
    'add',
    'wire',
    'type',
    'veth',
    'peer',
    'name',
    'wire',
    'netns',
    b.nameOf('host'),
  );
  const addresses = { 'machine-a': '192.0.2.1', 'machine-b': '192.0.2.2' } as const;
  for (const [machine, address] of [
    [a, addresses['machine-a']],
    [b, addresses['machine-b']],
  ] as const) {
    await machine.runIn('host', 'ip', 'address', 'add', `${address}/24`, 'dev', 'wire');
    await machine.runIn('host', 'ip', 'link', 'set', 'wire', 'up');
  }
  const of = (machineId: keyof typeof addresses) => ({
    id: machineId,
    underlayAddress: addresses[machineId],
  });
  const peer = (machineId: keyof typeof addresses) => ({ ...of(machineId), mac: tunnelMac(machineId) });
  return [
    a.network({ machine: of('machine-a'), peers: [peer('machine-b')] }),
    b.network({ machine: of('machine-b'), peers: [peer('machine-a')] }),
  ] as const;
}
