import { digits, type Random } from '../../../clock/index.ts';
import { currentPlatformVersion } from '../capacity/read-capacity.ts';
import { given } from '../given.ts';
import type { DeploymentRecord, ServiceRecord } from '../records.ts';

/** The deployment of what the service says now: its PRIMARY one from here on. */
export function newDeployment(
  service: Pick<
    ServiceRecord,
    'taskDefinition' | 'networkConfiguration' | 'launchType' | 'capacityProviderStrategy'
  >,
  random: Random,
  now: number,
): DeploymentRecord {
  const id = `ecs-svc/${digits(random, 19)}`;
  return {
    id,
    status: 'PRIMARY',
    taskDefinition: service.taskDefinition,
    ...(service.networkConfiguration === undefined
      ? {}
      : { networkConfiguration: service.networkConfiguration }),
    launchType: service.launchType,
    ...given('capacityProviderStrategy', service.capacityProviderStrategy),
    ...given('platformVersion', service.launchType === 'FARGATE' ? currentPlatformVersion : undefined),
    createdAt: now,
    updatedAt: now,
    rolloutState: 'IN_PROGRESS',
    rolloutStateReason: `ECS deployment ${id} in progress.`,
    failedTasks: 0,
    countedRevision: 0,
  };
}

/**
 * The service with a new deployment of what it says now. The one that was PRIMARY is ACTIVE until its tasks are
 * gone; those that have none left are not worth showing.
 */
export function withNewDeployment(
  service: ServiceRecord,
  random: Random,
  now: number,
  hasTasks: (deploymentId: string) => boolean,
): ServiceRecord {
  const { steadyAt: _steadyAt, ...unsteady } = service;
  const draining = service.deployments
    .filter(({ id }) => hasTasks(id))
    .map(
      (deployment): DeploymentRecord =>
        deployment.status === 'ACTIVE'
          ? deployment
          : { ...withoutPauses(deployment), status: 'ACTIVE', updatedAt: now },
    );
  return { ...unsteady, deployments: [newDeployment(service, random, now), ...draining] };
}

/** Any update of the service ends the waiting. */
export function withoutPauses(deployment: DeploymentRecord): DeploymentRecord {
  const { restart: _restart, placement: _placement, ...rest } = deployment;
  return rest;
}
