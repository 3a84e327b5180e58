import { isIP } from 'node:net';
import type { Environment } from '@marcbachmann/cel-js';
import { CelError } from '../cel-error.ts';
import { amendedName } from './amend.ts';

/** Kubernetes' functions of IP addresses and of blocks of them. */
export function addAddresses(environment: Environment): void {
  const [ip, cidr] = ['kubernetes.IP', 'kubernetes.CIDR'];
  environment
    .registerType(ip, { ctor: Address, fields: {} })
    .registerType(cidr, { ctor: Block, fields: {} })
    .registerFunction('isIP(string): bool', (text: string) => addressOf(text) !== undefined)
    .registerType('kubernetes.IPLibrary', { ctor: AddressLibrary, fields: {} })
    .registerConstant('ip', 'kubernetes.IPLibrary', new AddressLibrary())
    .registerFunction(
      'kubernetes.IPLibrary.isCanonical(string): bool',
      (_: unknown, text: string) => readAddress(text).toString() === text,
    )
    .registerFunction(`ip(string): ${ip}`, readAddress)
    .registerFunction(`${amendedName('string')}(${ip}): string`, (address: Address) => address.toString())
    .registerFunction(`${ip}.family(): int`, ({ bits }: Address) => (bits === 32 ? 4n : 6n))
    .registerFunction(`${ip}.isUnspecified(): bool`, ({ value }: Address) => value === 0n)
    .registerFunction(`${ip}.isLoopback(): bool`, (address: Address) =>
      address.isOneOf('127.0.0.0/8', '::1/128'),
    )
    .registerFunction(`${ip}.isLinkLocalMulticast(): bool`, (address: Address) =>
      address.isOneOf('224.0.0.0/24', 'ff02::/16'),
    )
    .registerFunction(`${ip}.isLinkLocalUnicast(): bool`, (address: Address) =>
      address.isOneOf('169.254.0.0/16', 'fe80::/10'),
    )
    .registerFunction(`${ip}.isGlobalUnicast(): bool`, isGlobalUnicast)
    .registerOperator(
      `${ip} == ${ip}`,
      (one: Address, other: Address) => one.bits === other.bits && one.value === other.value,
    )
    .registerFunction('isCIDR(string): bool', (text: string) => blockOf(text) !== undefined)
    .registerFunction(`cidr(string): ${cidr}`, readBlock)
    .registerFunction(`${amendedName('string')}(${cidr}): string`, (block: Block) => block.toString())
    .registerFunction(`${cidr}.ip(): ${ip}`, ({ address }: Block) => address)
    .registerFunction(`${cidr}.prefixLength(): int`, ({ prefix }: Block) => BigInt(prefix))
    .registerFunction(`${cidr}.masked(): ${cidr}`, (block: Block) => new Block(block.first, block.prefix))
    .registerFunction(`${cidr}.containsIP(${ip}): bool`, (block: Block, address: Address) =>
      block.contains(address),
    )
    .registerFunction(`${cidr}.containsIP(string): bool`, (block: Block, text: string) =>
      block.contains(readAddress(text)),
    )
    .registerFunction(`${cidr}.containsCIDR(${cidr}): bool`, containsBlock)
    .registerFunction(`${cidr}.containsCIDR(string): bool`, (block: Block, text: string) =>
      containsBlock(block, readBlock(text)),
    )
    .registerOperator(
      `${cidr} == ${cidr}`,
      (one: Block, other: Block) => one.toString() === other.toString(),
    );
}

class AddressLibrary {}

class Address {
  readonly value: bigint;
  /** 32 or 128. */
  readonly bits: number;

  constructor(value: bigint, bits: number) {
    this.value = value;
    this.bits = bits;
  }

  isOneOf(...blocks: readonly string[]): boolean {
    return blocks.some((text) => readBlock(text).contains(this));
  }

  toString(): string {
    const part = (width: number, index: number): bigint =>
      (this.value >> BigInt(this.bits - width * (index + 1))) & ((1n << BigInt(width)) - 1n);
    if (this.bits === 32) return [0, 1, 2, 3].map((index) => part(8, index)).join('.');
    const groups = Array.from({ length: 8 }, (_, index) => part(16, index).toString(16));
    return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
  }
}

class Block {
  readonly address: Address;
  readonly prefix: number;

  constructor(address: Address, prefix: number) {
    this.address = address;
    this.prefix = prefix;
  }

  get first(): Address {
    const { value, bits } = this.address;
    const host = BigInt(bits - this.prefix);
    return new Address((value >> host) << host, bits);
  }

  contains({ value, bits }: Address): boolean {
    const host = BigInt(bits - this.prefix);
    return bits === this.address.bits && value >> host === this.address.value >> host;
  }

  toString(): string {
    return `${this.address}/${this.prefix}`;
  }
}

const containsBlock = (block: Block, other: Block): boolean =>
  block.prefix <= other.prefix && block.contains(other.address);

/** Undefined: it is none. Addresses with zones, and IPv4 ones within IPv6, are none to Kubernetes. */
function addressOf(text: string): Address | undefined {
  const version = isIP(text);
  if (version === 4)
    return new Address(
      text.split('.').reduce((all, it) => all * 256n + BigInt(it), 0n),
      32,
    );
  if (version !== 6 || /[%.]/.test(text)) return undefined;
  const [before = '', after] = text.split('::');
  const groupsOf = (part: string): readonly string[] => (part === '' ? [] : part.split(':'));
  const [left, right] = [groupsOf(before), groupsOf(after ?? '')];
  const filled = after === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0');
  const groups = [...left, ...filled, ...right];
  return new Address(
    groups.reduce((all, it) => all * 65_536n + BigInt(`0x${it}`), 0n),
    128,
  );
}

function readAddress(text: string): Address {
  const address = addressOf(text);
  if (address === undefined)
    throw new CelError(`IP Address ${JSON.stringify(text)} parse error during conversion from string`);
  return address;
}

function blockOf(text: string): Block | undefined {
  const [, base = '', prefix = ''] = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const address = base === '' ? undefined : addressOf(base);
  return address === undefined || Number(prefix) > address.bits
    ? undefined
    : new Block(address, Number(prefix));
}

function readBlock(text: string): Block {
  const block = blockOf(text);
  if (block === undefined)
    throw new CelError(`network address parse error during conversion from string: ${JSON.stringify(text)}`);
  return block;
}

function isGlobalUnicast(address: Address): boolean {
  const others = [
    '127.0.0.0/8',
    '::1/128',
    '169.254.0.0/16',
    'fe80::/10',
    '224.0.0.0/4',
    'ff00::/8',
    '255.255.255.255/32',
  ];
  return address.value !== 0n && !address.isOneOf(...others);
}
