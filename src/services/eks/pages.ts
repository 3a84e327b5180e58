import { ascending, page } from '../pages.ts';
import { invalidParameter } from './errors.ts';
import { constraints } from './input.ts';

interface AskedPage {
  readonly maxResults?: number | undefined;
  readonly nextToken?: string | undefined;
}

/** A page of things in the order of their names. @throws InvalidParameterException */
export function namedPage<T>(
  things: readonly T[],
  nameOf: (thing: T) => string,
  { maxResults, nextToken }: AskedPage,
): { readonly items: readonly T[]; readonly nextToken?: string } {
  constraints().number('maxResults', maxResults, { min: 1, max: 100 }).throwIfViolated();
  const sorted = things.toSorted((a, b) => ascending(nameOf(a), nameOf(b)));
  return page(sorted, nameOf, ascending, {
    ...{ limit: maxResults ?? 100, nextToken, refuse: invalidParameter },
  });
}

/** A page of names, in their order. @throws InvalidParameterException */
export const namesPage = <T extends string>(names: readonly T[], asked: AskedPage) =>
  namedPage(names, (name) => name, asked);
