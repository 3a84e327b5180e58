import type {
  AssignPrivateIpAddressesCommandInput,
  AssignPrivateIpAddressesResult,
  UnassignPrivateIpAddressesCommandInput,
} from '@aws-sdk/client-ec2';
import type { Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { disassociateFrom } from '../addresses/associations.ts';
import { releaseAddresses, releasePrefix } from '../addresses/ipam.ts';
import type { Ec2Context } from '../context.ts';
import { invalidParameterValue, missingParameter } from '../errors.ts';
import { requireRecord } from '../ids.ts';
import { kinds } from '../kinds.ts';
import { known } from '../known.ts';
import { addresses, ec2Key, type NetworkInterfaceRecord, type Scope, subnetAddresses } from '../records.ts';
import { checkAddressCount, notYours, putInterface, requireOwnInterface } from './own-interface.ts';
import { placesOf, readWantedAddresses, takeWantedAddresses } from './wanted-addresses.ts';

/**
 * Gives an interface secondary addresses, or prefixes.
 * @throws {Refusal} AuthFailure (it is a service's, or who has the address), InsufficientFreeAddressesInSubnet,
 * InsufficientCidrBlocks, InvalidIPAddress.InUse, InvalidParameterCombination, InvalidParameterValue,
 * PrivateIpAddressLimitExceeded
 */
export async function assignPrivateIpAddresses(
  { state }: Ec2Context,
  input: AssignPrivateIpAddressesCommandInput,
  call: Call,
): Promise<AssignPrivateIpAddressesResult> {
  const wanted = readWantedAddresses({ ...input, addresses: input.PrivateIpAddresses });
  if (placesOf(wanted) === 0) throw missingParameter('PrivateIpAddress');
  return state.transact((tx) => {
    const before = requireOwnInterface(tx, call, input.NetworkInterfaceId);
    const subnet = requireRecord(tx, call, kinds.subnet, before.subnetId, 'SubnetId');
    const isNew = (address: string) => !before.privateIpv4Addresses.slice(1).includes(address);
    const asked = input.AllowReassignment ? { ...wanted, addresses: wanted.addresses.filter(isNew) } : wanted;
    checkAddressCount(before.privateIpv4Addresses.length + before.ipv4Prefixes.length + placesOf(asked));
    const moved = input.AllowReassignment ? giveUp(tx, call, before, asked.addresses) : [];
    const given = takeWantedAddresses(tx, call, subnet, before.id, asked);
    for (const each of moved) moveElasticAddresses(tx, call, each, before.id);
    putInterface(tx, call, {
      ...before,
      privateIpv4Addresses: [...before.privateIpv4Addresses, ...given.addresses],
      ipv4Prefixes: [...before.ipv4Prefixes, ...given.prefixes],
    });
    return {
      NetworkInterfaceId: before.id,
      AssignedPrivateIpAddresses: given.addresses.map((address) => ({ PrivateIpAddress: address })),
      AssignedIpv4Prefixes: given.prefixes.map((prefix) => ({ Ipv4Prefix: prefix })),
    };
  });
}

/**
 * Takes secondary addresses from an interface; Elastic IP addresses that are associated with them no longer are.
 * @throws {Refusal} AuthFailure (it is a service's), InvalidParameterValue: the primary one, or not its own.
 */
export async function unassignPrivateIpAddresses(
  { state }: Ec2Context,
  { NetworkInterfaceId, PrivateIpAddresses = [], Ipv4Prefixes = [] }: UnassignPrivateIpAddressesCommandInput,
  call: Call,
): Promise<object> {
  if (PrivateIpAddresses.length + Ipv4Prefixes.length === 0) throw missingParameter('PrivateIpAddress');
  await state.transact((tx) => {
    const before = requireOwnInterface(tx, call, NetworkInterfaceId);
    const { id, subnetId, privateIpv4Addresses, ipv4Prefixes } = before;
    if (PrivateIpAddresses.some((address) => address === privateIpv4Addresses[0]))
      throw invalidParameterValue(`The primary private IP address of ${id} cannot be unassigned.`);
    const areOwn =
      PrivateIpAddresses.every((address) => privateIpv4Addresses.includes(address)) &&
      Ipv4Prefixes.every((prefix) => ipv4Prefixes.includes(prefix));
    if (!areOwn)
      throw invalidParameterValue(`Some of the specified addresses are not assigned to interface ${id}`);
    releaseAddresses(tx, call, subnetId, PrivateIpAddresses, id);
    for (const prefix of Ipv4Prefixes) releasePrefix(tx, call, subnetId, prefix, id);
    for (const address of PrivateIpAddresses) disassociateFrom(tx, call, id, address);
    putInterface(tx, call, {
      ...before,
      privateIpv4Addresses: privateIpv4Addresses.filter((address) => !PrivateIpAddresses.includes(address)),
      ipv4Prefixes: ipv4Prefixes.filter((prefix) => !Ipv4Prefixes.includes(prefix)),
    });
  });
  return {};
}

interface Moved {
  readonly address: string;
  readonly from: string;
}

/** Takes secondary addresses from the interfaces of the subnet that have them. @returns those that somebody had. */
function giveUp(
  tx: Transaction,
  scope: Scope,
  { id, subnetId }: NetworkInterfaceRecord,
  wanted: readonly string[],
): readonly Moved[] {
  return wanted.flatMap((address) => {
    const holderId = /^[\d.]+$/.test(address)
      ? tx.get(subnetAddresses, ec2Key(subnetAddresses, scope, subnetId, address))?.interfaceId
      : undefined;
    const holder = holderId === undefined ? undefined : known(tx, kinds.networkInterface, scope, holderId);
    // What is within a prefix, or primary, can't be moved: taking it is refused.
    if (holder === undefined || holder.id === id || !holder.privateIpv4Addresses.slice(1).includes(address))
      return [];
    if (holder.requesterId !== undefined) throw notYours();
    releaseAddresses(tx, scope, subnetId, [address], holder.id);
    putInterface(tx, scope, {
      ...holder,
      privateIpv4Addresses: holder.privateIpv4Addresses.filter((each) => each !== address),
    });
    return [{ address, from: holder.id }];
  });
}

/** An Elastic IP address stays with the private address that it is associated with. */
function moveElasticAddresses(tx: Transaction, scope: Scope, { address, from }: Moved, to: string): void {
  for (const { value } of tx.byIndex(addresses, 'interface', from)) {
    if (value.association?.privateIpv4 !== address) continue;
    const key = ec2Key(addresses, scope, value.allocationId);
    const elastic = tx.get(addresses, key);
    if (elastic?.association === undefined) continue;
    tx.put(addresses, key, {
      ...elastic,
      association: { ...elastic.association, networkInterfaceId: to },
    });
  }
}
