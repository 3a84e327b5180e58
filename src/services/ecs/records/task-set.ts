import type { Tag } from '@aws-sdk/client-ecs';
import type { DeploymentRecord } from './deployment.ts';

/**
 * A task set of a service with the EXTERNAL deployment controller. Its tasks are those of `deployment`, which is
 * looked after as that of any other service; what rolls out when is the external controller's business.
 */
export interface TaskSetRecord {
  readonly status: 'PRIMARY' | 'ACTIVE' | 'DRAINING';
  readonly externalId?: string;
  readonly launchType: 'EC2' | 'EXTERNAL';
  /** Percent of the service's desired count. */
  readonly scale: number;
  /** Its id is the task set's id. */
  readonly deployment: DeploymentRecord;
  readonly updatedAt: number;
  readonly stability: { readonly status: 'STEADY_STATE' | 'STABILIZING'; readonly at: number };
  /** When its steady state was last told in an event; absent while there is something to do. */
  readonly steadyAt?: number;
  readonly clientToken?: string;
  /** sha256 over the creation parameters, for clientToken idempotency. */
  readonly parametersHash: string;
  readonly tags: readonly Tag[];
}
