import type { Transaction } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import type { ClusterRecord } from '../records.ts';
import { entryOfType } from './input.ts';
import { accessEntries, accessEntryKey, accessEntryOf } from './record.ts';

/** The role of nodes that EKS makes itself. */
interface NodeRole {
  readonly roleArn: string;
  /** IAM's own. */
  readonly roleId: string;
  /** Of the entry. */
  readonly id: string;
  readonly now: number;
}

/** Whoever makes nodes lets them in, by an entry like others; in a cluster without entries `aws-auth` does. */
export function admitNodes(
  tx: Transaction,
  scope: Scope,
  { name: clusterName, authenticationMode }: ClusterRecord,
  { roleArn, roleId, id, now }: NodeRole,
  type: 'EC2_LINUX' | 'FARGATE_LINUX' = 'EC2_LINUX',
): void {
  if (authenticationMode === 'CONFIG_MAP') return;
  if (accessEntryOf(tx, scope, clusterName, roleId) !== undefined) return;
  tx.put(accessEntries, accessEntryKey(scope, clusterName, roleArn), {
    ...{ id, clusterName, principalArn: roleArn, principalId: roleId, type, ...entryOfType(type) },
    ...{ policies: [], createdAt: now, modifiedAt: now, tags: {} },
  });
}

/** No nodes of EKS's have the role any more: what let them in goes, unless somebody made it to something else. */
export function dismissNodes(
  tx: Transaction,
  scope: Scope,
  clusterName: string,
  roleArn: string,
  type: 'EC2_LINUX' | 'FARGATE_LINUX' = 'EC2_LINUX',
): void {
  const key = accessEntryKey(scope, clusterName, roleArn);
  if (tx.get(accessEntries, key)?.type === type) tx.delete(accessEntries, key);
}
