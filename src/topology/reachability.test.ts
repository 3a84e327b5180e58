import { expect, describe as group, it } from 'vitest';
import { describe } from './describe-step.ts';
import type { Packet, PacketTraffic } from './packet.ts';
import { explainPacket } from './reachability.ts';
import { interfaceOf, rule, vpcOf } from './testing/vpc.ts';
import type { InterfaceTopology, VpcTopology } from './topology.ts';

const open = { id: 'sg-open', ingress: [rule('all from 0.0.0.0/0')], egress: [rule('all to 0.0.0.0/0')] };
const http: PacketTraffic = { protocol: 'tcp', port: 80 };
const outside = '203.0.113.7';

const web = interfaceOf(0, {
  securityGroupIds: ['sg-web'],
  publicAddresses: [{ privateIpv4: '10.0.0.4', publicIpv4: '198.18.0.4' }],
});
const api = interfaceOf(1, { securityGroupIds: ['sg-api'] });
const database = interfaceOf(2, {
  subnetId: 'subnet-private',
  addresses: ['10.0.1.6', '10.0.1.60'],
  prefixes: ['10.0.1.128/28'],
  securityGroupIds: ['sg-db'],
});
const stranger = interfaceOf(3, { securityGroupIds: [] });
const forwarder = interfaceOf(4, { checksSourceAndDestination: false });
const visited = interfaceOf(5, {
  publicAddresses: [{ privateIpv4: '10.0.0.9', publicIpv4: '198.18.0.9' }],
});
const groups = [
  open,
  { id: 'sg-web', ingress: [rule('tcp 80 from 0.0.0.0/0')], egress: [rule('all to 0.0.0.0/0')] },
  {
    id: 'sg-api',
    ingress: [rule('tcp 80-90 from sg-web'), rule('icmp 8 from 10.0.0.0/16')],
    egress: [rule('tcp 5432 to sg-db'), rule('tcp 80 to sg-web')],
  },
  {
    id: 'sg-db',
    ingress: [rule('tcp 5432 from sg-api'), rule('50 from sg-web')],
    egress: [rule('tcp 443 to 0.0.0.0/0')],
  },
];
const interfaces = [web, api, database, stranger, forwarder, visited];

function vpc(changes: Partial<VpcTopology> = {}): VpcTopology {
  return vpcOf({ securityGroups: groups, interfaces, ...changes });
}

/** The table of the private subnet with other routes out. */
function routed(...routes: VpcTopology['routeTables'][number]['routes']): VpcTopology {
  return vpc({
    routeTables: vpc().routeTables.map((table) => {
      const [local] = table.routes;
      if (local === undefined || table.id === 'rtb-public') return table;
      return { ...table, routes: [local, ...routes] };
    }),
  });
}

function tcp(port: number): PacketTraffic {
  return { protocol: 'tcp', port };
}

function story(topology: VpcTopology, packet: Packet): readonly string[] {
  return explainPacket(topology, packet).steps.map(describe);
}

/** The stages that a packet does not pass. */
function obstacles(topology: VpcTopology, packet: Packet): readonly string[] {
  const { passes, steps } = explainPacket(topology, packet);
  const failed = steps.filter((step) => !step.passes).map(({ stage }) => stage);
  expect(passes).toBe(failed.length === 0);
  return failed;
}

group('a packet between two interfaces', () => {
  it('passes by the route within the VPC and by one rule at each end', () => {
    expect(story(vpc(), { from: web.id, to: api.id, traffic: tcp(85) })).toEqual([
      `The source 10.0.0.4 is an address of ${web.id}.`,
      'rtb-public of subnet-public routes packets to 10.0.0.5 by 10.0.0.0/16 to the VPC itself.',
      `sgr-all-to-0-0-0-0-0 of sg-web allows ${web.id} this egress to 10.0.0.5.`,
      `The destination 10.0.0.5 is an address of ${api.id}.`,
      `sgr-tcp-80-90-from-sg-web of sg-api allows ${api.id} this ingress from 10.0.0.4.`,
      'rtb-public of subnet-public routes replies to 10.0.0.4 by 10.0.0.0/16 to the VPC itself.',
    ]);
  });

  const cases: readonly (readonly [string, Packet, readonly string[]])[] = [
    ['a port beside the range', { from: web.id, to: api.id, traffic: tcp(91) }, ['ingress']],
    ['another protocol', { from: web.id, to: api.id, traffic: { protocol: 'udp', port: 80 } }, ['ingress']],
    ['a group that no rule names', { from: forwarder.id, to: api.id, traffic: tcp(80) }, ['ingress']],
    ['no egress rule', { from: database.id, to: api.id, traffic: http }, ['egress', 'ingress']],
    ['an interface without groups', { from: stranger.id, to: web.id, traffic: http }, ['egress']],
    ['a reference to the group of the receiver', { from: api.id, to: database.id, traffic: tcp(5432) }, []],
    ['its secondary address', { from: api.id, to: '10.0.1.60', traffic: tcp(5432) }, []],
    ['an address delegated to it', { from: api.id, to: '10.0.1.140', traffic: tcp(5432) }, []],
    ['an address that nobody has', { from: web.id, to: '10.0.0.77', traffic: http }, ['receiver']],
    ['a sender that nobody is', { from: '10.0.0.77', to: web.id, traffic: http }, ['sender']],
    ['a name that nobody has', { from: web.id, to: 'eni-none', traffic: http }, ['receiver']],
    ['an echo request', { from: visited.id, to: api.id, traffic: icmp(8) }, []],
    ['an ICMP message that is no request', { from: web.id, to: visited.id, traffic: icmp(3) }, ['flow']],
    ['a protocol by number', { from: web.id, to: database.id, traffic: { protocol: 50 } }, []],
    ['another number', { from: web.id, to: database.id, traffic: { protocol: 51 } }, ['ingress']],
    [
      'a source that is not the sender’s',
      { from: visited.id, sourceAddress: '10.0.0.4', to: api.id, traffic: http },
      ['source-check'],
    ],
    [
      'such a source of one that forwards',
      { from: forwarder.id, sourceAddress: '10.0.0.4', to: api.id, traffic: http },
      [],
    ],
    ['itself', { from: web.id, to: '10.0.0.4', traffic: tcp(1) }, []],
  ];
  it.each(cases)('meets its obstacles: %s', (_, packet, expected) => {
    expect(obstacles(vpc(), packet)).toEqual(expected);
  });
});

group('a packet within the VPC by another way than straight', () => {
  const detour = (id: string) =>
    routed({ destination: '10.0.0.0/28', target: { type: 'network-interface', id } });
  const toSource = { id: 'sg-db', ingress: [rule('all from 0.0.0.0/0')], egress: [rule('all to 0.0.0.0/0')] };
  const opened = (topology: VpcTopology): VpcTopology => ({
    ...topology,
    securityGroups: [...groups.filter(({ id }) => id !== 'sg-db'), toSource],
  });

  it('is given to the interface that its route names', () => {
    const packet: Packet = { from: database.id, to: web.id, traffic: http };
    expect(story(opened(detour(forwarder.id)), packet).slice(-3)).toEqual([
      `${forwarder.id} does not check sources and destinations.`,
      `sgr-all-from-0-0-0-0-0 of sg-open allows ${forwarder.id} this ingress from 10.0.1.6.`,
      `${forwarder.id} is given the packet and forwards it on its own account.`,
    ]);
    expect(obstacles(opened(detour(visited.id)), packet)).toEqual(['destination-check']);
    expect(obstacles(opened(detour('eni-gone')), packet)).toEqual(['receiver']);
    expect(obstacles(opened(detour(web.id)), packet)).toEqual([]);
  });

  it('may be answered by it', () => {
    const packet: Packet = { from: visited.id, to: database.id, traffic: http };
    expect(obstacles(opened(detour(forwarder.id)), packet)).toEqual([]);
    expect(obstacles(opened(detour(web.id)), packet)).toEqual(['return-route']);
  });
});

group('a packet to the router’s own addresses', () => {
  it.each<readonly [string, PacketTraffic, readonly string[]]>([
    ['10.0.0.2', { protocol: 'udp', port: 53 }, []],
    ['169.254.169.253', tcp(53), []],
    ['169.254.170.2', http, []],
    ['169.254.169.254', http, []],
    ['169.254.170.2', tcp(22), ['endpoint']],
    ['10.0.0.2', icmp(8), ['endpoint']],
    ['169.254.172.1', http, ['endpoint']],
  ])('is not filtered by groups: %s %o', (to, traffic, expected) => {
    expect(obstacles(vpc(), { from: stranger.id, to, traffic })).toEqual(expected);
  });

  it('finds no resolver where the VPC has none', () => {
    const packet: Packet = { from: web.id, to: '10.0.0.2', traffic: { protocol: 'udp', port: 53 } };
    expect(obstacles(vpc({ hasResolver: false }), packet)).toEqual(['receiver']);
  });
});

group('a packet to the internet', () => {
  it('leaves with the public address of its sender', () => {
    expect(story(vpc(), { from: web.id, to: outside, traffic: tcp(443) }).slice(1)).toEqual([
      `rtb-public of subnet-public routes packets to ${outside} by 0.0.0.0/0 to the internet gateway.`,
      `sgr-all-to-0-0-0-0-0 of sg-web allows ${web.id} this egress to ${outside}.`,
      'At the internet gateway the source 10.0.0.4 becomes 198.18.0.4.',
      'vpc-01 has an internet gateway attached.',
    ]);
  });

  it('leaves by the NAT gateway’s subnet where there is one', () => {
    expect(story(vpc(), { from: database.id, to: outside, traffic: tcp(443) }).slice(3)).toEqual([
      'At nat-0123456789abcdef0 the source 10.0.1.6 becomes 198.18.0.100.',
      `rtb-public of subnet-public routes packets to ${outside} by 0.0.0.0/0 to the internet gateway.`,
      'vpc-01 has an internet gateway attached.',
    ]);
  });

  const out = (from: InterfaceTopology, traffic: PacketTraffic = tcp(443)): Packet => ({
    from: from.id,
    to: outside,
    traffic,
  });
  it.each<readonly [string, VpcTopology, Packet, readonly string[]]>([
    ['no public address', vpc(), out(forwarder), ['source-translation']],
    ['no gateway', vpc({ hasInternetGateway: false }), out(web), ['internet-gateway']],
    ['no route', routed(), out(database), ['route']],
    [
      'a blackhole',
      routed({ destination: '203.0.113.0/24', target: { type: 'blackhole' } }),
      out(database),
      ['route'],
    ],
    ['a NAT gateway that is gone', vpc({ natGateways: [] }), out(database), ['receiver']],
    [
      'a protocol that NAT gateways do not carry',
      vpc(),
      out(database, { protocol: 50 }),
      ['egress', 'source-translation'],
    ],
    [
      'a NAT gateway in a subnet that leads nowhere',
      vpc({ natGateways: vpc().natGateways.map((gateway) => ({ ...gateway, subnetId: 'subnet-private' })) }),
      out(database),
      ['route'],
    ],
    [
      'an interface that forwards',
      routed({ destination: '0.0.0.0/0', target: { type: 'network-interface', id: forwarder.id } }),
      out(database),
      [],
    ],
    [
      'an interface that does not forward',
      routed({ destination: '0.0.0.0/0', target: { type: 'network-interface', id: visited.id } }),
      out(database),
      ['destination-check'],
    ],
  ])('meets its obstacles: %s', (_, topology, packet, expected) => {
    expect(obstacles(topology, packet)).toEqual(expected);
  });
});

group('a packet from the internet', () => {
  it('finds a public address, and the rules see its real source', () => {
    expect(story(vpc(), { from: outside, to: '198.18.0.4', traffic: http })).toEqual([
      'vpc-01 has an internet gateway attached.',
      'At the internet gateway the destination 198.18.0.4 becomes 10.0.0.4.',
      `The destination 10.0.0.4 is an address of ${web.id}.`,
      `sgr-tcp-80-from-0-0-0-0-0 of sg-web allows ${web.id} this ingress from ${outside}.`,
      `rtb-public of subnet-public routes replies to ${outside} by 0.0.0.0/0 to the internet gateway.`,
    ]);
  });

  it.each<readonly [string, string, PacketTraffic, readonly string[]]>([
    ['an interface by its id', web.id, http, []],
    ['a port that is closed', web.id, tcp(22), ['ingress']],
    ['an interface without a public address', api.id, http, ['destination-translation']],
    ['a private address', '10.0.0.4', http, ['destination-translation']],
    ['a NAT gateway', '198.18.0.100', http, ['destination-translation']],
  ])('meets its obstacles: %s', (_, to, traffic, expected) => {
    expect(obstacles(vpc(), { from: outside, to, traffic })).toEqual(expected);
  });

  it('is not answered from a subnet that does not lead there', () => {
    const moved = interfaces.map((each) => (each === web ? { ...web, subnetId: 'subnet-private' } : each));
    expect(obstacles(vpc({ interfaces: moved }), { from: outside, to: web.id, traffic: http })).toEqual([
      'return-route',
    ]);
  });
});

group('a packet to a public address of its own VPC', () => {
  it('goes out and comes back as a stranger’s, which no rule for a group knows', () => {
    expect(story(vpc(), { from: visited.id, to: '198.18.0.4', traffic: http }).slice(3)).toEqual([
      'At the internet gateway the source 10.0.0.9 becomes 198.18.0.9.',
      'vpc-01 has an internet gateway attached.',
      'At the internet gateway the destination 198.18.0.4 becomes 10.0.0.4.',
      `The destination 10.0.0.4 is an address of ${web.id}.`,
      `sgr-tcp-80-from-0-0-0-0-0 of sg-web allows ${web.id} this ingress from 198.18.0.9.`,
      'rtb-public of subnet-public routes replies to 198.18.0.9 by 0.0.0.0/0 to the internet gateway.',
    ]);
    // By the private address, its group would be allowed.
    expect(obstacles(vpc(), { from: api.id, to: '10.0.0.4', traffic: http })).toEqual([]);
    expect(obstacles(vpc(), { from: api.id, to: '198.18.0.4', traffic: http })).toEqual([
      'egress',
      'source-translation',
    ]);
  });
});

function icmp(type: number): PacketTraffic {
  return { protocol: 'icmp', type, code: 0 };
}
