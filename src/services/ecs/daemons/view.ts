import type {
  DaemonDeployment,
  DaemonDeploymentRevisionDetail,
  DaemonDeploymentSummary,
  DaemonDetail,
  DaemonRevision,
} from '@aws-sdk/client-ecs';
import type { Reader } from '../../../reconcile/index.ts';
import {
  capacityProviderArn,
  clusterArn,
  daemonArn,
  daemonHistoryArn,
  type Scope,
  taskDefinitionArn,
} from '../arn.ts';
import { given } from '../given.ts';
import {
  type DaemonDeploymentRecord,
  type DaemonRecord,
  type DaemonRevisionRecord,
  taskDefinitions,
} from '../records.ts';
import { taskDefinitionKey } from '../task-definition-lookup.ts';
import { failureThreshold } from './failures.ts';
import { isUnderWay, revisionOf } from './lookup.ts';
import { type InstancesOfRevision, instancesOfRevision } from './standing.ts';

export function daemonView(reader: Reader, scope: Scope, daemon: DaemonRecord): DaemonDetail {
  const { cluster, name, revisionId } = daemon;
  const revision = revisionOf(reader, scope, daemon, revisionId);
  const standing = revision === undefined ? [] : instancesOfRevision(reader, scope, revision);
  return {
    ...{ daemonArn: daemonArn(scope, cluster, name), clusterArn: clusterArn(scope, cluster) },
    status: daemon.status,
    currentRevisions: [
      {
        arn: historyArn(scope, 'daemon-revision', daemon, revisionId),
        capacityProviders: standing.map(({ provider, running, without }) => ({
          ...{
            arn: capacityProviderArn(scope, provider),
            runningCount: running,
            withoutDaemonCount: without,
          },
        })),
        totalRunningCount: sum(standing, 'running'),
        totalWithoutDaemonCount: sum(standing, 'without'),
      },
    ],
    deploymentArn: historyArn(scope, 'daemon-deployment', daemon, daemon.deploymentId),
    ...{ createdAt: new Date(daemon.createdAt), updatedAt: new Date(daemon.updatedAt) },
  };
}

const sum = (standing: readonly InstancesOfRevision[], which: 'draining' | 'running' | 'without'): number =>
  standing.reduce((total, each) => total + each[which], 0);

const historyArn = (
  scope: Scope,
  type: 'daemon-deployment' | 'daemon-revision',
  { cluster, name }: Pick<DaemonRecord, 'cluster' | 'name'>,
  id: string,
): string => daemonHistoryArn(scope, type, { cluster, daemon: name, id });

function dates({ createdAt, stoppedAt, finishedAt }: DaemonDeploymentRecord) {
  return {
    ...{ createdAt: new Date(createdAt), startedAt: new Date(createdAt) },
    ...(stoppedAt !== undefined && { stoppedAt: new Date(stoppedAt) }),
    ...(finishedAt !== undefined && { finishedAt: new Date(finishedAt) }),
  };
}

export function deploymentSummary(scope: Scope, deployment: DaemonDeploymentRecord): DaemonDeploymentSummary {
  const { id, cluster, daemon: name, status, statusReason, targetRevisionId } = deployment;
  return {
    daemonDeploymentArn: historyArn(scope, 'daemon-deployment', { cluster, name }, id),
    ...{ daemonArn: daemonArn(scope, cluster, name), clusterArn: clusterArn(scope, cluster), status },
    ...given('statusReason', statusReason),
    ...(targetRevisionId !== undefined && {
      targetDaemonRevisionArn: historyArn(scope, 'daemon-revision', { cluster, name }, targetRevisionId),
    }),
    ...dates(deployment),
  };
}

export function deploymentView(
  reader: Reader,
  scope: Scope,
  deployment: DaemonDeploymentRecord,
): DaemonDeployment {
  const { cluster, daemon: name, configuration, rollback, status, failureCount } = deployment;
  const { targetRevisionId, sourceRevisionId, triggeredAlarmNames } = deployment;
  const {
    daemonArn: _daemon,
    targetDaemonRevisionArn: _target,
    ...summary
  } = deploymentSummary(scope, deployment);
  const detail = (id: string) => revisionDetail(reader, scope, { cluster, name }, id);
  const { alarmNames, drainPercent, bakeTimeInMinutes } = configuration;
  const monitors = isUnderWay(deployment) ? 'MONITORING' : 'MONITORING_COMPLETE';
  const hasAlarmed = triggeredAlarmNames.length > 0;
  return {
    ...summary,
    ...(targetRevisionId !== undefined && { targetDaemonRevision: detail(targetRevisionId) }),
    sourceDaemonRevisions: sourceRevisionId === undefined ? [] : [detail(sourceRevisionId)],
    circuitBreaker: {
      ...{ failureCount, threshold: failureThreshold },
      status: failureCount >= failureThreshold ? 'TRIGGERED' : monitors,
    },
    alarms: {
      status: alarmNames.length === 0 ? 'DISABLED' : hasAlarmed ? 'TRIGGERED' : monitors,
      ...{ alarmNames: [...alarmNames], triggeredAlarmNames: [...triggeredAlarmNames] },
    },
    ...(rollback !== undefined &&
      sourceRevisionId !== undefined && {
        rollback: {
          ...{ reason: rollback.reason, startedAt: new Date(rollback.startedAt) },
          rollbackTargetDaemonRevisionArn: historyArn(
            scope,
            'daemon-revision',
            { cluster, name },
            sourceRevisionId,
          ),
          rollbackCapacityProviders: (
            revisionOf(reader, scope, { cluster, name }, sourceRevisionId)?.capacityProviders ?? []
          ).map((provider) => capacityProviderArn(scope, provider)),
        },
      }),
    deploymentConfiguration: {
      ...{ drainPercent, bakeTimeInMinutes },
      alarms: { enable: alarmNames.length > 0, alarmNames: [...alarmNames] },
    },
    status,
  };
}

function revisionDetail(
  reader: Reader,
  scope: Scope,
  daemon: Pick<DaemonRecord, 'cluster' | 'name'>,
  id: string,
): DaemonDeploymentRevisionDetail {
  const revision = revisionOf(reader, scope, daemon, id);
  const standing = revision === undefined ? [] : instancesOfRevision(reader, scope, revision);
  return {
    arn: historyArn(scope, 'daemon-revision', daemon, id),
    capacityProviders: standing.map(({ provider, running, without, draining }) => ({
      ...{ arn: capacityProviderArn(scope, provider), runningInstanceCount: running },
      ...{ withoutDaemonInstanceCount: without, drainingInstanceCount: draining },
    })),
    totalRunningInstanceCount: sum(standing, 'running'),
    totalWithoutDaemonInstanceCount: sum(standing, 'without'),
    totalDrainingInstanceCount: sum(standing, 'draining'),
  };
}

export function revisionView(reader: Reader, scope: Scope, revision: DaemonRevisionRecord): DaemonRevision {
  const { id, cluster, daemon: name, taskDefinition, propagateTags, isCritical } = revision;
  const { enableECSManagedTags, enableExecuteCommand } = revision;
  const { family, revision: number } = taskDefinition;
  const definition = reader.get(taskDefinitions, taskDefinitionKey(scope, family, number))?.definition;
  return {
    daemonRevisionArn: historyArn(scope, 'daemon-revision', { cluster, name }, id),
    ...{ clusterArn: clusterArn(scope, cluster), daemonArn: daemonArn(scope, cluster, name) },
    daemonTaskDefinitionArn: taskDefinitionArn(scope, family, number),
    createdAt: new Date(revision.createdAt),
    containerImages: (definition?.containerDefinitions ?? []).map((container) => ({
      ...{ containerName: container.name, image: container.image },
    })),
    ...{ propagateTags, enableECSManagedTags, enableExecuteCommand, critical: isCritical },
  };
}
