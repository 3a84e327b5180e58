import type { Tag } from '@aws-sdk/client-elastic-load-balancing-v2';
import { Constraints } from '../constraints.ts';
import { ascending, page } from '../pages.ts';
import { checkedTags, maxTags } from '../tag-list.ts';
import { duplicateTagKeys, shown, tooManyTags, validationError } from './errors.ts';
import type { Tags } from './records.ts';

export const constraints = (): Constraints => new Constraints(validationError);

const maxNameLength = 32;

/** @param noun As AWS says it: `Target group`. @throws ValidationError */
export function checkName(noun: string, name: string): string {
  const named = `${noun} name '${shown(name)}'`;
  if (name === '') throw validationError(`${noun} name cannot be empty`);
  if (name.length > maxNameLength)
    throw validationError(`${named} cannot be longer than '${maxNameLength}' characters`);
  if (!/^[a-zA-Z0-9-]+$/.test(name)) {
    throw validationError(
      `${named} can only contain characters that are alphanumeric characters or hyphens(-)`,
    );
  }
  if (name.startsWith('-') || name.endsWith('-'))
    throw validationError(`${named} cannot begin or end with '-'`);
  return name;
}

/** @throws DuplicateTagKeys, TooManyTags, ValidationError */
export function readTags(tags: readonly Tag[] | undefined = []): Tags {
  if (new Set(tags.map(({ Key }) => Key)).size < tags.length) throw duplicateTagKeys();
  if (tags.length > maxTags) throw tooManyTags(maxTags);
  return checkedTags(
    tags.map(({ Key, Value = '' }) => ({ Key, Value })),
    validationError,
  );
}

interface PageAsked {
  readonly PageSize?: number | undefined;
  readonly Marker?: string | undefined;
}

const maxPageSize = 400;

/** The page that a request asks for, in the order of `keyOf`, whose keys are unique. @throws ValidationError */
export function pageOf<T>(
  found: readonly T[],
  keyOf: (item: T) => string,
  { PageSize, Marker }: PageAsked,
): { readonly items: readonly T[]; readonly next: { readonly NextMarker?: string } } {
  constraints().number('pageSize', PageSize, { min: 1, max: maxPageSize }).throwIfViolated();
  const sorted = found.toSorted((a, b) => ascending(keyOf(a), keyOf(b)));
  const { items, nextToken } = page(sorted, keyOf, ascending, {
    limit: PageSize ?? maxPageSize,
    nextToken: Marker === '' ? undefined : Marker,
    refuse: () => validationError(`The marker '${shown(Marker ?? '')}' is not valid`),
  });
  return { items, next: nextToken === undefined ? {} : { NextMarker: nextToken } };
}

/** Names and ARNs can't be mixed, and are bounded. @throws ValidationError */
export function checkSelection(lists: Readonly<Record<string, readonly string[] | undefined>>): void {
  const given = Object.entries(lists).filter(([, list]) => list !== undefined && list.length > 0);
  const names = given.map(([name]) => name);
  if (names.length > 1) throw validationError(`${names.join(' and ')} cannot be specified at the same time`);
}
