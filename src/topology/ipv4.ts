import { isIPv4 } from 'node:net';

/** Addresses as numbers, blocks as ranges of them: 32 bits, unsigned. */
export interface Ipv4Block {
  readonly first: number;
  readonly last: number;
  /** 0 to 32. */
  readonly prefixLength: number;
}

/** `10.0.1.4` as a number; undefined when it isn't an IPv4 address. */
export function parseIpv4(text: string): number | undefined {
  return isIPv4(text) ? ipv4Number(text) : undefined;
}

/** Of an address that is known to be one. */
export function ipv4Number(address: string): number {
  let number = 0;
  for (const octet of address.split('.')) number = number * 256 + Number(octet);
  return number;
}

export function ipv4Text(number: number): string {
  return `${number >>> 24}.${(number >>> 16) & 255}.${(number >>> 8) & 255}.${number & 255}`;
}

/** `10.0.0.0/16`; host bits are dropped, as EC2 drops them. Undefined when it isn't a block. */
export function parseCidr(text: string): Ipv4Block | undefined {
  const [, address = '', lengthText = ''] = /^([\d.]+)\/(\d{1,2})$/.exec(text) ?? [];
  const number = parseIpv4(address);
  const prefixLength = Number(lengthText);
  if (number === undefined || lengthText === '' || prefixLength > 32) return undefined;
  return blockOf(number, prefixLength);
}

/** Of a block that is known to be one. @throws {Error} it isn't. */
export function cidrBlock(text: string): Ipv4Block {
  const block = parseCidr(text);
  if (block === undefined) throw new Error(`Not an IPv4 block: ${text}`);
  return block;
}

/** The block of that length that an address is in. */
export function blockOf(address: number, prefixLength: number): Ipv4Block {
  const size = 2 ** (32 - prefixLength);
  const first = address - (address % size);
  return { first, last: first + size - 1, prefixLength };
}

export function cidrText({ first, prefixLength }: Ipv4Block): string {
  return `${ipv4Text(first)}/${prefixLength}`;
}

export function holds(block: Ipv4Block, address: number): boolean {
  return block.first <= address && address <= block.last;
}

export function holdsBlock(outer: Ipv4Block, inner: Ipv4Block): boolean {
  return outer.first <= inner.first && inner.last <= outer.last;
}

export function overlap(one: Ipv4Block, other: Ipv4Block): boolean {
  return one.first <= other.last && other.first <= one.last;
}
