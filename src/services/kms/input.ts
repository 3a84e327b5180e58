import type { Tag } from '@aws-sdk/client-kms';
import { Constraints } from '../constraints.ts';
import { page } from '../pages.ts';
import { checkedTags } from '../tag-list.ts';
import { invalidMarker, invalidTag, validationException } from './errors.ts';
import type { Tags } from './records.ts';

export const constraints = (): Constraints => new Constraints(validationException);

/** @throws TagException */
export const readTags = (tags: readonly Tag[] | undefined = []): Tags =>
  checkedTags(
    tags.map(({ TagKey, TagValue }) => ({ Key: TagKey, Value: TagValue })),
    invalidTag,
  );

/** A page as KMS tells it. @throws InvalidMarkerException, ValidationException */
export function pageOf<T>(
  sorted: readonly T[],
  keyOf: (item: T) => string,
  { Limit, Marker }: { readonly Limit?: number | undefined; readonly Marker?: string | undefined },
  { normal, max }: { readonly normal: number; readonly max: number },
) {
  constraints().number('limit', Limit, { min: 1, max }).throwIfViolated();
  const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
  const { items, nextToken } = page(sorted, keyOf, compare, {
    ...{ limit: Limit ?? normal, nextToken: Marker, refuse: invalidMarker },
  });
  return {
    items,
    more: { Truncated: nextToken !== undefined, ...(nextToken !== undefined && { NextMarker: nextToken }) },
  };
}
