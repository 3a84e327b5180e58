import type {
  CreateGatewayCommandInput,
  GatewayAlbTestTrafficRules,
  GatewayElbAccessLogConfiguration,
  HostSharedAlbConfiguration,
  UpdateGatewayAlbConfiguration,
  UpdateGatewayCommandInput,
} from '@aws-sdk/client-ecs';
import type { Reader } from '../../../reconcile/index.ts';
import { defaultVpc } from '../../ec2/index.ts';
import type { Scope } from '../arn.ts';
import { invalidParameter, unsupported } from '../errors.ts';
import { given } from '../given.ts';
import { requireAwsvpc } from '../network-configuration.ts';
import type { GatewayRecord, GatewaySettings } from './records.ts';

/**
 * What requests of gateways may say (Amazon ECS API reference, HostSharedAlbConfiguration). All throw
 * InvalidParameterException; what isn't built is refused by name.
 */

type Placed = Pick<GatewayRecord, 'scheme' | 'vpcId' | 'subnetIds' | 'availabilityZones'>;

const defaultMaxAlbCount = 10;
/** Elastic Load Balancing's quota "Application Load Balancers per Region". */
const mostLoadBalancers = 50;
export const gatewayPort = 443;

/** The one variant that there is. */
function readVariant<T>(configuration: { readonly hostSharedAlb?: T } | undefined): T {
  if (configuration?.hostSharedAlb === undefined)
    throw invalidParameter('Exactly one variant of configuration must be set: hostSharedAlb.');
  return configuration.hostSharedAlb;
}

function readPropagateTags(asked: string): GatewaySettings['propagateTags'] {
  if (asked === 'GATEWAY' || asked === 'NONE') return asked;
  throw invalidParameter('propagateTags should be one of [GATEWAY,NONE].');
}

/** Where a gateway's load balancers are to be, and what of them can be changed later. */
export function readNewGateway(
  reader: Reader,
  scope: Scope,
  input: CreateGatewayCommandInput,
): Placed & Omit<GatewaySettings, 'infrastructureRoleArn'> {
  const asked = readVariant(input.configuration);
  const { port = gatewayPort, protocol = 'HTTPS', scheme = 'internet-facing' } = asked;
  if (port !== gatewayPort)
    throw invalidParameter('port must be 443: gateways support HTTPS at port 443 only.');
  if (protocol !== 'HTTPS') throw invalidParameter('protocol must be HTTPS.');
  if (scheme !== 'internet-facing' && scheme !== 'internal')
    throw invalidParameter('scheme should be one of [internet-facing,internal].');
  const placed = readPlace(reader, scope, asked);
  return {
    scheme,
    ...placed,
    deletionProtection: input.deletionProtection ?? true,
    propagateTags: readPropagateTags(input.propagateTags ?? 'GATEWAY'),
    ...changed(reader, scope, { ...placed, maxAlbCount: defaultMaxAlbCount }, asked),
  };
}

/** What is given over what there is. */
export function readChangedGateway(
  reader: Reader,
  scope: Scope,
  before: GatewayRecord,
  input: UpdateGatewayCommandInput,
): GatewayRecord {
  const asked = input.configuration === undefined ? {} : readVariant(input.configuration);
  const { inboundSecurityGroup: _group, accessLogs: _logs, testHeader: _header, ...rest } = before;
  return {
    ...rest,
    deletionProtection: input.deletionProtection ?? before.deletionProtection,
    propagateTags: readPropagateTags(input.propagateTags ?? before.propagateTags),
    ...changed(reader, scope, before, asked),
  };
}

type Mutable = Pick<GatewaySettings, 'maxAlbCount' | 'inboundSecurityGroup' | 'accessLogs' | 'testHeader'>;

function changed(
  reader: Reader,
  scope: Scope,
  before: Mutable & Pick<Placed, 'subnetIds'>,
  asked: HostSharedAlbConfiguration | UpdateGatewayAlbConfiguration,
): Mutable {
  if (asked.webACLArn) throw unsupported('A web ACL of a gateway (webACLArn)');
  const { httpDesync = 'defensive' } = asked;
  if (!['defensive', 'monitor', 'strictest'].includes(httpDesync))
    throw invalidParameter('httpDesync should be one of [defensive,monitor,strictest].');
  if (httpDesync !== 'defensive') throw unsupported(`The desync mitigation mode ${httpDesync}`);
  const { maxAlbCount = before.maxAlbCount, networkConfiguration, accessLogs, testTrafficRules } = asked;
  if (!Number.isInteger(maxAlbCount) || maxAlbCount < 1 || maxAlbCount > mostLoadBalancers)
    throw invalidParameter(`maxAlbCount must be between 1 and ${mostLoadBalancers}.`);
  const inbound = networkConfiguration?.inboundSecurityGroup ?? before.inboundSecurityGroup;
  if (inbound) requireAwsvpc(reader, scope, { subnets: before.subnetIds, securityGroups: [inbound] });
  return {
    maxAlbCount,
    ...given('inboundSecurityGroup', inbound || undefined),
    ...given('accessLogs', accessLogs === undefined ? before.accessLogs : readAccessLogs(accessLogs)),
    ...given(
      'testHeader',
      testTrafficRules === undefined ? before.testHeader : readTestHeader(testTrafficRules),
    ),
  };
}

/** A load balancer is in at least two zones, and in one subnet of each. */
function readPlace(
  reader: Reader,
  scope: Scope,
  { networkConfiguration: { subnets = [], ipAddressType } = {} }: HostSharedAlbConfiguration,
): Omit<Placed, 'scheme'> {
  if (
    ipAddressType !== undefined &&
    !['ipv4', 'dualstack', 'dualstack-without-public-ipv4'].includes(ipAddressType)
  )
    throw invalidParameter('ipAddressType should be one of [ipv4,dualstack,dualstack-without-public-ipv4].');
  if (ipAddressType !== undefined && ipAddressType !== 'ipv4')
    throw unsupported(`The ipAddressType ${ipAddressType}`);
  const subnetIds = subnets.length > 0 ? subnets : defaultSubnets(reader, scope);
  const { vpcId, subnets: found } = requireAwsvpc(reader, scope, {
    subnets: subnetIds,
    securityGroups: [],
  });
  const availabilityZones = [...new Set(found.map((subnet) => subnet.availabilityZone))].sort();
  if (availabilityZones.length < 2)
    throw invalidParameter('subnets must be in at least two Availability Zones.');
  if (availabilityZones.length < found.length)
    throw invalidParameter('subnets can have only one subnet of an Availability Zone.');
  return { vpcId, subnetIds, availabilityZones };
}

function defaultSubnets(reader: Reader, scope: Scope): string[] {
  const vpc = defaultVpc(reader, scope);
  if (vpc === undefined)
    throw invalidParameter(
      'There is no default VPC in this Region: specify subnets in networkConfiguration.',
    );
  return vpc.subnets.map(({ subnetId }) => subnetId);
}

/** Without a destination there are no access logs. */
function readAccessLogs({
  destination,
}: GatewayElbAccessLogConfiguration): GatewaySettings['accessLogs'] | undefined {
  if (destination === undefined) return undefined;
  if (destination.s3 === undefined) throw invalidParameter('The destination of accessLogs must be s3.');
  const { bucket = '', prefix } = destination.s3;
  if (!/^(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    throw invalidParameter('bucket of accessLogs is not the name of a bucket.');
  return { bucket, ...given('prefix', prefix || undefined) };
}

const maxHeaderName = 40;
const maxHeaderValue = 128;
/** Elastic Load Balancing's quota "condition values per rule" (5), of which the host name is one. */
const maxHeaderValues = 4;

function readTestHeader({ header }: GatewayAlbTestTrafficRules): GatewaySettings['testHeader'] | undefined {
  if (header === undefined) return undefined;
  const { name = '', values = [] } = header;
  if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name) || name.length > maxHeaderName)
    throw invalidParameter(
      `The name of a test traffic header has 1 to ${maxHeaderName} characters of a header's.`,
    );
  if (name.toLowerCase() === 'host')
    throw invalidParameter('Test traffic can not be told by the header Host.');
  if (values.length === 0 || values.length > maxHeaderValues)
    throw invalidParameter(`values of a test traffic header can have 1 to ${maxHeaderValues} items.`);
  if (values.some((value) => value === '' || value.length > maxHeaderValue || !/^[\x20-\x7e]+$/.test(value)))
    throw invalidParameter(
      `The values of a test traffic header have 1 to ${maxHeaderValue} printable ASCII characters.`,
    );
  return { name, values: [...values] };
}
