import { page as pageOf } from '../pages.ts';
import { invalidParameter } from './errors.ts';

export { ascending } from '../pages.ts';

/** `../pages.ts`, with this service's error for a bad token. */
export function page<T>(
  sorted: readonly T[],
  keyOf: (item: T) => string,
  compare: (a: string, b: string) => number,
  options: { readonly limit: number; readonly nextToken: string | undefined },
): { readonly items: readonly T[]; readonly nextToken?: string } {
  return pageOf(sorted, keyOf, compare, { ...options, refuse: invalidParameter });
}
