import { cidrBlock, holds, ipv4Number, ipv4Text } from './ipv4.ts';
import type { VpcTopology } from './topology.ts';

/** What the VPC's router itself answers. Security groups do not filter it. */
export interface VpcEndpoint {
  readonly address: string;
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
}

/** Every block's second address is its router's, the third the resolver's: of the primary block. */
function resolverAddress(vpc: VpcTopology): string {
  const [primary = ''] = vpc.cidrs;
  return ipv4Text(cidrBlock(primary).first + 2);
}

/** A subnet's router: its base plus one. */
export function routerOf(subnetCidr: string): string {
  return ipv4Text(cidrBlock(subnetCidr).first + 1);
}

/** Where the VPC's resolver is asked; nowhere, when it has none. */
export function resolversOf(vpc: VpcTopology): readonly string[] {
  return vpc.hasResolver ? [resolverAddress(vpc), '169.254.169.253'] : [];
}

/** The resolver as far as the VPC has one, the metadata of instances, metadata and credentials of tasks. */
export function endpointsOf(vpc: VpcTopology): readonly VpcEndpoint[] {
  return [
    ...resolversOf(vpc).flatMap((address) => [
      { address, protocol: 'tcp' as const, port: 53 },
      { address, protocol: 'udp' as const, port: 53 },
    ]),
    { address: '169.254.169.254', protocol: 'tcp', port: 80 },
    { address: '169.254.170.2', protocol: 'tcp', port: 80 },
  ];
}

/** No such address is ever routed. */
export const linkLocalCidr = '169.254.0.0/16';

export function isLinkLocal(address: string): boolean {
  return holds(cidrBlock(linkLocalCidr), ipv4Number(address));
}
