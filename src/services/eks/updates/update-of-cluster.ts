import type { Update, UpdateType } from '@aws-sdk/client-eks';
import { uuid } from '../../../clock/index.ts';
import type { RecordKey, Transaction } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { requireActiveCluster } from '../clusters/cluster-status.ts';
import { type EksContext, requireCluster } from '../context.ts';
import { resourceInUse } from '../errors.ts';
import { settleIdentityProvider } from '../identity-providers/record.ts';
import {
  type ClusterRecord,
  clusterKey,
  clusters,
  clusterText,
  type MadeBy,
  scopeOfKey,
} from '../records.ts';
import { type UpdateParam, type UpdateRecord, updateKey, updates } from './record.ts';
import { repeatedUpdate } from './repeated.ts';

/** What an update makes of a cluster. */
export interface Change {
  readonly type: UpdateType;
  readonly params: readonly UpdateParam[];
  readonly cluster: ClusterRecord;
}

/** As many as are kept of a cluster, the youngest. */
const maxKept = 200;

/**
 * Changes a cluster, which is UPDATING until its control plane has followed. One change at a time.
 * @param decide What it is changed to, from what it is: throws where it can't be.
 * @throws InvalidParameterException, InvalidRequestException, ResourceInUseException, ResourceNotFoundException
 */
export async function updateCluster(
  context: EksContext,
  scope: Scope,
  { clusterName, request }: { readonly clusterName: string; readonly request: MadeBy | undefined },
  decide: (tx: Transaction, cluster: ClusterRecord, updateId: string) => Change,
): Promise<Update> {
  const { state, clock, random } = context;
  const id = uuid(random);
  const begun = await state.transact((tx) => {
    const cluster = requireCluster(tx, scope, clusterName);
    const repeated = repeatedUpdate(tx, scope, { clusterName }, request);
    if (repeated !== undefined) return repeated;
    const { type, params, cluster: changed } = decide(tx, cluster, id);
    if (cluster.updateId !== undefined) {
      throw resourceInUse(
        `Cannot ${type} because cluster ${clusterName} currently has update ${cluster.updateId} in progress`,
        { clusterName },
      );
    }
    requireActiveCluster(context, tx, scope, clusterName);
    const ofCluster = tx.byIndex(updates, 'cluster', clusterText(scope, clusterName));
    const update: UpdateRecord = {
      ...{ id, clusterName, type, status: 'InProgress', params, createdAt: clock.now() },
      ...(request && { request }),
    };
    tx.put(updates, updateKey(scope, clusterName, id), update);
    tx.put(clusters, clusterKey(scope, clusterName), { ...changed, updateId: id });
    const oldest = ofCluster.toSorted((a, b) => a.value.createdAt - b.value.createdAt);
    for (const { key } of oldest.slice(0, Math.max(0, oldest.length + 1 - maxKept))) tx.delete(updates, key);
    return update;
  });
  return updateView(begun);
}

/** The control plane is as the update wanted it. */
export function finishUpdate(tx: Transaction, key: RecordKey, updateId: string): void {
  const cluster = tx.get(clusters, key);
  if (cluster?.updateId !== updateId) return;
  const { updateId: _, ...finished } = cluster;
  tx.put(clusters, key, finished);
  settleIdentityProvider(tx, scopeOfKey(key), cluster.name, updateId);
  const update = updateKey(scopeOfKey(key), cluster.name, updateId);
  const begun = tx.get(updates, update);
  if (begun !== undefined) tx.put(updates, update, { ...begun, status: 'Successful' });
}

export function updateView({ id, type, status, params, createdAt, errors = [] }: UpdateRecord): Update {
  return {
    ...{ id, status, type, params: params.map((param) => ({ ...param })) },
    createdAt: new Date(createdAt),
    errors: errors.map(({ resourceIds, ...error }) => ({ ...error, resourceIds: [...resourceIds] })),
  };
}
