import type {
  CreateRouteTableCommandInput,
  CreateRouteTableResult,
  DeleteRouteTableCommandInput,
  DescribeRouteTablesCommandInput,
  DescribeRouteTablesResult,
} from '@aws-sdk/client-ec2';
import type { Call } from '../../service.ts';
import { forgetToken, madeBefore, noteMade } from '../client-token.ts';
import type { Ec2Context } from '../context.ts';
import { hasDependencies, limitReached } from '../errors.ts';
import { newId, requireRecord } from '../ids.ts';
import { describeRecords } from '../input/describe.ts';
import { readTagSpecifications } from '../input/tags.ts';
import { kinds } from '../kinds.ts';
import { ec2Key, type RouteTableRecord, routeTables } from '../records.ts';
import { routeTableFilters } from './route-table-filters.ts';
import { routeTableView } from './route-table-view.ts';

/** Of a VPC (VPC user guide, "Amazon VPC quotas"). */
const maxTables = 200;

/**
 * @throws {Refusal} InvalidVpcID.NotFound, RouteTableLimitExceeded, IdempotentParameterMismatch, InvalidParameterValue,
 * MissingParameter
 */
export async function createRouteTable(
  { state, random }: Ec2Context,
  input: CreateRouteTableCommandInput,
  call: Call,
): Promise<CreateRouteTableResult> {
  const tags = readTagSpecifications(input.TagSpecifications, 'route-table');
  const table = await state.transact((tx) => {
    const before = madeBefore(tx, call, 'CreateRouteTable', input);
    if (before !== undefined) return requireRecord(tx, call, kinds.routeTable, before, 'RouteTableId');
    const vpc = requireRecord(tx, call, kinds.vpc, input.VpcId, 'VpcId');
    if (tx.countByIndex(routeTables, 'vpc', vpc.id) >= maxTables) {
      throw limitReached('RouteTableLimitExceeded', 'route tables');
    }
    const made: RouteTableRecord = {
      ...{ id: newId(random, 'rtb'), vpcId: vpc.id, routes: [], associations: [], tags },
      ...(input.ClientToken !== undefined && { clientToken: input.ClientToken }),
    };
    tx.put(routeTables, ec2Key(routeTables, call, made.id), made);
    noteMade(tx, call, 'CreateRouteTable', input, made.id);
    return made;
  });
  return {
    RouteTable: routeTableView(state, call, table),
    ...(table.clientToken !== undefined && { ClientToken: table.clientToken }),
  };
}

/** @throws {Refusal} InvalidRouteTableID.NotFound; DependencyViolation: it is a subnet's, or the main one */
export async function deleteRouteTable(
  { state }: Ec2Context,
  { RouteTableId }: DeleteRouteTableCommandInput,
  call: Call,
): Promise<object> {
  await state.transact((tx) => {
    const table = requireRecord(tx, call, kinds.routeTable, RouteTableId, 'RouteTableId');
    if (table.associations.length > 0) throw hasDependencies('routeTable', table.id);
    tx.delete(routeTables, ec2Key(routeTables, call, table.id));
    forgetToken(tx, call, 'CreateRouteTable', table.clientToken);
  });
  return {};
}

/** @throws {Refusal} InvalidRouteTableID.NotFound, InvalidParameterValue and the like. */
export function describeRouteTables(
  { state }: Ec2Context,
  input: DescribeRouteTablesCommandInput,
  call: Call,
): DescribeRouteTablesResult {
  const { items, nextToken } = describeRecords(
    state,
    call,
    kinds.routeTable,
    routeTableFilters(state, call),
    { ids: input.RouteTableIds, name: 'routeTableIds', parameter: 'RouteTableId' },
    input,
  );
  return {
    RouteTables: items.map((table) => routeTableView(state, call, table)),
    ...(nextToken !== undefined && { NextToken: nextToken }),
  };
}
