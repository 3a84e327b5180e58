import { byCreation, type Deployment, type ReplicaSet } from '../objects.ts';
import { maxSurge } from './bounds.ts';
import { desiredReplicas, maxReplicas } from './revisions.ts';
import { replicasOf, type Sizes } from './rolling.ts';

const isActive = ({ spec }: ReplicaSet): boolean => spec.replicas > 0;

/** Whether somebody has changed how many replicas there are to be since the ReplicaSets were last sized. */
export const isScaling = ({ spec }: Deployment, replicaSets: readonly ReplicaSet[]): boolean =>
  replicaSets
    .filter(isActive)
    .some((replicaSet) => (desiredReplicas(replicaSet) ?? spec.replicas) !== spec.replicas);

/**
 * ReplicaSets of another number of replicas without another template: all of it by the only one, or each by its share while
 * a rollout is under way.
 */
export function scaledSizes(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): Sizes {
  const wanted = deployment.spec.replicas;
  const active = [...old, ...(current === undefined ? [] : [current])].filter(isActive);
  if (active.length < 2) {
    const only = active[0] ?? current ?? old.toSorted(byCreation).at(-1);
    return new Map(only === undefined ? [] : [[only.metadata.name, wanted]]);
  }
  if (current !== undefined && isSaturated(deployment, current))
    return new Map(old.filter(isActive).map(({ metadata }) => [metadata.name, 0]));
  return deployment.spec.strategy.type === 'RollingUpdate' ? shares(deployment, active) : new Map();
}

/** It alone is all that is wanted. */
function isSaturated({ spec: { replicas } }: Deployment, current: ReplicaSet): boolean {
  return (
    current.spec.replicas === replicas &&
    desiredReplicas(current) === replicas &&
    (current.status?.availableReplicas ?? 0) === replicas
  );
}

/** The difference is spread by size; what rounding leaves goes to the largest. */
function shares(deployment: Deployment, active: readonly ReplicaSet[]): Sizes {
  const { replicas } = deployment.spec;
  const allowed = replicas > 0 ? replicas + maxSurge(deployment) : 0;
  const difference = allowed - replicasOf(active);
  // The largest first: of the same size the newer one grows, and the older one shrinks.
  const age = difference > 0 ? -1 : 1;
  const ordered = active.toSorted(
    (one, other) => other.spec.replicas - one.spec.replicas || age * byCreation(one, other),
  );
  const sizes = new Map<string, number>();
  let spread = 0;
  for (const replicaSet of ordered) {
    const left = difference - spread;
    const share = shareOf(deployment, replicaSet);
    const change = difference > 0 ? Math.min(share, left) : difference < 0 ? Math.max(share, left) : 0;
    sizes.set(replicaSet.metadata.name, replicaSet.spec.replicas + change);
    spread += change;
  }
  const [largest] = ordered;
  if (largest !== undefined && difference !== 0) {
    const { name } = largest.metadata;
    sizes.set(name, Math.max(0, (sizes.get(name) ?? 0) + difference - spread));
  }
  return sizes;
}

function shareOf(deployment: Deployment, replicaSet: ReplicaSet): number {
  const { replicas } = replicaSet.spec;
  if (deployment.spec.replicas === 0) return -replicas;
  const before = maxReplicas(replicaSet) || deployment.status?.replicas || 0;
  if (before === 0) return 0;
  return Math.round((replicas * (deployment.spec.replicas + maxSurge(deployment))) / before) - replicas;
}
