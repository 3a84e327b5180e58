import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../clock/index.ts';
import { interfaceOf, rule, vpcOf } from '../../topology/testing/vpc.ts';
import { EngineNetworks } from './engine-networks.ts';

const open = { id: 'sg-open', ingress: [rule('all from 0.0.0.0/0')], egress: [rule('all to 0.0.0.0/0')] };
const closed = { ...open, ingress: [rule('tcp 80 from 0.0.0.0/0')] };
const eni = interfaceOf(0);
const vpc = vpcOf({ securityGroups: [open], interfaces: [eni] });

class World {
  readonly clock = new VirtualClock(0);
  readonly removed: string[] = [];
  readonly lost: string[] = [];
  readonly networks = new EngineNetworks({
    removeNetwork: async (name) => void this.removed.push(name),
    clock: this.clock,
  });

  place(interfaceId = eni.id, signal = new AbortController().signal) {
    return this.networks.place({ interfaceId, signal, onLoss: (reason) => this.lost.push(reason) });
  }
}

describe('networks of the Engine’s', () => {
  test('are one for each subnet, on which nobody answers as the VPC’s resolver', async () => {
    const { networks, place } = bound(new World());
    await networks.apply(vpc);
    expect(await place()).toEqual({
      network: { name: 'catamaran-subnet-public', cidr: '10.0.0.0/24', gateway: '10.0.0.1' },
      absentNameServers: ['10.0.0.2', '169.254.169.253'],
    });
    expect(networks.attached()).toEqual([eni.id]);
    networks.leave(eni.id);
    expect(networks.attached()).toEqual([]);
  });

  test('wait for the topology that tells of an interface, and not for ever', async () => {
    const world = new World();
    const placing = world.place();
    await world.networks.apply(vpcOf());
    await world.networks.apply(vpc);
    expect(await placing).toMatchObject({ network: { name: 'catamaran-subnet-public' } });
    const late = expect(world.place('eni-other')).rejects.toThrow(/Cannot place eni-other/);
    await world.clock.advance(30_000);
    await late;
    const ended = new AbortController();
    const given = expect(world.place('eni-other', ended.signal)).rejects.toThrow('the agent closes');
    ended.abort(new Error('the agent closes'));
    await given;
  });

  test('refuse whom nothing there would hold', async () => {
    const { networks, place } = bound(new World());
    await networks.apply({ ...vpc, securityGroups: [closed] });
    await expect(place()).rejects.toThrow(/security groups are not enforced/);
    expect(networks.attached()).toEqual([]);
  });

  test('lose whom nothing there holds any more, once', async () => {
    const world = new World();
    await world.networks.apply(vpc);
    await world.place();
    await world.networks.apply({ ...vpc, number: 2 });
    expect(world.lost).toEqual([]);
    await world.networks.apply({ ...vpc, securityGroups: [closed] });
    await world.networks.apply({ ...vpc, securityGroups: [closed] });
    expect(world.lost).toEqual([expect.stringMatching(/security groups are not enforced/)]);
    expect(world.networks.attached()).toEqual([]);
  });

  test('go with their subnets', async () => {
    const { networks, removed } = new World();
    await networks.apply(vpc);
    await networks.apply({ ...vpc, subnets: vpc.subnets.slice(0, 1) });
    expect(removed).toEqual(['catamaran-subnet-private']);
    await networks.remove(vpc.id);
    await networks.remove(vpc.id);
    expect(removed).toEqual(['catamaran-subnet-private', 'catamaran-subnet-public']);
  });
});

function bound(world: World) {
  return { networks: world.networks, place: () => world.place() };
}
