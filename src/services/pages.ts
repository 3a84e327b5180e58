import type { Refusal } from '../protocols/index.ts';

/**
 * Pages of a sorted list. The token names the last item of the page before by its sort key, so a list that
 * changes between two pages loses and repeats nothing that stayed.
 */
export function page<T>(
  sorted: readonly T[],
  keyOf: (item: T) => string,
  compare: (a: string, b: string) => number,
  options: {
    readonly limit: number;
    readonly nextToken: string | undefined;
    /** The service's own error for a token that is none of ours. */
    readonly refuse: (message: string) => Refusal;
  },
): { readonly items: readonly T[]; readonly nextToken?: string } {
  const after = options.nextToken === undefined ? undefined : decode(options.nextToken, options.refuse);
  const start = after === undefined ? 0 : sorted.findIndex((item) => compare(keyOf(item), after) > 0);
  const items = start === -1 ? [] : sorted.slice(start, start + options.limit);
  const last = items.at(-1);
  if (last === undefined || start + items.length >= sorted.length) return { items };
  return { items, nextToken: encode(keyOf(last)) };
}

/** By UTF-16 code units, as AWS sorts names ("ASCII-sorted"). */
export function ascending(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const prefix = 'next:';

function encode(key: string): string {
  return Buffer.from(prefix + key).toString('base64url');
}

function decode(token: string, refuse: (message: string) => Refusal): string {
  const text = Buffer.from(token, 'base64url').toString();
  if (!text.startsWith(prefix)) throw refuse('The specified nextToken is invalid.');
  return text.slice(prefix.length);
}
