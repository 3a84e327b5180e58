import type { Reader, Transaction } from '../../../reconcile/index.ts';
import { ec2Key, type PrefixListRecord, prefixLists, type Scope } from '../records.ts';

/** Prefix lists by their ids; in a transaction, so that it loses the race against whoever changes them. */
export const prefixListsOf =
  (reader: Reader | Transaction, scope: Scope) =>
  (id: string): PrefixListRecord | undefined =>
    reader.get(prefixLists, ec2Key(prefixLists, scope, id));
