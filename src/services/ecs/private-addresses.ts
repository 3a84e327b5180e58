import { type RecordKey, recordKey, type Transaction } from '../../reconcile/index.ts';
import type { PrivateNetworkPlan } from './context.ts';
import { privateAddresses, privateSubnets } from './records.ts';

/**
 * Addresses on the installation's plain private network. All accounts and regions share the one network, so
 * allocations stand outside them. The search goes on after the last address given: one just released rests as
 * long as possible, and finding a free one takes a step or two however many are in use.
 */
const installation = ['installation', 'global'] as const;

/** As in a VPC's subnet, the first four addresses and the last are not for tasks. */
const reservedAtStart = 4;

export interface PrivateAddress {
  readonly ipv4: string;
  readonly macAddress: string;
}

/** Allocates an address for a task; undefined when the network has none left. */
export function allocatePrivateAddress(
  tx: Transaction,
  network: PrivateNetworkPlan,
  taskKey: RecordKey,
): PrivateAddress | undefined {
  const { first, last } = addressRange(network.cidr);
  const gateway = ipv4Number(network.gateway);
  const subnetKey = recordKey(privateSubnets, ...installation, network.subnetId);
  const next = tx.get(privateSubnets, subnetKey)?.nextAddress;
  let candidate = next === undefined ? first : ipv4Number(next);
  for (let tried = first; tried <= last; tried += 1) {
    if (candidate < first || candidate > last) candidate = first;
    const ipv4 = ipv4Text(candidate);
    const key = recordKey(privateAddresses, ...installation, ipv4);
    if (candidate !== gateway && tx.get(privateAddresses, key) === undefined) {
      tx.put(privateAddresses, key, { ipv4, taskKey });
      tx.put(privateSubnets, subnetKey, { nextAddress: ipv4Text(candidate + 1) });
      return { ipv4, macAddress: macAddressOf(candidate) };
    }
    candidate += 1;
  }
  return undefined;
}

/** Frees the address if this task still has it. */
export function releasePrivateAddress(tx: Transaction, ipv4: string, taskKey: RecordKey): void {
  const key = recordKey(privateAddresses, ...installation, ipv4);
  if (tx.get(privateAddresses, key)?.taskKey === taskKey) tx.delete(privateAddresses, key);
}

/** The prefix length of a CIDR block, e.g. 16. */
export function prefixLength(cidr: string): number {
  return Number(cidr.split('/')[1]);
}

function addressRange(cidr: string): { first: number; last: number } {
  const base = ipv4Number(cidr.split('/')[0] ?? '');
  const size = 2 ** (32 - prefixLength(cidr));
  return { first: base + reservedAtStart, last: base + size - 2 };
}

function ipv4Number(ipv4: string): number {
  return ipv4.split('.').reduce((number, octet) => number * 256 + Number(octet), 0);
}

function ipv4Octets(address: number): readonly number[] {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256);
}

function ipv4Text(address: number): string {
  return ipv4Octets(address).join('.');
}

/** Locally administered, and as unique as the address it is made of. */
function macAddressOf(address: number): string {
  return ['02', '42', ...ipv4Octets(address).map((octet) => octet.toString(16).padStart(2, '0'))].join(':');
}
