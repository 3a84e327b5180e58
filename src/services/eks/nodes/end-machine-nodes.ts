import type { Clock } from '../../../clock/index.ts';
import type { State } from '../../../reconcile/index.ts';
import { scopeOfKey } from '../records.ts';
import { nodeInstances, nodeReportKey, nodeReports, ofNodegroup } from './record.ts';

/**
 * A machine has left the installation: its nodes end, and nobody waits for it to say so. Their node groups launch others, and so
 * does Fargate for its pods.
 */
export async function endMachineNodes(
  { state, clock }: { readonly state: State; readonly clock: Clock },
  machineId: string,
): Promise<void> {
  await state.transact((tx) => {
    for (const { key, value: instance } of [...tx.list(nodeInstances)]) {
      if (instance.machineId !== machineId) continue;
      const scope = scopeOfKey(key);
      tx.put(nodeInstances, key, { ...instance, isEnding: true });
      tx.put(nodeReports, nodeReportKey(scope, instance.instanceId), {
        ...{ ...ofNodegroup(scope, instance), status: 'ended', at: clock.now() },
      });
    }
  });
}
