import type { Reader, RecordKey, Stored } from '../../reconcile/index.ts';
import type {
  InterfaceTopology,
  NatGatewayTopology,
  RouteTableTopology,
  SubnetTopology,
  VpcTopology,
} from '../../topology/index.ts';
import { interfaceTopology, isOpen, natGatewayTopology, openGroup } from './network-interfaces/topology.ts';
import {
  type AddressRecord,
  addresses,
  ec2Key,
  internetGateways,
  type NetworkInterfaceRecord,
  natGateways,
  networkInterfaces,
  prefixLists,
  type RouteTableRecord,
  routeTables,
  type Scope,
  type SubnetRecord,
  scopeOfKey,
  securityGroups,
  subnets,
  vpcs,
} from './records.ts';
import { routeTableTopology } from './route-tables/route-table-topology.ts';
import { isTargetAvailable } from './route-tables/route-target.ts';
import { tableOfSubnet } from './route-tables/table-of-subnet.ts';
import { groupTopology } from './security-groups/group-topology.ts';

/**
 * What a VPC is like as the reader sees it; undefined when there is none. Parts whose records are the same are the same
 * objects as before, so that whoever makes it so finds what differs by looking at identities.
 * @param homeMachineId See `networkSource`.
 */
export function vpcTopology(reader: Reader, key: RecordKey, homeMachineId?: string): VpcTopology | undefined {
  const vpc = reader.get(vpcs, key);
  if (vpc === undefined) return undefined;
  const scope = scopeOfKey(key);
  const cidrs = vpc.cidrs.map(({ cidr }) => cidr);
  const tables = reader.byIndex(routeTables, 'vpc', vpc.id).map(({ value }) => value);
  const ownSubnets = reader.byIndex(subnets, 'vpc', vpc.id).map(({ value }) => value);
  const interfaces = reader.byIndex(networkInterfaces, 'vpc', vpc.id);
  const forwarding = forwardingNatGateways(reader, scope, vpc.id, { tables, ownSubnets });
  const prefixListOf = (id: string) => reader.get(prefixLists, ec2Key(prefixLists, scope, id));
  return {
    id: vpc.id,
    number: vpc.number,
    cidrs,
    hasResolver: vpc.enableDnsSupport,
    hasInternetGateway: reader.countByIndex(internetGateways, 'vpc', vpc.id) > 0,
    subnets: ownSubnets.map((subnet) => subnetTopology(subnet, tableOfSubnet(tables, subnet.id))),
    routeTables: tables.map(
      (table): RouteTableTopology =>
        routeTableTopology(table, {
          cidrs,
          // A NAT gateway forwards only what its own subnet has a way for.
          isAvailable: (target) =>
            target.type === 'nat-gateway'
              ? forwarding.some(({ id }) => id === target.id)
              : isTargetAvailable(reader, scope, vpc.id, target),
          prefixListOf,
        }),
    ),
    securityGroups: [
      ...reader.byIndex(securityGroups, 'vpc', vpc.id).map(({ value }) => groupTopology(value, prefixListOf)),
      ...(interfaces.some(({ value }) => isOpen(value)) ? [openGroup] : []),
    ],
    interfaces: interfaces.flatMap(({ value }): readonly InterfaceTopology[] =>
      value.interfaceType === 'natGateway'
        ? []
        : [sameInterface(value, reader.byIndex(addresses, 'interface', value.id), homeMachineId)],
    ),
    natGateways: forwarding,
  };
}

/** Those that are available and whose subnet leads to an internet gateway. */
function forwardingNatGateways(
  reader: Reader,
  scope: Scope,
  vpcId: string,
  {
    tables,
    ownSubnets,
  }: { readonly tables: readonly RouteTableRecord[]; readonly ownSubnets: readonly SubnetRecord[] },
): readonly NatGatewayTopology[] {
  return reader.byIndex(natGateways, 'vpc', vpcId).flatMap(({ value }) => {
    const topology = natGatewayTopology(value);
    const isThere = ownSubnets.some(({ id }) => id === value.subnetId);
    const leadsOut = tableOfSubnet(tables, value.subnetId)?.routes.some(
      ({ target }) => target.type === 'internet-gateway' && isTargetAvailable(reader, scope, vpcId, target),
    );
    return topology !== undefined && isThere && leadsOut ? [topology] : [];
  });
}

const madeSubnets = new WeakMap<SubnetRecord, SubnetTopology>();

function subnetTopology(subnet: SubnetRecord, table: RouteTableRecord | undefined): SubnetTopology {
  const before = madeSubnets.get(subnet);
  const routeTableId = table?.id ?? '';
  if (before?.routeTableId === routeTableId) return before;
  const made = Object.freeze({ id: subnet.id, cidr: subnet.cidr, routeTableId });
  madeSubnets.set(subnet, made);
  return made;
}

const madeInterfaces = new WeakMap<
  NetworkInterfaceRecord,
  { readonly elastic: readonly AddressRecord[]; readonly topology: InterfaceTopology }
>();

function sameInterface(
  record: NetworkInterfaceRecord,
  associated: readonly Stored<AddressRecord>[],
  homeMachineId: string | undefined,
): InterfaceTopology {
  const before = madeInterfaces.get(record);
  const isSame =
    before?.elastic.length === associated.length &&
    associated.every(({ value }, place) => value === before.elastic[place]);
  if (before !== undefined && isSame) return before.topology;
  const elastic = associated.map(({ value }) => value);
  const topology = Object.freeze(interfaceTopology(record, elastic, homeMachineId));
  madeInterfaces.set(record, { elastic, topology });
  return topology;
}
