import type { Reader, Transaction } from '../../../reconcile/index.ts';
import {
  blockOf,
  cidrBlock,
  cidrText,
  holds,
  holdsBlock,
  ipv4Text,
  parseCidr,
  parseIpv4,
} from '../../../topology/index.ts';
import { ec2Refusal, invalidParameterValue, invalidValue } from '../errors.ts';
import { ec2Key, type Scope, type SubnetRecord, subnetAddresses, subnetCursors } from '../records.ts';
import { type AddressPool, addressesOf, findFree, findFreePrefix, prefixLength } from './address-pool.ts';
import { pointCursor, searchFrom } from './cursor.ts';

/**
 * Who has which address of a subnet. An address that is taken has a record of its own, so two transactions can't both
 * take it; the next free one is searched for after the last one given, so one just released rests as long as possible.
 *
 * Network, router, resolver, the one kept for the future (the first four) and broadcast (the last) are nobody's.
 */
type Subnet = Pick<SubnetRecord, 'id' | 'cidr'>;

const reservedAtStart = 4;
const reservedAtEnd = 1;

/** Takes the next free address; undefined when there is none. */
export function takeNextAddress(
  tx: Transaction,
  scope: Scope,
  subnet: Subnet,
  interfaceId: string,
): string | undefined {
  const pool = poolOf(scope, subnet);
  const address = findFree(tx, pool, searchFrom(tx, cursorOf(scope, subnet.id), pool));
  if (address === undefined) return undefined;
  take(tx, scope, subnet, [address], interfaceId);
  pointCursor(tx, cursorOf(scope, subnet.id), address + 1);
  return ipv4Text(address);
}

/**
 * Takes an address that somebody asks for.
 * @throws {Refusal} InvalidParameterValue: it is no address of the subnet, or a reserved one; InvalidIPAddress.InUse.
 */
export function takeGivenAddress(
  tx: Transaction,
  scope: Scope,
  subnet: Subnet,
  text: string,
  interfaceId: string,
): void {
  const address = parseIpv4(text);
  if (address === undefined) throw invalidValue(text, 'privateIpAddress', 'Invalid IPv4 address.');
  if (!holds(cidrBlock(subnet.cidr), address))
    throw invalidParameterValue(`Address ${text} does not fall within the subnet's address range`);
  const pool = poolOf(scope, subnet);
  if (address < pool.first || address > pool.last)
    throw invalidParameterValue(`Address ${text} is in subnet's reserved address range`);
  if (pool.isTaken(tx, address)) throw addressInUse(text);
  take(tx, scope, subnet, [address], interfaceId);
  pointCursor(tx, cursorOf(scope, subnet.id));
}

/** Takes the next free /28, in CIDR form; undefined when there is none. */
export function takeNextPrefix(
  tx: Transaction,
  scope: Scope,
  subnet: Subnet,
  interfaceId: string,
): string | undefined {
  const pool = poolOf(scope, subnet);
  const first = findFreePrefix(tx, pool, searchFrom(tx, cursorOf(scope, subnet.id), pool));
  if (first === undefined) return undefined;
  const block = blockOf(first, prefixLength);
  take(tx, scope, subnet, addressesOf(block), interfaceId);
  pointCursor(tx, cursorOf(scope, subnet.id), block.last + 1);
  return cidrText(block);
}

/** As `takeGivenAddress`, of a /28. @throws {Refusal} also when it is no /28, or when any of its addresses is reserved. */
export function takeGivenPrefix(
  tx: Transaction,
  scope: Scope,
  subnet: Subnet,
  text: string,
  interfaceId: string,
): void {
  const block = parseCidr(text);
  if (block?.prefixLength !== prefixLength || cidrText(block) !== text)
    throw invalidValue(text, 'ipv4Prefix', 'Expecting a /28 block.');
  if (!holdsBlock(cidrBlock(subnet.cidr), block))
    throw invalidParameterValue(`Prefix ${text} does not fall within the subnet's address range`);
  const pool = poolOf(scope, subnet);
  if (block.first < pool.first || block.last > pool.last)
    throw invalidParameterValue(`Prefix ${text} is in subnet's reserved address range`);
  const taken = addressesOf(block).find((address) => pool.isTaken(tx, address));
  if (taken !== undefined) throw addressInUse(ipv4Text(taken));
  take(tx, scope, subnet, addressesOf(block), interfaceId);
  pointCursor(tx, cursorOf(scope, subnet.id));
}

/** Frees the addresses that the interface still has. */
export function releaseAddresses(
  tx: Transaction,
  scope: Scope,
  subnetId: string,
  addresses: readonly string[],
  interfaceId: string,
): void {
  for (const address of addresses) {
    const key = ec2Key(subnetAddresses, scope, subnetId, address);
    if (tx.get(subnetAddresses, key)?.interfaceId === interfaceId) tx.delete(subnetAddresses, key);
  }
}

/** Frees the /28 if the interface still has it. */
export function releasePrefix(
  tx: Transaction,
  scope: Scope,
  subnetId: string,
  prefix: string,
  interfaceId: string,
): void {
  releaseAddresses(tx, scope, subnetId, addressesOf(cidrBlock(prefix)).map(ipv4Text), interfaceId);
}

/** `AvailableIpAddressCount`. */
export function availableAddressCount(reader: Reader, subnet: Subnet): number {
  const { first, last } = cidrBlock(subnet.cidr);
  const usable = last - first + 1 - reservedAtStart - reservedAtEnd;
  return usable - reader.countByIndex(subnetAddresses, 'subnet', subnet.id);
}

/** Belongs to the deletion of a subnet: whoever takes one of its addresses at the same time loses, or makes it lose. */
export function forgetSubnetAddresses(tx: Transaction, scope: Scope, subnetId: string): void {
  tx.delete(subnetCursors, cursorOf(scope, subnetId));
}

function poolOf(scope: Scope, { id, cidr }: Subnet): AddressPool {
  const { first, last } = cidrBlock(cidr);
  return {
    id,
    first: first + reservedAtStart,
    last: last - reservedAtEnd,
    isTaken: (tx, address) =>
      tx.get(subnetAddresses, ec2Key(subnetAddresses, scope, id, ipv4Text(address))) !== undefined,
    countTaken: (reader, block) => reader.countByIndex(subnetAddresses, 'block', block),
  };
}

function take(
  tx: Transaction,
  scope: Scope,
  { id }: Subnet,
  addresses: readonly number[],
  interfaceId: string,
): void {
  for (const address of addresses)
    tx.put(subnetAddresses, ec2Key(subnetAddresses, scope, id, ipv4Text(address)), { interfaceId });
}

const addressInUse = (address: string) =>
  ec2Refusal('InvalidIPAddress.InUse', `Address ${address} is in use.`);

function cursorOf(scope: Scope, subnetId: string) {
  return ec2Key(subnetCursors, scope, subnetId);
}
