import type { Update, UpdateType } from '@aws-sdk/client-eks';
import { uuid } from '../../../clock/index.ts';
import type { Transaction } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import type { EksContext } from '../context.ts';
import { resourceInUse } from '../errors.ts';
import type { MadeBy } from '../records.ts';
import {
  type UpdateError,
  type UpdateParam,
  type UpdateRecord,
  updateKey,
  updates,
} from '../updates/record.ts';
import { repeatedUpdate } from '../updates/repeated.ts';
import { updateView } from '../updates/update-of-cluster.ts';
import { requireNodegroup } from './nodegroup.ts';
import { nodegroupStatus } from './nodegroup-view.ts';
import { type NodegroupRecord, nodegroupKey, nodegroups } from './record.ts';

interface Change {
  readonly type: UpdateType;
  readonly params: readonly UpdateParam[];
  readonly nodegroup: NodegroupRecord;
}

/**
 * Changes a node group, which is UPDATING until its nodes have followed. One change at a time.
 * @param decide What it is changed to, from what it is: throws where it can't be.
 * @throws InvalidParameterException, ResourceInUseException, ResourceNotFoundException
 */
export async function updateNodegroup(
  { state, clock, random }: EksContext,
  scope: Scope,
  named: {
    readonly clusterName: string;
    readonly nodegroupName: string;
    readonly request: MadeBy | undefined;
  },
  decide: (tx: Transaction, nodegroup: NodegroupRecord) => Change,
): Promise<Update> {
  const { clusterName, nodegroupName, request } = named;
  const about = { clusterName, nodegroupName };
  const id = uuid(random);
  const begun = await state.transact((tx) => {
    const present = requireNodegroup(tx, scope, clusterName, nodegroupName);
    const repeated = repeatedUpdate(tx, scope, about, request);
    if (repeated !== undefined) return repeated;
    const status = nodegroupStatus(present);
    if (status !== 'ACTIVE' && status !== 'DEGRADED') {
      throw resourceInUse(`Nodegroup cannot be updated as it is currently not in Active State`, about);
    }
    const { type, params, nodegroup } = decide(tx, present);
    const now = clock.now();
    const update: UpdateRecord = {
      ...{ id, clusterName, nodegroupName, type, status: 'InProgress', params, createdAt: now },
      ...(request && { request }),
    };
    tx.put(updates, updateKey(scope, clusterName, id), update);
    tx.put(nodegroups, nodegroupKey(scope, clusterName, nodegroupName), {
      ...{ ...nodegroup, updateId: id, modifiedAt: now },
    });
    return update;
  });
  return updateView(begun);
}

/** @param error Why its nodes could not follow; undefined: they have. */
export function finishNodegroupUpdate(
  tx: Transaction,
  scope: Scope,
  { updateId, isForced: _, ...nodegroup }: NodegroupRecord,
  error?: UpdateError,
): void {
  tx.put(nodegroups, nodegroupKey(scope, nodegroup.clusterName, nodegroup.name), nodegroup);
  if (updateId === undefined) return;
  const key = updateKey(scope, nodegroup.clusterName, updateId);
  const begun = tx.get(updates, key);
  if (begun === undefined) return;
  tx.put(updates, key, {
    ...{ ...begun, status: error === undefined ? 'Successful' : 'Failed' },
    ...(error !== undefined && { errors: [error] }),
  });
}
