import type {
  AssociateRouteTableCommandInput,
  AssociateRouteTableResult,
  DisassociateRouteTableCommandInput,
  ReplaceRouteTableAssociationCommandInput,
  ReplaceRouteTableAssociationResult,
} from '@aws-sdk/client-ec2';
import type { Reader, Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import { ec2Refusal, invalidParameterValue, missingParameter, shown, unsupported } from '../errors.ts';
import { newId, requireRecord } from '../ids.ts';
import { kinds } from '../kinds.ts';
import {
  ec2Key,
  type RouteTableAssociationRecord,
  type RouteTableRecord,
  routeTables,
  type Scope,
} from '../records.ts';

const associated = { AssociationState: { State: 'associated' } } as const;

/**
 * A subnet that is with the table already stays so.
 * @throws {Refusal} InvalidRouteTableID.NotFound, InvalidSubnetID.NotFound, Resource.AlreadyAssociated,
 * InvalidParameterValue; UnsupportedOperation: tables of gateways
 */
export async function associateRouteTable(
  { state, random }: Ec2Context,
  { RouteTableId, SubnetId, GatewayId, PublicIpv4Pool }: AssociateRouteTableCommandInput,
  call: Call,
): Promise<AssociateRouteTableResult> {
  if (GatewayId !== undefined) throw unsupported('Route tables of gateways are');
  if (PublicIpv4Pool !== undefined) throw unsupported('Route tables of public IPv4 pools are');
  const id = await state.transact((tx) => {
    const table = requireRecord(tx, call, kinds.routeTable, RouteTableId, 'RouteTableId');
    const subnet = requireRecord(tx, call, kinds.subnet, SubnetId, 'SubnetId');
    if (subnet.vpcId !== table.vpcId) {
      throw invalidParameterValue(
        `route table ${table.id} and subnet ${subnet.id} belong to different networks`,
      );
    }
    const before = tablesOf(tx, table.vpcId).find(({ associations }) =>
      associations.some(({ subnetId }) => subnetId === subnet.id),
    );
    if (before !== undefined && before.id !== table.id) {
      throw ec2Refusal(
        'Resource.AlreadyAssociated',
        `the specified association for route table ${table.id} conflicts with an existing association`,
      );
    }
    const own = table.associations.find(({ subnetId }) => subnetId === subnet.id);
    if (own !== undefined) return own.id;
    return putAssociation(tx, call, table, { id: newId(random, 'rtbassoc'), subnetId: subnet.id });
  });
  return { AssociationId: id, ...associated };
}

/**
 * The subnet uses the main table from then on.
 * @throws {Refusal} InvalidAssociationID.NotFound; InvalidParameterValue: it makes a table the main one
 */
export async function disassociateRouteTable(
  { state }: Ec2Context,
  { AssociationId }: DisassociateRouteTableCommandInput,
  call: Call,
): Promise<object> {
  await state.transact((tx) => {
    const { table, association } = requireAssociation(tx, call, AssociationId);
    if (association.subnetId === undefined) {
      throw invalidParameterValue(`cannot disassociate the main route table association ${association.id}`);
    }
    removeAssociation(tx, call, table, association);
  });
  return {};
}

/**
 * Puts another table in the place of one: for a subnet, or as the VPC's main table.
 * @throws {Refusal} InvalidAssociationID.NotFound, InvalidRouteTableID.NotFound, InvalidParameterValue
 */
export async function replaceRouteTableAssociation(
  { state, random }: Ec2Context,
  { AssociationId, RouteTableId }: ReplaceRouteTableAssociationCommandInput,
  call: Call,
): Promise<ReplaceRouteTableAssociationResult> {
  const id = await state.transact((tx) => {
    const { table: before, association } = requireAssociation(tx, call, AssociationId);
    const table = requireRecord(tx, call, kinds.routeTable, RouteTableId, 'RouteTableId');
    if (table.vpcId !== before.vpcId) {
      throw invalidParameterValue(
        `route table ${before.id} and route table ${table.id} belong to different networks`,
      );
    }
    if (table.id === before.id) return association.id;
    removeAssociation(tx, call, before, association);
    return putAssociation(tx, call, table, { ...association, id: newId(random, 'rtbassoc') });
  });
  return { NewAssociationId: id, ...associated };
}

/** Read one by one, so that of two who associate the same subnet one loses the race. */
function tablesOf(tx: Transaction, vpcId: string): readonly RouteTableRecord[] {
  return tx.byIndex(routeTables, 'vpc', vpcId).flatMap(({ key }) => tx.get(routeTables, key) ?? []);
}

interface Associated {
  readonly table: RouteTableRecord;
  readonly association: RouteTableAssociationRecord;
}

function requireAssociation(tx: Transaction, scope: Scope, id: string | undefined): Associated {
  if (id === undefined || id === '') throw missingParameter('AssociationId');
  const found = associationOf(tx, scope, id);
  if (found === undefined) {
    throw ec2Refusal('InvalidAssociationID.NotFound', `The association ID '${shown(id)}' does not exist`);
  }
  return found;
}

/** In a transaction it is guarded. */
export function associationOf(
  reader: Reader | Transaction,
  scope: Scope,
  id: string,
): Associated | undefined {
  for (const { value } of reader.byIndex(routeTables, 'association', id)) {
    const table = reader.get(routeTables, ec2Key(routeTables, scope, value.id));
    const association = table?.associations.find((each) => each.id === id);
    if (table !== undefined && association !== undefined) return { table, association };
  }
  return undefined;
}

function putAssociation(
  tx: Transaction,
  scope: Scope,
  table: RouteTableRecord,
  association: RouteTableAssociationRecord,
): string {
  const associations = [...table.associations, association];
  tx.put(routeTables, ec2Key(routeTables, scope, table.id), { ...table, associations });
  return association.id;
}

/** Of a subnet that ends. */
export function removeAssociationsOf(tx: Transaction, scope: Scope, subnetId: string): void {
  for (const { key } of tx.byIndex(routeTables, 'subnet', subnetId)) {
    const table = tx.get(routeTables, key);
    const association = table?.associations.find((each) => each.subnetId === subnetId);
    if (table !== undefined && association !== undefined) removeAssociation(tx, scope, table, association);
  }
}

function removeAssociation(
  tx: Transaction,
  scope: Scope,
  table: RouteTableRecord,
  { id }: RouteTableAssociationRecord,
): void {
  const associations = table.associations.filter((each) => each.id !== id);
  tx.put(routeTables, ec2Key(routeTables, scope, table.id), { ...table, associations });
}
