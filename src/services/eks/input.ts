import { hash } from 'node:crypto';
import type { CreateClusterCommandInput, LogSetup, LogType, VpcConfigRequest } from '@aws-sdk/client-eks';
import type { Transaction } from '../../reconcile/index.ts';
import { cidrBlock, cidrText, holdsBlock, parseCidr } from '../../topology/index.ts';
import { Constraints } from '../constraints.ts';
import { readAwsvpc, vpcFacts } from '../ec2/index.ts';
import { maxTags } from '../tag-list.ts';
import type { Scope } from './arn.ts';
import { badRequest, invalidParameter, unsupported } from './errors.ts';
import type { AuthenticationMode, ClusterRecord, MadeBy, Tags } from './records.ts';

export const constraints = (): Constraints => new Constraints(invalidParameter);

/** Whom of IAM a cluster lets in is told by access entries, of which its creator has the only one. */
const authenticationMode: AuthenticationMode = 'API';

/** The versions whose API the clusters' control planes serve. */
const versions = ['1.35', '1.36'];
const defaultVersion = '1.36';

export const logTypes: readonly LogType[] = [
  'api',
  'audit',
  'authenticator',
  'controllerManager',
  'scheduler',
];

/** What a request wants of a cluster, as far as it alone tells. */
export type WantedCluster = Pick<
  ClusterRecord,
  'name' | 'version' | 'roleArn' | 'authenticationMode' | 'deletionProtection' | 'tags'
> & { readonly isAdminForCreator: boolean; readonly serviceIpv4Cidr: string | undefined };

/** @throws InvalidParameterException */
export function readCluster(input: CreateClusterCommandInput): WantedCluster {
  const { name = '', version = defaultVersion, roleArn = '', accessConfig = {} } = input;
  constraints()
    .text('name', name, { minLength: 1, maxLength: 100, pattern: String.raw`[0-9A-Za-z][A-Za-z0-9\-_]*` })
    .text('roleArn', roleArn, { minLength: 1, maxLength: 255 })
    .text('accessConfig.authenticationMode', accessConfig.authenticationMode, {
      oneOf: ['API', 'API_AND_CONFIG_MAP', 'CONFIG_MAP'],
    })
    .list('encryptionConfig', input.encryptionConfig, { max: 1 })
    .throwIfViolated();
  if (!/^arn:aws:iam::\d{12}:role\/.+/.test(roleArn))
    throw invalidParameter(`Invalid Role Arn: '${roleArn}'`);
  if (!versions.includes(version)) throw invalidParameter(`unsupported Kubernetes version ${version}`);
  refuseUnsupported(input);
  return {
    ...{ name, version, roleArn },
    authenticationMode,
    isAdminForCreator: accessConfig.bootstrapClusterCreatorAdminPermissions ?? true,
    deletionProtection: input.deletionProtection ?? false,
    serviceIpv4Cidr: readServiceCidr(input.kubernetesNetworkConfig?.serviceIpv4Cidr),
    tags: readTags(input.tags, invalidParameter),
  };
}

/** What has an effect in EKS that there is none of here, by name. @throws InvalidParameterException */
function refuseUnsupported(input: CreateClusterCommandInput): void {
  const { resourcesVpcConfig = {}, kubernetesNetworkConfig = {}, logging } = input;
  const { authenticationMode: mode = authenticationMode } = input.accessConfig ?? {};
  const asked: readonly (readonly [isAsked: boolean, what: string])[] = [
    [resourcesVpcConfig.endpointPublicAccess === false, 'Clusters without a public endpoint are'],
    [
      resourcesVpcConfig.endpointPrivateAccess === true,
      'Endpoints within the VPC (endpointPrivateAccess) are',
    ],
    [
      resourcesVpcConfig.publicAccessCidrs?.some((cidr) => cidr !== '0.0.0.0/0') === true,
      'Public endpoints for some CIDRs only (publicAccessCidrs) are',
    ],
    [mode !== authenticationMode, `The ConfigMap aws-auth (authenticationMode ${mode}) is`],
    [
      input.bootstrapSelfManagedAddons === true,
      'Add-ons that come with a cluster (bootstrapSelfManagedAddons) are',
    ],
    [kubernetesNetworkConfig.ipFamily === 'ipv6', 'IPv6 clusters are'],
    [kubernetesNetworkConfig.elasticLoadBalancing?.enabled === true, 'EKS Auto Mode is'],
    [
      input.computeConfig?.enabled === true || input.storageConfig?.blockStorage?.enabled === true,
      'EKS Auto Mode is',
    ],
    [logging?.clusterLogging?.some(isEnabledSetup) === true, 'Logs of the control plane (logging) are'],
    [(input.encryptionConfig?.length ?? 0) > 0, 'Keys of KMS (encryptionConfig) are'],
    [input.outpostConfig !== undefined, 'Outposts (outpostConfig) are'],
    [input.upgradePolicy?.supportType === 'STANDARD', 'Automatic upgrades (upgradePolicy STANDARD) are'],
    [input.zonalShiftConfig?.enabled === true, 'Zonal shifts (zonalShiftConfig) are'],
    [hasNetworks(input), 'Hybrid nodes (remoteNetworkConfig) are'],
    [(input.controlPlaneScalingConfig?.tier ?? 'standard') !== 'standard', 'Tiers of the control plane are'],
    [input.kubeApiServerConfig !== undefined, 'Settings of the API server (kubeApiServerConfig) are'],
    [input.kubeSchedulerConfig !== undefined, 'Settings of the scheduler (kubeSchedulerConfig) are'],
    [
      input.kubeControllerManagerConfig !== undefined,
      'Settings of controllers (kubeControllerManagerConfig) are',
    ],
  ];
  const first = asked.find(([isAsked]) => isAsked);
  if (first !== undefined) throw unsupported(first[1]);
}

const isEnabledSetup = ({ enabled }: LogSetup): boolean => enabled === true;

const hasNetworks = ({ remoteNetworkConfig }: CreateClusterCommandInput): boolean =>
  (remoteNetworkConfig?.remoteNodeNetworks?.length ?? 0) > 0 ||
  (remoteNetworkConfig?.remotePodNetworks?.length ?? 0) > 0;

/** Private ranges, /24 to /12. @throws InvalidParameterException */
function readServiceCidr(cidr: string | undefined): string | undefined {
  if (cidr === undefined) return undefined;
  const block = parseCidr(cidr);
  const isPrivate = block !== undefined && privateRanges.some((range) => holdsBlock(cidrBlock(range), block));
  if (!isPrivate || cidrText(block) !== cidr || block.prefixLength < 12 || block.prefixLength > 24) {
    throw invalidParameter(
      `The specified serviceIpv4Cidr is invalid: ${cidr}. It must be within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16, and between /24 and /12.`,
    );
  }
  return cidr;
}

const privateRanges = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'];

export type Place = Pick<ClusterRecord, 'vpcId' | 'subnetIds' | 'securityGroupIds' | 'serviceIpv4Cidr'>;

/** Where a cluster is to be, all of it there and in one VPC. @throws InvalidParameterException */
export function readPlace(
  tx: Transaction,
  scope: Scope,
  { subnetIds = [], securityGroupIds = [] }: VpcConfigRequest,
  serviceIpv4Cidr: string | undefined,
): Place {
  if (new Set(subnetIds).size < 2) throw twoZones();
  if (securityGroupIds.length > 5) throw invalidParameter('At most 5 security groups can be specified');
  const found = readAwsvpc(tx, scope, { subnets: subnetIds, securityGroups: securityGroupIds });
  switch (found.type) {
    case 'subnet-missing':
      throw invalidParameter(`The subnet ID '${found.id}' does not exist`);
    case 'security-group-missing':
      throw invalidParameter(`The security group '${found.id}' does not exist`);
    case 'several-vpcs':
      throw invalidParameter('Subnets and security groups must all be in the same VPC');
    default:
  }
  if (new Set(found.subnets.map((subnet) => subnet.availabilityZone)).size < 2) throw twoZones();
  const { vpcId } = found;
  const facts = vpcFacts(tx, scope, vpcId);
  const cidr = serviceIpv4Cidr ?? (facts?.overlaps('10.0.0.0/8') ? '172.20.0.0/16' : '10.100.0.0/16');
  if (facts?.overlaps(cidr))
    throw invalidParameter(`The specified serviceIpv4Cidr ${cidr} overlaps with the VPC`);
  return { ...{ vpcId, subnetIds, securityGroupIds }, serviceIpv4Cidr: cidr };
}

const twoZones = () => invalidParameter('Subnets specified must be in at least two different AZs');

/** @param refuse InvalidParameterException of CreateCluster, BadRequestException of TagResource. */
export function readTags(
  tags: Readonly<Record<string, string>> | undefined = {},
  refuse: (message: string) => Error = badRequest,
): Tags {
  const entries = Object.entries(tags);
  if (entries.length > maxTags) throw refuse(`A resource can have at most ${maxTags} tags`);
  for (const [key, value] of entries) {
    if (key.length < 1 || key.length > 128)
      throw refuse(`Tag keys have 1 to 128 characters: ${key.slice(0, 140)}`);
    if (value.length > 256) throw refuse(`Tag values have at most 256 characters: the one of ${key}`);
    if (/^aws:/i.test(key)) throw refuse('aws: prefixed tag key names are not allowed for external use.');
  }
  return tags;
}

interface Repeatable {
  readonly clientRequestToken?: string | undefined;
}

/** What a request is known by when it comes again; undefined: it has no token. */
export function madeBy({ clientRequestToken: token, ...asked }: Repeatable): MadeBy | undefined {
  return token === undefined ? undefined : { token, hash: hash('sha256', JSON.stringify(asked), 'hex') };
}

/** Whether what is there was made by the same request, which then has its answer. */
export const isRepeat = (present: MadeBy | undefined, asked: MadeBy | undefined): boolean =>
  asked !== undefined && present?.token === asked.token && present.hash === asked.hash;
