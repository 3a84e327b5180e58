import type { Reader, Transaction } from '../../../reconcile/index.ts';
import {
  ec2Prefix,
  type RouteTableRecord,
  routeTables,
  type Scope,
  type SecurityGroupRecord,
  securityGroups,
} from '../records.ts';

export interface PrefixListUses {
  readonly groups: readonly SecurityGroupRecord[];
  readonly tables: readonly RouteTableRecord[];
}

/** The groups whose rules name a prefix list, and the tables that route to it. */
export function usesOf(reader: Reader, scope: Scope, id: string): PrefixListUses {
  const isOwn = ({ key }: { readonly key: string }) =>
    key.startsWith(`/ec2/${scope.accountId}/${scope.region}/`);
  return {
    groups: reader
      .byIndex(securityGroups, 'prefixList', id)
      .filter(isOwn)
      .map(({ value }) => value),
    tables: reader
      .byIndex(routeTables, 'prefixList', id)
      .filter(isOwn)
      .map(({ value }) => value),
  };
}

/**
 * Reads all groups and tables, any of which could come to use a list: so a transaction loses the race against one that
 * does.
 */
export function guardUses(tx: Transaction, scope: Scope): void {
  for (const { key } of tx.list(securityGroups, ec2Prefix(securityGroups, scope)))
    tx.get(securityGroups, key);
  for (const { key } of tx.list(routeTables, ec2Prefix(routeTables, scope))) tx.get(routeTables, key);
}
