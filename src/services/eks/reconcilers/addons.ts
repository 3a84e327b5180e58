import {
  again,
  done,
  type Reconciler,
  type RecordKey,
  type Transaction,
  watching,
} from '../../../reconcile/index.ts';
import { ownIdentities } from '../addons/associations.ts';
import { isSwitched, type SwitchedFunction } from '../addons/catalogue.ts';
import { addons } from '../addons/record.ts';
import { finishAddonUpdate } from '../addons/update-addon.ts';
import type { Scope } from '../arn.ts';
import type { EksContext } from '../context.ts';
import { type ClusterRecord, clusterKey, clusters, scopeOfKey } from '../records.ts';

const notRunningMs = 250;

/**
 * Brings add-ons to what is wanted of them: it switches the function of one that is new on, and of one that is deleted off,
 * in the record of its cluster. Its control plane and its nodes follow that.
 */
export function addonFunctions(context: EksContext): Reconciler {
  const { state } = context;
  return {
    name: 'eks-addons',
    watches: [watching(addons, ({ key }) => [key])],
    reconcile: (workKey) =>
      state.transact((tx) => {
        const key = workKey as RecordKey;
        const scope = scopeOfKey(key);
        const addon = tx.get(addons, key);
        const cluster = addon && tx.get(clusters, clusterKey(scope, addon.clusterName));
        if (addon === undefined || cluster === undefined) return done;
        const { name, isDeleting } = addon;
        if (isDeleting !== undefined) {
          if (isSwitched(name) && !isDeleting.isPreserved) switchFunction(tx, scope, cluster, name, false);
          ownIdentities(context, tx, scope, addon, []);
          tx.delete(addons, key);
          return done;
        }
        if (context.controlPlaneOf(tx, scope, cluster.id) === undefined) return again(notRunningMs);
        if (addon.phase === 'CREATING') {
          if (isSwitched(name)) switchFunction(tx, scope, cluster, name, true);
          tx.put(addons, key, { ...addon, phase: 'ACTIVE' });
        }
        if (addon.updateId !== undefined) finishAddonUpdate(tx, scope, addon);
        return done;
      }),
  };
}

function switchFunction(
  tx: Transaction,
  scope: Scope,
  { withoutFunctions: before = [], ...cluster }: ClusterRecord,
  name: SwitchedFunction,
  isOn: boolean,
): void {
  const others = before.filter((it) => it !== name);
  const withoutFunctions = isOn ? others : [...others, name];
  tx.put(clusters, clusterKey(scope, cluster.name), {
    ...cluster,
    ...(withoutFunctions.length > 0 && { withoutFunctions }),
  });
}
