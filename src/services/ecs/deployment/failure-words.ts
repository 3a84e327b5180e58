import type { DeploymentFailure } from '../records.ts';

/**
 * What is said of a deployment that failed, and where. The words for the circuit breaker and for the alarm's event are
 * ECS's own; what it says where nobody wrote it down is said here in its manner.
 */
interface FailureWords {
  /** After `(deployment ID) deployment failed: `, in an event. */
  readonly event: string;
  /** The `rolloutStateReason` of the failed deployment. */
  readonly rolloutStateReason: string;
  /** The `rolloutStateReason` of the deployment that comes back, before its id and a full stop. */
  readonly rollingBackTo: string;
  /** The `statusReason` of the service deployment, with a rollback. */
  readonly rolledBack: string;
  /** The same, without one. */
  readonly stopped: string;
}

/** Of a failure, by its cause; where that is one of many, its detail says which. */
export function failureWords({
  cause,
  detail = '',
}: Pick<DeploymentFailure, 'cause' | 'detail'>): FailureWords {
  if (cause === 'networking')
    return wordsFor('invalid networking configuration.', `of invalid networking configuration. ${detail}`);
  return cause === 'lifecycle' ? wordsFor(detail, detail) : known[cause];
}

function wordsFor(event: string, because: string): FailureWords {
  return {
    event,
    rolloutStateReason: `ECS deployment failed: ${event}`,
    rollingBackTo: `ECS deployment failed: ${event} Rolling back to deploymentId`,
    rolledBack: `Service deployment rolled back because ${because}`,
    stopped: `Service deployment stopped because ${because}`,
  };
}

const known: Readonly<Record<'circuit-breaker' | 'alarm' | 'user-request', FailureWords>> = {
  'circuit-breaker': {
    event: 'tasks failed to start.',
    rolloutStateReason: 'ECS deployment circuit breaker: tasks failed to start.',
    rollingBackTo: 'ECS deployment circuit breaker: rolling back to deploymentId',
    rolledBack: 'Service deployment rolled back because the circuit breaker threshold was exceeded.',
    stopped: 'Service deployment stopped because the circuit breaker threshold was exceeded.',
  },
  alarm: {
    event: 'alarm detected.',
    rolloutStateReason: 'ECS deployment alarm: alarm detected.',
    rollingBackTo: 'ECS deployment alarm: rolling back to deploymentId',
    rolledBack: 'Service deployment rolled back because an alarm was detected.',
    stopped: 'Service deployment stopped because an alarm was detected.',
  },
  'user-request': {
    event: 'stopped by the user.',
    rolloutStateReason: 'ECS deployment stopped by the user.',
    rollingBackTo: 'ECS deployment stopped by the user: rolling back to deploymentId',
    rolledBack: 'Service deployment rolled back because the user requested it.',
    stopped: 'Service deployment stopped because the user requested it.',
  },
};

export const noRollbackCandidate = 'No rollback candidate was found to run the rollback.';
export const supersededReason = 'Service deployment was superseded by a newer service deployment.';
