import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type System, startSystem } from './system.ts';

/** What Terraform's AWS provider asks for when it makes, reads and destroys what an ECS service needs, in its order. */
let system: System;
beforeAll(async () => {
  system = await startSystem({ seed: 'terraform' });
});
afterAll(() => system?.[Symbol.asyncDispose]());

const filters = (values: Readonly<Record<string, string>>) =>
  Object.entries(values).map(([Name, value]) => ({ Name, Values: [value] }));
const Tags = [{ Key: 'Name', Value: 'harbor' }];
const tagged = (ResourceType: 'vpc' | 'subnet' | 'security-group' | 'elastic-ip') => ({
  TagSpecifications: [{ ResourceType, Tags }],
});

/** What it reads of a VPC. */
async function readVpc(VpcId: string) {
  const { ec2 } = system;
  const { Vpcs: [vpc] = [] } = await ec2.describeVpcs({ VpcIds: [VpcId] });
  const attributes = [
    await ec2.describeVpcAttribute({ VpcId, Attribute: 'enableDnsHostnames' }),
    await ec2.describeVpcAttribute({ VpcId, Attribute: 'enableDnsSupport' }),
    await ec2.describeVpcAttribute({ VpcId, Attribute: 'enableNetworkAddressUsageMetrics' }),
  ].map(({ $metadata: _, VpcId: __, ...attribute }) => Object.values(attribute)[0]?.Value);
  const { NetworkAcls = [] } = await ec2.describeNetworkAcls({
    Filters: filters({ default: 'true', 'vpc-id': VpcId }),
  });
  const { RouteTables = [] } = await ec2.describeRouteTables({
    Filters: filters({ 'association.main': 'true', 'vpc-id': VpcId }),
  });
  const { SecurityGroups = [] } = await ec2.describeSecurityGroups({
    Filters: filters({ 'group-name': 'default', 'vpc-id': VpcId }),
  });
  for (const found of [NetworkAcls, RouteTables, SecurityGroups]) expect(found).toHaveLength(1);
  return { vpc, attributes };
}

/** `aws_appautoscaling_target`, `…_policy` and `…_scheduled_action` of the service `web`. */
async function scaleAndForget() {
  const { autoScaling } = system;
  const target = {
    ServiceNamespace: 'ecs',
    ResourceId: 'service/default/web',
    ScalableDimension: 'ecs:service:DesiredCount',
  } as const;
  const ofTarget = { ServiceNamespace: target.ServiceNamespace, ResourceId: target.ResourceId };
  const { ScalableTargetARN: ResourceARN } = await autoScaling.registerScalableTarget({
    ...{ ...target, MinCapacity: 2, MaxCapacity: 4, Tags: { Name: 'harbor' } },
  });
  const { ScalableTargets: [registered] = [] } = await autoScaling.describeScalableTargets({
    ...{
      ServiceNamespace: 'ecs',
      ResourceIds: [target.ResourceId],
      ScalableDimension: target.ScalableDimension,
    },
  });
  expect(registered).toMatchObject({
    ...target,
    MinCapacity: 2,
    MaxCapacity: 4,
    ScalableTargetARN: ResourceARN,
  });
  expect((await autoScaling.listTagsForResource({ ResourceARN })).Tags).toEqual({ Name: 'harbor' });
  const role = await system.iam.getRole({ RoleName: 'AWSServiceRoleForApplicationAutoScaling_ECSService' });
  expect(role.Role?.Arn).toBe(registered?.RoleARN);
  await system.until('the service to have its minimum capacity', async () => {
    const { ScalingActivities } = await autoScaling.describeScalingActivities(ofTarget);
    return ScalingActivities?.[0]?.StatusCode === 'Successful';
  });

  const PolicyName = 'cpu';
  await autoScaling.putScalingPolicy({
    ...{ ...target, PolicyName, PolicyType: 'TargetTrackingScaling' },
    TargetTrackingScalingPolicyConfiguration: {
      TargetValue: 60,
      PredefinedMetricSpecification: { PredefinedMetricType: 'ECSServiceAverageCPUUtilization' },
    },
  });
  const { ScalingPolicies: [policy] = [] } = await autoScaling.describeScalingPolicies({
    ...{ ...target, PolicyNames: [PolicyName] },
  });
  expect(policy?.Alarms).toHaveLength(2);
  const ScheduledActionName = 'open';
  await autoScaling.putScheduledAction({
    ...{ ...target, ScheduledActionName, Schedule: 'cron(0 8 * * ? *)', Timezone: 'Europe/Berlin' },
    ScalableTargetAction: { MinCapacity: 3, MaxCapacity: 4 },
  });
  const { ScheduledActions } = await autoScaling.describeScheduledActions({
    ...{ ...target, ScheduledActionNames: [ScheduledActionName] },
  });
  expect(ScheduledActions).toMatchObject([{ ScheduledActionName, Timezone: 'Europe/Berlin' }]);

  await autoScaling.deleteScheduledAction({ ...target, ScheduledActionName });
  await autoScaling.deleteScalingPolicy({ ...target, PolicyName });
  await autoScaling.deregisterScalableTarget(target);
  const { ScalableTargets } = await autoScaling.describeScalableTargets({ ServiceNamespace: 'ecs' });
  expect(ScalableTargets).toEqual([]);
}

describe('Terraform’s provider', () => {
  it('asks who it is, and where it could be', async () => {
    const { sts, ec2, accountId } = system;
    expect(await sts.getCallerIdentity({})).toMatchObject({ Account: accountId });
    const { AccountAttributes } = await ec2.describeAccountAttributes({
      AttributeNames: ['supported-platforms'],
    });
    expect(AccountAttributes?.[0]?.AttributeValues).toEqual([{ AttributeValue: 'VPC' }]);
    const { AvailabilityZones } = await ec2.describeAvailabilityZones({
      AllAvailabilityZones: false,
      Filters: filters({ 'opt-in-status': 'opt-in-not-required', state: 'available' }),
    });
    expect(AvailabilityZones).toHaveLength(3);
    const { Vpcs } = await ec2.describeVpcs({ Filters: filters({ isDefault: 'true', state: 'available' }) });
    expect(Vpcs).toHaveLength(1);
    const { Subnets } = await ec2.describeSubnets({
      Filters: filters({ 'vpc-id': Vpcs?.[0]?.VpcId ?? '', 'default-for-az': 'true' }),
    });
    expect(Subnets).toHaveLength(3);
  });

  it('makes, reads and destroys a network', async () => {
    const { ec2 } = system;
    const { Vpc } = await ec2.createVpc({
      ...{ CidrBlock: '10.3.0.0/16', AmazonProvidedIpv6CidrBlock: false, InstanceTenancy: 'default' },
      ...tagged('vpc'),
    });
    const VpcId = Vpc?.VpcId ?? '';
    await ec2.modifyVpcAttribute({ VpcId, EnableDnsHostnames: { Value: true } });
    const { vpc, attributes } = await readVpc(VpcId);
    expect(vpc).toMatchObject({ State: 'available', CidrBlock: '10.3.0.0/16', Tags });
    expect(attributes).toEqual([true, true, false]);

    const { Subnet } = await ec2.createSubnet({
      ...{ VpcId, CidrBlock: '10.3.1.0/24', AvailabilityZone: 'eu-west-1a' },
      ...tagged('subnet'),
    });
    const SubnetId = Subnet?.SubnetId ?? '';
    await ec2.modifySubnetAttribute({ SubnetId, MapPublicIpOnLaunch: { Value: true } });
    const { Subnets } = await ec2.describeSubnets({ SubnetIds: [SubnetId] });
    expect(Subnets).toMatchObject([{ State: 'available', MapPublicIpOnLaunch: true, Tags }]);

    const { InternetGateway } = await ec2.createInternetGateway({});
    const InternetGatewayId = InternetGateway?.InternetGatewayId ?? '';
    await ec2.attachInternetGateway({ InternetGatewayId, VpcId });
    const { InternetGateways } = await ec2.describeInternetGateways({
      InternetGatewayIds: [InternetGatewayId],
    });
    expect(InternetGateways?.[0]?.Attachments).toEqual([{ VpcId, State: 'available' }]);

    const { RouteTable } = await ec2.createRouteTable({ VpcId, ClientToken: 'terraform-1' });
    const RouteTableId = RouteTable?.RouteTableId ?? '';
    await ec2.createRoute({ RouteTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId: InternetGatewayId });
    const { AssociationId } = await ec2.associateRouteTable({ RouteTableId, SubnetId });
    const { RouteTables } = await ec2.describeRouteTables({
      Filters: filters({ 'association.route-table-association-id': AssociationId ?? '' }),
    });
    expect(RouteTables?.[0]).toMatchObject({
      Routes: [{ State: 'active' }, { DestinationCidrBlock: '0.0.0.0/0', State: 'active' }],
      Associations: [{ AssociationState: { State: 'associated' } }],
      PropagatingVgws: [],
    });

    const { AllocationId = '' } = await ec2.allocateAddress({ Domain: 'vpc', ...tagged('elastic-ip') });
    const { Addresses } = await ec2.describeAddresses({ AllocationIds: [AllocationId] });
    expect(Addresses).toMatchObject([{ Domain: 'vpc', Tags }]);
    const named = await ec2.describeAddressesAttribute({
      ...{ AllocationIds: [AllocationId], Attribute: 'domain-name' },
    });
    expect(named.Addresses).toEqual([{ AllocationId, PublicIp: Addresses?.[0]?.PublicIp }]);
    const { NatGateway } = await ec2.createNatGateway({ SubnetId, AllocationId, ConnectivityType: 'public' });
    const NatGatewayIds = [NatGateway?.NatGatewayId ?? ''];
    const natGatewayIs = (state: string) =>
      system.until(`the NAT gateway to be ${state}`, async () => {
        const { NatGateways } = await ec2.describeNatGateways({ NatGatewayIds });
        return NatGateways?.[0]?.State === state;
      });
    await natGatewayIs('available');

    await ec2.deleteNatGateway({ NatGatewayId: NatGatewayIds[0] });
    await natGatewayIs('deleted');
    await ec2.releaseAddress({ AllocationId });
    await ec2.disassociateRouteTable({ AssociationId });
    await ec2.deleteRoute({ RouteTableId, DestinationCidrBlock: '0.0.0.0/0' });
    await ec2.deleteRouteTable({ RouteTableId });
    await ec2.detachInternetGateway({ InternetGatewayId, VpcId });
    await ec2.deleteInternetGateway({ InternetGatewayId });
    const left = await ec2.describeNetworkInterfaces({ Filters: filters({ 'subnet-id': SubnetId }) });
    expect(left.NetworkInterfaces).toEqual([]);
    await ec2.deleteSubnet({ SubnetId });
    await ec2.deleteVpc({ VpcId });
    const gone: readonly [string, Promise<unknown>][] = [
      ['InvalidAllocationID.NotFound', ec2.describeAddresses({ AllocationIds: [AllocationId] })],
      ['InvalidRouteTableID.NotFound', ec2.describeRouteTables({ RouteTableIds: [RouteTableId] })],
      [
        'InvalidInternetGatewayID.NotFound',
        ec2.describeInternetGateways({ InternetGatewayIds: [InternetGatewayId] }),
      ],
      ['InvalidSubnetID.NotFound', ec2.describeSubnets({ SubnetIds: [SubnetId] })],
      ['InvalidVpcID.NotFound', ec2.describeVpcs({ VpcIds: [VpcId] })],
    ];
    for (const [name, asking] of gone) await expect(asking).rejects.toMatchObject({ name });
  });

  it('makes, reads and destroys security groups and their rules', async () => {
    const { ec2 } = system;
    const { Vpcs: [vpc] = [] } = await ec2.describeVpcs({ Filters: filters({ 'is-default': 'true' }) });
    const { GroupId = '' } = await ec2.createSecurityGroup({
      ...{ GroupName: 'terraform-1', Description: 'Managed by Terraform', VpcId: vpc?.VpcId },
      ...tagged('security-group'),
    });
    const everything = { IpProtocol: '-1', FromPort: 0, ToPort: 0 };
    await ec2.revokeSecurityGroupEgress({
      GroupId,
      IpPermissions: [{ ...everything, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
    });
    // It takes IPv6's away, too, where there is one: of a default VPC that is no error, of another one it may be.
    const { UnknownIpPermissions } = await ec2.revokeSecurityGroupEgress({
      GroupId,
      IpPermissions: [{ ...everything, Ipv6Ranges: [{ CidrIpv6: '::/0' }] }],
    });
    expect(UnknownIpPermissions).toHaveLength(1);
    const ssh = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22 };
    await ec2.authorizeSecurityGroupIngress({
      GroupId,
      IpPermissions: [{ ...ssh, IpRanges: [{ CidrIp: '10.0.0.0/8' }] }],
    });
    const { SecurityGroupRules: [made] = [] } = await ec2.authorizeSecurityGroupIngress({
      GroupId,
      IpPermissions: [{ ...ssh, FromPort: 80, ToPort: 80, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
      TagSpecifications: [{ ResourceType: 'security-group-rule', Tags }],
    });
    const SecurityGroupRuleId = made?.SecurityGroupRuleId ?? '';
    await ec2.modifySecurityGroupRules({
      GroupId,
      SecurityGroupRules: [
        {
          SecurityGroupRuleId,
          SecurityGroupRule: {
            ...{ IpProtocol: 'tcp', FromPort: 8080, ToPort: 8080, CidrIpv4: '0.0.0.0/0', Description: 'web' },
          },
        },
      ],
    });
    await ec2.updateSecurityGroupRuleDescriptionsIngress({
      GroupId,
      IpPermissions: [{ ...ssh, IpRanges: [{ CidrIp: '10.0.0.0/8', Description: 'ssh' }] }],
    });
    const { SecurityGroupRules } = await ec2.describeSecurityGroupRules({
      SecurityGroupRuleIds: [SecurityGroupRuleId],
    });
    expect(SecurityGroupRules).toMatchObject([{ FromPort: 8080, Description: 'web', Tags }]);
    const all = await ec2.describeSecurityGroupRules({ Filters: filters({ 'group-id': GroupId }) });
    expect(all.SecurityGroupRules?.map(({ Description }) => Description).sort()).toEqual(['ssh', 'web']);
    await ec2.revokeSecurityGroupIngress({ GroupId, SecurityGroupRuleIds: [SecurityGroupRuleId] });
    await expect(
      ec2.describeSecurityGroupRules({ SecurityGroupRuleIds: [SecurityGroupRuleId] }),
    ).rejects.toMatchObject({ name: 'InvalidSecurityGroupRuleId.NotFound' });
    const users = await ec2.describeNetworkInterfaces({ Filters: filters({ 'group-id': GroupId }) });
    expect(users.NetworkInterfaces).toEqual([]);
    await ec2.deleteSecurityGroup({ GroupId });
    await expect(ec2.describeSecurityGroups({ GroupIds: [GroupId] })).rejects.toMatchObject({
      name: 'InvalidGroup.NotFound',
    });
  });

  it('makes, reads and destroys roles and log groups', async () => {
    const { iam, logs } = system;
    const RoleName = 'harbor-task';
    const AssumeRolePolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' },
      ],
    });
    const role = await iam.createRole({
      RoleName,
      AssumeRolePolicyDocument,
      Path: '/',
      MaxSessionDuration: 3600,
    });
    expect(role.Role?.RoleId).toMatch(/^AROA/);
    const PolicyArn = 'arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy';
    await iam.attachRolePolicy({ RoleName, PolicyArn });
    const inline = { RoleName, PolicyName: 'own' };
    await iam.putRolePolicy({
      ...inline,
      PolicyDocument: AssumeRolePolicyDocument.replace(/"Principal":{[^}]*},/, '').replace(
        '"Action"',
        '"Resource":"*","Action"',
      ),
    });
    await iam.getRole({ RoleName });
    expect((await iam.listRolePolicies({ RoleName })).PolicyNames).toEqual(['own']);
    await iam.getRolePolicy(inline);
    expect((await iam.listAttachedRolePolicies({ RoleName })).AttachedPolicies).toHaveLength(1);
    expect((await iam.listInstanceProfilesForRole({ RoleName })).InstanceProfiles).toEqual([]);
    await iam.listRoleTags({ RoleName });
    await iam.detachRolePolicy({ RoleName, PolicyArn });
    await iam.deleteRolePolicy(inline);
    await iam.deleteRole({ RoleName });
    await expect(iam.getRole({ RoleName })).rejects.toMatchObject({ name: 'NoSuchEntityException' });

    const logGroupName = '/ecs/harbor';
    await logs.createLogGroup({ logGroupName, tags: { Name: 'harbor' }, logGroupClass: 'STANDARD' });
    await logs.putRetentionPolicy({ logGroupName, retentionInDays: 7 });
    const { logGroups: [group] = [] } = await logs.describeLogGroups({ logGroupNamePrefix: logGroupName });
    expect(group).toMatchObject({ retentionInDays: 7 });
    const { tags } = await logs.listTagsForResource({ resourceArn: group?.logGroupArn });
    expect(tags).toEqual({ Name: 'harbor' });
    await logs.deleteLogGroup({ logGroupName });
  });

  it('makes, reads and destroys a cluster, a task definition, a service and its names', async () => {
    const { ecs, ec2, cloudMap } = system;
    const tags = [{ key: 'Name', value: 'harbor' }];
    const made = await ecs.createCluster({
      ...{ clusterName: 'harbor', tags },
      settings: [{ name: 'containerInsights', value: 'disabled' }],
      configuration: { executeCommandConfiguration: { logging: 'DEFAULT' } },
    });
    const cluster = made.cluster?.clusterArn ?? '';
    await ecs.putClusterCapacityProviders({
      ...{ cluster, capacityProviders: ['FARGATE', 'FARGATE_SPOT'] },
      defaultCapacityProviderStrategy: [{ capacityProvider: 'FARGATE', weight: 1, base: 0 }],
    });
    const { clusters } = await ecs.describeClusters({
      ...{ clusters: [cluster], include: ['CONFIGURATIONS', 'SETTINGS', 'TAGS'] },
    });
    expect(clusters).toMatchObject([
      {
        status: 'ACTIVE',
        tags,
        settings: [{ name: 'containerInsights' }],
        attachmentsStatus: 'UPDATE_COMPLETE',
      },
    ]);

    const { Subnets: [subnet] = [] } = await ec2.describeSubnets({
      Filters: filters({ 'default-for-az': 'true', 'availability-zone': 'eu-west-1a' }),
    });
    const operationIsDone = (OperationId = '') =>
      system.until('the operation to be done', async () => {
        const { Operation } = await cloudMap.getOperation({ OperationId });
        return Operation?.Status === 'SUCCESS';
      });
    const namespace = await cloudMap.createPrivateDnsNamespace({
      ...{ Name: 'harbor.local', Vpc: subnet?.VpcId, CreatorRequestId: 'terraform-1', Tags },
    });
    await operationIsDone(namespace.OperationId);
    const { Namespaces: [found] = [] } = await cloudMap.listNamespaces({
      Filters: [{ Name: 'TYPE', Values: ['DNS_PRIVATE'], Condition: 'EQ' }],
    });
    const { Namespace } = await cloudMap.getNamespace({ Id: found?.Id });
    expect(Namespace?.Properties?.DnsProperties?.HostedZoneId).toMatch(/^Z/);
    expect((await cloudMap.listTagsForResource({ ResourceARN: Namespace?.Arn })).Tags).toEqual(Tags);
    const discovery = await cloudMap.createService({
      ...{ Name: 'web', NamespaceId: Namespace?.Id, CreatorRequestId: 'terraform-2' },
      DnsConfig: { DnsRecords: [{ Type: 'A', TTL: 10 }], RoutingPolicy: 'MULTIVALUE' },
      HealthCheckCustomConfig: { FailureThreshold: 1 },
    });
    const { Service: registry } = await cloudMap.getService({ Id: discovery.Service?.Id });

    const { taskDefinition: definition } = await ecs.registerTaskDefinition({
      ...{ family: 'harbor', networkMode: 'awsvpc', requiresCompatibilities: ['EC2'], tags },
      ...{
        cpu: '256',
        memory: '512',
        runtimePlatform: { operatingSystemFamily: 'LINUX', cpuArchitecture: 'X86_64' },
      },
      containerDefinitions: [{ name: 'web', image: 'sleep', essential: true }],
    });
    const taskDefinition = definition?.taskDefinitionArn ?? '';
    expect((await ecs.describeTaskDefinition({ taskDefinition, include: ['TAGS'] })).tags).toEqual(tags);
    // In the cluster whose instances are there to run it.
    const { service } = await ecs.createService({
      ...{ cluster: 'default', serviceName: 'web', taskDefinition, desiredCount: 1, tags, launchType: 'EC2' },
      ...{ schedulingStrategy: 'REPLICA', enableECSManagedTags: false, enableExecuteCommand: false },
      ...{ clientToken: 'terraform-1', deploymentController: { type: 'ECS' } },
      deploymentConfiguration: {
        ...{ minimumHealthyPercent: 100, maximumPercent: 200 },
        deploymentCircuitBreaker: { enable: true, rollback: true },
      },
      networkConfiguration: {
        awsvpcConfiguration: {
          subnets: [subnet?.SubnetId ?? ''],
          securityGroups: [],
          assignPublicIp: 'DISABLED',
        },
      },
      serviceRegistries: [{ registryArn: registry?.Arn }],
    });
    const services = [service?.serviceArn ?? ''];
    await system.until('the service to be steady', async () => {
      const described = await ecs.describeServices({ cluster: 'default', services, include: ['TAGS'] });
      const [steady] = described.services ?? [];
      return steady?.runningCount === 1 && steady.deployments?.[0]?.rolloutState === 'COMPLETED';
    });
    const { serviceDeployments = [] } = await ecs.listServiceDeployments({
      cluster: 'default',
      service: services[0],
    });
    expect(serviceDeployments).toHaveLength(1);

    await scaleAndForget();

    await ecs.deleteService({ cluster: 'default', service: services[0], force: true });
    await system.until('the service to be gone', async () => {
      const described = await ecs.describeServices({ cluster: 'default', services, include: ['TAGS'] });
      return described.services?.[0]?.status === 'INACTIVE';
    });
    await ecs.deregisterTaskDefinition({ taskDefinition });
    await system.until('the names to be gone', async () => {
      const { Instances = [] } = await cloudMap.listInstances({ ServiceId: registry?.Id });
      return Instances.length === 0;
    });
    await cloudMap.deleteService({ Id: registry?.Id });
    await operationIsDone((await cloudMap.deleteNamespace({ Id: Namespace?.Id })).OperationId);
    await ecs.deleteCluster({ cluster });
    const { clusters: [gone] = [] } = await ecs.describeClusters({ clusters: [cluster] });
    expect(gone?.status).toBe('INACTIVE');
  });
});
