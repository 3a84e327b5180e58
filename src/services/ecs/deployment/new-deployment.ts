import { alphanumeric, digits, type Random } from '../../../clock/index.ts';
import { exposureOf, withoutExposure } from '../activation/exposure.ts';
import { currentPlatformVersion } from '../capacity/read-capacity.ts';
import { given } from '../given.ts';
import type { DeploymentRecord, ExposureRecord, ServiceRecord } from '../records.ts';
import { wayBack } from '../traffic-shift/begin-shift.ts';

interface WithTaskDefinition {
  readonly taskDefinition: DeploymentRecord['taskDefinition'];
}

/** What a task set's tasks are made by. Nothing rolls out, so it is complete from the start. */
export function newTaskSetDeployment(
  described: Pick<ServiceRecord, 'networkConfiguration' | 'launchType'> & ExposureRecord & WithTaskDefinition,
  random: Random,
  now: number,
): DeploymentRecord {
  return { ...newDeployment(described, random, now), rolloutState: 'COMPLETED', rolloutStateReason: '' };
}

/** The deployment of what the service says now: its PRIMARY one from here on. */
function newDeployment(
  service: Pick<ServiceRecord, 'networkConfiguration' | 'launchType' | 'capacityProviderStrategy'> &
    ExposureRecord &
    WithTaskDefinition,
  random: Random,
  now: number,
): DeploymentRecord {
  const id = `ecs-svc/${digits(random, 19)}`;
  return {
    id,
    status: 'PRIMARY',
    taskDefinition: service.taskDefinition,
    ...given('networkConfiguration', service.networkConfiguration),
    ...exposureOf(service),
    launchType: service.launchType,
    ...given('capacityProviderStrategy', service.capacityProviderStrategy),
    ...given('platformVersion', service.launchType === 'FARGATE' ? currentPlatformVersion : undefined),
    createdAt: now,
    updatedAt: now,
    rolloutState: 'IN_PROGRESS',
    rolloutStateReason: `ECS deployment ${id} in progress.`,
    serviceRevisionId: digits(random, 19),
    failedTasks: 0,
    failureCount: 0,
    countedRevision: 0,
  };
}

/**
 * The service with a new deployment of what it says now, under a service deployment of its own. The one that was PRIMARY is ACTIVE until its tasks are
 * gone; those that have none left are not worth showing.
 */
export function withNewDeployment(
  service: Omit<ServiceRecord, 'serviceDeploymentId'> & WithTaskDefinition,
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
  return {
    ...unsteady,
    serviceDeploymentId: alphanumeric(random, 21),
    deployments: [newDeployment(service, random, now), ...draining],
  };
}

/**
 * The service going back to the deployment that completed last: it is PRIMARY again, IN_PROGRESS until it completes
 * again, and no target for another rollback meanwhile. What still runs of it stays. See
 * docs/decisions/0010-deployment-failure.md.
 */
export function rolledBack(
  service: ServiceRecord,
  target: DeploymentRecord,
  {
    now,
    reason,
    countedRevision,
  }: { readonly now: number; readonly reason: string; readonly countedRevision: number },
): ServiceRecord {
  const failed = service.deployments.find(({ status }) => status === 'PRIMARY');
  const { lastCompleted: _target, steadyAt: _steadyAt, ...steadyless } = service;
  const {
    networkConfiguration: _network,
    capacityProviderStrategy: _strategy,
    ...rest
  } = withoutExposure(steadyless);
  const {
    lastFailureAt: _at,
    ignoredAlarms: _alarms,
    bakeStartedAt: _baking,
    lifecycle: _lifecycle,
    ...fresh
  } = withoutPauses(target);
  const primary: DeploymentRecord = {
    ...fresh,
    status: 'PRIMARY',
    rolloutState: 'IN_PROGRESS',
    rolloutStateReason: reason,
    updatedAt: now,
    failedTasks: 0,
    failureCount: 0,
    countedRevision,
    ...given('lifecycle', failed && wayBack(failed, now)),
  };
  return {
    ...rest,
    taskDefinition: target.taskDefinition,
    launchType: target.launchType,
    ...given('capacityProviderStrategy', target.capacityProviderStrategy),
    ...given('networkConfiguration', target.networkConfiguration),
    ...exposureOf(target),
    deployments: [
      primary,
      ...service.deployments
        .filter(({ id }) => id !== target.id)
        .map((deployment): DeploymentRecord => ({ ...deployment, status: 'ACTIVE' })),
    ],
  };
}

/** Any update of the service ends the waiting. */
export function withoutPauses(deployment: DeploymentRecord): DeploymentRecord {
  const { restart: _restart, placement: _placement, ...rest } = deployment;
  return rest;
}
