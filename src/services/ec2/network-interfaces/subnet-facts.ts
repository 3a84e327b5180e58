import type { Reader } from '../../../reconcile/index.ts';
import { cidrBlock, ipv4Text, privateDomain, routerOf } from '../../../topology/index.ts';
import { dhcpOptions, ec2Key, type Scope, type SubnetRecord, vpcs } from '../records.ts';

/** What whoever sets an interface up must know of its subnet; what DHCP would tell it. */
export interface SubnetFacts {
  readonly subnetCidr: string;
  /** The router: the subnet's base plus one. */
  readonly gatewayIpv4: string;
  /** None: the VPC has neither a resolver nor name servers of its own. */
  readonly nameServers: readonly string[];
  /** Where names without dots are looked up. */
  readonly domainName?: string;
}

/** @param subnet One whose VPC is there. */
export function subnetFacts(reader: Reader, scope: Scope, subnet: SubnetRecord): SubnetFacts {
  const vpc = reader.get(vpcs, ec2Key(vpcs, scope, subnet.vpcId));
  const optionsId = vpc?.dhcpOptionsId;
  const options =
    optionsId === undefined ? undefined : reader.get(dhcpOptions, ec2Key(dhcpOptions, scope, optionsId));
  const [primary] = vpc?.cidrs ?? [];
  const resolver =
    vpc?.enableDnsSupport && primary ? [ipv4Text(cidrBlock(primary.cidr).first + resolverOffset)] : [];
  const { configurations = {} } = options ?? {};
  const servers = configurations['domain-name-servers'] ?? [amazonProvided];
  const domainName = options === undefined ? undefined : configurations['domain-name']?.[0];
  return {
    subnetCidr: subnet.cidr,
    gatewayIpv4: routerOf(subnet.cidr),
    nameServers: servers.flatMap((server) => (server === amazonProvided ? resolver : [server])),
    ...(options === undefined ? { domainName: privateDomain(scope.region) } : domainName && { domainName }),
  };
}

const resolverOffset = 2;
/** The VPC's own resolver, in DHCP options. */
const amazonProvided = 'AmazonProvidedDNS';
