import type { Transaction } from '../../../reconcile/index.ts';
import { entityOf } from '../../iam/index.ts';
import type { Call } from '../../service.ts';
import { defaultUsername } from './input.ts';
import { accessEntries, accessEntryKey, accessEntryOf } from './record.ts';

/** Whoever makes a cluster is its administrator, by an entry like others (`bootstrapClusterCreatorAdminPermissions`). */
export function admitCreator(
  tx: Transaction,
  call: Call,
  { clusterName, id, now }: { readonly clusterName: string; readonly id: string; readonly now: number },
): void {
  const principal = entityOf(tx, call.principal);
  if (accessEntryOf(tx, call, clusterName, principal.id) !== undefined) return;
  tx.put(accessEntries, accessEntryKey(call, clusterName, principal.arn), {
    ...{ id, clusterName, principalArn: principal.arn, principalId: principal.id },
    ...{ type: 'STANDARD', username: defaultUsername(principal.arn), kubernetesGroups: [] },
    policies: [
      {
        ...{ name: 'AmazonEKSClusterAdminPolicy', scope: { type: 'cluster' } },
        ...{ associatedAt: now, modifiedAt: now },
      },
    ],
    ...{ createdAt: now, modifiedAt: now, tags: {} },
  });
}
