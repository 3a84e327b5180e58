import type { Reader, Transaction } from '../../../reconcile/index.ts';
import {
  ec2Refusal,
  invalidParameterCombination,
  invalidParameterValue,
  shown,
  unsupported,
} from '../errors.ts';
import { requireRecord } from '../ids.ts';
import { kinds } from '../kinds.ts';
import { known } from '../known.ts';
import type { NatGatewayRecord, RouteRecord, RouteTableRecord, Scope } from '../records.ts';

export interface TargetInput {
  readonly GatewayId?: string | undefined;
  readonly NatGatewayId?: string | undefined;
  readonly NetworkInterfaceId?: string | undefined;
  readonly InstanceId?: string | undefined;
  readonly VpcPeeringConnectionId?: string | undefined;
  readonly TransitGatewayId?: string | undefined;
  readonly EgressOnlyInternetGatewayId?: string | undefined;
  readonly VpcEndpointId?: string | undefined;
  readonly LocalGatewayId?: string | undefined;
  readonly CarrierGatewayId?: string | undefined;
  readonly CoreNetworkArn?: string | undefined;
  readonly OdbNetworkArn?: string | undefined;
  /** Of ReplaceRoute. */
  readonly LocalTarget?: boolean | undefined;
}

export type Target = RouteRecord['target'];

/** What there is no such thing of, and what it would be. */
const absent: readonly (readonly [keyof TargetInput, string])[] = [
  ['InstanceId', 'Routes to instances are (name the network interface instead)'],
  ['VpcPeeringConnectionId', 'Routes to VPC peering connections are'],
  ['TransitGatewayId', 'Routes to transit gateways are'],
  ['EgressOnlyInternetGatewayId', 'Routes to egress-only internet gateways, which are for IPv6, are'],
  ['VpcEndpointId', 'Routes to VPC endpoints are'],
  ['LocalGatewayId', 'Routes to local gateways are'],
  ['CarrierGatewayId', 'Routes to carrier gateways are'],
  ['CoreNetworkArn', 'Routes to core networks are'],
  ['OdbNetworkArn', 'Routes to ODB networks are'],
];

const exactlyOne =
  'The request must contain exactly one of gatewayId, natGatewayId, networkInterfaceId, instanceId, ' +
  'vpcPeeringConnectionId, transitGatewayId or another target of a route';

/** @throws {Refusal} MissingParameter, InvalidParameterCombination; UnsupportedOperation: targets that there are none of */
export function readTarget(input: TargetInput): Target {
  for (const [member, what] of absent) if (input[member] !== undefined) throw unsupported(what);
  const { GatewayId, NatGatewayId, NetworkInterfaceId, LocalTarget } = input;
  if (GatewayId?.startsWith('vgw-')) throw unsupported('Routes to virtual private gateways are');
  const given: Target[] = [];
  if (LocalTarget === true) given.push({ type: 'local' });
  if (GatewayId === 'local') given.push({ type: 'local' });
  else if (GatewayId !== undefined) given.push({ type: 'internet-gateway', id: GatewayId });
  if (NatGatewayId !== undefined) given.push({ type: 'nat-gateway', id: NatGatewayId });
  if (NetworkInterfaceId !== undefined) given.push({ type: 'network-interface', id: NetworkInterfaceId });
  const [target, other] = given;
  if (target === undefined) throw ec2Refusal('MissingParameter', exactlyOne);
  if (other !== undefined) throw invalidParameterCombination(exactlyOne);
  return target;
}

/**
 * @throws {Refusal} InvalidGatewayID.NotFound, InvalidNatGatewayID.NotFound, InvalidNetworkInterfaceID.NotFound;
 * InvalidParameterValue: it is not of the table's VPC
 */
export function requireTarget(
  tx: Transaction,
  scope: Scope,
  { id: tableId, vpcId }: RouteTableRecord,
  { type, id = '' }: Target,
): void {
  const [noun, itsVpcId] = vpcOf(tx, scope, { type, id });
  if (noun !== undefined && itsVpcId !== vpcId) {
    throw invalidParameterValue(`route table ${tableId} and ${noun} ${id} belong to different networks`);
  }
}

/** How AWS calls it there, and the VPC that it is in. */
function vpcOf(
  tx: Transaction,
  scope: Scope,
  { type, id = '' }: Target,
): readonly [noun?: string, vpcId?: string | undefined] {
  switch (type) {
    case 'local':
      return [];
    case 'internet-gateway': {
      const gateway = known(tx, kinds.internetGateway, scope, id);
      if (gateway !== undefined) return ['network gateway', gateway.vpcId];
      throw ec2Refusal('InvalidGatewayID.NotFound', `The gateway ID '${shown(id)}' does not exist`);
    }
    case 'nat-gateway': {
      const gateway = known(tx, kinds.natGateway, scope, id);
      if (gateway !== undefined && isThere(gateway)) return ['nat gateway', gateway.vpcId];
      throw ec2Refusal('InvalidNatGatewayID.NotFound', `The natGateway ID '${shown(id)}' does not exist`);
    }
    case 'network-interface':
      return ['interface', requireRecord(tx, scope, kinds.networkInterface, id, 'NetworkInterfaceId').vpcId];
  }
}

/** Whether packets can go there now; a route to what can't take them is a blackhole. */
export function isTargetAvailable(
  reader: Reader,
  scope: Scope,
  vpcId: string,
  { type, id = '' }: Target,
): boolean {
  switch (type) {
    case 'local':
      return true;
    case 'internet-gateway':
      return known(reader, kinds.internetGateway, scope, id)?.vpcId === vpcId;
    case 'nat-gateway':
      return known(reader, kinds.natGateway, scope, id)?.state === 'available';
    case 'network-interface':
      return known(reader, kinds.networkInterface, scope, id)?.attachment?.status === 'attached';
  }
}

const isThere = ({ state }: NatGatewayRecord) => state === 'pending' || state === 'available';
