import type {
  CreateTargetGroupCommandInput,
  RuleCondition,
  TargetGroupTuple,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { type Infrastructure, unless } from '../../infrastructure.ts';

/**
 * What services are reached through over HTTPS by hosts, made with a role that a user has passed to ECS. Each step looks first
 * for what it would make and leaves what is there as it is: a kill after any of them costs a look. Nothing is asked for that
 * AWS's policies for these roles do not allow.
 */
export interface Maker {
  readonly ask: Infrastructure;
  /** On everything that is made. */
  readonly tags: readonly { readonly Key: string; readonly Value: string }[];
}

export const managed = { AmazonECSManaged: 'true' };
/** AWS's policies for infrastructure roles go by it. */
export const managedTags = [{ Key: 'AmazonECSManaged', Value: 'true' }];
const httpsPort = 443;

const copied = ({ tags }: Maker) => tags.map((tag) => ({ ...tag }));

/** The same request within an hour is answered with the same certificate. @param host `<letters>-<32 digits>.<domain>` */
export async function requestCertificate(maker: Maker, host: string): Promise<string> {
  const { CertificateArn = '' } = await maker.ask('acm', 'RequestCertificate', {
    DomainName: host,
    ValidationMethod: 'DNS',
    IdempotencyToken: host.slice(host.indexOf('-') + 1, host.indexOf('.')),
    Tags: copied(maker),
  });
  return CertificateArn;
}

export async function isIssued({ ask }: Maker, CertificateArn: string): Promise<boolean> {
  const { Certificate } = await ask('acm', 'DescribeCertificate', { CertificateArn });
  return Certificate?.Status === 'ISSUED';
}

export async function makeSecurityGroup(
  maker: Maker,
  of: { readonly vpcId: string; readonly name: string; readonly description: string },
): Promise<string> {
  const found = await findSecurityGroup(maker.ask, of.vpcId, of.name);
  if (found !== undefined) return found;
  const { GroupId = '' } = await maker.ask('ec2', 'CreateSecurityGroup', {
    ...{ GroupName: of.name, Description: of.description, VpcId: of.vpcId },
    TagSpecifications: [{ ResourceType: 'security-group', Tags: copied(maker) }],
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

const rulesOf = (maker: Maker, GroupId: string, peer: Peer) => ({
  ...{ GroupId, IpPermissions: [permission(peer)] },
  TagSpecifications: [{ ResourceType: 'security-group-rule' as const, Tags: copied(maker) }],
});

export async function allowIngress(maker: Maker, group: string, peer: Peer): Promise<void> {
  await unless(['InvalidPermission.Duplicate'], () =>
    maker.ask('ec2', 'AuthorizeSecurityGroupIngress', rulesOf(maker, group, peer)),
  );
}

export async function allowEgress(maker: Maker, group: string, peer: Peer): Promise<void> {
  await unless(['InvalidPermission.Duplicate'], () =>
    maker.ask('ec2', 'AuthorizeSecurityGroupEgress', rulesOf(maker, group, peer)),
  );
}

const gone = ['InvalidPermission.NotFound', 'InvalidGroup.NotFound'];

export async function revokeIngress(ask: Infrastructure, GroupId: string, peer: Peer): Promise<void> {
  await unless(gone, () =>
    ask('ec2', 'RevokeSecurityGroupIngress', { GroupId, IpPermissions: [permission(peer)] }),
  );
}

export async function revokeEgress(ask: Infrastructure, GroupId: string, peer: Peer): Promise<void> {
  await unless(gone, () =>
    ask('ec2', 'RevokeSecurityGroupEgress', { GroupId, IpPermissions: [permission(peer)] }),
  );
}

export const fromEverywhere: Peer = { port: httpsPort, CidrIp: '0.0.0.0/0' };

/** Every new group lets everything out. */
export async function letNothingOut(ask: Infrastructure, GroupId: string): Promise<void> {
  const IpPermissions = [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }];
  await unless(gone, () => ask('ec2', 'RevokeSecurityGroupEgress', { GroupId, IpPermissions }));
}

export async function makeLoadBalancer(
  maker: Maker,
  of: {
    readonly name: string;
    readonly scheme: 'internet-facing' | 'internal';
    readonly subnetIds: readonly string[];
    readonly securityGroups: readonly string[];
  },
): Promise<string> {
  const found = await findLoadBalancer(maker.ask, of.name);
  if (found !== undefined) return found;
  const { LoadBalancers = [] } = await maker.ask('elasticloadbalancing', 'CreateLoadBalancer', {
    ...{ Name: of.name, Type: 'application', Tags: copied(maker), Scheme: of.scheme },
    Subnets: [...of.subnetIds],
    SecurityGroups: [...of.securityGroups],
  });
  return LoadBalancers[0]?.LoadBalancerArn ?? '';
}

export async function findLoadBalancer(ask: Infrastructure, name: string): Promise<string | undefined> {
  const found = await unless(['LoadBalancerNotFoundException'], () =>
    ask('elasticloadbalancing', 'DescribeLoadBalancers', { Names: [name] }),
  );
  return found?.LoadBalancers?.[0]?.LoadBalancerArn;
}

/** Of addresses, over HTTP. */
export async function makeTargetGroup(
  maker: Maker,
  name: string,
  settings: Omit<CreateTargetGroupCommandInput, 'Name' | 'Protocol' | 'TargetType' | 'Tags'>,
): Promise<string> {
  const found = await findTargetGroup(maker.ask, name);
  if (found !== undefined) return found;
  const { TargetGroups = [] } = await maker.ask('elasticloadbalancing', 'CreateTargetGroup', {
    ...settings,
    ...{ Name: name, Protocol: 'HTTP', TargetType: 'ip', Tags: copied(maker) },
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
export async function makeListener(maker: Maker, balancer: string, certificate: string): Promise<string> {
  const { ask } = maker;
  const { Listeners = [] } = await ask('elasticloadbalancing', 'DescribeListeners', {
    LoadBalancerArn: balancer,
  });
  const found = Listeners.find(({ Port }) => Port === httpsPort)?.ListenerArn;
  const Certificates = [{ CertificateArn: certificate }];
  if (found !== undefined) {
    await ask('elasticloadbalancing', 'AddListenerCertificates', { ListenerArn: found, Certificates });
    return found;
  }
  const made = await ask('elasticloadbalancing', 'CreateListener', {
    ...{ LoadBalancerArn: balancer, Protocol: 'HTTPS', Port: httpsPort, Certificates, Tags: copied(maker) },
    DefaultActions: [
      { Type: 'fixed-response', FixedResponseConfig: { StatusCode: '404', ContentType: 'text/plain' } },
    ],
  });
  return made.Listeners?.[0]?.ListenerArn ?? '';
}

export interface HostRule {
  readonly host: string;
  /** Besides the host. */
  readonly header?: { readonly name: string; readonly values: readonly string[] };
  readonly targetGroups: readonly TargetGroupTuple[];
  /** The number that it gets is the first one from here that is free. */
  readonly priorityFrom: number;
}

/** A rule by host, and by header or without one. */
export async function makeRule(maker: Maker, ListenerArn: string, of: HostRule): Promise<string> {
  const { ask } = maker;
  const { Rules = [] } = await ask('elasticloadbalancing', 'DescribeRules', { ListenerArn });
  const found = Rules.find(
    ({ Conditions = [] }) =>
      isOfHost(Conditions, of.host) && hasHeader(Conditions) === (of.header !== undefined),
  );
  if (found?.RuleArn !== undefined) return found.RuleArn;
  const taken = new Set(Rules.map(({ Priority }) => Number(Priority)));
  let priority = of.priorityFrom;
  while (taken.has(priority)) priority += 1;
  const TargetGroups = of.targetGroups.map((group) => ({ ...group }));
  const made = await ask('elasticloadbalancing', 'CreateRule', {
    ...{ ListenerArn, Priority: priority, Tags: copied(maker), Conditions: conditionsOf(of) },
    Actions: [{ Type: 'forward', ForwardConfig: { TargetGroups } }],
  });
  return made.Rules?.[0]?.RuleArn ?? '';
}

export const conditionsOf = ({ host, header }: Pick<HostRule, 'host' | 'header'>): RuleCondition[] => [
  { Field: 'host-header', HostHeaderConfig: { Values: [host] } },
  ...(header === undefined
    ? []
    : [
        {
          Field: 'http-header',
          HttpHeaderConfig: { HttpHeaderName: header.name, Values: [...header.values] },
        },
      ]),
];

export const isOfHost = (conditions: readonly RuleCondition[], host: string): boolean =>
  conditions.some(({ HostHeaderConfig }) => HostHeaderConfig?.Values?.includes(host));

const hasHeader = (conditions: readonly RuleCondition[]): boolean =>
  conditions.some(({ Field }) => Field === 'http-header');
