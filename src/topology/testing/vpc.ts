import type { InterfaceTopology, RuleTopology, VpcTopology } from '../topology.ts';
import { interfaceId } from './topologies.ts';

/**
 * A public subnet, 10.0.0.0/24, and a private one, 10.0.1.0/24, which has a NAT gateway in the other; no interfaces, no
 * groups. Tests bend what they are about.
 */
export function vpcOf(changes: Partial<VpcTopology> = {}): VpcTopology {
  return {
    id: 'vpc-01',
    number: 1,
    cidrs: ['10.0.0.0/16'],
    hasResolver: true,
    hasInternetGateway: true,
    subnets: [
      { id: 'subnet-public', cidr: '10.0.0.0/24', routeTableId: 'rtb-public' },
      { id: 'subnet-private', cidr: '10.0.1.0/24', routeTableId: 'rtb-private' },
    ],
    routeTables: [
      {
        id: 'rtb-public',
        routes: [
          { destination: '10.0.0.0/16', target: { type: 'local' } },
          { destination: '0.0.0.0/0', target: { type: 'internet-gateway' } },
        ],
      },
      {
        id: 'rtb-private',
        routes: [
          { destination: '10.0.0.0/16', target: { type: 'local' } },
          { destination: '0.0.0.0/0', target: { type: 'nat-gateway', id: 'nat-0123456789abcdef0' } },
        ],
      },
    ],
    securityGroups: [],
    interfaces: [],
    natGateways: [
      {
        id: 'nat-0123456789abcdef0',
        subnetId: 'subnet-public',
        privateIpv4: '10.0.0.100',
        publicIpv4: '198.18.0.100',
      },
    ],
    ...changes,
  };
}

/** The nth, in the public subnet: 10.0.0.4 is the 0th's. */
export function interfaceOf(index: number, changes: Partial<InterfaceTopology> = {}): InterfaceTopology {
  return {
    id: interfaceId(index),
    subnetId: 'subnet-public',
    macAddress: `02:00:00:00:00:0${index}`,
    addresses: [`10.0.0.${4 + index}`],
    prefixes: [],
    securityGroupIds: ['sg-open'],
    checksSourceAndDestination: true,
    publicAddresses: [],
    ...changes,
  };
}

/** `tcp 80 from 10.0.0.0/8`, `udp 1000-2000 to sg-1`, `icmp 8/0 from …`, `all to …`, `50 from …`. */
export function rule(text: string): RuleTopology {
  const [, protocol = '', numbers = '', peer = ''] = /^(\S+)(?: (\S+))? (?:from|to) (\S+)$/.exec(text) ?? [];
  return {
    id: `sgr-${text.replaceAll(/\W+/g, '-')}`,
    traffic: trafficOf(protocol, numbers),
    peer: peer.startsWith('sg-') ? { type: 'group', id: peer } : { type: 'cidrs', cidrs: peer.split(',') },
  };
}

function trafficOf(protocol: string, numbers: string): RuleTopology['traffic'] {
  switch (protocol) {
    case 'all':
      return { protocol };
    case 'tcp':
    case 'udp': {
      const [from = 0, to = from] = numbers.split('-').map(Number);
      return { protocol, fromPort: from, toPort: to };
    }
    case 'icmp': {
      const [type, code] = numbers === '' ? [] : numbers.split('/').map(Number);
      return { protocol, ...(type !== undefined && { type }), ...(code !== undefined && { code }) };
    }
    default:
      return { protocol: Number(protocol) };
  }
}
