import type { Infrastructure } from '../../infrastructure.ts';

/** Two subnets without a way to the internet, in the VPC of another, with addresses of the default VPC's range. */
export async function privateSubnets(ask: Infrastructure, beside: string): Promise<string[]> {
  const { Subnets = [] } = await ask('ec2', 'DescribeSubnets', { SubnetIds: [beside] });
  const { VpcId = '', AvailabilityZone = '' } = Subnets[0] ?? {};
  const { RouteTable } = await ask('ec2', 'CreateRouteTable', { VpcId });
  const made: string[] = [];
  for (const CidrBlock of ['172.31.128.0/24', '172.31.129.0/24']) {
    const { Subnet } = await ask('ec2', 'CreateSubnet', { VpcId, CidrBlock, AvailabilityZone });
    const SubnetId = Subnet?.SubnetId ?? '';
    await ask('ec2', 'AssociateRouteTable', { RouteTableId: RouteTable?.RouteTableId ?? '', SubnetId });
    made.push(SubnetId);
  }
  return made;
}
