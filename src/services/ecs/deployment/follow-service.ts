import { isDeepStrictEqual } from 'node:util';
import { given } from '../given.ts';
import type {
  DeploymentRecord,
  MonitorStatus,
  ServiceDeploymentRecord,
  ServiceDeploymentStatus,
  ServiceRecord,
} from '../records.ts';
import { otherShare } from '../traffic-shift/share.ts';
import { circuitBreakerReading } from './circuit-breaker.ts';
import { failureWords, noRollbackCandidate, supersededReason } from './failure-words.ts';
import { alarmsReading } from './rollout.ts';
import { isFinished, moved } from './service-deployment-state.ts';

/**
 * A service deployment after a look at its service: one step nearer to what has become of the deployment that it
 * stands for, with its monitors' readings; the same object when there is nothing new. Each look takes one step, so
 * that whoever watches the record sees every status.
 */
export function followService(
  record: ServiceDeploymentRecord,
  service: ServiceRecord,
  { now, desired }: { readonly now: number; readonly desired: number },
): ServiceDeploymentRecord {
  if (isFinished(record)) return record;
  const seen = withShift(withReadings(record, service, desired), service);
  const move = nextMove(record, service);
  return move === undefined ? seen : afterMove(seen, move, now);
}

interface Move {
  readonly to: ServiceDeploymentStatus;
  readonly reason?: string;
  /** The rollback begins: to which revision, if there is one. */
  readonly rollback?: { readonly reason: string; readonly revisionId?: string };
}

function nextMove(record: ServiceDeploymentRecord, service: ServiceRecord): Move | undefined {
  if (record.id !== service.serviceDeploymentId) return whenSuperseded(record);
  const primary = service.deployments.find(({ status }) => status === 'PRIMARY');
  if (primary === undefined) return undefined;
  const target = service.deployments.find(({ id }) => id === record.target.deploymentId);
  const isRolledBack = primary.id !== record.target.deploymentId;
  switch (record.status) {
    case 'PENDING':
      return { to: 'IN_PROGRESS' };
    case 'IN_PROGRESS':
      if (isRolledBack) return beginsRollback(target, primary);
      if (primary.rolloutState === 'COMPLETED') return { to: 'SUCCESSFUL' };
      if (primary.failure === undefined) return undefined;
      return primary.failure.rollsBack
        ? beginsRollback(primary)
        : { to: 'STOP_REQUESTED', reason: failureWords(primary.failure).stopped };
    case 'ROLLBACK_REQUESTED':
      if (isRolledBack) return beginsRollback(target, primary);
      if (primary.rolloutState === 'COMPLETED') return { to: 'SUCCESSFUL' };
      return primary.failure && { to: 'STOPPED', reason: noRollbackCandidate };
    case 'STOP_REQUESTED':
      return primary.rolloutState === 'IN_PROGRESS' ? undefined : { to: 'STOPPED' };
    case 'ROLLBACK_IN_PROGRESS':
      if (!isRolledBack) return { to: 'ROLLBACK_FAILED', reason: noRollbackCandidate };
      if (primary.rolloutState === 'COMPLETED') return { to: 'ROLLBACK_SUCCESSFUL' };
      return primary.failure && { to: 'ROLLBACK_FAILED', reason: failureWords(primary.failure).stopped };
    default:
      return undefined;
  }
}

function whenSuperseded({ status }: ServiceDeploymentRecord): Move {
  switch (status) {
    case 'PENDING':
    case 'IN_PROGRESS':
      return { to: 'STOP_REQUESTED', reason: supersededReason };
    case 'ROLLBACK_IN_PROGRESS':
      return { to: 'ROLLBACK_FAILED', reason: supersededReason };
    case 'ROLLBACK_REQUESTED':
      return { to: 'STOPPED', reason: supersededReason };
    default:
      return { to: 'STOPPED' };
  }
}

/** `back`: the deployment that came back; absent when there was none to come. */
function beginsRollback(failed: DeploymentRecord | undefined, back?: DeploymentRecord): Move {
  const reason = failureWords(failed?.failure ?? { cause: 'user-request' }).rolledBack;
  return {
    to: 'ROLLBACK_IN_PROGRESS',
    reason,
    rollback: { reason, ...(back === undefined ? {} : { revisionId: back.serviceRevisionId }) },
  };
}

function afterMove(record: ServiceDeploymentRecord, move: Move, now: number): ServiceDeploymentRecord {
  const after = moved(record, move, now);
  return {
    ...after,
    ...(isFinished(after)
      ? { circuitBreaker: finalReading(after.circuitBreaker), alarms: finalReading(after.alarms) }
      : {}),
    ...(move.rollback === undefined ? {} : { rollback: { ...move.rollback, startedAt: now } }),
  };
}

function finalReading<Reading extends { readonly status: MonitorStatus }>(reading: Reading): Reading {
  return reading.status === 'MONITORING' ? { ...reading, status: 'MONITORING_COMPLETE' } : reading;
}

/** How far traffic has come, there or back. */
function withShift(record: ServiceDeploymentRecord, service: ServiceRecord): ServiceDeploymentRecord {
  const primary = service.deployments.find(({ status }) => status === 'PRIMARY');
  const { lifecycle } = primary ?? {};
  const lifecycleStage = lifecycle?.stage;
  if (lifecycle === undefined || lifecycleStage === undefined || record.id !== service.serviceDeploymentId)
    return record;
  const { traffic, sourceId } = lifecycle;
  const hooks = lifecycle.hooks.length > 0 ? lifecycle.hooks : (record.shift?.hooks ?? []);
  const shift = lifecycle.isRollback
    ? { hooks, lifecycleStage, targetTraffic: otherShare(traffic), sourceDeploymentId: primary?.id ?? '' }
    : { hooks, lifecycleStage, targetTraffic: traffic, ...given('sourceDeploymentId', sourceId) };
  return isDeepStrictEqual(shift, record.shift) ? record : { ...record, shift };
}

/** What is measured while the target is on its way; afterwards it stays as it was. */
function withReadings(
  record: ServiceDeploymentRecord,
  service: ServiceRecord,
  desired: number,
): ServiceDeploymentRecord {
  const target = service.deployments.find(({ id }) => id === record.target.deploymentId);
  const isUnderWay = record.status === 'PENDING' || record.status === 'IN_PROGRESS';
  if (record.id !== service.serviceDeploymentId || target === undefined || !isUnderWay) return record;
  const { deploymentConfiguration } = service;
  const after: ServiceDeploymentRecord = {
    ...record,
    deploymentConfiguration,
    circuitBreaker: circuitBreakerReading(deploymentConfiguration.deploymentCircuitBreaker, desired, target),
    alarms: alarmsReading(service, target),
  };
  return isDeepStrictEqual(after, record) ? record : after;
}
