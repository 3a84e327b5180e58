import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { namesOfNamespaces, placePrefixOf } from './namespace-names.ts';
import { whyNoVpcs } from './open.ts';
import type { TestMachine } from './testing/machine.ts';
import { eni, eniId, id, vpc } from './testing/topologies.ts';

const why = await whyNoVpcs();
const machineOf = async (): Promise<TestMachine> => new (await import('./testing/machine.ts')).TestMachine();
const never = new AbortController().signal;

const own = '10.0.1.10';
const task = '10.0.2.10';
const closed = { id: id('sg', 'closed'), ingress: [], egress: [] };
const topology = vpc({ interfaces: [eni(own), eni(task)] });

describe.skipIf(why !== undefined)(`a place of the machine’s own in a VPC ${why ?? ''}`, () => {
  it('asks and is asked there by its interface alone', async () => {
    await using machine = await machineOf();
    const network = machine.network();
    await network.apply(topology);
    await machine.attach(network, eniId(task), 'task');
    await machine.serve('task');
    using place = await network.openPlace(eniId(own), never);
    const socket = await place.connect({ address: task, port: 80 }, never);
    const [heard] = await once(socket, 'data');
    expect(String(heard)).toBe(own);
    socket.destroy();
    await machine.serveOn(place.listen(own, 443));
    expect(await machine.connect('task', own, 443)).toBe(task);

    await expect(place.connect({ address: task, port: 81 }, never)).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
    // Not the machine, whatever listens there.
    await machine.serve('host');
    await expect(place.connect({ address: '127.0.0.1', port: 80 }, never)).rejects.toThrow();
  });

  it('is held by security groups, and waits no longer than somebody does', async () => {
    await using machine = await machineOf();
    const network = machine.network();
    const held = eni(own, { securityGroupIds: [closed.id] });
    await network.apply({
      ...topology,
      securityGroups: [...topology.securityGroups, closed],
      interfaces: [held, eni(task)],
    });
    await machine.attach(network, eniId(task), 'task');
    await machine.serve('task');
    using place = await network.openPlace(eniId(own), never);
    const waiting = new AbortController();
    const asking = place.connect({ address: task, port: 80 }, waiting.signal);
    waiting.abort(new Error('Asked too long'));
    await expect(asking).rejects.toThrow('Asked too long');
    await machine.serveOn(place.listen(own, 443));
    expect(await machine.connect('task', own, 443)).toBeUndefined();
  });

  it('is there again for a later process, until it is taken away', async () => {
    await using machine = await machineOf();
    const network = machine.network();
    await network.apply(topology);
    await machine.attach(network, eniId(task), 'task');
    await machine.serve('task');
    (await network.openPlace(eniId(own), never))[Symbol.dispose]();
    const names = () => namesOfNamespaces(placePrefixOf(machine.installationId));
    await network.removeOtherPlaces([eniId(own)]);
    expect(names()).toHaveLength(1);
    using place = await network.openPlace(eniId(own), never);
    (await place.connect({ address: task, port: 80 }, never)).destroy();
    await network.removeOtherPlaces([]);
    await network.removePlace(eniId(own));
    expect(names()).toEqual([]);
    expect(network.attached()).toEqual([eniId(task)]);
  });
});
