import type {
  InterfaceTopology,
  RouteTopology,
  RuleTopology,
  SecurityGroupTopology,
  VpcTopology,
} from '../../../topology/index.ts';
import { macOf } from '../router-parts.ts';

/** Ids as EC2 makes them, from a word. */
export function id(kind: string, word: string | number): string {
  return `${kind}-${Buffer.from(String(word)).toString('hex').padEnd(17, '0').slice(0, 17)}`;
}

export const local: RouteTopology = { destination: '10.0.0.0/16', target: { type: 'local' } };
export const toInternet: RouteTopology = { destination: '0.0.0.0/0', target: { type: 'internet-gateway' } };

/** Lets everything in and out. */
const open: SecurityGroupTopology = {
  id: id('sg', 'open'),
  ingress: [anything('in')],
  egress: [anything('out')],
};

function anything(word: string): RuleTopology {
  return {
    id: id('sgr', word),
    traffic: { protocol: 'all' },
    peer: { type: 'cidrs', cidrs: ['0.0.0.0/0'] },
  };
}

/** 10.0.0.0/16 with the subnets `a` (10.0.1.0/24) and `b` (10.0.2.0/24), and a route table for each. */
export function vpc(changes: Partial<VpcTopology> = {}): VpcTopology {
  return {
    id: id('vpc', 'one'),
    number: 1,
    cidrs: ['10.0.0.0/16'],
    hasResolver: true,
    hasInternetGateway: false,
    subnets: [
      { id: id('subnet', 'a'), cidr: '10.0.1.0/24', routeTableId: id('rtb', 'a') },
      { id: id('subnet', 'b'), cidr: '10.0.2.0/24', routeTableId: id('rtb', 'b') },
    ],
    routeTables: [
      { id: id('rtb', 'a'), routes: [local] },
      { id: id('rtb', 'b'), routes: [local] },
    ],
    securityGroups: [open],
    interfaces: [],
    natGateways: [],
    ...changes,
  };
}

/** @param address In 10.0.1.0/24 of subnet `a`, or in 10.0.2.0/24 of `b`. */
export function eni(address: string, changes: Partial<InterfaceTopology> = {}): InterfaceTopology {
  return {
    id: eniId(address),
    subnetId: id('subnet', address.startsWith('10.0.1.') ? 'a' : 'b'),
    macAddress: macOf(address),
    addresses: [address],
    prefixes: [],
    securityGroupIds: [open.id],
    checksSourceAndDestination: true,
    publicAddresses: [],
    ...changes,
  };
}

export function eniId(address: string): string {
  return id('eni', address.split('.').slice(2).join('.'));
}
