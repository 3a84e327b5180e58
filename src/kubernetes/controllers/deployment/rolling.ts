import { byCreation, type Deployment, type ReplicaSet } from '../objects.ts';
import { maxSurge, maxUnavailable } from './bounds.ts';

export const replicasOf = (replicaSets: readonly ReplicaSet[]): number =>
  replicaSets.reduce((sum, { spec }) => sum + spec.replicas, 0);

export const availableOf = (replicaSets: readonly ReplicaSet[]): number =>
  replicaSets.reduce((sum, { status }) => sum + (status?.availableReplicas ?? 0), 0);

/** How large ReplicaSets are to be, by their names; those that are not named stay as they are. */
export type Sizes = ReadonlyMap<string, number>;

/** As large as the current ReplicaSet may be beside the old ones. */
export function currentSize(deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): number {
  const wanted = deployment.spec.replicas;
  if (deployment.spec.strategy.type !== 'RollingUpdate' || current.spec.replicas >= wanted) return wanted;
  const room = wanted + maxSurge(deployment) - replicasOf([current, ...old]);
  return room <= 0
    ? current.spec.replicas
    : current.spec.replicas + Math.min(room, wanted - current.spec.replicas);
}

/**
 * The old ReplicaSets, smaller by as much as availability allows: first by pods that are of no use anyway, then by those
 * that are available beyond the least.
 */
export function oldSizes(deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): Sizes {
  const sizes = new Map<string, number>();
  const least = deployment.spec.replicas - maxUnavailable(deployment);
  const missing = current.spec.replicas - (current.status?.availableReplicas ?? 0);
  const mayGo = replicasOf([current, ...old]) - least - missing;
  if (mayGo <= 0) return sizes;
  const oldest = old.filter(({ spec }) => spec.replicas > 0).toSorted(byCreation);
  let unhealthy = 0;
  for (const { metadata, spec, status } of oldest) {
    const useless = Math.max(0, spec.replicas - (status?.availableReplicas ?? 0));
    const going = Math.min(mayGo - unhealthy, useless);
    if (going > 0) sizes.set(metadata.name, spec.replicas - going);
    unhealthy += going;
  }
  let spare = availableOf([current, ...old]) - least;
  for (const { metadata, spec } of oldest) {
    const size = sizes.get(metadata.name) ?? spec.replicas;
    const going = Math.min(size, Math.max(0, spare));
    if (going > 0) sizes.set(metadata.name, size - going);
    spare -= going;
  }
  return sizes;
}
