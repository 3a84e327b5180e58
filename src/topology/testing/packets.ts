import fc from 'fast-check';
import type { Packet, PacketTraffic } from '../packet.ts';
import type { VpcTopology } from '../topology.ts';

/** Packets that one of a VPC's interfaces, or somebody outside, may send: few are beside everything that rules name. */
export function anyPacketIn({ interfaces, natGateways }: VpcTopology): fc.Arbitrary<Packet> {
  const addresses = interfaces.flatMap((each) => [
    ...each.addresses,
    ...each.addresses,
    ...each.prefixes.map((prefix) => prefix.replace(/0\/28$/, '5').replace(/\/28$/, '')),
  ]);
  const publicAddresses = [
    ...interfaces.flatMap((each) => each.publicAddresses.map(({ publicIpv4 }) => publicIpv4)),
    ...natGateways.flatMap(({ publicIpv4 }) => publicIpv4 ?? []),
    '198.18.0.200',
  ];
  const nobodys = ['10.0.0.77', '10.0.2.77'];
  const outside = ['203.0.113.7', '203.0.113.99', '192.0.2.1'];
  const own = interfaces.flatMap((each) => each.addresses.map((address) => ({ from: each.id, address })));
  const fromInterface = fc
    .record({
      sender: fc.constantFrom(...own),
      to: fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom(...addresses) },
        { weight: 3, arbitrary: fc.constantFrom(...publicAddresses) },
        { weight: 4, arbitrary: fc.constantFrom(...outside) },
        { weight: 1, arbitrary: fc.constantFrom(...nobodys) },
        {
          weight: 2,
          arbitrary: fc.constantFrom(
            '10.0.0.2',
            '169.254.170.2',
            '169.254.169.253',
            '169.254.172.1',
            '10.0.0.1',
          ),
        },
      ),
      forged: fc.oneof(
        { weight: 8, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: fc.constantFrom(...addresses, ...nobodys, ...outside) },
      ),
      traffic: anyTraffic,
    })
    .map(({ sender, to, forged, traffic }) => {
      const sourceAddress = forged ?? sender.address;
      return { from: sender.from, to, sourceAddress, traffic };
    });
  const fromOutside = fc.record({
    from: fc.constantFrom(...outside),
    to: fc.constantFrom(...publicAddresses, ...publicAddresses, ...addresses),
    traffic: anyTraffic,
  });
  return fc.oneof({ weight: 4, arbitrary: fromInterface }, { weight: 1, arbitrary: fromOutside });
}

const anyTraffic: fc.Arbitrary<PacketTraffic> = fc.constantFrom<PacketTraffic[]>(
  { protocol: 'tcp', port: 80 },
  { protocol: 'tcp', port: 70 },
  { protocol: 'tcp', port: 91 },
  { protocol: 'tcp', port: 53 },
  { protocol: 'udp', port: 80 },
  { protocol: 'udp', port: 443 },
  { protocol: 'udp', port: 53 },
  { protocol: 'icmp', type: 8, code: 0 },
  { protocol: 'icmp', type: 8, code: 1 },
  { protocol: 'icmp', type: 13, code: 0 },
  { protocol: 'icmp', type: 3, code: 4 },
  { protocol: 50 },
  { protocol: 89 },
);
