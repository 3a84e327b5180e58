import type { ExpressGatewayServiceNetworkConfiguration } from '@aws-sdk/client-ecs';
import { digits, hex, type Random } from '../../../clock/index.ts';
import type { Reader, Transaction } from '../../../reconcile/index.ts';
import { defaultVpc, isPublicSubnet, readAwsvpc } from '../../ec2/index.ts';
import type { Scope } from '../arn.ts';
import { invalidParameter } from '../errors.ts';
import { readNetworkConfiguration } from '../network-configuration.ts';
import type { StoredTaskDefinition } from '../records.ts';
import {
  type ExpressLoadBalancerRecord,
  type ExpressServiceRecord,
  expressLoadBalancerKey,
  expressLoadBalancers,
  servicesOfLoadBalancer,
} from './records.ts';

/** How many Express services share a load balancer at most. */
const maxServices = 25;

export interface ExpressNetwork {
  readonly vpcId: string;
  readonly accessType: ExpressServiceRecord['accessType'];
  readonly subnetIds: readonly string[];
  readonly availabilityZones: readonly string[];
  /** As given: none gets one of its own. */
  readonly securityGroups: readonly string[];
}

/** Only the network mode of the definition is looked at. */
const awsvpc: StoredTaskDefinition = {
  ...{
    family: 'express',
    networkMode: 'awsvpc',
    volumes: [],
    placementConstraints: [],
    containerDefinitions: [],
  },
};

/**
 * Where an Express service is to be: in the public subnets of the default VPC unless subnets are given. Public ones make it
 * reachable from the internet, private ones from the VPC.
 * @throws InvalidParameterException
 */
export function readExpressNetwork(
  reader: Reader,
  scope: Scope,
  input: ExpressGatewayServiceNetworkConfiguration | undefined,
): ExpressNetwork {
  const { subnets: given = [], securityGroups = [] } = input ?? {};
  const subnetIds = given.length > 0 ? given : defaultSubnets(reader, scope);
  // Its words for what is missing are those of any service.
  readNetworkConfiguration(reader, scope, awsvpc, {
    awsvpcConfiguration: { subnets: [...subnetIds], securityGroups: [...securityGroups] },
  });
  const found = readAwsvpc(reader, scope, { subnets: subnetIds, securityGroups });
  if (found.type !== 'found') throw new Error(`Subnets ${subnetIds} were there a moment ago`);
  const kinds = new Set(found.subnets.map((subnet) => isPublicSubnet(reader, subnet)));
  if (kinds.size > 1) throw invalidParameter('subnets must be either all public or all private.');
  const availabilityZones = [...new Set(found.subnets.map((subnet) => subnet.availabilityZone))].sort();
  if (availabilityZones.length < 2)
    throw invalidParameter('subnets must be in at least two Availability Zones.');
  return {
    vpcId: found.vpcId,
    accessType: kinds.has(true) ? 'PUBLIC' : 'PRIVATE',
    subnetIds,
    availabilityZones,
    securityGroups,
  };
}

function defaultSubnets(reader: Reader, scope: Scope): readonly string[] {
  const vpc = defaultVpc(reader, scope);
  if (vpc === undefined)
    throw invalidParameter(
      'There is no default VPC in this Region: specify subnets in networkConfiguration.',
    );
  const { subnets } = vpc;
  const found = readAwsvpc(reader, scope, {
    subnets: subnets.map(({ subnetId }) => subnetId),
    securityGroups: [],
  });
  const ids = found.type === 'found' ? found.subnets.filter((each) => isPublicSubnet(reader, each)) : [];
  if (ids.length === 0)
    throw invalidParameter('The default VPC has no public subnets: specify subnets in networkConfiguration.');
  return ids.map(({ id }) => id);
}

/**
 * The load balancer that a new service shares with others of its VPC, or a new one: the first service decides in which
 * subnets it is, the others have to be in its Availability Zones.
 * @throws InvalidParameterException
 */
export function shareLoadBalancer(
  tx: Transaction,
  scope: Scope,
  { vpcId, accessType, subnetIds, availabilityZones }: ExpressNetwork,
  { random, now }: { readonly random: Random; readonly now: number },
): ExpressLoadBalancerRecord {
  const inVpc = tx
    .byIndex(expressLoadBalancers, 'byVpc', `${scope.accountId}/${scope.region}/${vpcId}`)
    .map(({ value }) => value)
    .filter((each) => each.accessType === accessType && !each.isEnding);
  const shared = inVpc.find(({ name }) => servicesOfLoadBalancer(tx, scope, name).length < maxServices);
  if (shared !== undefined) {
    requireZonesOf(shared, availabilityZones);
    return shared;
  }
  const made: ExpressLoadBalancerRecord = {
    name: `ecs-express-gateway-alb-${hex(random, 8)}`,
    ...{ vpcId, accessType, availabilityZones, createdAt: now },
    subnetIds: onePerZone(tx, scope, subnetIds),
    securityGroupName: `ecs-express-gateway-alb-sg-${digits(random, 13)}`,
  };
  tx.put(expressLoadBalancers, expressLoadBalancerKey(scope, made.name), made);
  return made;
}

/** @throws InvalidParameterException */
export function requireZonesOf(
  { name, availabilityZones }: ExpressLoadBalancerRecord,
  zones: readonly string[],
): void {
  const foreign = zones.filter((zone) => !availabilityZones.includes(zone));
  if (foreign.length > 0)
    throw invalidParameter(
      `The load balancer ${name}, which Express services of this VPC share, is not in ${foreign.join(', ')}: specify ` +
        `subnets in ${availabilityZones.join(', ')}.`,
    );
}

/** A load balancer is in one subnet of a zone. */
function onePerZone(reader: Reader, scope: Scope, subnetIds: readonly string[]): readonly string[] {
  const found = readAwsvpc(reader, scope, { subnets: subnetIds, securityGroups: [] });
  const subnets = found.type === 'found' ? found.subnets : [];
  const zones = Map.groupBy(subnets, ({ availabilityZone }) => availabilityZone);
  return [...zones.values()].flatMap(([first]) => first?.id ?? []);
}
