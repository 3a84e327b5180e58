import { describe, expect, it } from 'vitest';
import type { DeploymentFailure, DeploymentRecord, ServiceDeploymentRecord } from '../records.ts';
import { deploymentRecord, serviceDeploymentRecord, serviceRecord } from '../testing/service-record.ts';
import { followService } from './follow-service.ts';

const now = 1_000;
const look = { now, desired: 3 };

/** After one look at a service with these deployments. */
function followed(
  record: Partial<ServiceDeploymentRecord>,
  deployments: readonly DeploymentRecord[],
): ServiceDeploymentRecord {
  return followService(serviceDeploymentRecord(record), serviceRecord({ deployments }), look);
}

const failure = (changes: Partial<DeploymentFailure> = {}): Partial<DeploymentRecord> => ({
  rolloutState: 'FAILED',
  failure: { cause: 'circuit-breaker', rollsBack: false, at: 1, ...changes },
});
const inProgress = deploymentRecord('A');
const completed = deploymentRecord('A', { rolloutState: 'COMPLETED' });
const failed = deploymentRecord('A', failure());
/** `A` failed, and `Z` is back. */
const rolledBack = (changes: Partial<DeploymentRecord> = {}) => [
  deploymentRecord('Z', changes),
  deploymentRecord('A', { ...failure({ rollsBack: true }), status: 'ACTIVE' }),
];
const circuitBreaker = 'Service deployment rolled back because the circuit breaker threshold was exceeded.';
const noCandidate = 'No rollback candidate was found to run the rollback.';

describe('a service deployment follows its service', () => {
  it.each<
    [
      sentence: string,
      record: Partial<ServiceDeploymentRecord>,
      deployments: readonly DeploymentRecord[],
      expected: Partial<ServiceDeploymentRecord>,
    ]
  >([
    ['begins with the first look', {}, [inProgress], { status: 'IN_PROGRESS', startedAt: now }],
    ['waits', { status: 'IN_PROGRESS' }, [inProgress], { status: 'IN_PROGRESS' }],
    ['succeeds', { status: 'IN_PROGRESS' }, [completed], { status: 'SUCCESSFUL', finishedAt: now }],
    [
      'is asked to stop when it failed without a rollback',
      { status: 'IN_PROGRESS' },
      [failed],
      {
        status: 'STOP_REQUESTED',
        statusReason: 'Service deployment stopped because the circuit breaker threshold was exceeded.',
      },
    ],
    ['stops then', { status: 'STOP_REQUESTED' }, [failed], { status: 'STOPPED', stoppedAt: now }],
    [
      'stops not before its deployment is given up',
      { status: 'STOP_REQUESTED' },
      [inProgress],
      { status: 'STOP_REQUESTED' },
    ],
    [
      'rolls back',
      { status: 'IN_PROGRESS' },
      rolledBack(),
      {
        status: 'ROLLBACK_IN_PROGRESS',
        statusReason: circuitBreaker,
        rollback: { reason: circuitBreaker, startedAt: now, revisionId: 'Z-revision' },
      },
    ],
    [
      'rolls back by request',
      { status: 'ROLLBACK_REQUESTED' },
      rolledBack({}),
      { status: 'ROLLBACK_IN_PROGRESS' },
    ],
    [
      'succeeds before the rollback begins',
      { status: 'ROLLBACK_REQUESTED' },
      [completed],
      { status: 'SUCCESSFUL' },
    ],
    [
      'stops where the request has nothing to go back to',
      { status: 'ROLLBACK_REQUESTED' },
      [failed],
      { status: 'STOPPED', statusReason: noCandidate },
    ],
    [
      'begins a rollback that has nothing to go back to',
      { status: 'IN_PROGRESS' },
      [deploymentRecord('A', failure({ rollsBack: true }))],
      { status: 'ROLLBACK_IN_PROGRESS', rollback: { reason: circuitBreaker, startedAt: now } },
    ],
    [
      'and fails with it',
      { status: 'ROLLBACK_IN_PROGRESS' },
      [deploymentRecord('A', failure({ rollsBack: true }))],
      { status: 'ROLLBACK_FAILED', statusReason: noCandidate },
    ],
    [
      'is on its way back',
      { status: 'ROLLBACK_IN_PROGRESS' },
      rolledBack(),
      { status: 'ROLLBACK_IN_PROGRESS' },
    ],
    [
      'is back',
      { status: 'ROLLBACK_IN_PROGRESS', statusReason: circuitBreaker },
      rolledBack({ rolloutState: 'COMPLETED' }),
      { status: 'ROLLBACK_SUCCESSFUL', statusReason: circuitBreaker },
    ],
    [
      'fails to come back',
      { status: 'ROLLBACK_IN_PROGRESS' },
      rolledBack(failure()),
      { status: 'ROLLBACK_FAILED' },
    ],
    [
      'superseded is asked to stop',
      { id: 'older', status: 'IN_PROGRESS' },
      [inProgress],
      {
        status: 'STOP_REQUESTED',
        statusReason: 'Service deployment was superseded by a newer service deployment.',
      },
    ],
    ['superseded stops', { id: 'older', status: 'STOP_REQUESTED' }, [inProgress], { status: 'STOPPED' }],
    [
      'superseded on request stops',
      { id: 'older', status: 'ROLLBACK_REQUESTED' },
      [inProgress],
      { status: 'STOPPED' },
    ],
    [
      'superseded on its way back has failed',
      { id: 'older', status: 'ROLLBACK_IN_PROGRESS' },
      [inProgress],
      { status: 'ROLLBACK_FAILED' },
    ],
    ['finished stays as it is', { status: 'SUCCESSFUL' }, [failed], { status: 'SUCCESSFUL' }],
  ])('%s', (_sentence, record, deployments, expected) => {
    expect(followed(record, deployments)).toMatchObject(expected);
  });

  it('is the same object when there is nothing new', () => {
    const record = serviceDeploymentRecord({ status: 'IN_PROGRESS' });
    expect(followService(record, serviceRecord(), look)).toBe(record);
  });

  it('reads its circuit breaker and its configuration while it is under way', () => {
    const service = serviceRecord({
      deployments: [deploymentRecord('A', { failureCount: 2 })],
      deploymentConfiguration: {
        ...serviceRecord().deploymentConfiguration,
        maximumPercent: 150,
        deploymentCircuitBreaker: { enable: true, rollback: true },
      },
    });
    const seen = followService(serviceDeploymentRecord({ status: 'IN_PROGRESS' }), service, look);
    expect(seen).toMatchObject({
      deploymentConfiguration: { maximumPercent: 150 },
      circuitBreaker: { status: 'MONITORING', failureCount: 2, threshold: 3 },
    });
    const done = { ...service, deployments: [completed] };
    expect(followService(seen, done, look).circuitBreaker.status).toBe('MONITORING_COMPLETE');
  });
});
