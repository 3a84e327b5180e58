import { describe, expect, it, vi } from 'vitest';
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
    await a.runIn('here', 'busybox', 'ping', '-c1', '-W20', '-s', String(1450 - 28), there);

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

  it('begins when another machine comes, and ends when it goes', async () => {
    await using a = await machineOf();
    await using b = await machineOf();
    await wired([a, machineA.underlayAddress], [b, machineB.underlayAddress]);
    const network = a.network();
    const other = b.network({ machines: { own: machineB, peers: [machineA] } });
    await network.apply(topology);
    await other.apply(topology);
    await a.attach(network, eniId(here), 'here');
    await b.attach(other, eniId(there), 'there');
    expect(await a.canPing('here', there)).toBe(false);
    await network.setMachines({ own: machineA, peers: [machineB] });
    expect(await a.canPing('here', there)).toBe(true);
    await network.setMachines(undefined);
    expect(await a.canPing('here', there)).toBe(false);
    expect(await a.runIn('host', 'nft', 'list', 'ruleset')).not.toContain('4789');
  });

  it('hears nobody through its tunnel but the machines that it knows', async () => {
    await using a = await machineOf();
    await using b = await machineOf();
    await using stranger = await machineOf();
    const [network] = await joined(a, b);
    await wired([a, '192.0.3.1'], [stranger, '192.0.3.2']);
    await network.apply(topology);
    await a.attach(network, eniId(here), 'here');
    const atStranger = (...command: readonly string[]) => stranger.runIn('host', 'ip', ...command);
    await atStranger('route', 'add', '192.0.2.1', 'via', '192.0.3.1');
    const tunnel = ['id', String(topology.number), 'remote', '192.0.2.1', 'dstport', '4789', 'nolearning'];
    await atStranger('link', 'add', 'vx', 'type', 'vxlan', ...tunnel);
    await atStranger('address', 'add', `${there}/24`, 'dev', 'vx');
    await atStranger('link', 'set', 'vx', 'up');
    await atStranger('neighbour', 'add', here, 'lladdr', tunnelMac('machine-a'), 'dev', 'vx');
    // Once: nobody answers what comes from there.
    const knock = () => stranger.runIn('host', 'busybox', 'ping', '-c1', '-W1', here).catch(() => undefined);

    await knock();
    expect(await echoRequests(a, 'here')).toBe(0);
    // Were it the machine that it says it is, it would be heard.
    await network.setMachines({ own: machineA, peers: [{ id: 'machine-b', underlayAddress: '192.0.3.2' }] });
    await knock();
    await vi.waitFor(async () => expect(await echoRequests(a, 'here')).toBe(1));
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

const machineA = { id: 'machine-a', underlayAddress: '192.0.2.1' };
const machineB = { id: 'machine-b', underlayAddress: '192.0.2.2' };

/** Two machines with a wire between them, each with a network that knows the other. */
async function joined(a: TestMachine, b: TestMachine) {
  await wired([a, machineA.underlayAddress], [b, machineB.underlayAddress]);
  return [
    a.network({ machines: { own: machineA, peers: [machineB] } }),
    b.network({ machines: { own: machineB, peers: [machineA] } }),
  ] as const;
}

type End = readonly [machine: TestMachine, address: string];

async function wired([one, address]: End, [other, itsAddress]: End): Promise<void> {
  const name = `wire-${address.split('.')[2]}`;
  const far = ['peer', 'name', name, 'netns', other.nameOf('host')];
  await one.runIn('host', 'ip', 'link', 'add', name, 'type', 'veth', ...far);
  for (const [machine, own] of [
    [one, address],
    [other, itsAddress],
  ] as const) {
    await machine.runIn('host', 'ip', 'address', 'add', `${own}/24`, 'dev', name);
    await machine.runIn('host', 'ip', 'link', 'set', name, 'up');
  }
}

/** How many echo requests a sandbox has been sent. */
async function echoRequests(machine: TestMachine, sandbox: string): Promise<number> {
  const [names = '', values = ''] = (await machine.runIn(sandbox, 'grep', '^Icmp:', '/proc/net/snmp')).split(
    '\n',
  );
  return Number(values.split(' ')[names.split(' ').indexOf('InEchos')]);
}
