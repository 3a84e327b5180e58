import type { CreateClusterCommandInput, VpcConfigRequest } from '@aws-sdk/client-eks';
import type { Reader, Transaction } from '../../../reconcile/index.ts';
import { cidrBlock, cidrText, holdsBlock, parseCidr } from '../../../topology/index.ts';
import { readAwsvpc, vpcFacts } from '../../ec2/index.ts';
import type { Scope } from '../arn.ts';
import { invalidParameter } from '../errors.ts';
import { constraints, readTags } from '../input.ts';
import type { AuthenticationMode, ClusterRecord } from '../records.ts';
import { readEncryption } from './encryption.ts';
import { readLogging } from './logging.ts';
import { refuseUnsupportedAtCreation } from './unsupported.ts';
import { assertServed, defaultVersion } from './versions.ts';

export const authenticationModes: readonly AuthenticationMode[] = ['API', 'API_AND_CONFIG_MAP', 'CONFIG_MAP'];

/** Who reaches a cluster of which nothing else is said. */
export const everywhere: readonly string[] = ['0.0.0.0/0'];

/** What a request wants of a cluster, as far as it alone tells. */
export type WantedCluster = Pick<
  ClusterRecord,
  | 'name'
  | 'version'
  | 'roleArn'
  | 'authenticationMode'
  | 'deletionProtection'
  | 'logTypes'
  | 'publicAccessCidrs'
  | 'withoutFunctions'
  | 'tags'
> & {
  readonly isAdminForCreator: boolean;
  readonly serviceIpv4Cidr: string | undefined;
  /** Of KMS; undefined: none. */
  readonly encryptionKey: string | undefined;
};

/** @throws InvalidParameterException */
export function readCluster(input: CreateClusterCommandInput): WantedCluster {
  const { name = '', version = defaultVersion, roleArn = '', accessConfig = {} } = input;
  constraints()
    .text('name', name, { minLength: 1, maxLength: 100, pattern: String.raw`[0-9A-Za-z][A-Za-z0-9\-_]*` })
    .text('roleArn', roleArn, { minLength: 1, maxLength: 255 })
    .text('accessConfig.authenticationMode', accessConfig.authenticationMode, {
      oneOf: authenticationModes,
    })
    .throwIfViolated();
  if (!/^arn:aws:iam::\d{12}:role\/.+/.test(roleArn))
    throw invalidParameter(`Invalid Role Arn: '${roleArn}'`);
  assertServed(version);
  refuseUnsupportedAtCreation(input);
  const { publicAccessCidrs } = input.resourcesVpcConfig ?? {};
  const logTypes = readLogging(input.logging ?? {}, []);
  return {
    ...{ name, version, roleArn },
    // Access entries, which AWS has to be asked for, rather than the ConfigMap `aws-auth` alone.
    authenticationMode: authenticationModes.find((it) => it === accessConfig.authenticationMode) ?? 'API',
    ...(publicAccessCidrs !== undefined && { publicAccessCidrs: readPublicAccessCidrs(publicAccessCidrs) }),
    ...(logTypes.length > 0 && { logTypes }),
    // Of what EKS installs by itself, what a cluster here can be without.
    ...(input.bootstrapSelfManagedAddons === false && { withoutFunctions: ['coredns' as const] }),
    isAdminForCreator: accessConfig.bootstrapClusterCreatorAdminPermissions ?? true,
    deletionProtection: input.deletionProtection ?? false,
    encryptionKey: readEncryption(input.encryptionConfig),
    serviceIpv4Cidr: readServiceCidr(input.kubernetesNetworkConfig?.serviceIpv4Cidr),
    tags: readTags(input.tags, invalidParameter),
  };
}

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

/** The Availability Zones of subnets, in their order; of subnets that are gone, none. */
export function zonesOf(reader: Reader, scope: Scope, subnets: readonly string[]): readonly string[] {
  const found = readAwsvpc(reader, scope, { subnets, securityGroups: [] });
  const zones = found.type === 'found' ? found.subnets.map(({ availabilityZone }) => availabilityZone) : [];
  return [...new Set(zones)].toSorted();
}

/** "Public endpoint access CIDR ranges per cluster" (EKS quotas). */
const maxPublicCidrs = 40;

/** @throws InvalidParameterException */
export function readPublicAccessCidrs(cidrs: readonly string[]): readonly string[] {
  if (cidrs.length === 0) return everywhere;
  if (cidrs.length > maxPublicCidrs)
    throw invalidParameter(`At most ${maxPublicCidrs} CIDRs can be specified in publicAccessCidrs`);
  for (const cidr of cidrs) {
    const block = parseCidr(cidr);
    if (block === undefined || cidrText(block) !== cidr)
      throw invalidParameter(`The following CIDRs are invalid in publicAccessCidrs: [${cidr}]`);
  }
  return [...new Set(cidrs)];
}
