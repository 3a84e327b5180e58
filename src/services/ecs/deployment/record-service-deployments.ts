import { isDeepStrictEqual } from 'node:util';
import type { Transaction } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { given } from '../given.ts';
import {
  type ServiceDeploymentRecord,
  type ServiceRecord,
  type ServiceRevisionRecord,
  type ServiceRevisionUse,
  serviceDeployments,
  serviceRevisions,
  type TaskRecord,
  tasks,
} from '../records.ts';
import { serviceDeploymentKey, serviceIndexValue, serviceRevisionKey } from '../service-history.ts';
import { followService } from './follow-service.ts';
import type { ServiceSnapshot } from './plan.ts';
import { isFinished } from './service-deployment-state.ts';

/** Brings the service deployments that are under way one step nearer to what the service is after a plan. */
export function recordServiceDeployments(
  tx: Transaction,
  scope: Scope,
  { serviceDeployments: underWay, live, desired, now }: ServiceSnapshot,
  service: ServiceRecord,
): void {
  if (service.status !== 'ACTIVE') return;
  for (const before of underWay) {
    const after = followService(before, service, { now, desired });
    if (after === before) continue;
    tx.put(
      serviceDeployments,
      serviceDeploymentKey(scope, service, after.id),
      isFinished(after) ? withFinalCounts(after, service, desired, live) : after,
    );
    if (after.status === 'SUCCESSFUL') recordDigests(tx, scope, service, after);
  }
}

function withFinalCounts(
  record: ServiceDeploymentRecord,
  { deployments }: ServiceRecord,
  desired: number,
  live: ServiceSnapshot['live'],
): ServiceDeploymentRecord {
  const counted = (use: ServiceRevisionUse): ServiceRevisionUse => {
    const own = live.filter(({ deploymentId }) => deploymentId === use.deploymentId);
    const isPrimary = deployments.some(({ id, status }) => id === use.deploymentId && status === 'PRIMARY');
    return {
      ...use,
      finalCounts: {
        requested: isPrimary ? desired : own.filter(({ isStopping }) => !isStopping).length,
        running: own.filter(({ phase }) => phase === 'running').length,
        pending: own.filter(({ phase }) => phase === 'pending').length,
      },
    };
  };
  return { ...record, sources: record.sources.map(counted), target: counted(record.target) };
}

/** What the tasks of a revision ran: told by their agents, and forgotten with them unless it is kept. */
function recordDigests(
  tx: Transaction,
  scope: Scope,
  service: ServiceRecord,
  { target }: ServiceDeploymentRecord,
): void {
  const key = serviceRevisionKey(scope, service, target.revisionId);
  const revision = tx.get(serviceRevisions, key);
  if (revision === undefined) return;
  const own = tx
    .byIndex(tasks, 'byService', serviceIndexValue(scope, service))
    .flatMap(({ value }) => (value.service?.deploymentId === target.deploymentId ? value : []));
  const resolved = withDigests(revision, own);
  if (!isDeepStrictEqual(resolved, revision)) tx.put(serviceRevisions, key, resolved);
}

/** The revision with the digests that all of its tasks agree on: a tag may have moved between two pulls. */
export function withDigests(
  revision: ServiceRevisionRecord,
  itsTasks: readonly TaskRecord[],
): ServiceRevisionRecord {
  const containerImages = revision.containerImages.map((image) => {
    if (image.imageDigest !== undefined) return image;
    const digests = new Set(
      itsTasks.flatMap(({ containers }) =>
        containers.flatMap(({ name, imageDigest }) =>
          name === image.containerName ? (imageDigest ?? []) : [],
        ),
      ),
    );
    const [digest] = digests;
    return digests.size === 1 ? { ...image, ...given('imageDigest', digest) } : image;
  });
  return { ...revision, containerImages };
}
