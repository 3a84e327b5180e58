import type { Reader, Transaction } from '../../../reconcile/index.ts';
import { blockOf, cidrText, type Ipv4Block } from '../../../topology/index.ts';

/** A range of addresses of which some are taken. */
export interface AddressPool {
  /** What its blocks are counted under: see `subnetAddresses.indexes.block`. */
  readonly id: string;
  /** Those that may be given, as numbers. */
  readonly first: number;
  readonly last: number;
  /** Guards the answer until the commit: see `Transaction.get`. */
  isTaken(tx: Transaction, address: number): boolean;
  /** How many of a /24 or /28 are taken, by the index. */
  countTaken(reader: Reader, blockName: string): number;
}

/** A delegated prefix has sixteen addresses. */
export const prefixLength = 28;
const prefixSize = 16;
const blockSize = 256;

/**
 * The first free address from `from` on, and around. Full blocks are passed over by their counts, so that it takes a few
 * hundred steps at most in a subnet with one free address among 65,531.
 */
export function findFree(tx: Transaction, pool: AddressPool, from: number): number | undefined {
  if (!pool.isTaken(tx, from)) return from;
  for (const large of around(pool, from, blockSize)) {
    if (isFull(tx, pool, large, blockSize)) continue;
    for (const small of pieces(large, prefixSize)) {
      if (isFull(tx, pool, small, prefixSize)) continue;
      for (let address = small.first; address <= small.last; address++)
        if (!pool.isTaken(tx, address)) return address;
    }
  }
  return undefined;
}

/** The first address of a free, aligned /28: from `from` on, and around. */
export function findFreePrefix(tx: Transaction, pool: AddressPool, from: number): number | undefined {
  for (const { first } of around(pool, blockOf(from, prefixLength).first, prefixSize)) {
    const block = blockOf(first, prefixLength);
    if (block.first !== first || block.last > pool.last) continue;
    if (pool.countTaken(tx, blockName(pool, block)) > 0) continue;
    if (addressesOf(block).every((address) => !pool.isTaken(tx, address))) return first;
  }
  return undefined;
}

export function addressesOf({ first, last }: Range): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

interface Range {
  readonly first: number;
  readonly last: number;
}

/** All of the pool, from `from` to its end and then from its start, in pieces of the size. */
function* around(pool: AddressPool, from: number, size: number): Generator<Range> {
  const start = Math.max(from, pool.first);
  yield* pieces({ first: start, last: pool.last }, size);
  yield* pieces({ first: pool.first, last: start - 1 }, size);
}

/** Cut where a multiple of the size is. */
function* pieces({ first, last }: Range, size: number): Generator<Range> {
  for (let start = first; start <= last; ) {
    const end = Math.min(last, start - (start % size) + size - 1);
    yield { first: start, last: end };
    start = end + 1;
  }
}

/** Whether none is left of the aligned block around a piece. */
function isFull(tx: Transaction, pool: AddressPool, piece: Range, size: number): boolean {
  const block = blockOf(piece.first, size === blockSize ? 24 : prefixLength);
  const usable = Math.min(block.last, pool.last) - Math.max(block.first, pool.first) + 1;
  return pool.countTaken(tx, blockName(pool, block)) >= usable;
}

function blockName({ id }: AddressPool, block: Ipv4Block): string {
  return `${id}/${cidrText(block)}`;
}
