import type { Reader } from '../../../reconcile/index.ts';
import { type AccessKeyRecord, accessKeys, prefixOf } from '../records.ts';

/** The keys of an account's root user that are kept; the first account's own first one is not. Oldest first. */
export function rootKeysOf(reader: Reader, accountId: string): readonly AccessKeyRecord[] {
  return [...reader.list(accessKeys, prefixOf(accessKeys, accountId))]
    .map(({ value }) => value)
    .filter(({ userName }) => userName === undefined)
    .sort((a, b) => a.createdAt - b.createdAt);
}
