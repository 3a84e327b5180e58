import type { Environment } from '@marcbachmann/cel-js';
import { Duration } from '@marcbachmann/cel-js/evaluator';
import { CelError } from '../cel-error.ts';

type List = readonly unknown[];

/** Kubernetes' functions of lists, and CEL's of sets. */
export function addLists(environment: Environment): void {
  environment
    .registerFunction('list<A>.isSorted(): bool', (list: List) =>
      list.every((item, at) => at === 0 || compare(list[at - 1], item) <= 0),
    )
    .registerFunction('list<A>.min(): A', (list: List) => extreme(list, 'min', -1))
    .registerFunction('list<A>.max(): A', (list: List) => extreme(list, 'max', 1))
    .registerFunction('list<A>.indexOf(A): int', (list: List, item: unknown) => BigInt(list.indexOf(item)))
    .registerFunction('list<A>.lastIndexOf(A): int', (list: List, item: unknown) =>
      BigInt(list.lastIndexOf(item)),
    );
  for (const [type, zero] of [
    ['int', 0n],
    ['double', 0],
  ] as const)
    environment.registerFunction(`list<${type}>.sum(): ${type}`, (list: readonly (bigint | number)[]) =>
      sum(list, zero),
    );
  environment
    .registerFunction(
      'list<google.protobuf.Duration>.sum(): google.protobuf.Duration',
      (list: readonly Duration[]) =>
        Duration.fromMilliseconds(list.reduce((all, item) => all + item.valueOf(), 0)),
    )
    .registerType('SetsLibrary', { ctor: SetsLibrary, fields: {} })
    .registerConstant('sets', 'SetsLibrary', new SetsLibrary())
    .registerFunction('SetsLibrary.contains(list<A>, list<A>): bool', (_: unknown, one: List, other: List) =>
      contains(one, other),
    )
    .registerFunction(
      'SetsLibrary.equivalent(list<A>, list<A>): bool',
      (_: unknown, one: List, other: List) => contains(one, other) && contains(other, one),
    )
    .registerFunction(
      'SetsLibrary.intersects(list<A>, list<A>): bool',
      (_: unknown, one: List, other: List) => {
        const known = new Set(one);
        return other.some((item) => known.has(item));
      },
    );
}

class SetsLibrary {}

function contains(one: List, other: List): boolean {
  const known = new Set(one);
  return other.every((item) => known.has(item));
}

function compare(one: unknown, other: unknown): number {
  const [left, right] = [one, other] as [bigint, bigint];
  return left < right ? -1 : left > right ? 1 : 0;
}

function extreme(list: List, name: string, sign: number): unknown {
  if (list.length === 0) throw new CelError(`${name} called on empty list`);
  return list.reduce((found, item) => (compare(item, found) * sign > 0 ? item : found));
}

function sum<T extends bigint | number>(list: readonly (bigint | number)[], zero: T): bigint | number {
  return list.reduce(
    (all, item) => (typeof all === 'bigint' ? all + BigInt(item) : all + Number(item)),
    zero as bigint | number,
  );
}
