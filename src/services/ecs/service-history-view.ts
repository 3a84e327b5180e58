import type {
  ServiceDeployment,
  ServiceDeploymentBrief,
  ServiceDeploymentLifecycleStage,
  ServiceRevision,
  ServiceRevisionSummary,
} from '@aws-sdk/client-ecs';
import type { Reader } from '../../reconcile/index.ts';
import { exposureView } from './activation/exposure-view.ts';
import {
  clusterArn,
  type Scope,
  serviceArn,
  serviceDeploymentArn,
  serviceRevisionArn,
  taskDefinitionArn,
} from './arn.ts';
import { desiredTasks } from './deployment/daemon-ground.ts';
import { withDigests } from './deployment/record-service-deployments.ts';
import { managedResourcesView } from './express/express-view.ts';
import { expressServiceKey, expressServices } from './express/records.ts';
import { connectionsView, connectorsView } from './gateway/route-view.ts';
import { given } from './given.ts';
import { networkView } from './network-view.ts';
import type {
  ServiceDeploymentRecord,
  ServiceRevisionRecord,
  ServiceRevisionUse,
  TrafficRecord,
} from './records.ts';
import { services, tasks } from './records.ts';
import { serviceIndexValue } from './service-history.ts';
import { serviceKey } from './service-lookup.ts';
import { capacityView, countTasks, deploymentConfigurationView } from './service-view.ts';
import { hookView } from './traffic-shift/hooks.ts';
import { otherShare, weightsView } from './traffic-shift/share.ts';

/** One line of a listing. */
export function serviceDeploymentBrief(
  scope: Scope,
  record: ServiceDeploymentRecord,
): ServiceDeploymentBrief {
  const { cluster, service, target, status, statusReason } = record;
  const { createdAt, startedAt, finishedAt } = datesOf(record);
  return {
    serviceDeploymentArn: serviceDeploymentArn(scope, record),
    serviceArn: serviceArn(scope, cluster, service),
    clusterArn: clusterArn(scope, cluster),
    ...createdAt,
    ...startedAt,
    ...finishedAt,
    targetServiceRevisionArn: serviceRevisionArn(scope, { cluster, service, id: target.revisionId }),
    status,
    ...(statusReason === undefined ? {} : { statusReason }),
  };
}

/** A service deployment as the API shows it, its tasks counted now while it is under way. */
export function serviceDeploymentView(
  reader: Reader,
  scope: Scope,
  record: ServiceDeploymentRecord,
): ServiceDeployment {
  const { cluster, service, statusReason, rollback, circuitBreaker, alarms } = record;
  const revision = revisionCounter(reader, scope, record);
  const { createdAt, startedAt, finishedAt, stoppedAt, updatedAt } = datesOf(record);
  return {
    serviceDeploymentArn: serviceDeploymentArn(scope, record),
    serviceArn: serviceArn(scope, cluster, service),
    clusterArn: clusterArn(scope, cluster),
    ...createdAt,
    ...startedAt,
    ...finishedAt,
    ...stoppedAt,
    ...updatedAt,
    sourceServiceRevisions: record.sources.map(revision),
    targetServiceRevision: revision(record.target),
    status: record.status,
    ...(statusReason === undefined ? {} : { statusReason }),
    // The SDK's list of stages lacks PRE_PRODUCTION_TRAFFIC_SHIFT, which its text has.
    ...(record.shift &&
      record.shift.hooks.length > 0 && { lifecycleHookDetails: record.shift.hooks.map(hookView) }),
    ...(record.shift && {
      lifecycleStage: record.shift.lifecycleStage as ServiceDeploymentLifecycleStage,
    }),
    deploymentConfiguration: deploymentConfigurationView(record.deploymentConfiguration),
    ...(rollback === undefined
      ? {}
      : {
          rollback: {
            reason: rollback.reason,
            startedAt: new Date(rollback.startedAt),
            ...(rollback.revisionId === undefined
              ? {}
              : {
                  serviceRevisionArn: serviceRevisionArn(scope, {
                    cluster,
                    service,
                    id: rollback.revisionId,
                  }),
                }),
          },
        }),
    deploymentCircuitBreaker: { ...circuitBreaker },
    alarms: {
      status: alarms.status,
      alarmNames: [...alarms.alarmNames],
      triggeredAlarmNames: [...alarms.triggeredAlarmNames],
    },
  };
}

/** A service revision as the API shows it, with the image digests that are known by now. */
export function serviceRevisionView(
  reader: Reader,
  scope: Scope,
  record: ServiceRevisionRecord,
): ServiceRevision {
  const { cluster, service, taskDefinition } = record;
  const express = reader.get(expressServices, expressServiceKey(scope, cluster, service));
  const own = reader
    .byIndex(tasks, 'byService', serviceIndexValue(scope, { cluster, name: service }))
    .flatMap(({ value }) => (value.service?.deploymentId === record.deploymentId ? value : []));
  return {
    serviceRevisionArn: serviceRevisionArn(scope, record),
    serviceArn: serviceArn(scope, cluster, service),
    clusterArn: clusterArn(scope, cluster),
    taskDefinition: taskDefinitionArn(scope, taskDefinition.family, taskDefinition.revision),
    ...capacityView(record),
    ...exposureView(record),
    ...resolvedView(record),
    ...networkView(record.networkConfiguration),
    ...(record.serviceConnectConfiguration && {
      serviceConnectConfiguration: structuredClone(record.serviceConnectConfiguration.configuration),
    }),
    containerImages: withDigests(record, own).containerImages.map((image) => ({ ...image })),
    guardDutyEnabled: false,
    ...given('ecsManagedResources', express && managedResourcesView(reader, scope, express, record)),
    ...(record.gatewayConnectors && {
      gatewayConnectors: connectorsView(record),
      ecsManagedResources: { gatewayConnections: connectionsView(reader, scope, record) },
    }),
    createdAt: new Date(record.createdAt),
  };
}

/** Where its tasks are, and which rules lead there. */
function resolvedView({
  loadBalancers = [],
  targetGroupArns,
}: ServiceRevisionRecord): Pick<ServiceRevision, 'resolvedConfiguration'> {
  if (targetGroupArns === undefined) return {};
  const resolved = loadBalancers.flatMap(({ targetGroupArn, advancedConfiguration, gatewayRoute }, place) =>
    gatewayRoute === undefined
      ? {
          targetGroupArn: targetGroupArns[place] ?? targetGroupArn,
          ...(advancedConfiguration && {
            productionListenerRule: advancedConfiguration.productionListenerRule,
          }),
        }
      : [],
  );
  if (resolved.length === 0) return {};
  return { resolvedConfiguration: { loadBalancers: resolved } };
}

function revisionCounter(
  reader: Reader,
  scope: Scope,
  { cluster, service: name, target, shift }: ServiceDeploymentRecord,
): (use: ServiceRevisionUse) => ServiceRevisionSummary {
  const counts = countTasks(reader, scope, { cluster, name });
  const service = reader.get(services, serviceKey(scope, cluster, name));
  const primary = service?.deployments.find(({ status }) => status === 'PRIMARY');
  const shareOf = (deploymentId: string): TrafficRecord | undefined => {
    if (deploymentId === target.deploymentId) return shift?.targetTraffic;
    return shift && deploymentId === shift.sourceDeploymentId ? otherShare(shift.targetTraffic) : undefined;
  };
  return ({ revisionId, deploymentId, finalCounts }) => {
    const { wanted, running, pending } = counts.of(deploymentId);
    const requested = service && deploymentId === primary?.id ? desiredTasks(reader, scope, service) : wanted;
    const {
      requested: requestedTaskCount,
      running: runningTaskCount,
      pending: pendingTaskCount,
    } = finalCounts ?? { requested, running, pending };
    return {
      arn: serviceRevisionArn(scope, { cluster, service: name, id: revisionId }),
      requestedTaskCount,
      runningTaskCount,
      pendingTaskCount,
      ...(shift && weightsView(shareOf(deploymentId))),
    };
  };
}

/** Each time as the member that shows it; none for what hasn't happened. */
function datesOf(record: ServiceDeploymentRecord) {
  const { createdAt, updatedAt, startedAt, finishedAt, stoppedAt } = record;
  return {
    createdAt: { createdAt: new Date(createdAt) },
    updatedAt: { updatedAt: new Date(updatedAt) },
    startedAt: startedAt === undefined ? {} : { startedAt: new Date(startedAt) },
    finishedAt: finishedAt === undefined ? {} : { finishedAt: new Date(finishedAt) },
    stoppedAt: stoppedAt === undefined ? {} : { stoppedAt: new Date(stoppedAt) },
  };
}
