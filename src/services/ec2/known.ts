import type { Reader } from '../../reconcile/index.ts';
import { isId } from './ids.ts';
import type { Kind } from './kinds.ts';
import { type Deletable, ec2Key, type Scope, type Tags } from './records.ts';

/**
 * The record that somebody names by a text of any form; undefined when there is none. One that is being deleted is as
 * good as gone.
 */
export function known<T extends Deletable & { readonly tags: Tags }>(
  reader: Reader,
  { collection, prefix }: Kind<T>,
  scope: Scope,
  id: string,
): T | undefined {
  const record = isId(prefix, id) ? reader.get(collection, ec2Key(collection, scope, id)) : undefined;
  return record?.isBeingDeleted ? undefined : record;
}
