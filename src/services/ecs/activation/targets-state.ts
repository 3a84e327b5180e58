import type { ServiceTargetHealth } from '../../elbv2/index.ts';
import type { TaskTarget, TaskTargetsRecord } from '../records.ts';

export type TargetsState = Pick<TaskTargetsRecord, 'state' | 'failure'>;

/**
 * What a task's targets come to together: `healthy` is one that is so in all of its groups. One that somebody else has
 * deregistered, or whose group gets nothing from a load balancer any more, is no good either: ECS says of those, too, that
 * they are unhealthy.
 */
export function targetsState(
  readings: readonly (TaskTarget & { readonly health: ServiceTargetHealth })[],
): TargetsState {
  const failed = readings.find(({ health }) => health.state !== 'healthy' && health.state !== 'initial');
  if (failed !== undefined) {
    const { targetGroupArn, port, health } = failed;
    return {
      state: 'unhealthy',
      failure: { targetGroupArn, port, reason: health.description ?? health.reason ?? health.state },
    };
  }
  return { state: readings.every(({ health }) => health.state === 'healthy') ? 'healthy' : 'initial' };
}
