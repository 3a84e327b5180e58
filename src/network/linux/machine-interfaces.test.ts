import { describe, expect, it } from 'vitest';
import type { InterfaceTopology, VpcTopology } from '../../topology/index.ts';
import { linkName, machineLinkName } from './link-name.ts';
import type { LinuxNetwork } from './linux-network.ts';
import { whyNoVpcs } from './open.ts';
import type { TestMachine } from './testing/machine.ts';
import { eni, eniId, id, vpc } from './testing/topologies.ts';

const why = await whyNoVpcs();
const machineOf = async (): Promise<TestMachine> => new (await import('./testing/machine.ts')).TestMachine();

const task = '10.0.1.10';
const own = '10.0.2.20';
const second = '10.0.2.21';
const ofMachine = (changes: Partial<InterfaceTopology> = {}): InterfaceTopology =>
  eni(own, { isOfMachine: true, addresses: [own, second], ...changes });
const topology = (...machines: readonly InterfaceTopology[]): VpcTopology =>
  vpc({ interfaces: [eni(task), ...machines] });

/** A task in a VPC, and a machine that serves on all of its addresses. */
async function opened(machine: TestMachine): Promise<LinuxNetwork> {
  const network = machine.network();
  await network.apply(topology(ofMachine()));
  await machine.attach(network, eniId(task), 'task');
  await machine.serve('host');
  return network;
}

const rules = (machine: TestMachine): Promise<string> => machine.runIn('host', 'ip', 'rule');

describe.skipIf(why !== undefined)(`an interface that is the machine's own ${why ?? ''}`, () => {
  it('answers on each of its addresses, and asks from them', async () => {
    await using machine = await machineOf();
    // As strict as machines are.
    machine.host.setSysctls({ 'ipv4/conf/all/rp_filter': '1', 'ipv4/conf/default/rp_filter': '1' });
    const network = await opened(machine);
    expect(network.attached()).toEqual([eniId(task), eniId(own)].sort());
    for (const address of [own, second]) expect(await machine.connect('task', address)).toBe(task);
    expect(await machine.runIn('host', 'busybox', 'ping', '-c1', '-W20', '-I', own, task)).toContain(
      ' 0% packet loss',
    );
    // No way to the VPC but from there: what the machine reaches otherwise stays as it is.
    expect(await machine.canPing('host', task)).toBe(false);
    expect(await machine.runIn('host', 'ip', 'route', 'show', 'table', 'main')).not.toContain('10.0.');
    const link = await machine.runIn('host', 'ip', 'link', 'show', machineLinkName(eniId(own)));
    expect(link).toContain(ofMachine().macAddress);
  });

  it('is held by its security groups', async () => {
    await using machine = await machineOf();
    const network = await opened(machine);
    const closed = { id: id('sg', 'closed'), ingress: [], egress: [] };
    const held = ofMachine({ securityGroupIds: [closed.id] });
    const { securityGroups } = topology();
    await network.apply({ ...topology(held), securityGroups: [...securityGroups, closed] });
    expect(await machine.connect('task', own)).toBeUndefined();
    await network.apply(topology(ofMachine()));
    expect(await machine.connect('task', own)).toBe(task);
  });

  it('goes when it is no longer the machine’s, with its rules, and comes back', async () => {
    await using machine = await machineOf();
    const network = await opened(machine);
    expect((await rules(machine)).split('\n').filter((line) => line.includes(`from ${own} `))).toHaveLength(
      1,
    );
    await network.apply(topology(eni(own)));
    expect(network.attached()).toEqual([eniId(task)]);
    expect(await rules(machine)).not.toContain('from 10.0.2.');
    expect(await machine.runIn('host', 'ip', 'address')).not.toContain(own);
    await network.apply(topology(ofMachine({ addresses: [own] })));
    expect(await machine.connect('task', own)).toBe(task);
    expect(await rules(machine)).not.toContain(second);
    await network.remove(topology().id);
    expect(await rules(machine)).not.toContain('from 10.0.2.');
  });

  const broken: Readonly<Record<string, (machine: TestMachine) => Promise<unknown>>> = {
    'its link': (machine) => machine.runIn('host', 'ip', 'link', 'delete', machineLinkName(eniId(own))),
    'the router’s end': (machine) =>
      machine.run('ip', '-n', machine.routers()[0] ?? '', 'link', 'delete', linkName(eniId(own))),
    'its address': (machine) =>
      machine.runIn('host', 'ip', 'address', 'flush', 'dev', machineLinkName(eniId(own))),
    'its rules': (machine) => machine.runIn('host', 'ip', 'rule', 'delete', 'from', own),
  };
  for (const [what, breaking] of Object.entries(broken)) {
    it(`is made again when somebody took away ${what}`, async () => {
      await using machine = await machineOf();
      const network = await opened(machine);
      await breaking(machine);
      expect(await machine.connect('task', own)).toBeUndefined();
      await network.verify();
      expect(await machine.connect('task', own)).toBe(task);
      const { writes } = network;
      await network.verify();
      expect(network.writes).toBe(writes);
    });
  }

  it('is taken over from an earlier process, or away when that is gone', async () => {
    await using machine = await machineOf();
    await opened(machine);
    const before = await rules(machine);
    const later = machine.network();
    // Of another VPC first: nobody has spoken of this one yet.
    await later.apply(vpc({ id: id('vpc', 'other'), number: 2, hasInternetGateway: true }));
    expect(await rules(machine)).toBe(before);
    await later.apply(topology(ofMachine()));
    expect(await rules(machine)).toBe(before);
    expect(await machine.connect('task', own)).toBe(task);
    const third = machine.network();
    await third.apply(topology(eni(own)));
    expect(third.attached()).toEqual([eniId(task)]);
    expect(await rules(machine)).not.toContain('from 10.0.2.');
  });

  it('is none with an address that the machine has already', async () => {
    await using machine = await machineOf();
    await machine.runIn('host', 'ip', 'address', 'add', `${own}/32`, 'dev', 'lo');
    const network = await opened(machine);
    expect(network.attached()).toEqual([eniId(task)]);
    expect(machine.log.lines.map(({ message }) => message)).toContain(
      'An interface cannot be attached: the machine has its address already',
    );
    await machine.runIn('host', 'ip', 'address', 'delete', `${own}/32`, 'dev', 'lo');
    await network.verify();
    expect(await machine.connect('task', own)).toBe(task);
  });

  it('is no way into anything else that the machine is on', async () => {
    await using machine = await machineOf();
    const network = await opened(machine);
    const lan = machine.namespace('lan');
    await machine.runIn('host', 'ip', 'link', 'add', 'lan0', 'type', 'veth', 'peer', 'name', 'lan1');
    await machine.runIn('host', 'ip', 'link', 'set', 'lan1', 'netns', machine.nameOf('lan'));
    await machine.runIn('host', 'ip', 'address', 'add', '203.0.113.1/24', 'dev', 'lan0');
    await machine.runIn('host', 'ip', 'link', 'set', 'lan0', 'up');
    await machine.runIn('lan', 'ip', 'address', 'add', '203.0.113.2/24', 'dev', 'lan1');
    await machine.runIn('lan', 'ip', 'link', 'set', 'lan1', 'up');
    await machine.runIn('lan', 'ip', 'route', 'add', '10.0.0.0/16', 'via', '203.0.113.1');
    expect(lan.path).toBeTruthy();
    const forwards = ofMachine({ checksSourceAndDestination: false });
    const through = {
      destination: '203.0.113.0/24',
      target: { type: 'network-interface', id: eniId(own) },
    } as const;
    const withWay = topology(forwards);
    await network.apply({
      ...withWay,
      routeTables: withWay.routeTables.map((table) => ({ ...table, routes: [...table.routes, through] })),
    });
    expect(await machine.canPing('host', '203.0.113.2')).toBe(true);
    expect(await machine.connect('task', own)).toBe(task);
    expect(await machine.canPing('task', '203.0.113.2')).toBe(false);
  });
});
