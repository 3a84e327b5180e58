import {
  endpointsOf,
  ipv4Text,
  type NatGatewayTopology,
  rangesRoutedTo,
  routeTableOf,
  type VpcTopology,
} from '../../../topology/index.ts';
import { natLinkName } from '../link-name.ts';
import { chainOf, mapOf, type NftChain, type NftSet, rangesOf, setOf } from './nft-table.ts';

/** The VPC's edge: its blocks, its endpoints, and the public addresses that the internet gateway translates. */
export function gatewaySets(vpc: VpcTopology): readonly (readonly [string, NftSet])[] {
  const translated = vpc.hasInternetGateway
    ? vpc.interfaces.flatMap(({ publicAddresses }) => publicAddresses)
    : [];
  const gateways = publicNatGateways(vpc);
  const endpoints = endpointsOf(vpc).map(
    ({ address, protocol, port }) => `${address} . ${protocol} . ${port}`,
  );
  const publicAddresses = [...translated, ...gateways].map(({ publicIpv4 }) => publicIpv4);
  return [
    ['vpc_blocks', rangesOf('ipv4_addr', vpc.cidrs)],
    ['endpoints', setOf('ipv4_addr . inet_proto . inet_service', endpoints)],
    ['public', setOf('ipv4_addr', publicAddresses)],
    [
      'with_public',
      setOf(
        'ipv4_addr',
        translated.map(({ privateIpv4 }) => privateIpv4),
      ),
    ],
    [
      'public_to_private',
      mapOf(
        'ipv4_addr : ipv4_addr',
        translated.map(({ publicIpv4, privateIpv4 }) => [publicIpv4, privateIpv4]),
      ),
    ],
    [
      'private_to_public',
      mapOf(
        'ipv4_addr : ipv4_addr',
        translated.map(({ privateIpv4, publicIpv4 }) => [privateIpv4, publicIpv4]),
      ),
    ],
    [
      'nat_gateway_forward',
      mapOf(
        'ifname : verdict',
        gateways.map(({ id }) => [`"${natLinkName(id)}"`, `goto ${forwardChain(id)}`]),
      ),
    ],
    [
      'nat_gateway_source',
      mapOf(
        'ifname : verdict',
        gateways.map(({ id }) => [`"${natLinkName(id)}"`, `goto ${sourceChain(id)}`]),
      ),
    ],
    ...gateways.map(({ id, subnetId }) => {
      const ranges = rangesRoutedTo(routeTableOf(vpc, subnetId), 'internet-gateway');
      const texts = ranges.map(({ first, last }) => `${ipv4Text(first)}-${ipv4Text(last)}`);
      return [internetSet(id), rangesOf('ipv4_addr', texts)] as const;
    }),
  ];
}

/** A NAT gateway carries what its own subnet routes to the internet, with its own address and ports from 1024 on. */
export function natGatewayChains(vpc: VpcTopology): readonly (readonly [string, NftChain])[] {
  return publicNatGateways(vpc).flatMap(({ id, publicIpv4 }) => [
    [forwardChain(id), chainOf([`ip daddr @${internetSet(id)} meta l4proto { icmp, tcp, udp } accept`])],
    [
      sourceChain(id),
      chainOf([
        `meta l4proto { tcp, udp } snat ip to ${publicIpv4}:1024-65535`,
        `meta l4proto icmp snat ip to ${publicIpv4}`,
      ]),
    ],
  ]);
}

/** A private NAT gateway leads to other networks, of which a VPC here has none. */
function publicNatGateways(vpc: VpcTopology) {
  if (!vpc.hasInternetGateway) return [];
  return vpc.natGateways.filter(
    (gateway): gateway is NatGatewayTopology & { publicIpv4: string } => gateway.publicIpv4 !== undefined,
  );
}

function forwardChain(natGatewayId: string): string {
  return `forward_${natGatewayId}`;
}

function sourceChain(natGatewayId: string): string {
  return `source_${natGatewayId}`;
}

function internetSet(natGatewayId: string): string {
  return `internet_${natGatewayId}`;
}
