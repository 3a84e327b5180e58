import { describe, expect, it, vi } from 'vitest';
import { linkName } from './link-name.ts';
import type { LinuxNetwork } from './linux-network.ts';
import { whyNoVpcs } from './open.ts';
import type { TestMachine } from './testing/machine.ts';
import { eni, eniId, id, local, toInternet, vpc } from './testing/topologies.ts';

const why = await whyNoVpcs();
const machineOf = async (): Promise<TestMachine> => new (await import('./testing/machine.ts')).TestMachine();

const one = '10.0.1.10';
const far = '10.0.2.10';
const publicIpv4 = '198.51.100.7';
const topology = vpc({
  hasInternetGateway: true,
  routeTables: [
    { id: id('rtb', 'a'), routes: [local] },
    { id: id('rtb', 'b'), routes: [local, toInternet] },
  ],
  interfaces: [eni(one), eni(far, { publicAddresses: [{ privateIpv4: far, publicIpv4 }] })],
});

describe.skipIf(why !== undefined)(`the guard of a VPC in the kernel ${why ?? ''}`, () => {
  const broken: Readonly<Record<string, (machine: TestMachine, router: string) => Promise<unknown>>> = {
    'the link of an interface': (machine, router) =>
      machine.run('ip', '-n', router, 'link', 'delete', linkName(eniId(far))),
    'the sandbox’s end': (machine) => machine.runIn('far', 'ip', 'link', 'delete', 'eth0'),
    'a link that was brought down': (machine, router) =>
      machine.run('ip', '-n', router, 'link', 'set', linkName(eniId(far)), 'down'),
    'the routes': (machine, router) =>
      machine.run('ip', '-n', router, 'route', 'flush', 'table', 'all', 'proto', '196'),
    'routes to itself': (machine, router) =>
      machine.run(
        'ip',
        '-n',
        router,
        'route',
        'delete',
        'local',
        '169.254.170.2',
        'dev',
        'lo',
        'table',
        'local',
      ),
    'the routing rules': (machine, router) =>
      machine.run('ip', '-n', router, 'rule', 'delete', 'priority', '500'),
    'the router’s addresses': (machine, router) =>
      machine.run('ip', '-n', router, 'address', 'flush', 'dev', 'lo', 'scope', 'global'),
    'the neighbours': (machine, router) =>
      machine.run('ip', '-n', router, 'neighbour', 'flush', 'all', 'nud', 'permanent'),
    'the firewall': (machine, router) =>
      machine.run('ip', 'netns', 'exec', router, 'nft', 'flush', 'ruleset'),
    'the namespace’s name': (machine, router) => machine.run('ip', 'netns', 'delete', router),
    forwarding: (machine, router) =>
      machine.run('ip', 'netns', 'exec', router, 'sh', '-c', 'echo 0 > /proc/sys/net/ipv4/ip_forward'),
    'the link to the host': (machine) => machine.runIn('host', 'ip', 'link', 'delete', machine.hostLink()),
    'the host’s routes': (machine) => machine.runIn('host', 'ip', 'route', 'flush', 'proto', '196'),
    'the host’s tables': (machine) => machine.runIn('host', 'nft', 'flush', 'ruleset'),
  };

  for (const [what, breaking] of Object.entries(broken)) {
    it(`makes again what somebody took away: ${what}`, async () => {
      await using machine = await machineOf();
      const network = await attachedNetwork(machine);
      const [router = ''] = machine.routers();
      const before = await stateOf(machine, router);
      await breaking(machine, router);
      await network.verify();
      expect(machine.log.lines.map(({ message }) => message)).toContain(
        'The network in the kernel was not as it shall be, and was put right',
      );
      expect(await stateOf(machine, router)).toEqual(before);
      expect(await machine.canPing('one', far)).toBe(true);
      expect(await machine.canPing('host', publicIpv4)).toBe(true);
      const { writes } = network;
      await network.verify();
      expect(network.writes).toBe(writes);
    });
  }

  it('makes again what somebody took away just before a change of its own', async () => {
    const fewer = { ...topology, interfaces: [eni(one)] };
    const rulesOf = async (machine: TestMachine, router: string): Promise<string> =>
      machine.run('ip', 'netns', 'exec', router, 'nft', 'list', 'ruleset');
    await using other = await machineOf();
    await (await attachedNetwork(other)).apply(fewer);
    await using machine = await machineOf();
    const network = await attachedNetwork(machine);
    const [router = ''] = machine.routers();
    const tables = await machine.run('ip', 'netns', 'exec', router, 'nft', 'list', 'tables');
    for (const [, family = '', name = ''] of tables.matchAll(/^table (\S+) (\S+)$/gm))
      await machine.run('ip', 'netns', 'exec', router, 'nft', 'flush', 'table', family, name);
    await network.apply(fewer);
    await network.verify();
    expect(await rulesOf(machine, router)).toBe(await rulesOf(other, other.routers()[0] ?? ''));
    const { writes } = network;
    await network.verify();
    expect(network.writes).toBe(writes);
  });

  it('looks by itself', async () => {
    await using machine = await machineOf();
    await attachedNetwork(machine);
    await machine.runIn('far', 'ip', 'link', 'delete', 'eth0');
    await machine.clock.advance(5_000);
    await machine.until(() => machine.log.lines.length > 0);
    expect(await machine.canPing('one', far)).toBe(true);
  });

  it('takes no notice of rules of somebody else’s on the machine', async () => {
    await using machine = await machineOf();
    const network = await attachedNetwork(machine);
    const { writes } = network;
    await machine.runIn('host', 'nft', 'add', 'table', 'ip', 'of_somebody');
    await network.verify();
    expect(network.writes).toBe(writes);
    expect(machine.log.lines).toEqual([]);
    expect(await machine.runIn('host', 'nft', 'list', 'tables')).toContain('of_somebody');
  });

  it('takes away what is not wanted, and leaves alone what is not ours', async () => {
    await using machine = await machineOf();
    const network = await attachedNetwork(machine);
    const [router = ''] = machine.routers();
    await machine.run('ip', '-n', router, 'link', 'add', 'somebody', 'type', 'bridge');
    await machine.run('ip', '-n', router, 'route', 'add', '203.0.113.9/32', 'dev', 'up0', 'proto', '196');
    await machine.run('ip', '-n', router, 'route', 'add', '203.0.113.10/32', 'dev', 'up0');
    await network.verify();
    const routes = await machine.run('ip', '-n', router, 'route');
    expect(routes).not.toContain('203.0.113.9');
    expect(routes).toContain('203.0.113.10');
    expect(await machine.run('ip', '-n', router, '-br', 'link')).toContain('somebody');

    await network.apply({ ...topology, interfaces: [eni(one)] });
    await machine.until(
      async () => !(await machine.run('ip', '-n', router, '-br', 'link')).includes(linkName(eniId(far))),
    );
    expect(network.attached()).toEqual([eniId(one)]);
    expect(await machine.canPing('host', publicIpv4)).toBe(false);
  });

  it('takes over what an earlier process left, without losing a packet', async () => {
    await using machine = await machineOf();
    const earlier = await attachedNetwork(machine);
    const [router = ''] = machine.routers();
    const before = await stateOf(machine, router);
    const pings = machine.runIn('one', 'busybox', 'ping', '-c', '3', '-W20', far);

    // The earlier one knows nothing of its end.
    const later = machine.network();
    await later.apply(topology);
    await machine.attach(later, eniId(one), 'one');
    await machine.attach(later, eniId(far), 'far');
    expect(await stateOf(machine, router)).toEqual(before);
    expect(later.attached()).toEqual(earlier.attached());
    expect(await pings).toContain(' 0% packet loss');

    await machine.runIn('far', 'ip', 'link', 'delete', 'eth0');
    await later.verify();
    expect(await machine.canPing('one', far)).toBe(true);
  });

  it('takes over what a process left that was killed at any moment', async () => {
    await using machine = await machineOf();
    const earlier = await attachedNetwork(machine);
    const [router = ''] = machine.routers();
    const before = await stateOf(machine, router);
    await machine.run('ip', '-n', router, 'rule', 'delete', 'priority', '100');
    await machine.run('ip', '-n', router, 'link', 'delete', linkName(eniId(far)));
    await machine.run('ip', '-n', router, 'link', 'set', 'up0', 'down');
    await machine.run('ip', 'netns', 'exec', router, 'nft', 'flush', 'ruleset');
    await machine.runIn('host', 'ip', 'address', 'flush', 'dev', machine.hostLink());
    await earlier[Symbol.asyncDispose]();

    const later = machine.network();
    await later.apply(topology);
    await machine.attach(later, eniId(one), 'one');
    await machine.attach(later, eniId(far), 'far');
    // The kernel says a moment later that a link is up which was set so.
    await vi.waitFor(async () => expect(await stateOf(machine, router)).toEqual(before));
    expect(await machine.canPing('one', far)).toBe(true);
  });

  it('takes away the VPCs that went meanwhile', async () => {
    await using machine = await machineOf();
    const earlier = await attachedNetwork(machine);
    await earlier.apply(vpc({ id: id('vpc', 'two') }));
    await earlier[Symbol.asyncDispose]();
    const [first, second] = machine.routers();
    const later = machine.network();
    await later.apply(topology);
    await later.removeOthers([topology.id]);
    expect([first, second]).toContain(machine.routers()[0]);
    expect(machine.routers()).toHaveLength(1);
    expect(await machine.canPing('one', far)).toBe(true);
  });

  it('purges everything of an installation, and nothing of another', async () => {
    await using machine = await machineOf();
    const others = await machine.runIn('host', 'nft', 'add', 'table', 'ip', 'of_somebody');
    expect(others).toBe('');
    const listings = () =>
      Promise.all([
        machine.runIn('host', 'ip', '-br', 'link'),
        machine.runIn('host', 'nft', 'list', 'ruleset'),
        machine.runIn('host', 'ip', 'route', 'show', 'table', 'all'),
      ]);
    const before = await listings();
    const network = await attachedNetwork(machine);
    expect(await listings()).not.toEqual(before);
    await network[Symbol.asyncDispose]();

    const unknowing = machine.network();
    await unknowing.purge();
    expect(machine.routers()).toEqual([]);
    expect(await listings()).toEqual(before);
    expect(await machine.runIn('one', 'ip', '-br', 'link')).not.toContain('eth0');
    await unknowing.purge();
  });
});

async function attachedNetwork(machine: TestMachine): Promise<LinuxNetwork> {
  const network = machine.network();
  await network.apply(topology);
  await machine.attach(network, eniId(one), 'one');
  await machine.attach(network, eniId(far), 'far');
  expect(await machine.canPing('one', far)).toBe(true);
  return network;
}

/** All there is, indexes and what counts or ages left out. */
async function stateOf(machine: TestMachine, router: string): Promise<unknown> {
  const inRouter = (...args: readonly string[]) => machine.run('ip', '-n', router, ...args);
  const inHost = (...args: readonly string[]) => machine.runIn('host', ...(args as [string, ...string[]]));
  const texts = await Promise.all([
    inRouter('-br', 'link'),
    inRouter('-br', 'address'),
    inRouter('route', 'show', 'table', 'all'),
    inRouter('rule'),
    inRouter('neighbour', 'show', 'nud', 'permanent'),
    machine.run('ip', 'netns', 'exec', router, 'nft', 'list', 'ruleset'),
    inHost('ip', '-br', 'link'),
    inHost('ip', 'route'),
    inHost('ip', 'neighbour', 'show', 'nud', 'permanent'),
    inHost('nft', 'list', 'ruleset'),
  ]);
  return texts.map((text) =>
    text
      .split('\n')
      .map((line) =>
        line
          .replace(/@if\d+/, '')
          .replace(/((?:e|ctm)\w{12,13}|up0) +(?:UP|UNKNOWN|DOWN|LOWERLAYERDOWN) +/, '$1 ')
          .replace('NO-CARRIER,', '')
          .trim(),
      )
      .sort(),
  );
}
