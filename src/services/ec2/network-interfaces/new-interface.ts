import type { Reader, Transaction } from '../../../reconcile/index.ts';
import { takeGivenAddress, takeNextAddress } from '../addresses/ipam.ts';
import type { Ec2Context } from '../context.ts';
import { newId } from '../ids.ts';
import {
  ec2Key,
  type NetworkInterfaceRecord,
  networkInterfaces,
  type Scope,
  type SubnetRecord,
  securityGroupNames,
} from '../records.ts';
import { newMacAddress } from './mac-address.ts';

/** "Network interfaces per Region" (Amazon VPC quotas). */
const maxInterfaces = 5000;

/** What of an interface is decided before it has addresses. */
export type InterfaceWishes = Pick<
  NetworkInterfaceRecord,
  'description' | 'securityGroupIds' | 'sourceDestCheck' | 'interfaceType' | 'tags'
> &
  Partial<Pick<NetworkInterfaceRecord, 'requesterId' | 'attachment' | 'clientToken'>>;

/** Counted without what the transaction itself makes: the quota may be passed by that much. */
export function isInterfaceQuotaReached(
  { state }: Pick<Ec2Context, 'state'>,
  { accountId, region }: Scope,
): boolean {
  return state.countByIndex(networkInterfaces, 'scope', `${accountId}/${region}`) >= maxInterfaces;
}

export const newInterfaceId = ({ random }: Pick<Ec2Context, 'random'>): string => newId(random, 'eni');

/** The record of an interface with these addresses, which are its own already. */
export function interfaceRecord(
  { state, random }: Pick<Ec2Context, 'random' | 'state'>,
  id: string,
  subnet: SubnetRecord,
  wishes: InterfaceWishes,
  addresses: Pick<NetworkInterfaceRecord, 'privateIpv4Addresses' | 'ipv4Prefixes'>,
): NetworkInterfaceRecord {
  return {
    id,
    vpcId: subnet.vpcId,
    subnetId: subnet.id,
    availabilityZone: subnet.availabilityZone,
    macAddress: newMacAddress(state, random),
    ...wishes,
    ...addresses,
  };
}

/**
 * Makes an interface with one private address; undefined when the subnet has none left.
 * @param wanted That address, instead of any. @throws {Refusal} as `takeGivenAddress`
 */
export function putSimpleInterface(
  tx: Transaction,
  ec2: Pick<Ec2Context, 'random' | 'state'>,
  scope: Scope,
  subnet: SubnetRecord,
  wishes: InterfaceWishes,
  wanted?: string,
): NetworkInterfaceRecord | undefined {
  const id = newInterfaceId(ec2);
  if (wanted !== undefined) takeGivenAddress(tx, scope, subnet, wanted, id);
  const address = wanted ?? takeNextAddress(tx, scope, subnet, id);
  if (address === undefined) return undefined;
  const made = interfaceRecord(ec2, id, subnet, wishes, {
    privateIpv4Addresses: [address],
    ipv4Prefixes: [],
  });
  tx.put(networkInterfaces, ec2Key(networkInterfaces, scope, id), made);
  return made;
}

/** The group that interfaces of a VPC are in unless somebody says otherwise; it is there as long as the VPC is. */
export function defaultGroupId(reader: Reader, scope: Scope, vpcId: string): string {
  const name = reader.get(securityGroupNames, ec2Key(securityGroupNames, scope, vpcId, 'default'));
  if (name === undefined) throw new Error(`${vpcId} has no default security group`);
  return name.groupId;
}
