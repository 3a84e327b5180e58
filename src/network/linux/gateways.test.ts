import { describe, expect, it } from 'vitest';
import type { VpcTopology } from '../../topology/index.ts';
import { whyNoVpcs } from './open.ts';
import type { TestMachine } from './testing/machine.ts';
import { eni, eniId, id, local, toInternet, vpc } from './testing/topologies.ts';

const why = await whyNoVpcs();
const machineOf = async (): Promise<TestMachine> => new (await import('./testing/machine.ts')).TestMachine();

const open = '10.0.1.10';
const publicIpv4 = '198.51.100.7';
const hidden = '10.0.2.10';
const natId = id('nat', 'gateway');
const natIpv4 = '198.51.100.8';
const outside = '203.0.113.1';
const machineIpv4 = '203.0.113.2';

/** An interface with a public address in subnet `a`, one without in `b`, which leads to a NAT gateway in `a`. */
function topology(changes: Partial<VpcTopology> = {}): VpcTopology {
  return vpc({
    hasInternetGateway: true,
    routeTables: [
      { id: id('rtb', 'a'), routes: [local, toInternet] },
      {
        id: id('rtb', 'b'),
        routes: [local, { destination: '0.0.0.0/0', target: { type: 'nat-gateway', id: natId } }],
      },
    ],
    interfaces: [eni(open, { publicAddresses: [{ privateIpv4: open, publicIpv4 }] }), eni(hidden)],
    natGateways: [{ id: natId, subnetId: id('subnet', 'a'), privateIpv4: '10.0.1.20', publicIpv4: natIpv4 }],
    ...changes,
  });
}

describe.skipIf(why !== undefined)(`the gateways of a VPC in the kernel ${why ?? ''}`, () => {
  it('lead out as the machine, and in from the machine by public addresses', async () => {
    await using machine = await machineOf();
    const network = await connected(machine);
    expect(await machine.connect('open', outside)).toBe(machineIpv4);
    expect(await machine.connect('hidden', outside)).toBe(machineIpv4);
    expect(await machine.connect('host', publicIpv4)).toBe(machineIpv4);
    expect(await machine.connect('host', natIpv4)).toBeUndefined();
    // A neighbour of the machine that was told the way sees no difference.
    await machine.runIn('outside', 'ip', 'route', 'add', publicIpv4, 'via', machineIpv4);
    expect(await machine.connect('outside', publicIpv4)).toBe(outside);

    await network.apply(topology({ hasInternetGateway: false, natGateways: [] }));
    expect(await machine.connect('open', outside)).toBeUndefined();
    expect(await machine.connect('hidden', outside)).toBeUndefined();
    expect(await machine.connect('host', publicIpv4)).toBeUndefined();
    expect(await machine.runIn('host', 'ip', 'route')).not.toContain(publicIpv4);
  });

  it('lead an interface to another one’s public address', async () => {
    await using machine = await machineOf();
    const network = await connected(machine);
    expect(await machine.connect('hidden', publicIpv4)).toBe(natIpv4);

    const elsewhere = '198.51.100.9';
    const other = vpc({
      id: id('vpc', 'other'),
      hasInternetGateway: true,
      routeTables: [{ id: id('rtb', 'a'), routes: [local, toInternet] }],
      interfaces: [
        eni(open, {
          id: id('eni', 'other'),
          publicAddresses: [{ privateIpv4: open, publicIpv4: elsewhere }],
        }),
      ],
    });
    await network.apply(other);
    await machine.attach(network, id('eni', 'other'), 'other');
    expect(await machine.connect('other', publicIpv4)).toBe(elsewhere);
  });

  it('lead nowhere from a subnet whose route table names none', async () => {
    await using machine = await machineOf();
    const network = await connected(machine);
    const blackhole = { destination: '203.0.113.0/24', target: { type: 'blackhole' } } as const;
    await network.apply(
      topology({
        routeTables: [
          { id: id('rtb', 'a'), routes: [local, toInternet, blackhole] },
          { id: id('rtb', 'b'), routes: [local] },
        ],
      }),
    );
    expect(await machine.connect('open', outside)).toBeUndefined();
    expect(await machine.connect('hidden', outside)).toBeUndefined();
    expect(await machine.connect('hidden', open)).toBe(hidden);
  });

  it('pass where Docker drops what it does not forward itself, for as long as the installation is there', async () => {
    await using machine = await machineOf();
    await machine.runIn('host', 'iptables', '-P', 'FORWARD', 'DROP');
    await machine.runIn('host', 'iptables', '-N', 'DOCKER-USER');
    await machine.runIn('host', 'iptables', '-A', 'DOCKER-USER', '-j', 'RETURN');
    await machine.runIn('host', 'iptables', '-A', 'FORWARD', '-j', 'DOCKER-USER');
    const rules = () => machine.runIn('host', 'iptables', '-S');
    const before = await rules();
    const network = await connected(machine);
    expect(await machine.connect('open', outside)).toBe(machineIpv4);
    const ours = async () => (await rules()).split('\n').filter((rule) => rule.includes('ctm+'));
    await machine.runIn('host', 'iptables', '-N', 'another');
    await machine.runIn('host', 'iptables', '-X', 'another');
    await network.verify();
    expect(await ours()).toHaveLength(2);

    await machine.runIn('host', 'iptables', '-F', 'DOCKER-USER');
    await machine.runIn('host', 'iptables', '-A', 'DOCKER-USER', '-j', 'RETURN');
    await network.verify();
    expect(await machine.connect('open', outside)).toBe(machineIpv4);
    expect(await ours()).toEqual([expect.stringContaining('-o ctm+'), expect.stringContaining('-i ctm+')]);

    await network.purge();
    expect(await rules()).toBe(before);
  });
});

/** With a server in each sandbox and one outside, which has no way back to any address but the machine's. */
async function connected(machine: TestMachine) {
  machine.namespace('outside');
  await machine.runIn(
    'host',
    'ip',
    'link',
    'add',
    'wan0',
    'type',
    'veth',
    'peer',
    'name',
    'eth0',
    'netns',
    machine.nameOf('outside'),
  );
  for (const [name, link, address] of [
    ['host', 'wan0', machineIpv4],
    ['outside', 'eth0', outside],
  ] as const) {
    await machine.runIn(name, 'ip', 'address', 'add', `${address}/24`, 'dev', link);
    await machine.runIn(name, 'ip', 'link', 'set', link, 'up');
  }
  const network = machine.network();
  await network.apply(topology());
  await machine.attach(network, eniId(open), 'open');
  await machine.attach(network, eniId(hidden), 'hidden');
  for (const name of ['outside', 'open', 'hidden']) await machine.serve(name);
  return network;
}
