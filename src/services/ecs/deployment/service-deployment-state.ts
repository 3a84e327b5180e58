import type { ServiceDeploymentRecord, ServiceDeploymentStatus } from '../records.ts';

/**
 * The life of a service deployment (Amazon ECS developer guide, "View service history using Amazon ECS service
 * deployments"): what may follow on what. Nothing else changes its status.
 *
 * STOP_REQUESTED: superseded, aborted, or failed without a rollback. ROLLBACK_REQUESTED: by StopServiceDeployment.
 */
const followers: Readonly<Record<ServiceDeploymentStatus, readonly ServiceDeploymentStatus[]>> = {
  PENDING: ['IN_PROGRESS', 'ROLLBACK_REQUESTED', 'STOP_REQUESTED', 'STOPPED'],
  IN_PROGRESS: ['SUCCESSFUL', 'STOP_REQUESTED', 'ROLLBACK_REQUESTED', 'ROLLBACK_IN_PROGRESS', 'STOPPED'],
  STOP_REQUESTED: ['STOPPED'],
  ROLLBACK_REQUESTED: ['SUCCESSFUL', 'ROLLBACK_IN_PROGRESS', 'STOPPED'],
  ROLLBACK_IN_PROGRESS: ['ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED'],
  STOPPED: [],
  SUCCESSFUL: [],
  ROLLBACK_SUCCESSFUL: [],
  ROLLBACK_FAILED: [],
};

export const serviceDeploymentStatuses = Object.keys(followers) as readonly ServiceDeploymentStatus[];

export function mayFollow(from: ServiceDeploymentStatus, to: ServiceDeploymentStatus): boolean {
  return followers[from].includes(to);
}

/** Nothing follows: it is history. */
export function isFinished({ status }: Pick<ServiceDeploymentRecord, 'status'>): boolean {
  return followers[status].length === 0;
}

/**
 * The record in its next status, with the times that belong to it; without a `reason` the one before stays.
 * @throws {Error} the status can't follow on the one that it has.
 */
export function moved(
  record: ServiceDeploymentRecord,
  { to, reason }: { readonly to: ServiceDeploymentStatus; readonly reason?: string },
  now: number,
): ServiceDeploymentRecord {
  if (!mayFollow(record.status, to))
    throw new Error(
      `Service deployment ${record.id} of ${record.service} can't go from ${record.status} to ${to}`,
    );
  return {
    ...record,
    status: to,
    updatedAt: now,
    ...(reason === undefined ? {} : { statusReason: reason }),
    ...(to === 'IN_PROGRESS' ? { startedAt: now } : {}),
    ...(to === 'STOPPED' ? { stoppedAt: now } : {}),
    ...(isFinished({ status: to }) ? { finishedAt: now } : {}),
  };
}
