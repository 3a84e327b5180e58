import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { explainPacket, type PacketTraffic, type VpcTopology } from '../../../topology/index.ts';
import { interfaceOf, rule, vpcOf } from '../../../topology/testing/vpc.ts';
import { whyNoVpcs } from '../open.ts';
import { replyTo, type TestPacket } from '../testing/frame.ts';
import type { Wires } from '../testing/wires.ts';

const why = await whyNoVpcs();

const traffics: Readonly<Record<string, PacketTraffic>> = {
  tcp: { protocol: 'tcp', port: 80 },
  udp: { protocol: 'udp', port: 80 },
  icmp: { protocol: 'icmp', type: 8, code: 0 },
};
const anywhere = [rule('all to 0.0.0.0/0')];
const each = (from: string) => [
  rule(`tcp 80 from ${from}`),
  rule(`udp 80-90 from ${from}`),
  rule(`icmp 8 from ${from}`),
];
const groups = [
  { id: 'sg-own', ingress: each('sg-own'), egress: anywhere },
  { id: 'sg-alone', ingress: [], egress: anywhere },
  { id: 'sg-reference', ingress: each('sg-own'), egress: [] },
  { id: 'sg-block', ingress: each('10.0.0.4/32'), egress: [] },
  { id: 'sg-everybody', ingress: each('0.0.0.0/0'), egress: anywhere },
];
const [client, peer, alone, referring, block] = [
  'sg-own',
  'sg-own',
  'sg-alone',
  'sg-reference',
  'sg-block',
].map((groupId, index) => interfaceOf(index, { securityGroupIds: [groupId] })) as [
  Interface,
  Interface,
  Interface,
  Interface,
  Interface,
];
type Interface = ReturnType<typeof interfaceOf>;
const forwarder = interfaceOf(5, { securityGroupIds: ['sg-own'], checksSourceAndDestination: false });
const published = interfaceOf(6, {
  securityGroupIds: ['sg-reference'],
  publicAddresses: [{ privateIpv4: '10.0.0.10', publicIpv4: '198.18.0.10' }],
});
const welcoming = interfaceOf(7, { securityGroupIds: ['sg-everybody'] });
const vpc = vpcOf({
  securityGroups: groups,
  interfaces: [client, peer, alone, referring, block, forwarder, published, welcoming],
});

function without(groupId: string, direction: 'ingress' | 'egress'): VpcTopology {
  const changed = groups.map((group) => (group.id === groupId ? { ...group, [direction]: [] } : group));
  return { ...vpc, securityGroups: changed };
}

describe.skipIf(why !== undefined)(`security groups in the kernel ${why ?? ''}`, () => {
  let wires: Wires;
  let tag = 0;

  beforeAll(async () => {
    const { Wires } = await import('../testing/wires.ts');
    wires = await Wires.of(vpc);
  });
  beforeEach(() => wires.apply(vpc));
  afterAll(() => wires?.[Symbol.asyncDispose]());

  function nextTag(): number {
    tag += 1;
    return tag;
  }

  /** The first packet of a new flow, or another one of a known flow. */
  function packetOf(from: Interface, to: Interface, traffic: PacketTraffic, flow?: number): TestPacket {
    const ends = { source: from.addresses[0] ?? '', destination: to.addresses[0] ?? '' };
    return {
      tag: nextTag(),
      ...ends,
      traffic,
      flow: flow ?? 20_000 + tag,
      ...(flow !== undefined && { part: 'later' as const }),
    };
  }

  /** Where it was seen. */
  async function sent(from: string, packet: TestPacket, sourceMac?: string): Promise<readonly string[]> {
    wires.send(from, packet, sourceMac);
    return ((await wires.seen()).get(packet.tag) ?? []).map(({ at }) => at);
  }

  const cells = [
    { relation: 'the same group, which allows itself', to: peer, isAllowed: true },
    { relation: 'a group that allows nobody', to: alone, isAllowed: false },
    { relation: 'a group that allows the sender’s', to: referring, isAllowed: true },
    { relation: 'a group that allows the sender’s block', to: block, isAllowed: true },
  ].flatMap((cell) =>
    Object.entries(traffics).map(([protocol, traffic]) => ({ ...cell, protocol, traffic })),
  );

  it.each(cells)('$protocol to $relation', async ({ to, isAllowed, traffic }) => {
    expect(explainPacket(vpc, { from: client.id, to: to.id, traffic }).passes).toBe(isAllowed);
    const packet = packetOf(client, to, traffic);
    expect(await sent(client.id, packet)).toEqual(isAllowed ? [to.id] : []);
    // Nobody's egress allows the answer, which needs none.
    if (isAllowed) expect(await sent(to.id, replyTo(packet, nextTag()))).toEqual([client.id]);
  });

  it.each(cells.filter(({ isAllowed }) => isAllowed))(
    '$protocol from elsewhere than $relation',
    async (cell) => {
      const { to, traffic } = cell;
      expect(explainPacket(vpc, { from: alone.id, to: to.id, traffic }).passes).toBe(false);
      expect(await sent(alone.id, packetOf(alone, to, traffic))).toEqual([]);
    },
  );

  const revocations = [
    { what: 'ingress', to: referring, changed: without('sg-reference', 'ingress') },
    { what: 'ingress of a block', to: block, changed: without('sg-block', 'ingress') },
    { what: 'egress', to: referring, changed: without('sg-own', 'egress') },
    {
      what: 'membership',
      to: referring,
      changed: {
        ...vpc,
        interfaces: vpc.interfaces.map((one) =>
          one === client ? { ...client, securityGroupIds: ['sg-alone'] } : one,
        ),
      },
    },
  ].flatMap((cell) =>
    Object.entries(traffics).map(([protocol, traffic]) => ({ ...cell, protocol, traffic })),
  );

  it.each(revocations)(
    '$protocol goes on when $what is revoked, but begins no more',
    async ({ to, changed, traffic }) => {
      const packet = packetOf(client, to, traffic);
      expect(await sent(client.id, packet)).toEqual([to.id]);
      expect(await sent(to.id, replyTo(packet, nextTag()))).toEqual([client.id]);

      await wires.apply(changed);
      expect(await sent(client.id, packetOf(client, to, traffic, packet.flow))).toEqual([to.id]);
      expect(await sent(client.id, packetOf(client, to, traffic))).toEqual([]);

      await wires.apply(vpc);
      expect(await sent(client.id, packetOf(client, to, traffic))).toEqual([to.id]);
    },
  );

  it.each(Object.entries(traffics))(
    '%s that everybody was allowed is cut, in both directions, if it needed no tracking',
    async (protocol, traffic) => {
      const goesOn = protocol === 'icmp';
      const packet = packetOf(client, welcoming, traffic);
      expect(await sent(client.id, packet)).toEqual([welcoming.id]);
      expect(await sent(welcoming.id, replyTo(packet, nextTag()))).toEqual([client.id]);
      const later = packetOf(client, welcoming, traffic, packet.flow);
      expect(await sent(client.id, later)).toEqual([welcoming.id]);

      await wires.apply(without('sg-everybody', 'ingress'));
      const afterwards = packetOf(client, welcoming, traffic, packet.flow);
      expect(await sent(client.id, afterwards)).toEqual(goesOn ? [welcoming.id] : []);
      if (protocol === 'udp') return;
      expect(await sent(welcoming.id, replyTo(packet, nextTag()))).toEqual(goesOn ? [client.id] : []);
    },
  );

  it('lets an interface join a group that others name', async () => {
    const joined = { ...alone, securityGroupIds: ['sg-alone', 'sg-own'] };
    await wires.apply({ ...vpc, interfaces: vpc.interfaces.map((one) => (one === alone ? joined : one)) });
    for (const traffic of Object.values(traffics)) {
      expect(await sent(alone.id, packetOf(alone, referring, traffic))).toEqual([referring.id]);
    }
  });

  it('cuts flows at once of an address that is no longer an interface’s', async () => {
    const packet = packetOf(client, peer, { protocol: 'udp', port: 80 });
    expect(await sent(client.id, packet)).toEqual([peer.id]);
    expect(await sent(peer.id, replyTo(packet, nextTag()))).toEqual([client.id]);
    // Its link stays, but the rules know it by another address now.
    const moved = { ...client, addresses: ['10.0.0.200'] };
    await wires.apply({ ...vpc, interfaces: vpc.interfaces.map((one) => (one === client ? moved : one)) });
    expect(await sent(client.id, packetOf(client, peer, packet.traffic, packet.flow))).toEqual([]);
  });

  it('drops who bears another’s source address or MAC, and hears no ARP of his', async () => {
    const traffic = { protocol: 'udp', port: 80 } as const;
    const forged = { ...packetOf(client, referring, traffic) };
    expect(await sent(alone.id, forged)).toEqual([]);
    expect(await sent(client.id, packetOf(client, referring, traffic), alone.macAddress)).toEqual([]);
    expect(await sent(client.id, packetOf(client, referring, traffic))).toEqual([referring.id]);

    const own = { mac: client.macAddress, address: '10.0.0.4' };
    expect(await wires.answersArp(client.id, own)).toBe(true);
    expect(await wires.answersArp(client.id, { ...own, address: '10.0.0.5' })).toBe(false);
    expect(await wires.answersArp(client.id, { ...own, mac: peer.macAddress })).toBe(false);
  });

  it('lets an interface forward whose check is off, but with its own MAC', async () => {
    const traffic = { protocol: 'udp', port: 80 } as const;
    expect(await sent(forwarder.id, packetOf(client, referring, traffic))).toEqual([referring.id]);
    expect(await sent(forwarder.id, packetOf(client, referring, traffic), client.macAddress)).toEqual([]);
  });

  it('lets nobody outside pass for a member of a group', async () => {
    const packet = {
      ...packetOf(client, published, { protocol: 'udp', port: 80 }),
      destination: '198.18.0.10',
    };
    expect(await sent(vpc.id, packet)).toEqual([]);
    expect(await sent(vpc.id, { ...packet, tag: nextTag(), source: '203.0.113.7' })).toEqual([]);
    const open = { id: 'sg-reference', ingress: [rule('udp 80 from 203.0.113.0/24')], egress: [] };
    await wires.apply({ ...vpc, securityGroups: [...groups.filter(({ id }) => id !== open.id), open] });
    expect(await sent(vpc.id, { ...packet, tag: nextTag(), source: '203.0.113.7' })).toEqual([published.id]);
  });
});
