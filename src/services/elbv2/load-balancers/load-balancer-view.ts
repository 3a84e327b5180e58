import type {
  AvailabilityZone,
  LoadBalancer,
  LoadBalancerAddress,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { scopeOfArn } from '../arn.ts';
import type { LoadBalancerRecord, NodeRecord } from '../records.ts';

/** A load balancer as AWS shows it. */
export function loadBalancerView(balancer: LoadBalancerRecord): LoadBalancer {
  const zone = hostedZones[balancer.type][scopeOfArn(balancer.arn).region];
  return {
    LoadBalancerArn: balancer.arn,
    DNSName: balancer.dnsName,
    ...(zone !== undefined && { CanonicalHostedZoneId: zone }),
    CreatedTime: new Date(balancer.createdAt),
    LoadBalancerName: balancer.name,
    Scheme: balancer.scheme,
    VpcId: balancer.vpcId,
    State: {
      Code: balancer.state,
      ...(balancer.stateReason !== undefined && { Reason: balancer.stateReason }),
    },
    Type: balancer.type,
    AvailabilityZones: zonesView(balancer),
    ...(balancer.securityGroupIds.length > 0 && { SecurityGroups: [...balancer.securityGroupIds] }),
    IpAddressType: 'ipv4',
    ...(balancer.type === 'network' &&
      balancer.securityGroupIds.length > 0 && {
        EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: 'on',
      }),
  };
}

export const zonesView = ({ nodes }: LoadBalancerRecord): AvailabilityZone[] =>
  nodes.map((node) => ({
    ZoneName: node.availabilityZone,
    SubnetId: node.subnetId,
    LoadBalancerAddresses: addressesView(node),
  }));

/** Those that somebody chose; the others are what the name leads to. */
function addressesView({
  allocationId,
  publicIpv4,
  privateIpv4,
  isAddressGiven,
}: NodeRecord): LoadBalancerAddress[] {
  if (allocationId !== undefined && publicIpv4 !== undefined)
    return [{ IpAddress: publicIpv4, AllocationId: allocationId }];
  return isAddressGiven ? [{ PrivateIPv4Address: privateIpv4 }] : [];
}

/** Of Route 53's aliases (AWS General Reference, "Elastic Load Balancing endpoints and quotas"). */
const hostedZones: Readonly<Record<LoadBalancerRecord['type'], Readonly<Record<string, string>>>> = {
  application: {
    'us-east-1': 'Z35SXDOTRQ7X7K',
    'us-east-2': 'Z3AADJGX6KTTL2',
    'us-west-1': 'Z368ELLRRE2KJ0',
    'us-west-2': 'Z1H1FL5HABSF5',
    'eu-west-1': 'Z32O12XQLNTSW2',
    'eu-central-1': 'Z215JYRZR1TBD5',
  },
  network: {
    'us-east-1': 'Z26RNL4JYFTOTI',
    'us-east-2': 'ZLMOA37VPKANP',
    'us-west-1': 'Z24FKFUX50B4VW',
    'us-west-2': 'Z18D5FSROUN65G',
    'eu-west-1': 'Z2IFOLAFXWLO4F',
    'eu-central-1': 'Z3F0SRJ5LGBH90',
  },
};
