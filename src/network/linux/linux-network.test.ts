import { createSocket } from 'node:dgram';
import { describe, expect, it } from 'vitest';
import { NetworkError } from '../network.ts';
import { whyNoVpcs } from './open.ts';
import type { TestMachine } from './testing/machine.ts';
import { eni, eniId, id, local, vpc } from './testing/topologies.ts';

const why = await whyNoVpcs();
const machineOf = async (): Promise<TestMachine> => new (await import('./testing/machine.ts')).TestMachine();

const one = '10.0.1.10';
const other = '10.0.1.11';
const far = '10.0.2.10';
const three = vpc({ interfaces: [eni(one), eni(other), eni(far)] });
const never = new AbortController().signal;

describe.skipIf(why !== undefined)(`a VPC in the kernel ${why ?? ''}`, () => {
  it('carries packets between interfaces of a subnet and of others', async () => {
    await using machine = await machineOf();
    const network = machine.network();
    await network.apply(three);
    await machine.attach(network, eniId(one), 'one');
    await machine.attach(network, eniId(other), 'other');
    await machine.attach(network, eniId(far), 'far');

    await machine.serve('other');
    await machine.serve('far');
    expect(await machine.canPing('one', other)).toBe(true);
    expect(await machine.connect('one', other)).toBe(one);
    expect(await machine.connect('one', far)).toBe(one);
    expect(network.attached()).toHaveLength(3);
    expect(network.interfaceAt(three.id, far)).toBe(eniId(far));
  });

  it('gives an interface its address, its MAC, a default route and no IPv6', async () => {
    await using machine = await machineOf();
    const network = machine.network();
    await network.apply(three);
    await machine.attach(network, eniId(one), 'one');
    const [link] = JSON.parse(await machine.runIn('one', 'ip', '-j', 'address', 'show', 'dev', 'eth0'));
    expect(link).toMatchObject({ address: eni(one).macAddress, mtu: 1500, operstate: 'UP' });
    expect(link.addr_info).toMatchObject([{ family: 'inet', local: one, prefixlen: 24 }]);
    const routes = JSON.parse(await machine.runIn('one', 'ip', '-j', 'route'));
    expect(routes).toContainEqual(
      expect.objectContaining({ dst: 'default', gateway: '10.0.1.1', dev: 'eth0' }),
    );
    expect(await machine.canPing('one', '127.0.0.1')).toBe(true);
  });

  it('reaches nothing that is not attached, and nothing outside', async () => {
    await using machine = await machineOf();
    const network = machine.network();
    await network.apply(three);
    await machine.attach(network, eniId(one), 'one');
    expect(network.attached()).toEqual([eniId(one)]);
    expect(network.interfaceAt(three.id, other)).toBeUndefined();
    expect(await machine.canPing('one', other)).toBe(false);
    expect(await machine.canPing('one', '198.51.100.1')).toBe(false);

    await machine.attach(network, eniId(other), 'other');
    expect(await machine.canPing('one', other)).toBe(true);
    await network.detach(eniId(other));
    expect(network.attached()).toEqual([eniId(one)]);
    expect(await machine.canPing('one', other)).toBe(false);
    await network.detach(eniId(other));
    expect(await machine.runIn('other', 'ip', '-br', 'link')).not.toContain('eth0');
  });

  it('keeps two VPCs with the same addresses apart', async () => {
    await using machine = await machineOf();
    const network = machine.network();
    const twin = (word: string) =>
      vpc({
        id: id('vpc', word),
        interfaces: [eni(one, { id: id('eni', `${word}1`) }), eni(other, { id: id('eni', `${word}2`) })],
      });
    for (const word of ['red', 'blue']) {
      await network.apply(twin(word));
      await machine.attach(network, id('eni', `${word}1`), `${word}1`);
    }
    await machine.attach(network, id('eni', 'red2'), 'red2');
    expect(await machine.canPing('red1', other)).toBe(true);
    expect(await machine.canPing('blue1', other)).toBe(false);
    expect(network.interfaceAt(id('vpc', 'red'), one)).toBe(id('eni', 'red1'));
    expect(network.interfaceAt(id('vpc', 'blue'), one)).toBe(id('eni', 'blue1'));

    await network.remove(id('vpc', 'red'));
    await network.remove(id('vpc', 'red'));
    expect(await machine.runIn('red1', 'ip', '-br', 'link')).not.toContain('eth0');
    expect(network.attached()).toEqual([id('eni', 'blue1')]);
    expect(await machine.runIn('blue1', 'ip', '-br', 'link')).toContain('eth0');
  });

  it('writes nothing when nothing is new', async () => {
    await using machine = await machineOf();
    const network = machine.network();
    const topology = () => vpc({ hasInternetGateway: true, interfaces: [eni(one), eni(other)] });
    await network.apply(topology());
    await machine.attach(network, eniId(one), 'one');
    const { writes } = network;
    await network.apply(topology());
    await machine.attach(network, eniId(one), 'one');
    await network.verify();
    expect(network.writes).toBe(writes);
  });

  it('waits with an attachment until the interface is known, but not for ever', async () => {
    await using machine = await machineOf();
    const network = machine.network({ knownWithinMs: 10_000 });
    const attached = machine.attach(network, eniId(one), 'one');
    await network.apply(vpc());
    await network.apply(three);
    await attached;
    expect(network.attached()).toEqual([eniId(one)]);

    const late = expect(machine.attach(network, id('eni', 'nobody'), 'two')).rejects.toThrow(
      `Cannot attach ${id('eni', 'nobody')}: no VPC that was applied has it`,
    );
    await machine.clock.advance(10_000);
    await late;

    const cancelling = new AbortController();
    const { path: netnsPath } = machine.namespace('two');
    const cancelled = network.attach({
      interfaceId: id('eni', 'nobody'),
      netnsPath,
      signal: cancelling.signal,
    });
    cancelling.abort(new Error('The task has ended'));
    await expect(cancelled).rejects.toThrow('The task has ended');
  });

  it('moves an interface to another namespace, also while it is used', async () => {
    await using machine = await machineOf();
    const network = machine.network();
    await network.apply(three);
    await machine.attach(network, eniId(one), 'one');
    await machine.attach(network, eniId(other), 'before');
    expect(await machine.canPing('one', other)).toBe(true);
    await machine.attach(network, eniId(other), 'after');
    expect(await machine.canPing('one', other)).toBe(true);
    expect(await machine.runIn('before', 'ip', '-br', 'link')).not.toContain('eth0');
    expect(await machine.canPing('after', one)).toBe(true);
  });

  it('refuses a namespace that is not there or has an eth0 of somebody else', async () => {
    await using machine = await machineOf();
    const network = machine.network();
    await network.apply(three);
    await expect(
      network.attach({ interfaceId: eniId(one), netnsPath: '/run/netns/of-nobody', signal: never }),
    ).rejects.toThrow(new NetworkError('Cannot open the network namespace /run/netns/of-nobody'));
    await expect(machine.attach(network, eniId(one), 'host')).rejects.toThrow(
      'it is the machine’s own namespace',
    );
    await machine.attach(network, eniId(one), 'one');
    await expect(machine.attach(network, eniId(other), 'one')).rejects.toThrow('it has an eth0 already');
    expect(network.attached()).toEqual([eniId(one)]);
    expect(await machine.runIn('one', 'ip', '-br', 'address')).toContain(one);
  });

  it('carries secondary addresses and delegated prefixes to whatever is behind the interface', async () => {
    await using machine = await machineOf();
    const network = machine.network();
    const rich = eni(other, { addresses: [other, '10.0.1.99'], prefixes: ['10.0.1.128/28'] });
    await network.apply(vpc({ interfaces: [eni(one), rich] }));
    await machine.attach(network, eniId(one), 'one');
    await machine.attach(network, eniId(other), 'other');
    await machine.runIn('other', 'ip', 'address', 'add', '10.0.1.99/32', 'dev', 'lo');
    await machine.runIn('other', 'ip', 'address', 'add', '10.0.1.133/32', 'dev', 'lo');
    expect(await machine.canPing('one', '10.0.1.99')).toBe(true);
    expect(await machine.canPing('one', '10.0.1.133')).toBe(true);
    expect(await machine.canPing('one', '10.0.1.145')).toBe(false);
    expect(network.interfaceAt(vpc().id, '10.0.1.99')).toBe(eniId(other));

    await network.apply(vpc({ interfaces: [eni(one), eni(other)] }));
    expect(await machine.canPing('one', '10.0.1.99')).toBe(false);
    expect(await machine.canPing('one', '10.0.1.133')).toBe(false);
  });

  it('routes by the table of the subnet, through an interface that forwards', async () => {
    await using machine = await machineOf();
    const network = machine.network();
    const through = eni(far, { checksSourceAndDestination: false });
    const routes = [
      local,
      { destination: '192.0.2.0/24', target: { type: 'network-interface', id: through.id } },
    ] as const;
    const topology = (isForwarding: boolean) =>
      vpc({
        routeTables: [
          { id: id('rtb', 'a'), routes },
          { id: id('rtb', 'b'), routes: [local] },
        ],
        interfaces: [eni(one), { ...through, checksSourceAndDestination: !isForwarding }],
      });
    await network.apply(topology(true));
    await machine.attach(network, eniId(one), 'one');
    await machine.attach(network, through.id, 'through');
    await machine.runIn('through', 'ip', 'address', 'add', '192.0.2.1/32', 'dev', 'lo');
    expect(await machine.canPing('one', '192.0.2.1')).toBe(true);
    await network.apply(topology(false));
    expect(await machine.canPing('one', '192.0.2.1')).toBe(false);
  });

  it('listens on a VPC’s own addresses, and knows who asks', async () => {
    await using machine = await machineOf();
    const network = machine.network();
    expect(() => network.openSocket(three.id, { type: 'tcp', address: '169.254.170.2', port: 80 })).toThrow(
      `Cannot listen in ${three.id}: it is not on this machine`,
    );
    await network.apply(three);
    await machine.attach(network, eniId(one), 'one');
    await machine.serveOn(network.openSocket(three.id, { type: 'tcp', address: '169.254.170.2', port: 80 }));
    expect(await machine.connect('one', '169.254.170.2')).toBe(one);
    expect(() => network.openSocket(three.id, { type: 'tcp', address: '169.254.170.2', port: 80 })).toThrow(
      'Cannot listen on tcp 169.254.170.2:80 in',
    );

    const resolver = createSocket('udp4');
    const asked = new Promise<string>((resolve) =>
      resolver.on('message', (_, { address }) => resolve(address)),
    );
    resolver.bind({ fd: network.openSocket(three.id, { type: 'udp', address: '10.0.0.2', port: 53 }) });
    const asking = createSocket('udp4');
    asking.bind({ fd: machine.listen('one', { type: 'udp', address: one, port: 5_353 }) });
    asking.send('who', 53, '10.0.0.2');
    expect(await asked).toBe(one);
    resolver.close();
    asking.close();
    expect(() => network.openSocket(three.id, { type: 'udp', address: '10.0.0.3', port: 53 })).toThrow(
      'EADDRNOTAVAIL',
    );
  });
});
