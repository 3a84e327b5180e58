import { newServiceDeployment } from '../deployment/begin-service-deployment.ts';
import type { DeploymentRecord, ServiceDeploymentRecord, ServiceRecord } from '../records.ts';

/** A valid ACTIVE service `web` of 3 tasks of `web:1` with one deployment `A`, bent by `changes`. */
export function serviceRecord(changes: Partial<ServiceRecord> = {}): ServiceRecord {
  return {
    name: 'web',
    cluster: 'default',
    status: 'ACTIVE',
    createdAt: 0,
    createdBy: 'arn:aws:iam::123456789012:root',
    parametersHash: '',
    schedulingStrategy: 'REPLICA',
    desiredCount: 3,
    launchType: 'EC2',
    taskDefinition: { family: 'web', revision: 1 },
    deploymentConfiguration: {
      strategy: 'ROLLING',
      maximumPercent: 200,
      minimumHealthyPercent: 100,
      bakeTimeInMinutes: 0,
      deploymentCircuitBreaker: { enable: false, rollback: false },
    },
    availabilityZoneRebalancing: 'DISABLED',
    enableECSManagedTags: false,
    enableExecuteCommand: false,
    propagateTags: 'NONE',
    placementStrategy: [],
    placementConstraints: [],
    serviceDeploymentId: 'current',
    deployments: [deploymentRecord('A')],
    events: [],
    tags: [],
    ...changes,
  };
}

export function deploymentRecord(id: string, changes: Partial<DeploymentRecord> = {}): DeploymentRecord {
  return {
    id,
    status: 'PRIMARY',
    taskDefinition: { family: 'web', revision: 1 },
    launchType: 'EC2',
    createdAt: 0,
    updatedAt: 0,
    rolloutState: 'IN_PROGRESS',
    rolloutStateReason: `ECS deployment ${id} in progress.`,
    serviceRevisionId: `${id}-revision`,
    failedTasks: 0,
    failureCount: 0,
    countedRevision: 0,
    ...changes,
  };
}

/** PENDING, the current one of `serviceRecord()`, towards its deployment `A`. */
export function serviceDeploymentRecord(
  changes: Partial<ServiceDeploymentRecord> = {},
): ServiceDeploymentRecord {
  return { ...newServiceDeployment(serviceRecord(), 3, 0), ...changes };
}
