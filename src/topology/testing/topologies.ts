import fc from 'fast-check';
import type {
  InterfaceTopology,
  NatGatewayTopology,
  RouteTableTopology,
  RouteTarget,
  SecurityGroupTopology,
  Traffic,
  VpcTopology,
} from '../topology.ts';

/** Small VPCs in which much is going on: what they are made of is chosen from so little that it meets. */
export const anyTopology: fc.Arbitrary<VpcTopology> = fc
  .record({
    subnets: fc.integer({ min: 1, max: 3 }),
    interfaces: fc.integer({ min: 2, max: 5 }),
    groups: fc.integer({ min: 1, max: 4 }),
    natGateways: fc.integer({ min: 0, max: 2 }),
    hasInternetGateway: likely(),
    hasResolver: likely(),
  })
  .chain((size) => {
    const groupIds = numbered(size.groups, (index) => `sg-0${index}`);
    const tableIds = numbered(size.subnets, (index) => `rtb-0${index}`);
    return fc.record({
      id: fc.constant('vpc-01'),
      number: fc.constant(1),
      cidrs: fc.constantFrom(['10.0.0.0/16'], ['10.0.0.0/16', '172.16.0.0/24']),
      hasResolver: fc.constant(size.hasResolver),
      hasInternetGateway: fc.constant(size.hasInternetGateway),
      subnets: fc.tuple(
        ...numbered(size.subnets, (index) =>
          fc.record({
            id: fc.constant(`subnet-0${index}`),
            cidr: fc.constant(`10.0.${index}.0/24`),
            routeTableId: fc.constantFrom(...tableIds),
          }),
        ),
      ),
      routeTables: fc.tuple(...tableIds.map((id) => routeTable(id, size))),
      securityGroups: fc.tuple(...groupIds.map((id) => securityGroup(id, groupIds))),
      interfaces: fc.tuple(
        ...numbered(size.interfaces, (index) => networkInterface(index, size.subnets, groupIds)),
      ),
      natGateways: fc.tuple(...numbered(size.natGateways, (index) => natGateway(index, size.subnets))),
    });
  });

/** As EC2 makes them: 17 hexadecimal digits, of which the first differ. */
export function interfaceId(index: number): string {
  return `eni-${index}123456789abcdef0`;
}

function natGatewayId(index: number): string {
  return `nat-${index}123456789abcdef0`;
}

function routeTable(
  id: string,
  size: { readonly interfaces: number; readonly natGateways: number },
): fc.Arbitrary<RouteTableTopology> {
  const target: fc.Arbitrary<RouteTarget> = fc.oneof(
    { weight: 4, arbitrary: fc.constant({ type: 'internet-gateway' as const }) },
    { weight: 3, arbitrary: named('nat-gateway', numbered(size.natGateways + 1, natGatewayId)) },
    { weight: 2, arbitrary: named('network-interface', numbered(size.interfaces + 1, interfaceId)) },
    { weight: 1, arbitrary: fc.constant({ type: 'blackhole' as const }) },
  );
  const routes = fc.uniqueArray(
    fc.record({
      destination: fc.constantFrom('0.0.0.0/0', '0.0.0.0/0', '203.0.113.0/24', '198.18.0.0/24'),
      target,
    }),
    { minLength: 1, maxLength: 3, selector: ({ destination }) => destination },
  );
  const local = ['10.0.0.0/16', '172.16.0.0/24'].map((destination) => ({
    destination,
    target: { type: 'local' as const },
  }));
  // Within the VPC, by something else than straight there.
  const detours = fc.uniqueArray(
    fc.record({
      destination: fc.constantFrom('10.0.1.0/24', '10.0.0.4/31'),
      target: named('network-interface', numbered(size.interfaces + 1, interfaceId)),
    }),
    { maxLength: 2, selector: ({ destination }) => destination },
  );
  return fc
    .tuple(routes, fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: detours }))
    .map(([others, within]) => ({ id, routes: [...local, ...within, ...others] }));
}

function named<Type extends string>(type: Type, ids: readonly string[]) {
  return fc.constantFrom(...ids).map((id) => ({ type, id }));
}

function securityGroup(id: string, groupIds: readonly string[]): fc.Arbitrary<SecurityGroupTopology> {
  const peer = fc.oneof(
    fc
      .uniqueArray(fc.constantFrom(...blocks), { minLength: 1, maxLength: 2 })
      .map((cidrs) => ({ type: 'cidrs' as const, cidrs })),
    fc.constantFrom(...groupIds).map((peerId) => ({ type: 'group' as const, id: peerId })),
  );
  const rules = (direction: string) =>
    fc
      .array(fc.record({ traffic: fc.constantFrom(...traffics), peer }), { minLength: 1, maxLength: 6 })
      .map((parts) => parts.map((part, index) => ({ id: `sgr-${id}${direction}${index}`, ...part })));
  const everything = fc.constant([
    {
      id: `sgr-${id}all`,
      traffic: { protocol: 'all' as const },
      peer: { type: 'cidrs' as const, cidrs: ['0.0.0.0/0'] },
    },
  ]);
  return fc.record({
    id: fc.constant(id),
    ingress: fc.oneof({ weight: 5, arbitrary: rules('i') }, { weight: 1, arbitrary: everything }),
    // As groups are when they are made, mostly.
    egress: fc.oneof({ weight: 1, arbitrary: rules('e') }, { weight: 2, arbitrary: everything }),
  });
}

const blocks = [
  '0.0.0.0/0',
  '0.0.0.0/0',
  '10.0.0.0/16',
  '10.0.1.0/24',
  '10.0.0.4/31',
  '10.0.0.128/25',
  '203.0.113.0/24',
  '203.0.113.7/32',
  '198.18.0.0/24',
] as const;

const traffics: readonly Traffic[] = [
  { protocol: 'all' },
  { protocol: 'all' },
  { protocol: 'tcp', fromPort: 80, toPort: 80 },
  { protocol: 'tcp', fromPort: 70, toPort: 90 },
  { protocol: 'tcp', fromPort: 0, toPort: 65535 },
  { protocol: 'udp', fromPort: 80, toPort: 443 },
  { protocol: 'udp', fromPort: 443, toPort: 443 },
  { protocol: 'icmp' },
  { protocol: 'icmp', type: 8 },
  { protocol: 'icmp', type: 8, code: 0 },
  { protocol: 'icmp', type: 13 },
  { protocol: 50 },
];

function networkInterface(
  index: number,
  subnets: number,
  groupIds: readonly string[],
): fc.Arbitrary<InterfaceTopology> {
  return fc
    .record({
      subnet: fc.integer({ min: 0, max: subnets - 1 }),
      hasSecondary: fc.boolean(),
      hasPrefix: unlikely(),
      publics: fc.constantFrom(0, 1, 1, 2),
      checksSourceAndDestination: likely(),
      securityGroupIds: fc.subarray([...groupIds], { minLength: 1 }),
    })
    .map(({ subnet, hasSecondary, hasPrefix, publics, ...rest }) => {
      const primary = `10.0.${subnet}.${4 + index}`;
      const addresses = hasSecondary ? [primary, `10.0.${subnet}.${20 + index}`] : [primary];
      return {
        id: interfaceId(index),
        subnetId: `subnet-0${subnet}`,
        macAddress: `02:00:00:00:00:0${index}`,
        addresses,
        prefixes: hasPrefix ? [`10.0.${subnet}.${128 + 16 * index}/28`] : [],
        publicAddresses: addresses
          .slice(0, publics)
          .map((privateIpv4, each) => ({ privateIpv4, publicIpv4: `198.18.0.${10 + 2 * index + each}` })),
        ...rest,
      };
    });
}

function natGateway(index: number, subnets: number): fc.Arbitrary<NatGatewayTopology> {
  return fc
    .record({ subnet: fc.integer({ min: 0, max: subnets - 1 }), isPublic: likely() })
    .map(({ subnet, isPublic }) => ({
      id: natGatewayId(index),
      subnetId: `subnet-0${subnet}`,
      privateIpv4: `10.0.${subnet}.${100 + index}`,
      ...(isPublic && { publicIpv4: `198.18.0.${100 + index}` }),
    }));
}

function likely(): fc.Arbitrary<boolean> {
  return fc.constantFrom(true, true, true, false);
}

function unlikely(): fc.Arbitrary<boolean> {
  return fc.constantFrom(false, false, false, true);
}

function numbered<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
