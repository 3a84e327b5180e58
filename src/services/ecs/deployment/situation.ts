import type { PlacementStrategy } from '../placement/strategy.ts';
import { strategyOf } from '../placement-rules.ts';
import type { DeploymentRecord, ServiceRecord } from '../records.ts';
import type { LiveTask } from './live-task.ts';

/** Who is where, by the PRIMARY deployment's lights. */
export interface Situation {
  readonly desired: number;
  /** As many must stay healthy. */
  readonly min: number;
  /** No more may be running or pending. */
  readonly max: number;
  readonly live: readonly LiveTask[];
  /** Asked to stop, and still counted. */
  readonly stopping: readonly LiveTask[];
  /** Of the PRIMARY deployment, and meant to stay as far as they are wanted. */
  readonly keepers: readonly LiveTask[];
  /** Of older deployments or on DRAINING instances. */
  readonly leaving: readonly LiveTask[];
  /** Would be keepers but are UNHEALTHY. */
  readonly sick: readonly LiveTask[];
  /** Tasks that are missing. */
  readonly missing: number;
  /** The PRIMARY deployment has FAILED: nothing is started any more, and what runs stays as far as it is wanted. */
  readonly isStalled: boolean;
  /** So many may be started before the maximum is reached; negative when it is exceeded already. */
  readonly room: number;
  /** What scaling in goes by. */
  readonly placementStrategies: readonly PlacementStrategy[];
}

export function assess(
  { desiredCount, deploymentConfiguration, placementStrategy }: ServiceRecord,
  primary: DeploymentRecord,
  live: readonly LiveTask[],
): Situation {
  const { minimumHealthyPercent, maximumPercent } = deploymentConfiguration;
  const stopping: LiveTask[] = [];
  const keepers: LiveTask[] = [];
  const leaving: LiveTask[] = [];
  const sick: LiveTask[] = [];
  for (const task of live) {
    if (task.isStopping) stopping.push(task);
    else if (task.deploymentId !== primary.id || task.isDraining) leaving.push(task);
    else if (task.health.type === 'unhealthy') sick.push(task);
    else keepers.push(task);
  }
  const isStalled = primary.rolloutState === 'FAILED';
  const max = Math.floor((desiredCount * maximumPercent) / 100);
  return {
    desired: desiredCount,
    min: isStalled ? desiredCount : Math.ceil((desiredCount * minimumHealthyPercent) / 100),
    max,
    live,
    stopping,
    keepers,
    leaving,
    sick,
    isStalled,
    missing: Math.max(0, desiredCount - keepers.length),
    room: max - live.length,
    placementStrategies: placementStrategy.map(strategyOf),
  };
}

export function healthyCount(tasks: readonly LiveTask[]): number {
  return tasks.filter(({ health }) => health.type === 'healthy').length;
}
