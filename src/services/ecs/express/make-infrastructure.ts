import { isDeepStrictEqual } from 'node:util';
import { type Infrastructure, unless } from '../../infrastructure.ts';
import { type Scope, serviceArn } from '../arn.ts';
import type { EcsContext } from '../context.ts';
import type { ServiceRecord } from '../records.ts';
import { wantedAdmissions } from './admissions.ts';
import { admitService } from './admit-service.ts';
import type {
  Admission,
  ExpressLoadBalancerRecord,
  ExpressResources,
  ExpressServiceRecord,
} from './records.ts';

/**
 * What an Express service stands on, made step by step with the role that its user passed to ECS. Each step looks first for
 * what it would make and leaves what is there as it is: a kill after any of them costs a look. Nothing is asked for that AWS's
 * policy for these roles, AmazonECSInfrastructureRoleforExpressGatewayServices, does not allow.
 */
export interface Site {
  readonly ecs: EcsContext;
  readonly scope: Scope;
  readonly ask: Infrastructure;
  readonly loadBalancer: ExpressLoadBalancerRecord;
  readonly express: ExpressServiceRecord;
  readonly service: ServiceRecord;
  /** Writes down what is there now. */
  readonly note: (made: Partial<ExpressResources>) => Promise<void>;
}

const managed = { AmazonECSManaged: 'true' };
const managedTags = [{ Key: 'AmazonECSManaged', Value: 'true' }];
const listenerPort = 443;

/** @returns false: something takes its time, look again. */
export async function makeInfrastructure(site: Site): Promise<boolean> {
  const { express, loadBalancer, service, note } = site;
  if (express.logGroupName !== undefined)
    await note({ logGroup: await makeLogGroup(site, express.logGroupName) });
  const certificate = await makeCertificate(site);
  await note({ certificate });

  const balancerGroup = await makeSecurityGroup(site, {
    name: loadBalancer.securityGroupName,
    description: `Load balancer ${loadBalancer.name} of Express services`,
  });
  await note({ loadBalancerSecurityGroup: balancerGroup });
  await letHttpsInOnly(site, balancerGroup);
  const balancer = await makeLoadBalancer(site, balancerGroup);
  await note({ loadBalancer: balancer });

  const own =
    express.securityGroups.length > 0
      ? undefined
      : await makeSecurityGroup(site, {
          name: `${express.cluster}-${express.name}-${express.vpcId}`,
          description: `Express service ${express.name} of cluster ${express.cluster}`,
        });
  if (own !== undefined) await note({ securityGroup: own });
  await admit(site, balancerGroup, own);

  const targetGroup = await makeTargetGroup(site);
  await note({ targetGroup });
  if (!(await isIssued(site, certificate))) return false;
  const listener = await makeListener(site, balancer, certificate);
  await note({ listener });
  await note({ rule: await makeRule(site, listener, targetGroup) });

  if (service.awaitsInfrastructure) await admitService(site, targetGroup, own);
  await note(await makeScaling(site, balancer, targetGroup));
  return true;
}

async function makeLogGroup({ ask, scope }: Site, logGroupName: string): Promise<string> {
  await unless(['ResourceAlreadyExistsException'], () =>
    ask('logs', 'CreateLogGroup', { logGroupName, tags: managed }),
  );
  return `arn:aws:logs:${scope.region}:${scope.accountId}:log-group:${logGroupName}`;
}

/** The same request within an hour is answered with the same certificate. */
async function makeCertificate({ ask, express }: Site): Promise<string> {
  if (express.made.certificate !== undefined) return express.made.certificate;
  const { CertificateArn = '' } = await ask('acm', 'RequestCertificate', {
    DomainName: express.endpoint,
    ValidationMethod: 'DNS',
    IdempotencyToken: express.endpoint.slice(
      express.endpoint.indexOf('-') + 1,
      express.endpoint.indexOf('.'),
    ),
    Tags: managedTags,
  });
  return CertificateArn;
}

async function isIssued({ ask }: Site, CertificateArn: string): Promise<boolean> {
  const { Certificate } = await ask('acm', 'DescribeCertificate', { CertificateArn });
  return Certificate?.Status === 'ISSUED';
}

async function makeSecurityGroup(
  { ask, express: { vpcId } }: Site,
  of: { readonly name: string; readonly description: string },
): Promise<string> {
  const found = await findSecurityGroup(ask, vpcId, of.name);
  if (found !== undefined) return found;
  const { GroupId = '' } = await ask('ec2', 'CreateSecurityGroup', {
    ...{ GroupName: of.name, Description: of.description, VpcId: vpcId },
    TagSpecifications: [{ ResourceType: 'security-group', Tags: managedTags }],
  });
  return GroupId;
}

export async function findSecurityGroup(
  ask: Infrastructure,
  vpcId: string,
  name: string,
): Promise<string | undefined> {
  const { SecurityGroups = [] } = await ask('ec2', 'DescribeSecurityGroups', {
    Filters: [
      { Name: 'vpc-id', Values: [vpcId] },
      { Name: 'group-name', Values: [name] },
    ],
  });
  return SecurityGroups[0]?.GroupId;
}

type Peer = { readonly port: number } & ({ readonly CidrIp: string } | { readonly GroupId: string });

const permission = (peer: Peer) => ({
  ...{ IpProtocol: 'tcp', FromPort: peer.port, ToPort: peer.port },
  ...('CidrIp' in peer
    ? { IpRanges: [{ CidrIp: peer.CidrIp }] }
    : { UserIdGroupPairs: [{ GroupId: peer.GroupId }] }),
});

const ruleTags = [{ ResourceType: 'security-group-rule' as const, Tags: managedTags }];

async function allowIngress({ ask }: Site, GroupId: string, peer: Peer): Promise<void> {
  await unless(['InvalidPermission.Duplicate'], () =>
    ask('ec2', 'AuthorizeSecurityGroupIngress', {
      ...{ GroupId, IpPermissions: [permission(peer)], TagSpecifications: ruleTags },
    }),
  );
}

/** HTTPS comes in from everywhere. Every new group lets everything out: this one goes only where it is admitted. */
async function letHttpsInOnly(site: Site, balancerGroup: string): Promise<void> {
  // With a load balancer in it, it has been through this; what users change from then on stays.
  if (site.express.made.loadBalancer !== undefined) return;
  await allowIngress(site, balancerGroup, { port: listenerPort, CidrIp: '0.0.0.0/0' });
  await unless(['InvalidPermission.NotFound'], () =>
    site.ask('ec2', 'RevokeSecurityGroupEgress', {
      GroupId: balancerGroup,
      IpPermissions: [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
    }),
  );
}

/** The load balancer may go where the service's deployments listen, and nowhere else any more. */
async function admit(site: Site, balancerGroup: string, own: string | undefined): Promise<void> {
  const { ask, express } = site;
  const before = express.made.admitted ?? [];
  const wanted = wantedAdmissions(site, own);
  for (const { securityGroupId, port } of wanted.filter((each) => !holds(before, each))) {
    await unless(['InvalidPermission.Duplicate'], () =>
      ask('ec2', 'AuthorizeSecurityGroupEgress', {
        ...{ GroupId: balancerGroup, TagSpecifications: ruleTags },
        IpPermissions: [permission({ port, GroupId: securityGroupId })],
      }),
    );
    if (securityGroupId === own) await allowIngress(site, own, { port, GroupId: balancerGroup });
  }
  await site.note({ admitted: [...before.filter((each) => !holds(wanted, each)), ...wanted] });
  for (const each of before.filter((one) => !holds(wanted, one)))
    await dismiss(ask, { balancerGroup, own }, each);
  await site.note({ admitted: wanted });
}

const holds = (admissions: readonly Admission[], { securityGroupId, port }: Admission): boolean =>
  admissions.some((each) => each.securityGroupId === securityGroupId && each.port === port);

/** Takes back what `admit` has allowed. @param groups.own Of those that there are, the one that was made for the service. */
export async function dismiss(
  ask: Infrastructure,
  groups: { readonly balancerGroup: string; readonly own: string | undefined },
  { securityGroupId, port }: Admission,
): Promise<void> {
  const gone = ['InvalidPermission.NotFound', 'InvalidGroup.NotFound'];
  const { balancerGroup, own } = groups;
  await unless(gone, () =>
    ask('ec2', 'RevokeSecurityGroupEgress', {
      GroupId: balancerGroup,
      IpPermissions: [permission({ port, GroupId: securityGroupId })],
    }),
  );
  if (securityGroupId !== own) return;
  await unless(gone, () =>
    ask('ec2', 'RevokeSecurityGroupIngress', {
      GroupId: own,
      IpPermissions: [permission({ port, GroupId: balancerGroup })],
    }),
  );
}

async function makeLoadBalancer({ ask, loadBalancer }: Site, group: string): Promise<string> {
  const found = await findLoadBalancer(ask, loadBalancer.name);
  if (found !== undefined) return found;
  const { LoadBalancers = [] } = await ask('elasticloadbalancing', 'CreateLoadBalancer', {
    ...{ Name: loadBalancer.name, Type: 'application', Tags: managedTags },
    Scheme: loadBalancer.accessType === 'PUBLIC' ? 'internet-facing' : 'internal',
    Subnets: [...loadBalancer.subnetIds],
    SecurityGroups: [group],
  });
  return LoadBalancers[0]?.LoadBalancerArn ?? '';
}

export async function findLoadBalancer(ask: Infrastructure, name: string): Promise<string | undefined> {
  const found = await unless(['LoadBalancerNotFoundException'], () =>
    ask('elasticloadbalancing', 'DescribeLoadBalancers', { Names: [name] }),
  );
  return found?.LoadBalancers?.[0]?.LoadBalancerArn;
}

async function makeTargetGroup({ ask, ecs, scope, express, service }: Site): Promise<string> {
  const { targetGroupName: Name, healthCheckPath: HealthCheckPath, vpcId: VpcId } = express;
  const found = await findTargetGroup(ask, Name);
  if (found !== undefined) return found;
  const [admission] = wantedAdmissions({ ecs, scope, express, service }, '');
  const { TargetGroups = [] } = await ask('elasticloadbalancing', 'CreateTargetGroup', {
    ...{ Name, VpcId, HealthCheckPath, Protocol: 'HTTP', TargetType: 'ip', Tags: managedTags },
    Port: admission?.port,
    ...{ HealthCheckIntervalSeconds: 30, HealthCheckTimeoutSeconds: 5 },
    ...{ HealthyThresholdCount: 5, UnhealthyThresholdCount: 2 },
  });
  return TargetGroups[0]?.TargetGroupArn ?? '';
}

export async function findTargetGroup(ask: Infrastructure, name: string): Promise<string | undefined> {
  const found = await unless(['TargetGroupNotFoundException'], () =>
    ask('elasticloadbalancing', 'DescribeTargetGroups', { Names: [name] }),
  );
  return found?.TargetGroups?.[0]?.TargetGroupArn;
}

/** Whoever asks for no host of a service's is answered 404. The first service's certificate is shown to those. */
async function makeListener({ ask }: Site, balancer: string, certificate: string): Promise<string> {
  const { Listeners = [] } = await ask('elasticloadbalancing', 'DescribeListeners', {
    LoadBalancerArn: balancer,
  });
  const found = Listeners.find(({ Port }) => Port === listenerPort)?.ListenerArn;
  const Certificates = [{ CertificateArn: certificate }];
  if (found !== undefined) {
    await ask('elasticloadbalancing', 'AddListenerCertificates', { ListenerArn: found, Certificates });
    return found;
  }
  const made = await ask('elasticloadbalancing', 'CreateListener', {
    ...{ LoadBalancerArn: balancer, Protocol: 'HTTPS', Port: listenerPort, Certificates, Tags: managedTags },
    DefaultActions: [
      { Type: 'fixed-response', FixedResponseConfig: { StatusCode: '404', ContentType: 'text/plain' } },
    ],
  });
  return made.Listeners?.[0]?.ListenerArn ?? '';
}

async function makeRule({ ask, express }: Site, ListenerArn: string, targetGroup: string): Promise<string> {
  const { Rules = [] } = await ask('elasticloadbalancing', 'DescribeRules', { ListenerArn });
  const found = Rules.find(({ Conditions = [] }) =>
    Conditions.some(({ HostHeaderConfig }) => HostHeaderConfig?.Values?.includes(express.endpoint)),
  );
  if (found?.RuleArn !== undefined) return found.RuleArn;
  const taken = new Set(Rules.map(({ Priority }) => Number(Priority)));
  let priority = 1;
  while (taken.has(priority)) priority += 1;
  const made = await ask('elasticloadbalancing', 'CreateRule', {
    ...{ ListenerArn, Priority: priority, Tags: managedTags },
    Conditions: [{ Field: 'host-header', HostHeaderConfig: { Values: [express.endpoint] } }],
    Actions: [{ Type: 'forward', TargetGroupArn: targetGroup }],
  });
  return made.Rules?.[0]?.RuleArn ?? '';
}

export const scalableService = ({ cluster, name }: ExpressServiceRecord) => ({
  ServiceNamespace: 'ecs' as const,
  ResourceId: `service/${cluster}/${name}`,
  ScalableDimension: 'ecs:service:DesiredCount' as const,
});

const predefinedMetrics = {
  AVERAGE_CPU: 'ECSServiceAverageCPUUtilization',
  AVERAGE_MEMORY: 'ECSServiceAverageMemoryUtilization',
  REQUEST_COUNT_PER_TARGET: 'ALBRequestCountPerTarget',
} as const;

async function makeScaling(
  { ask, express }: Site,
  balancer: string,
  targetGroup: string,
): Promise<Partial<ExpressResources>> {
  const { minTaskCount, maxTaskCount, autoScalingMetric, autoScalingTargetValue } = express.scalingTarget;
  const target = scalableService(express);
  const { scalableTarget: known, scalingPolicy: before, scaledBy } = express.made;
  if (isDeepStrictEqual(scaledBy, express.scalingTarget)) return {};
  const { ScalableTargetARN } = await ask('application-autoscaling', 'RegisterScalableTarget', {
    ...target,
    ...{ MinCapacity: minTaskCount, MaxCapacity: maxTaskCount },
    ...(known === undefined && { Tags: managed }),
  });
  const PredefinedMetricType = predefinedMetrics[autoScalingMetric];
  const name = `${express.name}${PredefinedMetricType}`;
  const { PolicyARN } = await ask('application-autoscaling', 'PutScalingPolicy', {
    ...{ ...target, PolicyName: name, PolicyType: 'TargetTrackingScaling' },
    TargetTrackingScalingPolicyConfiguration: {
      TargetValue: autoScalingTargetValue,
      DisableScaleIn: false,
      PredefinedMetricSpecification: {
        PredefinedMetricType,
        ...(autoScalingMetric === 'REQUEST_COUNT_PER_TARGET' && {
          ResourceLabel: `${suffix(balancer, 'loadbalancer/')}/${suffix(targetGroup, 'targetgroup/', 'targetgroup/')}`,
        }),
      },
    },
  });
  if (before !== undefined && before.name !== name)
    await unless(['ObjectNotFoundException'], () =>
      ask('application-autoscaling', 'DeleteScalingPolicy', { ...target, PolicyName: before.name }),
    );
  return {
    scalableTarget: ScalableTargetARN ?? known ?? '',
    scalingPolicy: { arn: PolicyARN ?? '', name },
    scaledBy: express.scalingTarget,
  };
}

/** What stands in an ARN behind a word. */
const suffix = (arn: string, word: string, prefix = ''): string =>
  prefix + arn.slice(arn.indexOf(word) + word.length);

export const expressArn = ({ scope, express }: Pick<Site, 'scope' | 'express'>): string =>
  serviceArn(scope, express.cluster, express.name);
