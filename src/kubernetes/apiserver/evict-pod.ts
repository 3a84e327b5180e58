import { matchesLabels } from '../objects/label-selector.ts';
import {
  type JsonObject,
  type KubernetesObject,
  listOf,
  memberOf,
  numberOf,
  textOf,
  timestamp,
} from '../objects/object.ts';
import { disruptedConditions } from '../objects/pod-disruption.ts';
import { resourceNamed } from '../schema/catalogue.ts';
import type { Requester } from './admission/attributes.ts';
import type { Cluster } from './cluster.ts';
import { deleteObject } from './delete.ts';
import type { DeleteOptions } from './options.ts';
import { getObject } from './read.ts';
import { ApiError, forbidden } from './status.ts';
import type { Target } from './target.ts';
import { changeObject } from './write.ts';

const pods = resourceNamed('', 'pods');
const budgets = resourceNamed('policy', 'poddisruptionbudgets');
const refused = "Cannot evict pod as it would violate the pod's disruption budget.";
/** Pods that a budget remembers as on their way out. */
const mostDisrupted = 2_000;

/**
 * Deletes a pod if its disruption budget has room for it, which is counted in the budget's status before the pod goes.
 * @throws {ApiError} 403, 404, 409, 429, 500
 */
export async function evictPod(
  cluster: Cluster,
  pod: { readonly namespace: string | undefined; readonly name: string },
  options: DeleteOptions,
  by: Requester,
): Promise<void> {
  const target = { ...pod, resource: pods };
  const present = await getObject(cluster, target);
  if (!isFree(present)) {
    const budget = await budgetOf(cluster, present);
    if (budget !== undefined && !isUnhealthyAnyway(present, budget))
      await countDisruption(cluster, budget, pod.name, options.isDryRun, by);
  }
  if (options.isDryRun) return void (await deleteObject(cluster, target, options, by));
  const { metadata } = await sayDisrupted(cluster, target, options, by);
  const { resourceVersion } = options.resourceVersion === undefined ? options : metadata;
  await deleteObject(cluster, target, { ...options, resourceVersion }, by);
}

/** Says on the pod why it goes, while it is still that which was asked for. */
function sayDisrupted(
  cluster: Cluster,
  target: Target,
  { uid, resourceVersion }: DeleteOptions,
  by: Requester,
): Promise<KubernetesObject> {
  return changeObject(
    cluster,
    { ...target, subresource: 'status' },
    (present) => {
      const status = memberOf(present, 'status');
      const conditions = disruptedConditions(
        listOf(status, 'conditions') as never,
        { reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting' },
        cluster.clock.now(),
      );
      const metadata = {
        ...present.metadata,
        ...(uid !== undefined && { uid }),
        ...(resourceVersion !== undefined && { resourceVersion }),
      };
      return { object: { ...present, metadata, status: { ...status, conditions } } as never };
    },
    byApiServer,
    by,
  );
}

/** What the API server itself writes. */
const byApiServer = { isDryRun: false, fieldValidation: 'Ignore', fieldManager: 'kube-apiserver' } as const;

/** It is not at work, or not any more. */
function isFree(pod: KubernetesObject): boolean {
  const phase = textOf(memberOf(pod, 'status'), 'phase');
  return pod.metadata.deletionTimestamp !== undefined || ['Failed', 'Pending', 'Succeeded'].includes(phase);
}

async function budgetOf(cluster: Cluster, pod: KubernetesObject): Promise<KubernetesObject | undefined> {
  const { items } = await cluster.objects.list(budgets, pod.metadata.namespace);
  const own = items
    .map(({ object }) => object)
    .filter((budget) => {
      const spec = memberOf(budget, 'spec');
      return spec.selector !== undefined && matchesLabels(memberOf(spec, 'selector'), pod.metadata.labels);
    });
  if (own.length > 1)
    throw new ApiError(
      500,
      'InternalError',
      'Internal error occurred: This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    );
  return own[0];
}

/** One that does no work is no loss, if the budget says so or enough others do. */
function isUnhealthyAnyway(pod: KubernetesObject, budget: KubernetesObject): boolean {
  const isReady = listOf(memberOf(pod, 'status'), 'conditions').some(
    (it) => textOf(it as JsonObject, 'type') === 'Ready' && textOf(it as JsonObject, 'status') === 'True',
  );
  if (isReady) return false;
  if (textOf(memberOf(budget, 'spec'), 'unhealthyPodEvictionPolicy') === 'AlwaysAllow') return true;
  const status = memberOf(budget, 'status');
  const desired = numberOf(status, 'desiredHealthy');
  return desired > 0 && numberOf(status, 'currentHealthy') >= desired;
}

async function countDisruption(
  cluster: Cluster,
  budget: KubernetesObject,
  podName: string,
  isDryRun: boolean,
  by: Requester,
): Promise<void> {
  const { namespace, name } = budget.metadata;
  await changeObject(
    cluster,
    { resource: budgets, namespace, name, subresource: 'status' },
    (present) => {
      assertRoom(present);
      const status = memberOf(present, 'status');
      const disruptedPods = {
        ...memberOf(status, 'disruptedPods'),
        [podName]: timestamp(cluster.clock.now()),
      };
      const disruptionsAllowed = numberOf(status, 'disruptionsAllowed') - 1;
      const members = present as unknown as JsonObject;
      return { object: { ...members, status: { ...status, disruptionsAllowed, disruptedPods } } };
    },
    { ...byApiServer, isDryRun },
    by,
  );
}

/** @throws {ApiError} 403, 429 */
function assertRoom(budget: KubernetesObject): void {
  const { name, generation = 0 } = budget.metadata;
  const status = memberOf(budget, 'status');
  const allowed = numberOf(status, 'disruptionsAllowed');
  if (numberOf(status, 'observedGeneration') < generation)
    throw tooMany(`The disruption budget ${name} is still being processed by the server.`, 10);
  if (allowed < 0) throw forbidden(budgets, name, 'pdb disruptions allowed is negative');
  if (Object.keys(memberOf(status, 'disruptedPods')).length > mostDisrupted)
    throw forbidden(
      budgets,
      name,
      'DisruptedPods map too big - too many evictions not confirmed by PDB controller',
    );
  if (allowed > 0) return;
  const [desired, current] = [numberOf(status, 'desiredHealthy'), numberOf(status, 'currentHealthy')];
  throw tooMany(`The disruption budget ${name} needs ${desired} healthy pods and has ${current} currently`);
}

const tooMany = (message: string, retryAfterSeconds?: number): ApiError =>
  new ApiError(429, 'TooManyRequests', refused, {
    causes: [{ reason: 'DisruptionBudget', message }],
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  });
