import type { Transaction } from '../../../reconcile/index.ts';
import { exposureOf } from '../activation/exposure.ts';
import type { Scope } from '../arn.ts';
import { given } from '../given.ts';
import type { DeploymentRecord, ServiceRecord, TaskDefinitionRecord } from '../records.ts';
import {
  type ContainerImageRecord,
  type ServiceDeploymentRecord,
  type ServiceRevisionUse,
  serviceDeployments,
  serviceRevisions,
} from '../records.ts';
import {
  serviceDeploymentKey,
  serviceRevisionKey,
  unfinishedServiceDeployments,
} from '../service-history.ts';
import { circuitBreakerReading } from './circuit-breaker.ts';
import { desiredTasks } from './daemon-ground.ts';
import { supersededReason } from './failure-words.ts';
import { alarmsReading } from './rollout.ts';
import { mayFollow, moved } from './service-deployment-state.ts';

/**
 * Writes down that the service has begun a new deployment: the revision that it rolls out, and the service
 * deployment on the way to it. The ones that it supersedes are asked to stop.
 */
export function beginServiceDeployment(
  tx: Transaction,
  scope: Scope,
  service: ServiceRecord,
  definition: TaskDefinitionRecord,
  now: number,
): void {
  const { name, cluster, serviceDeploymentId, deployments } = service;
  const [primary] = deployments;
  if (primary === undefined || serviceDeploymentId === undefined)
    throw new Error(`Service ${name} has no deployment to begin`);
  supersede(tx, scope, service, now);
  tx.put(serviceRevisions, serviceRevisionKey(scope, service, primary.serviceRevisionId), {
    id: primary.serviceRevisionId,
    cluster,
    service: name,
    createdAt: now,
    deploymentId: primary.id,
    taskDefinition: primary.taskDefinition,
    launchType: primary.launchType,
    ...given('capacityProviderStrategy', primary.capacityProviderStrategy),
    ...given('platformVersion', primary.platformVersion),
    ...given('networkConfiguration', primary.networkConfiguration),
    ...exposureOf(primary),
    ...given('targetGroupArns', primary.targetGroupArns),
    containerImages: imagesOf(definition),
  });
  tx.put(
    serviceDeployments,
    serviceDeploymentKey(scope, service, serviceDeploymentId),
    newServiceDeployment(service, desiredTasks(tx, scope, service), now),
  );
}

function supersede(tx: Transaction, scope: Scope, service: ServiceRecord, now: number): void {
  for (const { key, value } of unfinishedServiceDeployments(tx, scope, service))
    tx.put(serviceDeployments, key, superseded(value, now));
}

/** Asked to stop, where it can be; one that is on its way back is left to the next look at the service. */
export function superseded(record: ServiceDeploymentRecord, now: number): ServiceDeploymentRecord {
  return mayFollow(record.status, 'STOP_REQUESTED')
    ? moved(record, { to: 'STOP_REQUESTED', reason: supersededReason }, now)
    : record;
}

/** The service deployment towards the service's PRIMARY deployment. */
export function newServiceDeployment(
  service: ServiceRecord,
  desired: number,
  now: number,
): ServiceDeploymentRecord {
  const [primary, ...older] = service.deployments;
  const { serviceDeploymentId: id } = service;
  if (primary === undefined || id === undefined)
    throw new Error(`Service ${service.name} has no deployment to begin`);
  return {
    id,
    cluster: service.cluster,
    service: service.name,
    status: 'PENDING',
    createdAt: now,
    updatedAt: now,
    sources: older.map(revisionUse),
    target: revisionUse(primary),
    deploymentConfiguration: service.deploymentConfiguration,
    circuitBreaker: circuitBreakerReading(
      service.deploymentConfiguration.deploymentCircuitBreaker,
      desired,
      primary,
    ),
    alarms: alarmsReading(service, primary),
  };
}

const revisionUse = ({ id, serviceRevisionId }: DeploymentRecord): ServiceRevisionUse => ({
  revisionId: serviceRevisionId,
  deploymentId: id,
});

/** An image that is named by its digest has it; of the others agents tell it. */
function imagesOf({ definition }: TaskDefinitionRecord): readonly ContainerImageRecord[] {
  return definition.containerDefinitions.map(({ name = '', image = '' }) => {
    const [, imageDigest] = /@(sha256:[0-9a-f]{64})$/.exec(image) ?? [];
    return { containerName: name, image, ...given('imageDigest', imageDigest) };
  });
}
