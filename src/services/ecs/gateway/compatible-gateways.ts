import type { Reader } from '../../../reconcile/index.ts';
import { readAwsvpc } from '../../ec2/index.ts';
import type { Scope } from '../arn.ts';
import { invalidParameter } from '../errors.ts';
import type { GatewayConnectorRecord } from '../records/gateway-connector.ts';
import type { NetworkConfigurationRecord } from '../records.ts';
import { accessTypeOf, associationsOfCluster, type GatewayRecord, gatewayKey, gateways } from './records.ts';

/**
 * The gateways that a service joins: all of its cluster's that are in its VPC, in every Availability Zone of its subnets, and of
 * the access types that it wants (ECS developer guide, "Connect Amazon ECS services to a gateway", "Troubleshoot a gateway").
 * @throws InvalidParameterException there is none.
 */
export function compatibleGateways(
  reader: Reader,
  scope: Scope,
  cluster: string,
  network: NetworkConfigurationRecord | undefined,
  { accessTypes }: Pick<GatewayConnectorRecord, 'accessTypes'>,
): readonly GatewayRecord[] {
  const associated = associationsOfCluster(reader, scope, cluster)
    .filter(({ status }) => status === 'ACTIVE')
    .flatMap(({ gateway }) => reader.get(gateways, gatewayKey(scope, gateway)) ?? [])
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  if (associated.length === 0)
    throw invalidParameter(
      `gatewayConnectors were specified but no gateways are associated with cluster ${cluster}.`,
    );
  const { vpcId, zones } = placeOf(reader, scope, network);
  const inVpc = associated.filter((gateway) => gateway.vpcId === vpcId);
  if (inVpc.length === 0)
    throw invalidParameter(
      `Cluster ${cluster} has associated gateways but none are in the service's VPC ${vpcId}.`,
    );
  const ofType = inVpc.filter((gateway) => !accessTypes || accessTypes.includes(accessTypeOf(gateway)));
  if (ofType.length === 0)
    throw invalidParameter(
      `None of the gateways associated with cluster ${cluster} match the access types ${accessTypes?.join(', ')}.`,
    );
  const covering = ofType.filter(({ availabilityZones }) =>
    zones.every((zone) => availabilityZones.includes(zone)),
  );
  if (covering.length === 0)
    throw invalidParameter(
      `None of the gateways associated with cluster ${cluster} cover the service's Availability Zones ${zones.join(', ')}.`,
    );
  return covering;
}

function placeOf(
  reader: Reader,
  scope: Scope,
  network: NetworkConfigurationRecord | undefined,
): { readonly vpcId: string; readonly zones: readonly string[] } {
  const found = readAwsvpc(reader, scope, { subnets: network?.subnets ?? [], securityGroups: [] });
  if (found.type !== 'found') return { vpcId: '', zones: [] };
  const zones = new Set(found.subnets.map(({ availabilityZone }) => availabilityZone));
  return { vpcId: found.vpcId, zones: [...zones].sort() };
}
