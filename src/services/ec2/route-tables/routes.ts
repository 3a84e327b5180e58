import type {
  CreateRouteCommandInput,
  CreateRouteResult,
  DeleteRouteCommandInput,
  ReplaceRouteCommandInput,
} from '@aws-sdk/client-ec2';
import type { Transaction } from '../../../reconcile/index.ts';
import { blockOf, cidrBlock, holdsBlock, ipv4Number } from '../../../topology/index.ts';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import { ec2Refusal, invalidParameterValue, unsupported } from '../errors.ts';
import { requireRecord } from '../ids.ts';
import { kinds } from '../kinds.ts';
import { prefixListsOf } from '../prefix-lists/prefix-lists-of.ts';
import { ec2Key, type RouteTableRecord, routeTables, type Scope, subnets, vpcs } from '../records.ts';
import { type Destination, readDestination } from './route-destination.ts';
import { assertRoutesWithinQuota } from './route-quota.ts';
import { readTarget, requireTarget, type Target } from './route-target.ts';
import { ownBlockOf, routesOf } from './table-routes.ts';

/**
 * @throws {Refusal} InvalidRouteTableID.NotFound, RouteAlreadyExists, RouteLimitExceeded, InvalidParameterValue, the
 * target's and the prefix list's `.NotFound`, and what `readDestination` and `readTarget` throw.
 */
export async function createRoute(
  { state }: Ec2Context,
  input: CreateRouteCommandInput,
  call: Call,
): Promise<CreateRouteResult> {
  const [asked, target] = [readDestination(input), readTarget(input)];
  if (target.type === 'local') {
    throw ec2Refusal('InvalidGatewayID.NotFound', "The gateway ID 'local' does not exist");
  }
  await state.transact((tx) => {
    const table = requireRecord(tx, call, kinds.routeTable, input.RouteTableId, 'RouteTableId');
    const destination = destinationOf(tx, call, asked);
    const cidrs = blocksOf(tx, call, table);
    if (routesOf(table, cidrs).some((route) => route.destination === destination)) {
      throw ec2Refusal('RouteAlreadyExists', `The route identified by ${destination} already exists.`);
    }
    if (asked.type === 'cidr') checkDestination(tx, table, asked.cidr, cidrs, target);
    requireTarget(tx, call, table, target);
    const routes = [...table.routes, { destination, target }];
    assertRoutesWithinQuota(routes, prefixListsOf(tx, call));
    tx.put(routeTables, ec2Key(routeTables, call, table.id), { ...table, routes });
  });
  return { Return: true };
}

/**
 * Gives a route another target. A local route may lead to a NAT gateway or an interface, and back to `local`.
 * @throws {Refusal} InvalidRouteTableID.NotFound, InvalidParameterValue, the target's `.NotFound`, and what
 * `readDestination` and `readTarget` throw.
 */
export async function replaceRoute(
  { state }: Ec2Context,
  input: ReplaceRouteCommandInput,
  call: Call,
): Promise<object> {
  const [asked, target] = [readDestination(input), readTarget(input)];
  await state.transact((tx) => {
    const table = requireRecord(tx, call, kinds.routeTable, input.RouteTableId, 'RouteTableId');
    const destination = destinationOf(tx, call, asked);
    const cidrs = blocksOf(tx, call, table);
    if (!routesOf(table, cidrs).some((route) => route.destination === destination)) {
      throw invalidParameterValue(
        `There is no route defined for '${destination}' in the route table. Use CreateRoute instead.`,
      );
    }
    if (target.type === 'local' && !cidrs.includes(destination)) {
      throw invalidParameterValue(`The route identified by ${destination} is not a local route of the VPC.`);
    }
    if (asked.type === 'cidr') checkDestination(tx, table, asked.cidr, cidrs, target);
    requireTarget(tx, call, table, target);
    const others = table.routes.filter((route) => route.destination !== destination);
    const routes =
      target.type === 'local'
        ? others
        : table.routes.length === others.length
          ? [...others, { destination, target }]
          : table.routes.map((route) =>
              route.destination === destination ? { destination, target } : route,
            );
    tx.put(routeTables, ec2Key(routeTables, call, table.id), { ...table, routes });
  });
  return {};
}

/** @throws {Refusal} InvalidRouteTableID.NotFound, InvalidRoute.NotFound; InvalidParameterValue: it is local */
export async function deleteRoute(
  { state }: Ec2Context,
  input: DeleteRouteCommandInput,
  call: Call,
): Promise<object> {
  const asked = readDestination(input);
  await state.transact((tx) => {
    const table = requireRecord(tx, call, kinds.routeTable, input.RouteTableId, 'RouteTableId');
    const destination = asked.type === 'cidr' ? asked.cidr : asked.id;
    if (blocksOf(tx, call, table).includes(destination)) {
      throw invalidParameterValue(`cannot remove local route ${destination} in route table ${table.id}`);
    }
    const routes = table.routes.filter((route) => route.destination !== destination);
    if (routes.length === table.routes.length) {
      const what = asked.type === 'cidr' ? 'destination-cidr-block' : 'destination-prefix-list-id';
      throw ec2Refusal(
        'InvalidRoute.NotFound',
        `no route with ${what} ${destination} in route table ${table.id}`,
      );
    }
    tx.put(routeTables, ec2Key(routeTables, call, table.id), { ...table, routes });
  });
  return {};
}

function destinationOf(tx: Transaction, scope: Scope, asked: Destination): string {
  if (asked.type === 'cidr') return asked.cidr;
  return requireRecord(tx, scope, kinds.prefixList, asked.id, 'DestinationPrefixListId').id;
}

function blocksOf(tx: Transaction, scope: Scope, { vpcId }: RouteTableRecord): readonly string[] {
  return (tx.get(vpcs, ec2Key(vpcs, scope, vpcId))?.cidrs ?? []).map(({ cidr }) => cidr);
}

/** For the link-local addresses of AWS's services (VPC user guide, "Route table concepts"). */
const reserved = blockOf(ipv4Number('169.254.168.0'), 22);

/**
 * Within the VPC a route is for a whole subnet, or for a whole block of the VPC, and leads to an interface (VPC user
 * guide, "Routing to middlebox appliances"); where it could lead to a NAT gateway on AWS, it is refused.
 * @throws {Refusal} InvalidParameterValue, UnsupportedOperation
 */
function checkDestination(
  tx: Transaction,
  { vpcId }: RouteTableRecord,
  destination: string,
  cidrs: readonly string[],
  target: Target,
): void {
  if (holdsBlock(reserved, cidrBlock(destination))) {
    throw invalidParameterValue(
      `The destination CIDR block ${destination} is within the reserved range 169.254.168.0/22.`,
    );
  }
  if (ownBlockOf(destination, cidrs) === undefined || target.type === 'local') return;
  if (target.type === 'internet-gateway') {
    throw invalidParameterValue(
      `The destination CIDR block ${destination} is equal to or more specific than one of this VPC's CIDR blocks. ` +
        'This route can target only an interface or an instance.',
    );
  }
  // AWS's gateway translates what stays in the VPC as well.
  if (target.type === 'nat-gateway')
    throw unsupported('Routes within the VPC that lead to a NAT gateway are');
  if (cidrs.includes(destination)) return;
  if (!tx.byIndex(subnets, 'vpc', vpcId).some(({ value }) => value.cidr === destination)) {
    throw invalidParameterValue(
      `The destination CIDR block ${destination} is more specific than one of this VPC's CIDR blocks and ` +
        'does not match the CIDR block of a subnet.',
    );
  }
}
