import {
  type CreateExpressGatewayServiceCommandInput,
  ECS,
  type ECSExpressGatewayService,
} from '@aws-sdk/client-ecs';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { signByClock } from './sign-by-clock.ts';
import { type System, startSystem } from './system.ts';

/** Express services over the whole control plane: all that they stand on is there, made with the role that was passed. */

const managed = 'arn:aws:iam::aws:policy/service-role/AmazonECSInfrastructureRoleforExpressGatewayServices';

let system: System;
let roles: { readonly infrastructure: string; readonly execution: string };

beforeEach(async () => {
  system = await startSystem({ seed: 'express', instances: 0 });
  const [infrastructure, execution] = [
    await role('infrastructure', 'ecs'),
    await role('execution', 'ecs-tasks'),
  ];
  await system.iam.attachRolePolicy({ RoleName: 'infrastructure', PolicyArn: managed });
  roles = { infrastructure, execution };
  onTestFinished(() => system[Symbol.asyncDispose]());
});

async function role(RoleName: string, service: string): Promise<string> {
  const Principal = { Service: `${service}.amazonaws.com` };
  const Statement = [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }];
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  const { Role } = await system.iam.createRole({ RoleName, AssumeRolePolicyDocument });
  return Role?.Arn ?? '';
}

async function create(
  serviceName: string,
  bent: Partial<CreateExpressGatewayServiceCommandInput> = {},
): Promise<ECSExpressGatewayService> {
  const { service } = await system.ecs.createExpressGatewayService({
    serviceName,
    infrastructureRoleArn: roles.infrastructure,
    executionRoleArn: roles.execution,
    primaryContainer: { image: 'harbor/app:1', containerPort: 8080 },
    ...bent,
  });
  if (service === undefined) throw new Error('Nothing was created');
  return service;
}

const endpointOf = ({ activeConfigurations = [] }: ECSExpressGatewayService): string =>
  activeConfigurations[0]?.ingressPaths?.[0]?.endpoint ?? '';

async function described(serviceArn: string | undefined): Promise<ECSExpressGatewayService> {
  const { service } = await system.ecs.describeExpressGatewayService({ serviceArn, include: ['TAGS'] });
  return service ?? {};
}

/** Until the scheduler tells that it has nowhere to put a task: there is no machine here. */
function untilScheduled(name: string) {
  return system.until(
    `${name} to stand`,
    async () => {
      const { autoScaling } = await resources(name);
      const policy = autoScaling?.applicationAutoScalingPolicies?.[0];
      const { events = [] } = await system.service(name);
      return events.length > 0 && policy?.status === 'ACTIVE';
    },
    { seen: () => described(system.arn(`service/default/${name}`)) },
  );
}

async function resources(name: string) {
  const { currentServiceRevisions: [revision] = [] } = await system.service(name);
  const { serviceRevisions = [] } = await system.ecs.describeServiceRevisions({
    serviceRevisionArns: [revision?.arn ?? ''],
  });
  return serviceRevisions[0]?.ecsManagedResources ?? {};
}

function untilGone(serviceArn: string | undefined) {
  return system.until(
    'it to be gone',
    async () => (await described(serviceArn)).status?.statusCode === 'INACTIVE',
    { seen: () => described(serviceArn) },
  );
}

/** What there is in the account besides what it began with. */
async function standing() {
  const { LoadBalancers = [] } = await system.elb.describeLoadBalancers({});
  const { TargetGroups = [] } = await system.elb.describeTargetGroups({});
  const { SecurityGroups = [] } = await system.ec2.describeSecurityGroups({});
  const { CertificateSummaryList = [] } = await system.acm.listCertificates({});
  const { ScalableTargets = [] } = await system.autoScaling.describeScalableTargets({
    ServiceNamespace: 'ecs',
  });
  const { MetricAlarms = [] } = await system.cloudWatch.describeAlarms({});
  return {
    loadBalancers: LoadBalancers.map(({ LoadBalancerName }) => LoadBalancerName),
    targetGroups: TargetGroups.length,
    securityGroups: SecurityGroups.map(({ GroupName }) => GroupName).filter((name) => name !== 'default'),
    certificates: CertificateSummaryList.map(({ DomainName }) => DomainName),
    scalableTargets: ScalableTargets.map(({ ResourceId }) => ResourceId),
    alarms: MetricAlarms.length,
  };
}

const nothing = {
  ...{ loadBalancers: [], targetGroups: 0, securityGroups: [], certificates: [], scalableTargets: [] },
  alarms: 0,
};

describe('an Express service', () => {
  it('is a service on Fargate behind a load balancer, and leaves nothing', async () => {
    const tags = [{ key: 'team', value: 'blue' }];
    const created = await create('web', { tags });
    const endpoint = endpointOf(created);
    expect(endpoint).toMatch(/^we-[0-9a-f]{32}\.ecs\.eu-west-1\.on\.aws$/);
    expect(created).toMatchObject({
      ...{ serviceName: 'web', cluster: system.arn('cluster/default'), tags },
      serviceArn: system.arn('service/default/web'),
      infrastructureRoleArn: roles.infrastructure,
      status: { statusCode: 'ACTIVE' },
      currentDeployment: expect.stringContaining(':service-deployment/default/web/'),
      activeConfigurations: [
        {
          ...{ executionRoleArn: roles.execution, cpu: '256', memory: '512', cpuArchitecture: 'X86_64' },
          taskDefinitionArn: system.arn('task-definition/default-web:1'),
          primaryContainer: {
            ...{ image: 'harbor/app:1', containerPort: 8080 },
            awsLogsConfiguration: {
              logGroup: expect.stringMatching(/^\/aws\/ecs\/default\/web-[0-9a-f]{4}$/),
              logStreamPrefix: 'ecs',
            },
          },
          healthCheckPath: '/ping',
          scalingTarget: {
            ...{ minTaskCount: 1, maxTaskCount: 20 },
            ...{ autoScalingMetric: 'AVERAGE_CPU', autoScalingTargetValue: 60 },
          },
          ingressPaths: [{ accessType: 'PUBLIC', endpoint }],
        },
      ],
    });

    await untilScheduled('web');
    const service = await system.service('web');
    expect(service).toMatchObject({
      ...{ resourceManagementType: 'ECS', desiredCount: 1, propagateTags: 'SERVICE' },
      ...{ enableECSManagedTags: true, healthCheckGracePeriodSeconds: 300 },
      capacityProviderStrategy: [{ capacityProvider: 'FARGATE', base: 1, weight: 1 }],
      loadBalancers: [{ containerName: 'Main', containerPort: 8080 }],
      networkConfiguration: { awsvpcConfiguration: { assignPublicIp: 'ENABLED' } },
    });
    const { ingressPaths: [ingress] = [], logGroups } = await resources('web');
    expect(logGroups).toMatchObject([{ status: 'ACTIVE' }]);

    const { Rules = [] } = await system.elb.describeRules({ ListenerArn: ingress?.listener?.arn });
    expect(Rules).toMatchObject([
      {
        ...{ Priority: '1', Conditions: [{ HostHeaderConfig: { Values: [endpoint] } }] },
        Actions: [{ Type: 'forward', TargetGroupArn: service.loadBalancers?.[0]?.targetGroupArn }],
      },
      { IsDefault: true, Actions: [{ FixedResponseConfig: { StatusCode: '404' } }] },
    ]);
    const { TargetGroups = [] } = await system.elb.describeTargetGroups({});
    expect(TargetGroups).toMatchObject([
      { HealthCheckPath: '/ping', TargetType: 'ip', Port: 8080, HealthCheckIntervalSeconds: 30 },
    ]);
    const { SecurityGroups = [] } = await system.ec2.describeSecurityGroups({
      Filters: [{ Name: 'tag:AmazonECSManaged', Values: ['true'] }],
    });
    const balancerGroup = SecurityGroups.find(({ GroupName = '' }) => GroupName.startsWith('ecs-express'));
    const own = SecurityGroups.find(({ GroupName = '' }) => GroupName.startsWith('default-web-vpc-'));
    const port = { FromPort: 8080, ToPort: 8080, IpProtocol: 'tcp' };
    expect(balancerGroup).toMatchObject({
      IpPermissions: [{ FromPort: 443, ToPort: 443, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
      IpPermissionsEgress: [{ ...port, UserIdGroupPairs: [{ GroupId: own?.GroupId }] }],
    });
    expect(own).toMatchObject({
      IpPermissions: [{ ...port, UserIdGroupPairs: [{ GroupId: balancerGroup?.GroupId }] }],
      IpPermissionsEgress: [{ IpProtocol: '-1' }],
    });
    const { ScalingPolicies = [] } = await system.autoScaling.describeScalingPolicies({
      ServiceNamespace: 'ecs',
    });
    expect(ScalingPolicies).toMatchObject([
      {
        PolicyName: 'webECSServiceAverageCPUUtilization',
        TargetTrackingScalingPolicyConfiguration: { TargetValue: 60 },
      },
    ]);

    const { service: deleted } = await system.ecs.deleteExpressGatewayService({
      serviceArn: created.serviceArn,
    });
    expect(deleted).toMatchObject({ status: { statusCode: 'DRAINING' } });
    await untilGone(created.serviceArn);
    expect(await standing()).toEqual(nothing);
    // Its logs are the user's.
    const { logGroups: kept = [] } = await system.logs.describeLogGroups({});
    expect(kept).toHaveLength(1);
  });

  it('shares its load balancer with the others of its VPC, as long as there are any', async () => {
    const [first, second] = [await create('one'), await create('two')];
    await untilScheduled('one');
    await untilScheduled('two');
    const before = await standing();
    expect(before.loadBalancers).toEqual([expect.stringMatching(/^ecs-express-gateway-alb-[0-9a-f]{8}$/)]);
    expect(before).toMatchObject({
      targetGroups: 2,
      certificates: expect.arrayContaining([endpointOf(first)]),
    });
    expect(before.securityGroups).toHaveLength(3);

    await system.ecs.deleteExpressGatewayService({ serviceArn: first.serviceArn });
    await untilGone(first.serviceArn);
    const after = await standing();
    expect(after).toMatchObject({
      ...{ loadBalancers: before.loadBalancers, targetGroups: 1 },
      ...{ certificates: [endpointOf(second)], scalableTargets: ['service/default/two'] },
    });
    const { ingressPaths: [ingress] = [] } = await resources('two');
    const { Listeners = [] } = await system.elb.describeListeners({
      LoadBalancerArn: ingress?.loadBalancer?.arn,
    });
    expect(Listeners).toMatchObject([{ Certificates: [{ CertificateArn: ingress?.certificate?.arn }] }]);

    await system.ecs.deleteExpressGatewayService({ serviceArn: second.serviceArn });
    await untilGone(second.serviceArn);
    expect(await standing()).toEqual(nothing);
  });

  it('is made whole after a kill anywhere', async () => {
    const created = await create('web');
    for (let kills = 0; kills < 4; kills += 1) await system.killControlPlane();
    await untilScheduled('web');
    expect((await standing()).certificates).toEqual([endpointOf(created)]);
    await system.ecs.deleteExpressGatewayService({ serviceArn: created.serviceArn });
    for (let kills = 0; kills < 4; kills += 1) await system.killControlPlane();
    await untilGone(created.serviceArn);
    expect(await standing()).toEqual(nothing);
  });
});

describe('UpdateExpressGatewayService', () => {
  it('changes what is said, and the way through the load balancer with it', async () => {
    const { serviceArn } = await create('web', {
      primaryContainer: { image: 'app:1', containerPort: 80, environment: [{ name: 'A', value: '1' }] },
    });
    await untilScheduled('web');
    const { service } = await system.ecs.updateExpressGatewayService({
      serviceArn,
      primaryContainer: { image: 'app:2', containerPort: 9090 },
      scalingTarget: {
        minTaskCount: 2,
        autoScalingMetric: 'REQUEST_COUNT_PER_TARGET',
        autoScalingTargetValue: 500,
      },
    });
    expect(service?.targetConfiguration).toMatchObject({
      taskDefinitionArn: system.arn('task-definition/default-web:2'),
      primaryContainer: { image: 'app:2', containerPort: 9090, environment: [{ name: 'A', value: '1' }] },
      scalingTarget: { minTaskCount: 2, maxTaskCount: 20, autoScalingMetric: 'REQUEST_COUNT_PER_TARGET' },
    });
    const policies = async () => {
      const { ScalingPolicies = [] } = await system.autoScaling.describeScalingPolicies({
        ServiceNamespace: 'ecs',
      });
      return ScalingPolicies.map(({ PolicyName }) => PolicyName);
    };
    await system.until(
      'the other metric alone',
      async () => String(await policies()) === 'webALBRequestCountPerTarget',
      { seen: policies },
    );
    await system.until(
      'two tasks to be wanted',
      async () => (await system.service('web')).desiredCount === 2,
    );
    expect(await system.service('web')).toMatchObject({ loadBalancers: [{ containerPort: 9090 }] });
    const groups = async () => {
      const { SecurityGroups: [own] = [] } = await system.ec2.describeSecurityGroups({
        Filters: [{ Name: 'group-name', Values: ['default-web-*'] }],
      });
      return own?.IpPermissions?.map(({ FromPort }) => FromPort);
    };
    // No task of the first revision was ever there to wait for.
    await system.until('the port to change', async () => String(await groups()) === '9090', { seen: groups });
  });

  it('begins no deployment for its scaling alone', async () => {
    const { serviceArn, currentDeployment } = await create('web');
    await system.ecs.updateExpressGatewayService({ serviceArn, scalingTarget: { maxTaskCount: 3 } });
    expect(await described(serviceArn)).toMatchObject({
      currentDeployment,
      activeConfigurations: [{ scalingTarget: { minTaskCount: 1, maxTaskCount: 3 } }],
    });
  });

  it('leaves alone what users have changed', async () => {
    const { serviceArn } = await create('web');
    await untilScheduled('web');
    const { TargetGroups: [group] = [] } = await system.elb.describeTargetGroups({});
    const TargetGroupArn = group?.TargetGroupArn;
    await system.elb.modifyTargetGroup({ TargetGroupArn, HealthCheckPath: '/mine' });
    const scalable = {
      ServiceNamespace: 'ecs',
      ResourceId: 'service/default/web',
      ScalableDimension: 'ecs:service:DesiredCount',
    } as const;
    await system.autoScaling.registerScalableTarget({ ...scalable, MinCapacity: 2, MaxCapacity: 5 });
    await system.ecs.updateExpressGatewayService({
      serviceArn,
      primaryContainer: { image: 'app:2', containerPort: 81 },
    });
    await system.until('the other port to be let through', async () => {
      const { SecurityGroups: [own] = [] } = await system.ec2.describeSecurityGroups({
        Filters: [{ Name: 'group-name', Values: ['default-web-*'] }],
      });
      return own?.IpPermissions?.some(({ FromPort }) => FromPort === 81);
    });
    const { TargetGroups = [] } = await system.elb.describeTargetGroups({});
    expect(TargetGroups).toMatchObject([{ HealthCheckPath: '/mine' }]);
    const { ScalableTargets = [] } = await system.autoScaling.describeScalableTargets({
      ServiceNamespace: 'ecs',
    });
    expect(ScalableTargets).toMatchObject([{ MinCapacity: 2, MaxCapacity: 5 }]);
  });
});

describe('the infrastructure role', () => {
  it('has to be there and to trust ECS', async () => {
    const missing = roles.infrastructure.replace('infrastructure', 'missing');
    for (const infrastructureRoleArn of [missing, roles.execution])
      await expect(create('web', { infrastructureRoleArn })).rejects.toMatchObject({
        name: 'AccessDeniedException',
        message: expect.stringContaining('Cannot assume role'),
      });
    expect(await standing()).toEqual(nothing);
  });

  it('decides what is made: what it may not do is told, and done when it may', async () => {
    await system.iam.detachRolePolicy({ RoleName: 'infrastructure', PolicyArn: managed });
    const { serviceArn } = await create('web');
    const reason = await system.until(
      'the reason',
      async () => (await described(serviceArn)).status?.statusReason,
    );
    expect(reason).toMatch(
      /^AccessDenied.*assumed-role\/infrastructure\/.* is not authorized to perform: logs:/,
    );
    expect((await system.service('web')).loadBalancers).toEqual([]);
    await system.iam.attachRolePolicy({ RoleName: 'infrastructure', PolicyArn: managed });
    await untilScheduled('web');
    await expect.poll(async () => (await described(serviceArn)).status).toEqual({ statusCode: 'ACTIVE' });
  });
});

it('runs something else with the roles of its tasks only for those who may pass them', async () => {
  const { serviceArn } = await create('web');
  await system.iam.createUser({ UserName: 'ada' });
  const Statement = [{ Effect: 'Allow', Action: 'ecs:*', Resource: '*' }];
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await system.iam.putUserPolicy({ UserName: 'ada', PolicyName: 'ecs', PolicyDocument });
  const { AccessKey } = await system.iam.createAccessKey({ UserName: 'ada' });
  const credentials = {
    accessKeyId: AccessKey?.AccessKeyId ?? '',
    secretAccessKey: AccessKey?.SecretAccessKey ?? '',
  };
  const ada = new ECS({ endpoint: system.endpoint, region: 'eu-west-1', credentials });
  signByClock(ada.config, system.clock);
  onTestFinished(() => ada.destroy());
  const primaryContainer = { image: 'harbor/other:1' };
  await expect(ada.updateExpressGatewayService({ serviceArn, primaryContainer })).rejects.toThrow(
    `is not authorized to perform: iam:PassRole on resource: ${roles.execution}`,
  );
  await ada.updateExpressGatewayService({ serviceArn, scalingTarget: { maxTaskCount: 3 } });
  await system.ecs.updateExpressGatewayService({ serviceArn, primaryContainer });
});

it('refuses what does not fit, before anything changes', async () => {
  const { subnetId } = await system.network();
  const { Vpc } = await system.ec2.createVpc({ CidrBlock: '10.9.0.0/16' });
  const subnet = async (zone: string, CidrBlock: string): Promise<string> => {
    const { Subnet } = await system.ec2.createSubnet({
      ...{ VpcId: Vpc?.VpcId, CidrBlock, AvailabilityZone: `eu-west-1${zone}` },
    });
    return Subnet?.SubnetId ?? '';
  };
  const here = [await subnet('a', '10.9.0.0/24'), await subnet('a', '10.9.1.0/24')];
  const inOneZone = { subnets: here };
  const taskDefinitionArn = await system.define('mine', { portMappings: [{ containerPort: 80 }] });
  const cases: readonly (readonly [Partial<CreateExpressGatewayServiceCommandInput>, string])[] = [
    [{ infrastructureRoleArn: '' }, 'infrastructureRoleArn can not be blank.'],
    [{ infrastructureRoleArn: 'role' }, 'infrastructureRoleArn is not the ARN of a role.'],
    [{ executionRoleArn: undefined }, 'executionRoleArn can not be blank.'],
    [{ primaryContainer: undefined }, 'Either primaryContainer or taskDefinitionArn must be specified.'],
    [{ primaryContainer: { image: ' ' } }, 'primaryContainer.image can not be blank.'],
    [
      { primaryContainer: { image: 'a', containerPort: 0 } },
      'primaryContainer.containerPort must be between',
    ],
    [{ healthCheckPath: 'ping' }, 'healthCheckPath must start with a forward slash'],
    [{ scalingTarget: { minTaskCount: 3, maxTaskCount: 2 } }, 'scalingTarget.minTaskCount must not be more'],
    [
      { scalingTarget: { autoScalingTargetValue: 101 } },
      'scalingTarget.autoScalingTargetValue must be between',
    ],
    [{ taskDefinitionArn }, 'primaryContainer can not be specified together with taskDefinitionArn.'],
    [
      { taskDefinitionArn, primaryContainer: undefined, executionRoleArn: undefined },
      'The task definition must have FARGATE compatibility.',
    ],
    [{ serviceName: 'no spaces' }, 'Service names can have up to 255 letters'],
    [{ networkConfiguration: inOneZone }, 'subnets must be in at least two Availability Zones.'],
    [
      { networkConfiguration: { subnets: [subnetId, ...here] } },
      'The subnets must all belong to the same VPC.',
    ],
    [{ networkConfiguration: { subnets: ['subnet-0f'] } }, "The subnet ID 'subnet-0f' does not exist"],
    [{ cpu: '257' }, 'No Fargate configuration exists for given values: 257 CPU'],
  ];
  for (const [bent, message] of cases)
    await expect(create('web', bent), message).rejects.toMatchObject({
      message: expect.stringContaining(message),
    });
  await expect(create('web', { cluster: 'nowhere' })).rejects.toMatchObject({
    name: 'ClusterNotFoundException',
  });
  expect(await standing()).toEqual(nothing);
  expect((await system.ecs.listServices({})).serviceArns).toEqual([]);
  expect((await system.ecs.listTaskDefinitions({})).taskDefinitionArns).toEqual([taskDefinitionArn]);

  const serviceArn = system.arn('service/default/nothing');
  await expect(described(serviceArn)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  for (const refused of [
    system.ecs.updateExpressGatewayService({ serviceArn }),
    system.ecs.deleteExpressGatewayService({ serviceArn }),
  ])
    await expect(refused).rejects.toMatchObject({ name: 'ServiceNotFoundException' });
});

it('in private subnets is reached from the VPC, with security groups of its own or given ones', async () => {
  const { Vpc } = await system.ec2.createVpc({ CidrBlock: '10.9.0.0/16' });
  const VpcId = Vpc?.VpcId;
  const subnets: string[] = [];
  for (const [place, zone] of ['a', 'b'].entries()) {
    const { Subnet } = await system.ec2.createSubnet({
      ...{ VpcId, CidrBlock: `10.9.${place}.0/24`, AvailabilityZone: `eu-west-1${zone}` },
    });
    subnets.push(Subnet?.SubnetId ?? '');
  }
  const { GroupId = '' } = await system.ec2.createSecurityGroup({
    VpcId,
    GroupName: 'mine',
    Description: 'mine',
  });
  const networkConfiguration = { subnets, securityGroups: [GroupId] };
  const created = await create('inside', { networkConfiguration });
  expect(created.activeConfigurations).toMatchObject([
    { networkConfiguration, ingressPaths: [{ accessType: 'PRIVATE' }] },
  ]);
  await untilScheduled('inside');
  expect((await system.service('inside')).networkConfiguration).toMatchObject({
    awsvpcConfiguration: { assignPublicIp: 'DISABLED', securityGroups: [GroupId] },
  });
  const { LoadBalancers = [] } = await system.elb.describeLoadBalancers({});
  expect(LoadBalancers).toMatchObject([{ Scheme: 'internal', VpcId }]);
  expect((await standing()).securityGroups).toHaveLength(2);
  await system.ecs.deleteExpressGatewayService({ serviceArn: created.serviceArn });
  await untilGone(created.serviceArn);
  expect(await standing()).toEqual({ ...nothing, securityGroups: ['mine'] });
});

it('takes a name from the image, and one that is there only once', async () => {
  const named = await create('x', { serviceName: undefined });
  expect(named.serviceName).toMatch(/^app-[0-9a-f]{4}$/);
  await create('web');
  await expect(create('web')).rejects.toMatchObject({ message: 'Creation of service was not idempotent.' });
  expect(await system.ecs.listServices({ resourceManagementType: 'ECS' })).toMatchObject({
    serviceArns: [named.serviceArn, system.arn('service/default/web')],
  });
  expect((await system.ecs.listServices({ resourceManagementType: 'CUSTOMER' })).serviceArns).toEqual([]);
});

it('has a security group of its own, also where clusters and services come to the same name', async () => {
  const made = [];
  for (const [clusterName, serviceName] of [
    ['sea', 'port-east'],
    ['sea-port', 'east'],
    ['c'.repeat(120), 's'.repeat(120)],
  ] as const) {
    await system.ecs.createCluster({ clusterName });
    made.push(await create(serviceName, { cluster: clusterName }));
  }
  const groups = async () =>
    (await standing()).securityGroups.filter((name) => !name?.startsWith('ecs-express-gateway-alb-sg'));
  await system.until('three groups', async () => (await groups()).length === 3, { seen: standing });
  expect((await groups()).toSorted()).toEqual([
    expect.stringMatching(/^c{120}-s{50,110}-[0-9a-f]{8}-vpc-[0-9a-f]+$/),
    expect.stringMatching(/^sea-port-east-[0-9a-f]{8}-vpc-[0-9a-f]+$/),
    expect.stringMatching(/^sea-port-east-vpc-[0-9a-f]+$/),
  ]);
  expect((await groups()).every((name = '') => name.length <= 255)).toBe(true);
  await system.ecs.deleteExpressGatewayService({ serviceArn: made[0]?.serviceArn ?? '' });
  await untilGone(made[0]?.serviceArn);
  expect((await groups()).toSorted()).toEqual([
    expect.stringMatching(/^c/),
    expect.stringMatching(/^sea-port-east-[0-9a-f]{8}-vpc-/),
  ]);
});
