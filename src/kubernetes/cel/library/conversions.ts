import type { Environment, Optional } from '@marcbachmann/cel-js';
import { Duration, type UnsignedInt } from '@marcbachmann/cel-js/evaluator';
import { CelError } from '../cel-error.ts';
import { mapOfEntries, optionalEntry, optionalItem } from '../optional-literals.ts';
import { amendedName } from './amend.ts';

const [timestamp, duration] = ['google.protobuf.Timestamp', 'google.protobuf.Duration'];
const nanosPerSecond = 1_000_000_000n;
const [leastInt, mostInt] = [-(2n ** 63n), 2n ** 63n - 1n];

/** The conversions of CEL's specification that the library lacks, and what optional entries of literals come to. */
export function addConversions(environment: Environment): void {
  environment
    .registerFunction(`${amendedName('int')}(${timestamp}): int`, (time: Date) =>
      BigInt(Math.floor(time.getTime() / 1_000)),
    )
    .registerFunction(`${amendedName('int')}(${duration}): int`, nanosOf)
    .registerFunction(`${amendedName('int')}(uint): int`, ({ value }: UnsignedInt) =>
      within(BigInt(value), mostInt),
    )
    .registerFunction(`${amendedName('string')}(${timestamp}): string`, (time: Date) =>
      time.toISOString().replace(/\.?0*Z$/, 'Z'),
    )
    .registerFunction(`${amendedName('string')}(${duration}): string`, textOf)
    .registerFunction(`timestamp(${timestamp}): ${timestamp}`, (time: Date) => time)
    .registerFunction(`duration(${duration}): ${duration}`, (it: Duration) => it)
    .registerFunction(`duration(int): ${duration}`, (nanos: bigint) => {
      // Of a negative one both parts are negative.
      return new Duration(nanos / nanosPerSecond, Number(nanos % nanosPerSecond));
    })
    .registerFunction(`${optionalItem}(optional<A>): list<A>`, (it: Optional) =>
      it.hasValue() ? [it.value()] : [],
    )
    .registerFunction(
      `${optionalEntry}(K, optional<V>): list<map<K, V>>`,
      (key: unknown, it: Optional): Map<unknown, unknown>[] =>
        it.hasValue() ? [new Map([[key, it.value()]])] : [],
    )
    .registerFunction(`${mapOfEntries}(list<map<K, V>>): map<K, V>`, entriesOf);
}

const nanosOf = ({ seconds, nanos }: Duration): bigint =>
  within(seconds * nanosPerSecond + BigInt(nanos), mostInt);

function within(value: bigint, most: bigint): bigint {
  if (value < leastInt || value > most) throw new CelError('integer overflow');
  return value;
}

/** In seconds, as cel-go writes them: `1.5s`. */
function textOf({ seconds, nanos }: Duration): string {
  const all = seconds * nanosPerSecond + BigInt(nanos);
  const size = all < 0n ? -all : all;
  const fraction = String(size % nanosPerSecond)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${all < 0n ? '-' : ''}${size / nanosPerSecond}${fraction === '' ? '' : `.${fraction}`}s`;
}

function entriesOf(maps: readonly object[]): ReadonlyMap<unknown, unknown> {
  const all = new Map<unknown, unknown>();
  for (const [key, value] of maps.flatMap((map) =>
    // Literals of the library are objects.
    map instanceof Map ? [...map] : Object.entries(map),
  )) {
    if (all.has(key)) throw new CelError('Failed with repeated key');
    all.set(key, value);
  }
  return all;
}
