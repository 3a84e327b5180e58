import type {
  InterfaceTopology,
  NatGatewayTopology,
  SecurityGroupTopology,
} from '../../../topology/index.ts';
import type { AddressRecord, NatGatewayRecord, NetworkInterfaceRecord } from '../records.ts';

/**
 * Of an interface that somebody may send from: not of a NAT gateway's, which `natGatewayTopology` tells of.
 * @param elastic The Elastic IP addresses that are associated with it.
 * @param homeMachineId See `networkSource`.
 */
export function interfaceTopology(
  record: NetworkInterfaceRecord,
  elastic: readonly AddressRecord[],
  homeMachineId?: string,
): InterfaceTopology {
  const [primary] = record.privateIpv4Addresses;
  const { autoAssignedPublicIpv4 } = record;
  const machineId = record.attachment?.machineId ?? homeMachineId;
  return {
    id: record.id,
    subnetId: record.subnetId,
    macAddress: record.macAddress,
    addresses: record.privateIpv4Addresses,
    prefixes: record.ipv4Prefixes,
    securityGroupIds: isOpen(record) ? [openGroup.id] : record.securityGroupIds,
    checksSourceAndDestination: record.sourceDestCheck,
    ...(machineId !== undefined && { machineId }),
    ...(isOfMachine(record) && { isOfMachine: true as const }),
    publicAddresses: [
      ...(primary !== undefined && autoAssignedPublicIpv4 !== undefined
        ? [{ privateIpv4: primary, publicIpv4: autoAssignedPublicIpv4 }]
        : []),
      ...elastic.flatMap(({ publicIpv4, association }) =>
        association?.networkInterfaceId === record.id
          ? [{ privateIpv4: association.privateIpv4, publicIpv4 }]
          : [],
      ),
    ],
  };
}

/** Attached to an instance that is its machine's, and not about to leave it. */
const isOfMachine = ({ attachment }: NetworkInterfaceRecord): boolean =>
  attachment?.instanceId !== undefined && !attachment.isOfNode && attachment.status !== 'detaching';

/** Network load balancers that were made without groups take everything (NLB guide, "Security groups"). */
export const isOpen = ({ interfaceType, securityGroupIds }: NetworkInterfaceRecord): boolean =>
  interfaceType === 'network_load_balancer' && securityGroupIds.length === 0;

/** What holds an interface that nothing holds: no record of the account's, so nobody changes it. */
export const openGroup: SecurityGroupTopology = Object.freeze({
  id: 'open',
  ingress: [{ id: 'open-in', traffic: { protocol: 'all' }, peer: { type: 'cidrs', cidrs: ['0.0.0.0/0'] } }],
  egress: [{ id: 'open-out', traffic: { protocol: 'all' }, peer: { type: 'cidrs', cidrs: ['0.0.0.0/0'] } }],
} as const);

/** Of one that is available; undefined of others, through which nothing goes. */
export function natGatewayTopology({
  id,
  subnetId,
  state,
  privateIpv4,
  publicIpv4,
}: NatGatewayRecord): NatGatewayTopology | undefined {
  if (state !== 'available' || privateIpv4 === undefined) return undefined;
  return { id, subnetId, privateIpv4, ...(publicIpv4 !== undefined && { publicIpv4 }) };
}
