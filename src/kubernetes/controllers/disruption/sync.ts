import { again, done, type Outcome, type Reader } from '../../../reconcile/index.ts';
import { jsonEqual } from '../../../store/index.ts';
import { resourceNamed } from '../../schema/catalogue.ts';
import {
  deployments,
  replicaSets,
  replicationControllers,
  siblingKey,
  statefulSets,
} from '../collections.ts';
import type { Work } from '../controller.ts';
import { controllerOf, type Pod } from '../objects.ts';
import { selectedPods } from '../selected-pods.ts';
import type { DisruptionBudget } from './objects.ts';
import { planBudget } from './plan.ts';

const budgetResource = resourceNamed('policy', 'poddisruptionbudgets');

/** Says how many pods may be evicted now; the eviction itself asks there. */
export async function syncBudget(work: Work<DisruptionBudget>): Promise<Outcome> {
  const { key, object: budget, reader, writer, events, now } = work;
  const { selector } = budget.spec;
  const pods = selector === undefined ? [] : selectedPods(reader, key, selector);
  if (pods.length === 0) events.normal(budget, 'NoPods', 'No matching pods found');
  const plan = planBudget(budget, pods, (pod) => scaleOf(reader, key, pod), now);
  if (plan.unmanaged.length > 0) {
    events.warning(
      budget,
      'UnmanagedPods',
      'Pods selected by this PodDisruptionBudget were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.',
    );
  }
  for (const pod of plan.notDeleted) {
    const told = `Pod was expected by PDB ${budget.metadata.namespace}/${budget.metadata.name} to be deleted but it wasn't`;
    events.warning(pod, 'NotDeleted', told);
  }
  if (!jsonEqual(plan.status as never, (budget.status ?? {}) as never))
    await writer.putStatus(budgetResource, budget, plan.status);
  return plan.afterMs === undefined ? done : again(plan.afterMs);
}

/** Of the controller of a pod, or of its controller in turn. */
function scaleOf(reader: Reader, key: string, pod: Pod): number | undefined {
  const owner = controllerOf(pod);
  switch (owner?.kind) {
    case 'ReplicaSet': {
      const set = reader.get(replicaSets, siblingKey(key, replicaSets, owner.name));
      const above = set && controllerOf(set);
      if (above?.kind !== 'Deployment') return set?.spec.replicas;
      return reader.get(deployments, siblingKey(key, deployments, above.name))?.spec.replicas;
    }
    case 'StatefulSet':
      return reader.get(statefulSets, siblingKey(key, statefulSets, owner.name))?.spec.replicas;
    case 'ReplicationController': {
      const collection = replicationControllers;
      return reader.get(collection, siblingKey(key, collection, owner.name))?.spec.replicas;
    }
    default:
      return undefined;
  }
}
