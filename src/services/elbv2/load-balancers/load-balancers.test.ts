import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { linkedLoadBalancers } from '../index.ts';
import { type ElbServer, scope, startElb } from '../testing/elb-server.ts';

let server: ElbServer;
beforeEach(async () => {
  server = await startElb();
});
afterEach(() => server[Symbol.asyncDispose]());

const refused = (name: string, message: string | RegExp) => ({
  name,
  message: expect.stringMatching(message),
});

async function interfacesOf(balancerArn: string) {
  const Values = [`ELB ${balancerArn.split(':loadbalancer/')[1]}`];
  const { NetworkInterfaces = [] } = await server.ec2.describeNetworkInterfaces({
    Filters: [{ Name: 'description', Values }],
  });
  return NetworkInterfaces;
}

describe('load balancers', () => {
  it('are as AWS makes them, with an interface in each subnet', async () => {
    const { elb, vpcId, subnetIds } = server;
    const LoadBalancerArn = await server.loadBalancer('front');
    const { LoadBalancers } = await elb.describeLoadBalancers({ Names: ['front'] });
    expect([...server.linkedRoles]).toEqual([scope.accountId]);
    expect(linkedLoadBalancers(server.state, scope.accountId)).toEqual([
      { region: scope.region, resources: [LoadBalancerArn] },
    ]);
    expect(LoadBalancers).toEqual([
      {
        LoadBalancerArn: expect.stringMatching(
          /^arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer\/app\/front\/[0-9a-f]{16}$/,
        ),
        DNSName: expect.stringMatching(/^front-\d{10}\.eu-west-1\.elb\.amazonaws\.com$/),
        ...{
          CanonicalHostedZoneId: 'Z32O12XQLNTSW2',
          CreatedTime: expect.any(Date),
          LoadBalancerName: 'front',
        },
        ...{ Scheme: 'internet-facing', VpcId: vpcId, State: { Code: 'provisioning' }, Type: 'application' },
        AvailabilityZones: [
          { ZoneName: 'eu-west-1a', SubnetId: subnetIds[0], LoadBalancerAddresses: [] },
          { ZoneName: 'eu-west-1b', SubnetId: subnetIds[1], LoadBalancerAddresses: [] },
        ],
        SecurityGroups: [expect.stringMatching(/^sg-/)],
        IpAddressType: 'ipv4',
      },
    ]);
    const made = await interfacesOf(LoadBalancerArn);
    expect(made).toMatchObject([
      { RequesterId: 'amazon-elb', RequesterManaged: true, Groups: [{ GroupName: 'default' }] },
      { RequesterId: 'amazon-elb', RequesterManaged: true, Groups: [{ GroupName: 'default' }] },
    ]);
    expect(made.every(({ Association }) => Association?.PublicIp?.startsWith('198.18.0.'))).toBe(true);
    const [{ NetworkInterfaceId } = {}] = made;
    await expect(server.ec2.deleteNetworkInterface({ NetworkInterfaceId })).rejects.toMatchObject({
      name: 'InvalidParameterValue',
    });
  });

  it('keep their subnets and groups from being deleted, and free them', async () => {
    const { ec2, elb, vpcId, subnetIds } = server;
    const { GroupId } = await ec2.createSecurityGroup({ VpcId: vpcId, GroupName: 'g', Description: 'g' });
    const LoadBalancerArn = await server.loadBalancer('front', { SecurityGroups: [GroupId] });
    const [SubnetId] = subnetIds;
    const inUse = { name: 'DependencyViolation' };
    await expect(ec2.deleteSubnet({ SubnetId })).rejects.toMatchObject(inUse);
    await expect(ec2.deleteSecurityGroup({ GroupId })).rejects.toMatchObject(inUse);
    await elb.deleteLoadBalancer({ LoadBalancerArn });
    await elb.deleteLoadBalancer({ LoadBalancerArn });
    expect(await interfacesOf(LoadBalancerArn)).toEqual([]);
    await ec2.deleteSecurityGroup({ GroupId });
    await ec2.deleteSubnet({ SubnetId });
    await expect(elb.describeLoadBalancers({ LoadBalancerArns: [LoadBalancerArn] })).rejects.toMatchObject(
      refused('LoadBalancerNotFoundException', /^One or more load balancers not found$/),
    );
    await expect(elb.describeLoadBalancers({ Names: ['front'] })).rejects.toMatchObject(
      refused('LoadBalancerNotFoundException', /^Load balancers '\[front\]' not found$/),
    );
  });

  it('are there once for a name', async () => {
    const { subnetIds } = server;
    const first = await server.loadBalancer('front');
    expect(await server.loadBalancer('front')).toBe(first);
    expect(await server.loadBalancer('front', { Subnets: [subnetIds[1], subnetIds[0]] })).toBe(first);
    await expect(server.loadBalancer('front', { Scheme: 'internal' })).rejects.toMatchObject(
      refused('DuplicateLoadBalancerNameException', /'front' exists, but with different settings$/),
    );
    expect(await interfacesOf(first)).toHaveLength(2);
  });

  it('say what is wrong with them', async () => {
    const { ec2, vpcId, subnetIds } = server;
    const [one = '', two = ''] = subnetIds;
    const { Subnet } = await ec2.createSubnet({
      ...{ VpcId: vpcId, CidrBlock: '172.31.128.0/28', AvailabilityZone: 'eu-west-1a' },
    });
    const sameZone = Subnet?.SubnetId ?? '';
    const cases: readonly (readonly [more: object, name: string, message: RegExp])[] = [
      [
        { Subnets: [one] },
        'ValidationError',
        /^At least two subnets in two different Availability Zones must be specified$/,
      ],
      [{ Subnets: [] }, 'ValidationError', /^At least two subnets/],
      [
        { Subnets: [one, sameZone] },
        'InvalidConfigurationRequestException',
        /^A load balancer cannot be attached to multiple subnets in the same Availability Zone$/,
      ],
      [{ Subnets: [one, 'subnet-0123456789abcdef0'] }, 'SubnetNotFoundException', /does not exist$/],
      [{ SecurityGroups: ['sg-0123456789abcdef0'] }, 'InvalidSecurityGroupException', /does not exist$/],
      [{ Name: 'internal-x' }, 'ValidationError', /cannot begin with 'internal-'$/],
      [{ Scheme: 'x' }, 'ValidationError', /enum value set: \[internet-facing, internal\]$/],
      [{ Type: 'gateway' }, 'UnsupportedOperation', /^Gateway load balancers are not supported/],
      [{ IpAddressType: 'dualstack' }, 'UnsupportedOperation', /^IPv6/],
      [
        { Subnets: undefined, SubnetMappings: [{ SubnetId: one, AllocationId: 'x' }, { SubnetId: two }] },
        'InvalidConfigurationRequestException',
        /load balancers of type application$/,
      ],
    ];
    for (const [more, name, message] of cases)
      await expect(server.loadBalancer('front', more), JSON.stringify(more)).rejects.toMatchObject(
        refused(name, message),
      );
    expect(await interfacesOf(':loadbalancer/app/front/*')).toEqual([]);
  });

  it('face the internet only where there is a gateway', async () => {
    const { ec2 } = server;
    const { Vpc: { VpcId } = {} } = await ec2.createVpc({ CidrBlock: '10.0.0.0/16' });
    const Subnets = await Promise.all(
      ['a', 'b'].map(async (zone, index) => {
        const made = await ec2.createSubnet({
          ...{ VpcId, CidrBlock: `10.0.${index}.0/24`, AvailabilityZone: `eu-west-1${zone}` },
        });
        return made.Subnet?.SubnetId ?? '';
      }),
    );
    await expect(server.loadBalancer('front', { Subnets })).rejects.toMatchObject(
      refused('InvalidSubnetException', /^VPC vpc-\w+ has no internet gateway$/),
    );
    const made = await server.loadBalancer('inner', { Subnets, Scheme: 'internal' });
    const { LoadBalancers } = await server.elb.describeLoadBalancers({ LoadBalancerArns: [made] });
    expect(LoadBalancers?.[0]?.DNSName).toMatch(/^internal-inner-\d+\./);
    expect((await interfacesOf(made)).some(({ Association }) => Association)).toBe(false);
  });

  it('move to other subnets and groups', async () => {
    const { elb, ec2, vpcId, subnetIds } = server;
    const LoadBalancerArn = await server.loadBalancer('front');
    const before = await interfacesOf(LoadBalancerArn);
    const { AvailabilityZones } = await elb.setSubnets({ LoadBalancerArn, Subnets: subnetIds.slice(1, 3) });
    expect(AvailabilityZones?.map(({ ZoneName }) => ZoneName)).toEqual(['eu-west-1b', 'eu-west-1c']);
    const after = await interfacesOf(LoadBalancerArn);
    const ids = (list: typeof after) => list.map(({ NetworkInterfaceId }) => NetworkInterfaceId);
    expect(ids(after).filter((id) => ids(before).includes(id))).toHaveLength(1);
    const { GroupId = '' } = await ec2.createSecurityGroup({
      VpcId: vpcId,
      GroupName: 'g',
      Description: 'g',
    });
    expect(await elb.setSecurityGroups({ LoadBalancerArn, SecurityGroups: [GroupId] })).toMatchObject({
      SecurityGroupIds: [GroupId],
    });
    for (const { Groups } of await interfacesOf(LoadBalancerArn)) expect(Groups).toMatchObject([{ GroupId }]);
    expect(await elb.setIpAddressType({ LoadBalancerArn, IpAddressType: 'ipv4' })).toMatchObject({
      IpAddressType: 'ipv4',
    });
  });

  it('of layer 4 have addresses that somebody chose, and groups only from the beginning', async () => {
    const { elb, ec2, subnetIds } = server;
    const [SubnetId = ''] = subnetIds;
    const { AllocationId = '', PublicIp = '' } = await ec2.allocateAddress({});
    const LoadBalancerArn = await server.loadBalancer('front', {
      ...{ Type: 'network', Subnets: undefined, SubnetMappings: [{ SubnetId, AllocationId }] },
    });
    const { LoadBalancers } = await elb.describeLoadBalancers({ LoadBalancerArns: [LoadBalancerArn] });
    expect(LoadBalancers?.[0]).toMatchObject({
      DNSName: expect.stringMatching(/^front-[0-9a-f]{16}\.elb\.eu-west-1\.amazonaws\.com$/),
      AvailabilityZones: [{ LoadBalancerAddresses: [{ IpAddress: PublicIp, AllocationId }] }],
    });
    expect(LoadBalancers?.[0]?.SecurityGroups).toBeUndefined();
    expect(await interfacesOf(LoadBalancerArn)).toMatchObject([
      { InterfaceType: 'network_load_balancer', Groups: [], Association: { PublicIp } },
    ]);
    await expect(
      elb.setSecurityGroups({ LoadBalancerArn, SecurityGroups: ['sg-0123456789abcdef0'] }),
    ).rejects.toMatchObject({ name: 'InvalidConfigurationRequestException' });
    const inner = await server.loadBalancer('inner', {
      ...{ Type: 'network', Scheme: 'internal', Subnets: undefined },
      SubnetMappings: [{ SubnetId, PrivateIPv4Address: '172.31.0.77' }],
    });
    expect(await interfacesOf(inner)).toMatchObject([{ PrivateIpAddress: '172.31.0.77' }]);
    await elb.deleteLoadBalancer({ LoadBalancerArn });
    expect((await ec2.describeAddresses({})).Addresses).toMatchObject([{ PublicIp }]);
  });

  it('have attributes, one of which protects them', async () => {
    const { elb } = server;
    const LoadBalancerArn = await server.loadBalancer('front');
    const change = (Key: string, Value: string) =>
      elb.modifyLoadBalancerAttributes({ LoadBalancerArn, Attributes: [{ Key, Value }] });
    await change('idle_timeout.timeout_seconds', '30');
    const { Attributes } = await elb.describeLoadBalancerAttributes({ LoadBalancerArn });
    expect(Attributes).toContainEqual({ Key: 'idle_timeout.timeout_seconds', Value: '30' });
    expect(Attributes).toContainEqual({ Key: 'routing.http2.enabled', Value: 'true' });
    await expect(change('connection_logs.s3.enabled', 'true')).rejects.toMatchObject({
      name: 'UnsupportedOperation',
    });
    await expect(change('idle_timeout.timeout_seconds', '0')).rejects.toMatchObject({
      name: 'ValidationError',
    });
    await change('deletion_protection.enabled', 'true');
    await expect(elb.deleteLoadBalancer({ LoadBalancerArn })).rejects.toMatchObject(
      refused('OperationNotPermittedException', /cannot be deleted because deletion protection is enabled$/),
    );
    await change('deletion_protection.enabled', 'false');
    await elb.deleteLoadBalancer({ LoadBalancerArn });
  });

  it('tell the account’s limits, and that nothing is reserved', async () => {
    const { Limits } = await server.elb.describeAccountLimits({});
    const LoadBalancerArn = await server.loadBalancer('front');
    expect(await server.elb.describeCapacityReservation({ LoadBalancerArn })).toMatchObject({
      CapacityReservationState: [],
    });
    expect(Limits).toContainEqual({ Name: 'application-load-balancers', Max: '50' });
  });
});
