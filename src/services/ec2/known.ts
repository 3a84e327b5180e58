import type { Reader } from '../../reconcile/index.ts';
import { isId } from './ids.ts';
import type { Kind } from './kinds.ts';
import { ec2Key, type Scope } from './records.ts';

/** The record that somebody names by a text of any form; undefined when there is none. */
export function known<T extends object>(
  reader: Reader,
  { collection, prefix }: Kind<T>,
  scope: Scope,
  id: string,
): T | undefined {
  return isId(prefix, id) ? reader.get(collection, ec2Key(collection, scope, id)) : undefined;
}
