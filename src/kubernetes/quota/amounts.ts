import { formatQuantity, parseQuantity, type Quantity } from '../../quantity.ts';
import type { JsonObject } from '../objects/object.ts';

/** How much of which resource, by its name. */
export type Amounts = ReadonlyMap<string, Quantity>;

/** @param list A `ResourceList`, found valid. */
export function amountsOf(list: JsonObject): Amounts {
  const amounts = new Map<string, Quantity>();
  for (const [name, text] of Object.entries(list)) {
    const quantity = parseQuantity(String(text));
    if (quantity !== undefined) amounts.set(name, quantity);
  }
  return amounts;
}

export const count = (number: number): Quantity => ({
  ...{ nanos: BigInt(number) * 1_000_000_000n, format: 'decimal' },
});

export const nothing: Quantity = { nanos: 0n, format: 'decimal' };

export function sum(...all: readonly Amounts[]): Amounts {
  const total = new Map<string, Quantity>();
  for (const amounts of all)
    for (const [name, quantity] of amounts) {
      const before = total.get(name) ?? nothing;
      // Nothing has no form of its own.
      const { format } = before.nanos === 0n ? quantity : before;
      total.set(name, { format, nanos: before.nanos + quantity.nanos });
    }
  return total;
}

export function largest(...all: readonly Amounts[]): Amounts {
  const most = new Map<string, Quantity>();
  for (const amounts of all)
    for (const [name, quantity] of amounts)
      if ((most.get(name)?.nanos ?? -1n) < quantity.nanos) most.set(name, quantity);
  return most;
}

/** What one is more than the other; what is no more is left out. */
export function increase(after: Amounts, before: Amounts): Amounts {
  const more = new Map<string, Quantity>();
  for (const [name, quantity] of after) {
    const nanos = quantity.nanos - (before.get(name)?.nanos ?? 0n);
    if (nanos > 0n) more.set(name, { ...quantity, nanos });
  }
  return more;
}

/** As an object has it, by name. */
export const listed = (amounts: Amounts): JsonObject =>
  Object.fromEntries([...amounts].toSorted(byName).map(([name, it]) => [name, formatQuantity(it)]));

/** As messages have it: `cpu=1,pods=2`. */
export const told = (amounts: Amounts): string =>
  [...amounts]
    .toSorted(byName)
    .map(([name, it]) => `${name}=${formatQuantity(it)}`)
    .join(',');

const byName = ([one]: readonly [string, Quantity], [other]: readonly [string, Quantity]): number =>
  one < other ? -1 : 1;
