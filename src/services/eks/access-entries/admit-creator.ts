import type { Transaction } from '../../../reconcile/index.ts';
import type { PrincipalEntity } from '../../iam/index.ts';
import type { Scope } from '../arn.ts';
import { defaultUsername } from './input.ts';
import { accessEntries, accessEntryKey, accessEntryOf } from './record.ts';

/** Whoever makes a cluster is its administrator, by an entry like others (`bootstrapClusterCreatorAdminPermissions`). */
export function admitCreator(
  tx: Transaction,
  scope: Scope,
  { clusterName, creator, id, now }: Admitted,
): void {
  if (accessEntryOf(tx, scope, clusterName, creator.id) !== undefined) return;
  tx.put(accessEntries, accessEntryKey(scope, clusterName, creator.arn), {
    ...{ id, clusterName, principalArn: creator.arn, principalId: creator.id },
    ...{ type: 'STANDARD', username: defaultUsername(creator.arn), kubernetesGroups: [] },
    policies: [
      {
        ...{ name: 'AmazonEKSClusterAdminPolicy', scope: { type: 'cluster' } },
        ...{ associatedAt: now, modifiedAt: now },
      },
    ],
    ...{ createdAt: now, modifiedAt: now, tags: {} },
  });
}

interface Admitted {
  readonly clusterName: string;
  readonly creator: PrincipalEntity;
  /** Of the entry. */
  readonly id: string;
  readonly now: number;
}
