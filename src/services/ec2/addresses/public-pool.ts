import type { Transaction } from '../../../reconcile/index.ts';
import { cidrBlock, ipv4Text } from '../../../topology/index.ts';
import { ec2Key, installationScope, publicAddresses, type Scope, subnetCursors } from '../records.ts';
import { type AddressPool, findFree } from './address-pool.ts';
import { pointCursor, searchFrom } from './cursor.ts';

/**
 * Public addresses: one pool for all accounts and regions, given as a subnet's are. Its network and broadcast addresses
 * and its first, which is the machine's own in it, are nobody's.
 */
const reservedAtStart = 2;
const reservedAtEnd = 1;

/** Takes the next free one for an allocation or an interface; undefined when there is none. */
export function takePublicAddress(
  tx: Transaction,
  publicCidr: string,
  scope: Scope,
  ownerId: string,
): string | undefined {
  const pool = publicPool(publicCidr);
  const cursor = ec2Key(subnetCursors, installationScope, 'public');
  const address = findFree(tx, pool, searchFrom(tx, cursor, pool));
  if (address === undefined) return undefined;
  const { accountId, region } = scope;
  const ipv4 = ipv4Text(address);
  tx.put(publicAddresses, publicAddressKey(ipv4), { accountId, region, ownerId });
  pointCursor(tx, cursor, address + 1);
  return ipv4;
}

/** Frees it if this owner still has it. */
export function releasePublicAddress(tx: Transaction, ipv4: string, ownerId: string): void {
  const key = publicAddressKey(ipv4);
  if (tx.get(publicAddresses, key)?.ownerId === ownerId) tx.delete(publicAddresses, key);
}

function publicPool(cidr: string): AddressPool {
  const { first, last } = cidrBlock(cidr);
  return {
    id: 'public',
    first: first + reservedAtStart,
    last: last - reservedAtEnd,
    isTaken: (tx, address) => tx.get(publicAddresses, publicAddressKey(ipv4Text(address))) !== undefined,
    countTaken: (reader, block) => reader.countByIndex(publicAddresses, 'block', block),
  };
}

function publicAddressKey(ipv4: string) {
  return ec2Key(publicAddresses, installationScope, ipv4);
}
