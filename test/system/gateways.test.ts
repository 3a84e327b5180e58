import type { CreateServiceCommandInput, HostSharedAlbConfiguration } from '@aws-sdk/client-ecs';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type System, startSystem } from './system.ts';

/** Gateways over the whole control plane: what their routes need is there, made with the role that was passed. */

const managed = 'arn:aws:iam::aws:policy/AmazonECSInfrastructureRoleForGatewayHostSharedALB';

let system: System;
let infrastructureRoleArn: string;

beforeEach(async () => {
  system = await startSystem({ seed: 'gateways', instances: 0 });
  onTestFinished(() => system[Symbol.asyncDispose]());
  const Principal = { Service: 'ecs.amazonaws.com' };
  const Statement = [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }];
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  const { Role } = await system.iam.createRole({ RoleName: 'winch', AssumeRolePolicyDocument });
  infrastructureRoleArn = Role?.Arn ?? '';
  await system.iam.attachRolePolicy({ RoleName: 'winch', PolicyArn: managed });
  for (const [place, port] of [8080, 9090].entries())
    await system.ecs.registerTaskDefinition({
      ...{
        family: 'web',
        networkMode: 'awsvpc',
        requiresCompatibilities: ['FARGATE'],
        cpu: '256',
        memory: '512',
      },
      containerDefinitions: [
        { name: 'app', image: `harbor/app:${place}`, portMappings: [{ name: 'http', containerPort: port }] },
      ],
    });
});

async function gateway(
  name: string,
  hostSharedAlb: HostSharedAlbConfiguration = {},
  more = {},
): Promise<void> {
  await system.ecs.createGateway({ name, infrastructureRoleArn, configuration: { hostSharedAlb }, ...more });
  await system.ecs.associateGatewayWithCluster({ gateway: name, cluster: 'default' });
}

async function network() {
  const { Subnets = [] } = await system.ec2.describeSubnets({
    Filters: [{ Name: 'default-for-az', Values: ['true'] }],
  });
  return { awsvpcConfiguration: { subnets: Subnets.map(({ SubnetId = '' }) => SubnetId) } };
}

async function serve(serviceName: string, bent: Partial<CreateServiceCommandInput> = {}) {
  const { service } = await system.ecs.createService({
    ...{ serviceName, taskDefinition: 'web:1', desiredCount: 1, launchType: 'FARGATE' },
    networkConfiguration: await network(),
    gatewayConnectors: [{ portName: 'http', healthCheck: { healthCheckPath: '/ping' } }],
    ...bent,
  });
  return service;
}

async function routes(input = {}) {
  const { gatewayRoutes = [] } = await system.ecs.listGatewayRoutes(input);
  return Promise.all(
    gatewayRoutes.map(async ({ gatewayRouteArn }) => {
      const { gatewayRoute } = await system.ecs.describeGatewayRoute({ gatewayRouteArn });
      return { ...gatewayRoute, alb: gatewayRoute?.resources?.hostSharedAlb?.[0] };
    }),
  );
}

const untilActive = (service: string) =>
  system.until(
    `the routes of ${service} to be ACTIVE`,
    async () => {
      const found = await routes({ service });
      const isActive = found.length > 0 && found.every(({ status }) => status === 'ACTIVE');
      // The scheduler has been let loose: there is no machine here, and it says so.
      return isActive && ((await system.service(service)).events ?? []).length > 0 && found;
    },
    { seen: () => routes() },
  );

async function revision(name: string) {
  const { currentServiceRevisions: [current] = [] } = await system.service(name);
  const { serviceRevisions = [] } = await system.ecs.describeServiceRevisions({
    serviceRevisionArns: [current?.arn ?? ''],
  });
  return serviceRevisions[0];
}

/** What there is in the account besides what it began with. */
async function standing() {
  const { LoadBalancers = [] } = await system.elb.describeLoadBalancers({});
  const { TargetGroups = [] } = await system.elb.describeTargetGroups({});
  const { SecurityGroups = [] } = await system.ec2.describeSecurityGroups({});
  const { CertificateSummaryList = [] } = await system.acm.listCertificates({});
  return {
    ...{ loadBalancers: LoadBalancers.length, targetGroups: TargetGroups.length },
    securityGroups: SecurityGroups.filter(({ GroupName }) => GroupName !== 'default').length,
    certificates: CertificateSummaryList.length,
  };
}

const nothing = { loadBalancers: 0, targetGroups: 0, securityGroups: 0, certificates: 0 };

const untilNothing = () =>
  system.until(
    'nothing to be left',
    async () => JSON.stringify(await standing()) === JSON.stringify(nothing),
    {
      seen: async () => ({ ...(await standing()), routes: await routes() }),
    },
  );

describe('a service behind a gateway', () => {
  it('has a host, a certificate and rules of a load balancer, and leaves nothing', async () => {
    await gateway('quay', {}, { tags: [{ key: 'team', value: 'blue' }] });
    expect(await standing()).toEqual(nothing);
    const created = await serve('pier');
    expect(created?.loadBalancers).toEqual([]);
    const [route] = (await untilActive('pier')) || [];
    expect(route).toMatchObject({
      gatewayRouteArn: expect.stringContaining(':gateway-route/quay/'),
      ...{ serviceArn: created?.serviceArn, serviceContainerPortName: 'http' },
      serviceUrl: expect.stringMatching(/^https:\/\/pi-[0-9a-f]{32}\.ecs\.eu-west-1\.on\.aws$/),
    });
    const host = route?.serviceUrl?.slice('https://'.length) ?? '';
    const { alb } = route ?? {};
    const { Rules = [] } = await system.elb.describeRules({ ListenerArn: alb?.listenerArn });
    expect(Rules).toMatchObject([
      {
        ...{ RuleArn: alb?.listenerRuleArn, Conditions: [{ HostHeaderConfig: { Values: [host] } }] },
        Actions: [{ ForwardConfig: { TargetGroups: [{ Weight: 1 }, { Weight: 0 }] } }],
      },
      { IsDefault: true, Actions: [{ FixedResponseConfig: { StatusCode: '404' } }] },
    ]);
    const { TargetGroups = [] } = await system.elb.describeTargetGroups({});
    expect(TargetGroups).toHaveLength(2);
    expect(TargetGroups).toContainEqual(
      expect.objectContaining({ HealthCheckPath: '/ping', TargetType: 'ip', Port: 8080 }),
    );
    const { LoadBalancers: [balancer] = [] } = await system.elb.describeLoadBalancers({});
    const { TagDescriptions: [tags] = [] } = await system.elb.describeTags({
      ResourceArns: [balancer?.LoadBalancerArn ?? ''],
    });
    expect(tags?.Tags).toEqual([
      { Key: 'AmazonECSManaged', Value: 'true' },
      { Key: 'team', Value: 'blue' },
    ]);
    const groupOf = (arn = '') => arn.split('/').at(-1) ?? '';
    const { SecurityGroups = [] } = await system.ec2.describeSecurityGroups({
      GroupIds: [groupOf(alb?.loadBalancerSecurityGroups?.[0]?.arn), groupOf(alb?.serviceSecurityGroupArn)],
    });
    const [balancerGroup, own] = SecurityGroups.toSorted((one) =>
      one.GroupId === balancer?.SecurityGroups?.[0] ? -1 : 1,
    );
    const port = { FromPort: 8080, ToPort: 8080, IpProtocol: 'tcp' };
    expect(balancerGroup).toMatchObject({
      IpPermissions: [{ FromPort: 443, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
      IpPermissionsEgress: [{ ...port, UserIdGroupPairs: [{ GroupId: own?.GroupId }] }],
    });
    expect(own).toMatchObject({
      IpPermissions: [{ ...port, UserIdGroupPairs: [{ GroupId: balancerGroup?.GroupId }] }],
    });

    // Users see of it what they gave, and in the revision what it came to.
    expect(await system.service('pier')).toMatchObject({ loadBalancers: [] });
    expect(await revision('pier')).toMatchObject({
      loadBalancers: [],
      gatewayConnectors: [{ portName: 'http', healthCheck: { healthCheckPath: '/ping' } }],
      ecsManagedResources: {
        gatewayConnections: [
          {
            ...{ gatewayRouteArn: route?.gatewayRouteArn, serviceUrl: route?.serviceUrl, portName: 'http' },
            ...{ accessType: 'PUBLIC', status: 'ACTIVE' },
            resources: {
              hostSharedAlb: [
                {
                  ...{ loadBalancerArn: balancer?.LoadBalancerArn, listenerArn: alb?.listenerArn },
                  targetGroupArn: expect.stringContaining(':targetgroup/'),
                  alternateTargetGroupArn: expect.stringContaining(':targetgroup/'),
                },
              ],
            },
          },
        ],
      },
    });
    const { gatewayResources } = await system.ecs.describeGatewayResources({ gateway: 'quay' });
    expect(gatewayResources?.resources?.hostSharedAlb).toEqual([
      {
        ...{ loadBalancerArn: balancer?.LoadBalancerArn, listenerArn: alb?.listenerArn },
        ...{ securityGroup: balancerGroup?.GroupId, gatewayRouteArns: [route?.gatewayRouteArn] },
      },
    ]);

    await system.ecs.deleteService({ service: 'pier', force: true });
    await untilNothing();
    expect(await routes()).toEqual([]);
  });

  it('shares the load balancer with others, and the gateway is disassociated when the last of them is gone', async () => {
    await gateway('quay');
    await serve('pier');
    await serve('mole');
    const [[pier], [mole]] = [(await untilActive('pier')) || [], (await untilActive('mole')) || []];
    expect(pier?.alb?.loadBalancerArn).toBe(mole?.alb?.loadBalancerArn);
    expect(await standing()).toEqual({
      ...{ loadBalancers: 1, targetGroups: 4, securityGroups: 3, certificates: 2 },
    });
    await system.ecs.disassociateGatewayFromCluster({ gateway: 'quay', cluster: 'default' });
    await expect(serve('jetty')).rejects.toMatchObject({
      message: expect.stringContaining('no gateways are associated with cluster default'),
    });
    const associations = async () =>
      (await system.ecs.listGatewayClusterAssociations({})).gatewayClusterAssociations;

    // The one that showed its certificate goes.
    await system.ecs.updateService({ service: 'pier', gatewayConnectors: [] });
    await system.until('its route to be gone', async () => (await routes()).length === 1, { seen: routes });
    expect(await standing()).toMatchObject({ loadBalancers: 1, targetGroups: 2, certificates: 1 });
    const { Listeners = [] } = await system.elb.describeListeners({
      LoadBalancerArn: mole?.alb?.loadBalancerArn,
    });
    expect(Listeners).toMatchObject([{ Certificates: [{ CertificateArn: mole?.alb?.acmCertificateArn }] }]);
    expect(await associations()).toMatchObject([{ status: 'DISASSOCIATING' }]);

    await system.ecs.deleteService({ service: 'mole', force: true });
    await untilNothing();
    await system.until('the association to end', async () => (await associations())?.length === 0, {
      seen: associations,
    });
    expect((await revision('pier'))?.gatewayConnectors).toBeUndefined();
  });

  it('is made whole after a kill anywhere', async () => {
    await gateway('quay', { testTrafficRules: { header: { name: 'X-Trial', values: ['yes'] } } });
    await serve('pier');
    for (let kills = 0; kills < 4; kills += 1) await system.killControlPlane();
    await untilActive('pier');
    expect(await standing()).toEqual({
      ...{ loadBalancers: 1, targetGroups: 2, securityGroups: 2, certificates: 1 },
    });
    await system.ecs.deleteService({ service: 'pier', force: true });
    for (let kills = 0; kills < 4; kills += 1) await system.killControlPlane();
    await untilNothing();
  });

  it('joins every gateway that it can, of the access types that it wants', async () => {
    await gateway('outer');
    await gateway('inner', { scheme: 'internal' });
    await serve('both');
    await serve('inside', {
      gatewayConnectors: [{ portName: 'http', filters: { accessTypes: ['PRIVATE'] } }],
    });
    expect(await untilActive('both')).toHaveLength(2);
    expect(await untilActive('inside')).toMatchObject([
      { gatewayRouteArn: expect.stringContaining(':gateway-route/inner/') },
    ]);
    const connections = (await revision('both'))?.ecsManagedResources?.gatewayConnections;
    expect(connections?.map(({ accessType }) => accessType).sort()).toEqual(['PRIVATE', 'PUBLIC']);
  });

  it('lets the load balancer in where its newest deployment listens', async () => {
    await gateway('quay');
    await serve('pier');
    const [before] = (await untilActive('pier')) || [];
    await system.ecs.updateService({ service: 'pier', taskDefinition: 'web:2' });
    const ports = async () => {
      const { SecurityGroups: [own] = [] } = await system.ec2.describeSecurityGroups({
        GroupIds: [before?.alb?.serviceSecurityGroupArn?.split('/').at(-1) ?? ''],
      });
      return own?.IpPermissions?.map(({ FromPort }) => FromPort);
    };
    // No task of the first deployment was ever there to wait for.
    await system.until('the port to change', async () => String(await ports()) === '9090', { seen: ports });
    expect(await routes()).toMatchObject([{ gatewayRouteArn: before?.gatewayRouteArn }]);
    await expect(
      system.ecs.updateService({
        service: 'pier',
        gatewayConnectors: [{ portName: 'http', healthCheck: { healthCheckPath: '/' } }],
      }),
    ).rejects.toMatchObject({ name: 'UnsupportedFeatureException' });
  });

  it('has a rule for test traffic as long as its gateway says so', async () => {
    await gateway('quay');
    await serve('pier', { deploymentConfiguration: { strategy: 'BLUE_GREEN' } });
    const [made] = (await untilActive('pier')) || [];
    expect(made?.alb?.testListenerRuleArns).toEqual([]);
    const update = async (header?: { name: string; values: string[] }) => {
      const testTrafficRules = header === undefined ? {} : { header };
      await system.ecs.updateGateway({
        gateway: 'quay',
        configuration: { hostSharedAlb: { testTrafficRules } },
      });
      await system.until('the update to end', async () => {
        const { gateway: described } = await system.ecs.describeGateway({ gateway: 'quay' });
        return described?.status === 'UPDATE_COMPLETE';
      });
    };
    await update({ name: 'X-Trial', values: ['yes'] });
    // Nothing is changed under a shift of traffic: without a machine, the first deployment of this one never ends.
    expect((await routes())[0]?.alb?.testListenerRuleArns).toEqual([]);
    await serve('mole', { deploymentConfiguration: { strategy: 'CANARY' } });
    await untilActive('mole');
    const [mole] = await routes({ service: 'mole' });
    const { Rules = [] } = await system.elb.describeRules({
      RuleArns: mole?.alb?.testListenerRuleArns ?? [],
    });
    expect(Rules).toMatchObject([
      {
        Priority: '1',
        Conditions: [
          { HostHeaderConfig: { Values: [mole?.serviceUrl?.slice('https://'.length)] } },
          { HttpHeaderConfig: { HttpHeaderName: 'X-Trial', Values: ['yes'] } },
        ],
      },
    ]);
    await serve('jetty');
    await untilActive('jetty');
    await update({ name: 'X-Trial', values: ['no'] });
    const testRule = async () => {
      const [jetty] = await routes({ service: 'jetty' });
      const RuleArns = jetty?.alb?.testListenerRuleArns ?? [];
      if (RuleArns.length === 0) return [];
      const { Rules: [rule] = [] } = await system.elb.describeRules({ RuleArns });
      return rule?.Conditions?.flatMap(({ HttpHeaderConfig }) => HttpHeaderConfig?.Values ?? []);
    };
    await system.until('the other value', async () => String(await testRule()) === 'no', { seen: testRule });
    await update();
    await system.until('no rule', async () => (await testRule())?.length === 0, { seen: testRule });
  });
});

describe('UpdateGateway', () => {
  it('brings its load balancers there, and says of each what could not be done', async () => {
    await gateway('quay');
    await serve('pier');
    const [route] = (await untilActive('pier')) || [];
    const LoadBalancerArn = route?.alb?.loadBalancerArn ?? '';
    const attributes = async () => {
      const { Attributes = [] } = await system.elb.describeLoadBalancerAttributes({ LoadBalancerArn });
      return Object.fromEntries(Attributes.map(({ Key, Value }) => [Key, Value]));
    };
    expect(await attributes()).toMatchObject({ 'deletion_protection.enabled': 'true' });
    const { securityGroupId } = await system.network();
    const ended = async (status: string) => {
      const described = async () => (await system.ecs.describeGateway({ gateway: 'quay' })).gateway;
      await system.until(status, async () => (await described())?.status === status, { seen: described });
      return described();
    };
    await system.ecs.updateGateway({
      ...{ gateway: 'quay', deletionProtection: false },
      configuration: {
        hostSharedAlb: {
          networkConfiguration: { inboundSecurityGroup: securityGroupId },
          accessLogs: { destination: { s3: { bucket: 'logbook' } } },
        },
      },
    });
    await ended('UPDATE_COMPLETE');
    expect(await attributes()).toMatchObject({
      ...{ 'deletion_protection.enabled': 'false', 'access_logs.s3.bucket': 'logbook' },
    });
    const { LoadBalancers: [balancer] = [] } = await system.elb.describeLoadBalancers({});
    expect(balancer?.SecurityGroups).toContain(securityGroupId);
    const own = balancer?.SecurityGroups?.find((id) => id !== securityGroupId) ?? '';
    const { SecurityGroups: [group] = [] } = await system.ec2.describeSecurityGroups({ GroupIds: [own] });
    expect(group?.IpPermissions).toEqual([]);

    await system.iam.detachRolePolicy({ RoleName: 'winch', PolicyArn: managed });
    await system.ecs.updateGateway({ gateway: 'quay', deletionProtection: true });
    expect(await ended('UPDATE_FAILED')).toMatchObject({
      statusReason: expect.any(String),
      failures: [
        {
          arn: LoadBalancerArn,
          errors: expect.arrayContaining([
            expect.objectContaining({
              operation: 'elasticloadbalancing:ModifyLoadBalancerAttributes',
              code: 'AccessDenied',
            }),
          ]),
        },
      ],
    });
    await system.iam.attachRolePolicy({ RoleName: 'winch', PolicyArn: managed });
    await system.ecs.updateGateway({ gateway: 'quay', deletionProtection: true });
    expect(await ended('UPDATE_COMPLETE')).not.toHaveProperty('failures');
    await system.ecs.deleteService({ service: 'pier', force: true });
    await untilNothing();
  });
});

it('what the role may not do is said by the route and its service, and tried again', async () => {
  await gateway('quay');
  await system.iam.detachRolePolicy({ RoleName: 'winch', PolicyArn: managed });
  await serve('pier');
  await system.until('it to be said', async () => (await routes())[0]?.status === 'CREATE_FAILED', {
    seen: routes,
  });
  const { events: [event] = [] } = await system.service('pier');
  expect(event?.message).toMatch(
    /^\(service pier\) was unable to create its route behind gateway quay\. Reason: AccessDenied/,
  );
  await system.iam.attachRolePolicy({ RoleName: 'winch', PolicyArn: managed });
  await untilActive('pier');
});

it('What can not be connected is refused, and nothing is made of it', async () => {
  const connector = (bent: object) => ({ gatewayConnectors: [{ portName: 'http', ...bent }] });
  await expect(serve('pier')).rejects.toMatchObject({
    message: 'gatewayConnectors were specified but no gateways are associated with cluster default.',
  });
  await gateway('inner', { scheme: 'internal' });
  await system.define('bridged');
  const { Vpc } = await system.ec2.createVpc({ CidrBlock: '10.9.0.0/16' });
  const { Subnet } = await system.ec2.createSubnet({ VpcId: Vpc?.VpcId, CidrBlock: '10.9.0.0/24' });
  const cases: readonly (readonly [Partial<CreateServiceCommandInput>, string])[] = [
    [
      { gatewayConnectors: [{ portName: 'http' }, { portName: 'http' }] },
      'gatewayConnectors can have at most 1 item.',
    ],
    [connector({ portName: '' }), 'portName can not be blank in gatewayConnectors.'],
    [connector({ portName: 'tls' }), 'The task definition has no port mapping with the name tls.'],
    [
      { taskDefinition: 'bridged', launchType: 'EC2', networkConfiguration: undefined },
      'gatewayConnectors require a task definition with the awsvpc network mode.',
    ],
    [
      connector({ filters: { accessTypes: ['PUBLIC'] } }),
      'None of the gateways associated with cluster default match the access types PUBLIC.',
    ],
    [connector({ filters: { accessTypes: ['OPEN'] } }), 'accessTypes should be one of [PUBLIC,PRIVATE].'],
    [
      { networkConfiguration: { awsvpcConfiguration: { subnets: [Subnet?.SubnetId ?? ''] } } },
      "Cluster default has associated gateways but none are in the service's VPC",
    ],
    [
      connector({ healthCheck: { healthCheckPath: 'ping' } }),
      'healthCheckPath must start with a forward slash',
    ],
    [connector({ healthCheck: { healthCheckPort: 0 } }), 'healthCheckPort must be between 1 and 65535.'],
    [connector({ healthCheck: { healthyThresholdCount: 11 } }), 'healthyThresholdCount must be between'],
    [connector({ healthCheck: { healthCheckTimeoutSeconds: 30 } }), 'healthCheckTimeoutSeconds must be less'],
    [connector({ healthCheck: { matcher: { httpCode: 'ok' } } }), 'httpCode must be codes such as 200'],
    [connector({ healthCheck: { matcher: { grpcCode: '0' } } }), 'grpcCode of a gateway connector'],
    [
      { deploymentController: { type: 'EXTERNAL' }, taskDefinition: undefined, launchType: undefined },
      'GatewayConnectors must be blank.',
    ],
  ];
  for (const [bent, message] of cases)
    await expect(
      serve('pier', { ...bent, ...(bent.deploymentController && { networkConfiguration: undefined }) }),
      message,
    ).rejects.toMatchObject({ message: expect.stringContaining(message) });
  expect(await routes()).toEqual([]);
  expect(await standing()).toEqual(nothing);
  expect((await system.ecs.listServices({})).serviceArns).toEqual([]);
  await expect(
    system.ecs.describeGatewayRoute({ gatewayRouteArn: system.arn('gateway-route/inner/1') }),
  ).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  await expect(system.ecs.listGatewayRoutes({ gateway: 'nowhere' })).rejects.toMatchObject({
    name: 'GatewayNotFoundException',
  });
});
