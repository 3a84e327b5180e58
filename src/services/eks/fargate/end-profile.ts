import type { RecordKey, Transaction } from '../../../reconcile/index.ts';
import { dismissNodes } from '../access-entries/admit-nodes.ts';
import { scopeOfKey } from '../records.ts';
import { fargateProfiles, fargateProfilesOf } from './record.ts';

/** Its cluster's control plane has done what there is to do for it: from now on it takes pods. */
export function activateFargateProfile(tx: Transaction, key: RecordKey): void {
  const profile = tx.get(fargateProfiles, key);
  if (profile !== undefined && !profile.isActive)
    tx.put(fargateProfiles, key, { ...profile, isActive: true });
}

/** Nothing is left of what ran by a profile that is to go: it goes, and with the last of its role what let its nodes in. */
export function forgetFargateProfile(tx: Transaction, key: RecordKey): void {
  const profile = tx.get(fargateProfiles, key);
  if (!profile?.isDeleting) return;
  tx.delete(fargateProfiles, key);
  const scope = scopeOfKey(key);
  const { clusterName, podExecutionRole } = profile;
  const others = fargateProfilesOf(tx, scope, clusterName).filter(({ name }) => name !== profile.name);
  if (!others.some((other) => other.podExecutionRole === podExecutionRole))
    dismissNodes(tx, scope, clusterName, podExecutionRole, 'FARGATE_LINUX');
}
