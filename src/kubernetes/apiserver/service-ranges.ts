import { isIPv4 } from 'node:net';

/** IPv4 addresses as numbers: the first of a range and how many it has. */
export interface AddressRange {
  readonly cidr: string;
  readonly first: number;
  readonly size: number;
}

/** What a ServiceCIDR says, as far as its addresses are concerned. */
export interface ServiceRanges {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly cidrs: readonly string[] };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Undefined of IPv6, which clusters give no addresses of. */
export function rangeOf(cidr: string): AddressRange | undefined {
  const [address = '', length = ''] = cidr.split('/');
  const size = 2 ** (32 - Number(length));
  const number = numberOfAddress(address);
  return number === undefined ? undefined : { cidr, first: Math.floor(number / size) * size, size };
}

export const rangesOf = ({ spec }: ServiceRanges): readonly AddressRange[] =>
  spec.cidrs.flatMap((cidr) => rangeOf(cidr) ?? []);

export const isInRange = (address: number, { first, size }: AddressRange): boolean =>
  address >= first && address < first + size;

/** The first and the last address of a network are nobody's. */
export const isUsable = (address: number, { first, size }: AddressRange): boolean =>
  address > first && address < first + size - 1;

/** The first address of a range of services that is one of theirs: `10.100.0.1` of `10.100.0.0/16`. */
export const firstAddress = (cidr: string): string => addressAt(cidr, 1);

/** Where every cluster's `kube-dns` is: `10.100.0.10` of `10.100.0.0/16`. */
export const dnsServiceAddress = (cidr: string): string => addressAt(cidr, 10);

function addressAt(cidr: string, place: number): string {
  const range = rangeOf(cidr);
  if (range === undefined) throw new TypeError(`Not a range of IPv4 addresses: ${cidr}`);
  return textOfAddress(range.first + place);
}

/** Whether a range gives addresses: nobody has said that it is not ready, and it is not on its way out. */
export const givesAddresses = ({ metadata, status }: ServiceRanges): boolean =>
  metadata.deletionTimestamp === undefined &&
  (status?.conditions ?? []).every((condition) => condition.type !== 'Ready' || condition.status === 'True');

/**
 * Whether a ServiceCIDR may go: others have all its addresses that services have. Others that are on their way out themselves
 * have none.
 * @param held Addresses that services have.
 */
export function mayGo(leaving: ServiceRanges, all: Iterable<ServiceRanges>, held: Iterable<string>): boolean {
  const others = [...all]
    .filter(
      ({ metadata }) => metadata.name !== leaving.metadata.name && metadata.deletionTimestamp === undefined,
    )
    .flatMap(rangesOf);
  const isElsewhere = (address: number): boolean => others.some((range) => isInRange(address, range));
  const own = rangesOf(leaving);
  for (const text of held) {
    const address = numberOfAddress(text);
    if (address === undefined || isElsewhere(address)) continue;
    if (own.some((range) => isInRange(address, range))) return false;
  }
  return true;
}

/**
 * Places in a range that addresses are taken from, in two parts: the lower one is for those who ask for an address by name, and
 * is taken from when the upper one has none.
 * Source: KEP-3070, `min(max(16, size/16), 256)`.
 */
export function partsOf({ size }: AddressRange): readonly [upper: Part, lower: Part] {
  const kept = size <= 16 ? 0 : Math.min(Math.max(16, Math.floor(size / 16)), 256);
  const end = Math.max(1, size - 1);
  return [
    { from: kept + 1, to: end },
    { from: 1, to: Math.min(kept + 1, end) },
  ];
}

/** From one place to before another. */
export interface Part {
  readonly from: number;
  readonly to: number;
}

export const numberOfAddress = (address: string): number | undefined =>
  isIPv4(address) ? address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0) : undefined;

export const textOfAddress = (number: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
