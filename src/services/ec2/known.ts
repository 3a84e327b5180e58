import type { Collection, Reader } from '../../reconcile/index.ts';
import { ec2Key, type Scope } from './records.ts';

/** The record that somebody names by an id of any form; undefined when there is none. */
export function known<T extends object>(
  reader: Reader,
  collection: Collection<T, string>,
  scope: Scope,
  id: string,
): T | undefined {
  return /^[a-z]+(-[a-z]+)*-[0-9a-f]+$/.test(id)
    ? reader.get(collection, ec2Key(collection, scope, id))
    : undefined;
}
