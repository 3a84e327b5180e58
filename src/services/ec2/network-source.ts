import type { Reader, RecordKey, State } from '../../reconcile/index.ts';
import type { VpcTopology } from '../../topology/index.ts';
import { availableAddressCount } from './addresses/ipam.ts';
import { onVpcsChanged } from './changed-vpcs.ts';
import {
  addresses,
  internetGateways,
  natGateways,
  networkInterfaces,
  prefixLists,
  routeTables,
  scopeOfKey,
  securityGroups,
  subnets,
  vpcs,
} from './records.ts';
import { vpcTopology } from './topology.ts';

/** Everything that the topologies of VPCs are made of: whoever has these records has a `NetworkSource`. */
export const networkCollections = [
  vpcs,
  subnets,
  routeTables,
  securityGroups,
  prefixLists,
  internetGateways,
  natGateways,
  networkInterfaces,
  addresses,
];

/** What the machines that carry VPCs, and those who look at them, are told. VPCs are named by their records' keys. */
export interface NetworkSource {
  vpcKeys(): readonly string[];
  /** Undefined: there is no such VPC any more. */
  topologyOf(vpcKey: string): VpcTopology | undefined;
  /** Told of every commit that may have changed a VPC. */
  subscribe(changed: (vpcKey: string) => void): Disposable;
  /** `enableDnsHostnames`: its resolver knows public names. */
  givesPublicNames(vpcKey: string): boolean;
  regionOf(vpcKey: string): string;
  describe(): readonly DescribedVpc[];
}

/** A VPC with what its topology leaves out. */
export interface DescribedVpc {
  readonly accountId: string;
  readonly region: string;
  readonly isDefault: boolean;
  readonly topology: VpcTopology;
  /** By the subnet's id. */
  readonly subnets: ReadonlyMap<
    string,
    { readonly availabilityZone: string; readonly freeAddresses: number }
  >;
  /** By the interface's id. */
  readonly descriptions: ReadonlyMap<string, string>;
}

/** @param homeMachineId Where interfaces are that name no machine; absent: there is only one machine. */
export function networkSource(state: State, homeMachineId?: string): NetworkSource {
  return {
    vpcKeys: () => [...state.list(vpcs)].map(({ key }) => key),
    topologyOf: (vpcKey) => vpcTopology(state, vpcKey as RecordKey, homeMachineId),
    subscribe: (changed) => onVpcsChanged(state, changed),
    givesPublicNames: (vpcKey) => state.get(vpcs, vpcKey as RecordKey)?.enableDnsHostnames ?? false,
    regionOf: (vpcKey) => scopeOfKey(vpcKey as RecordKey).region,
    describe: () => [...state.list(vpcs)].flatMap(({ key }) => describeVpc(state, key, homeMachineId)),
  };
}

function describeVpc(
  reader: Reader,
  key: RecordKey,
  homeMachineId: string | undefined,
): readonly DescribedVpc[] {
  const topology = vpcTopology(reader, key, homeMachineId);
  if (topology === undefined) return [];
  return [
    {
      ...scopeOfKey(key),
      isDefault: reader.get(vpcs, key)?.isDefault ?? false,
      topology,
      subnets: new Map(
        reader.byIndex(subnets, 'vpc', topology.id).map(({ value: subnet }) => [
          subnet.id,
          {
            availabilityZone: subnet.availabilityZone,
            freeAddresses: availableAddressCount(reader, subnet),
          },
        ]),
      ),
      descriptions: new Map(
        reader
          .byIndex(networkInterfaces, 'vpc', topology.id)
          .map(({ value: { id, description } }) => [id, description]),
      ),
    },
  ];
}
