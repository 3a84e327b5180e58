import type { Transaction } from '../../../reconcile/index.ts';
import { ec2Key, securityGroupNames, securityGroups, subnets, vpcs } from '../../ec2/records.ts';
import type { Scope } from '../arn.ts';

/** A VPC of one subnet, in zone a, with its default security group. */
export const testNetwork = {
  vpcId: 'vpc-0000000a',
  subnetId: 'subnet-0000000a',
  securityGroupId: 'sg-0000000a',
  cidr: '10.231.0.0/16',
} as const;

export function addNetwork(tx: Transaction, scope: Scope): void {
  const { vpcId, subnetId, securityGroupId, cidr } = testNetwork;
  tx.put(vpcs, ec2Key(vpcs, scope, vpcId), {
    ...{ id: vpcId, number: 1, cidrs: [{ associationId: 'vpc-cidr-assoc-0a', cidr }], isDefault: false },
    ...{ instanceTenancy: 'default', enableDnsSupport: true, enableDnsHostnames: true, tags: {} },
    enableNetworkAddressUsageMetrics: false,
  });
  addSubnet(tx, scope, { id: subnetId, cidr, availabilityZone: `${scope.region}a` });
  tx.put(securityGroups, ec2Key(securityGroups, scope, securityGroupId), {
    ...{ id: securityGroupId, name: 'default', description: 'default VPC security group', vpcId },
    ...{ rules: [], tags: {} },
  });
  tx.put(securityGroupNames, ec2Key(securityGroupNames, scope, vpcId, 'default'), {
    groupId: securityGroupId,
  });
}

/** Another subnet of the same VPC. */
export function addSubnet(
  tx: Transaction,
  scope: Scope,
  subnet: { readonly id: string; readonly cidr: string; readonly availabilityZone: string },
): void {
  tx.put(subnets, ec2Key(subnets, scope, subnet.id), {
    ...subnet,
    ...{ vpcId: testNetwork.vpcId, isDefaultForAz: false, mapPublicIpOnLaunch: false, tags: {} },
    ...{ privateDnsHostnameType: 'ip-name', enableResourceNameDnsARecord: false },
  });
}
