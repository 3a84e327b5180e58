import { ascending, page } from '../../pages.ts';
import { invalidInput } from '../errors.ts';
import type { Constraints } from './constraints.ts';

export interface PageInput {
  readonly Marker?: string | undefined;
  readonly MaxItems?: number | undefined;
}

export function checkPage(constraints: Constraints, { Marker, MaxItems }: PageInput): Constraints {
  return constraints
    .text('marker', Marker, { minLength: 1, pattern: String.raw`[\u0020-\u00FF]+` })
    .number('maxItems', MaxItems, { min: 1, max: 1000 });
}

/** One page in the order of names, ignoring case, 100 unless asked otherwise, with its place in the list. */
export function pageOf<T>(
  items: Iterable<T>,
  nameOf: (item: T) => string,
  { Marker, MaxItems = 100 }: PageInput,
): { readonly items: readonly T[]; readonly IsTruncated: boolean; readonly Marker?: string } {
  // What differs by case alone has an order, too, or a page would lose it.
  const keyOf = (item: T): string => `${nameOf(item).toLowerCase()} ${nameOf(item)}`;
  const sorted = [...items].sort((a, b) => ascending(keyOf(a), keyOf(b)));
  const { items: some, nextToken } = page(sorted, keyOf, ascending, {
    limit: MaxItems,
    nextToken: Marker,
    refuse: () => invalidInput(`Invalid Marker: ${Marker}`),
  });
  return {
    items: some,
    IsTruncated: nextToken !== undefined,
    ...(nextToken !== undefined && { Marker: nextToken }),
  };
}
