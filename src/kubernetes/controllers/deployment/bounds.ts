import { scaled } from '../int-or-percent.ts';
import type { Deployment } from '../objects.ts';

const isRolling = ({ spec }: Deployment): boolean => spec.strategy.type === 'RollingUpdate';

/** Pods that may be there beyond those wanted; and pods that may be missing, at least one of both. */
function bounds({ spec }: Deployment): { readonly surge: number; readonly unavailable: number } {
  const { maxSurge, maxUnavailable } = spec.strategy.rollingUpdate ?? {};
  const surge = scaled(maxSurge, spec.replicas, 'up');
  const unavailable = scaled(maxUnavailable, spec.replicas, 'down');
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable };
}

export const maxSurge = (deployment: Deployment): number =>
  isRolling(deployment) ? bounds(deployment).surge : 0;

export function maxUnavailable(deployment: Deployment): number {
  if (!isRolling(deployment) || deployment.spec.replicas === 0) return 0;
  return Math.min(bounds(deployment).unavailable, deployment.spec.replicas);
}
