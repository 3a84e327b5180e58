import type { Transaction } from '../../../reconcile/index.ts';
import { takeGivenAddress, takeGivenPrefix, takeNextAddress, takeNextPrefix } from '../addresses/ipam.ts';
import { ec2Refusal, invalidParameterCombination, invalidParameterValue } from '../errors.ts';
import type { Scope, SubnetRecord } from '../records.ts';

/** What an interface is to have besides its primary address. */
export interface WantedAddresses {
  readonly addresses: readonly string[];
  readonly addressCount: number;
  readonly prefixes: readonly string[];
  readonly prefixCount: number;
}

interface AddressMembers {
  readonly addresses?: readonly string[] | undefined;
  readonly SecondaryPrivateIpAddressCount?: number | undefined;
  readonly Ipv4Prefixes?: readonly string[] | undefined;
  readonly Ipv4PrefixCount?: number | undefined;
}

/**
 * Reads which addresses or prefixes a request names, or how many it wants: of the four members it may have one.
 * @throws InvalidParameterCombination, InvalidParameterValue
 */
export function readWantedAddresses(members: AddressMembers): WantedAddresses {
  const { addresses = [], Ipv4Prefixes = [], SecondaryPrivateIpAddressCount, Ipv4PrefixCount } = members;
  const used = [
    addresses.length > 0 && 'privateIpAddresses',
    SecondaryPrivateIpAddressCount !== undefined && 'secondaryPrivateIpAddressCount',
    Ipv4Prefixes.length > 0 && 'ipv4Prefixes',
    Ipv4PrefixCount !== undefined && 'ipv4PrefixCount',
  ].filter((name) => name !== false);
  if (used.length > 1)
    throw invalidParameterCombination(
      `The parameter ${used[0]} cannot be used with the parameter ${used[1]}`,
    );
  for (const count of [SecondaryPrivateIpAddressCount, Ipv4PrefixCount]) {
    if (count !== undefined && count < 1)
      throw invalidParameterValue(
        `Value ( ${count} ) for parameter ${used[0]} is invalid. Expecting at least 1.`,
      );
  }
  return {
    addresses: unique('privateIpAddresses', addresses),
    addressCount: SecondaryPrivateIpAddressCount ?? 0,
    prefixes: unique('ipv4Prefixes', Ipv4Prefixes),
    prefixCount: Ipv4PrefixCount ?? 0,
  };
}

/** How many of an interface's places they take. */
export function placesOf({ addresses, addressCount, prefixes, prefixCount }: WantedAddresses): number {
  return addresses.length + addressCount + prefixes.length + prefixCount;
}

/**
 * Takes them for an interface.
 * @throws InsufficientFreeAddressesInSubnet, InsufficientCidrBlocks, and what `takeGivenAddress` and `takeGivenPrefix` throw
 */
export function takeWantedAddresses(
  tx: Transaction,
  scope: Scope,
  subnet: SubnetRecord,
  interfaceId: string,
  wanted: WantedAddresses,
): { readonly addresses: readonly string[]; readonly prefixes: readonly string[] } {
  for (const address of wanted.addresses) takeGivenAddress(tx, scope, subnet, address, interfaceId);
  for (const prefix of wanted.prefixes) takeGivenPrefix(tx, scope, subnet, prefix, interfaceId);
  return {
    addresses: [
      ...wanted.addresses,
      ...times(wanted.addressCount, () => takeAnyAddress(tx, scope, subnet, interfaceId)),
    ],
    prefixes: [
      ...wanted.prefixes,
      ...times(wanted.prefixCount, () => takeAnyPrefix(tx, scope, subnet, interfaceId)),
    ],
  };
}

/** @throws InsufficientFreeAddressesInSubnet */
export function takeAnyAddress(
  tx: Transaction,
  scope: Scope,
  subnet: SubnetRecord,
  interfaceId: string,
): string {
  const address = takeNextAddress(tx, scope, subnet, interfaceId);
  if (address === undefined) {
    throw ec2Refusal(
      'InsufficientFreeAddressesInSubnet',
      'The specified subnet does not have enough free addresses to satisfy the request.',
    );
  }
  return address;
}

function takeAnyPrefix(tx: Transaction, scope: Scope, subnet: SubnetRecord, interfaceId: string): string {
  const prefix = takeNextPrefix(tx, scope, subnet, interfaceId);
  if (prefix === undefined) {
    throw ec2Refusal(
      'InsufficientCidrBlocks',
      'The specified subnet does not have enough free cidr blocks to satisfy the request.',
    );
  }
  return prefix;
}

function unique(name: string, values: readonly string[]): readonly string[] {
  if (new Set(values).size < values.length)
    throw invalidParameterValue(`The parameter ${name} names the same more than once`);
  return values;
}

function times<T>(count: number, make: () => T): readonly T[] {
  return Array.from({ length: count }, make);
}
