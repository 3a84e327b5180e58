import { describe, expect, it } from 'vitest';
import type { ServiceDeploymentStatus } from '../records.ts';
import { serviceDeploymentRecord } from '../testing/service-record.ts';
import { isFinished, mayFollow, moved, serviceDeploymentStatuses } from './service-deployment-state.ts';

describe('a service deployment', () => {
  it.each<[from: ServiceDeploymentStatus, to: readonly ServiceDeploymentStatus[]]>([
    ['PENDING', ['IN_PROGRESS', 'STOP_REQUESTED', 'STOPPED', 'ROLLBACK_REQUESTED']],
    [
      'IN_PROGRESS',
      ['STOP_REQUESTED', 'STOPPED', 'SUCCESSFUL', 'ROLLBACK_REQUESTED', 'ROLLBACK_IN_PROGRESS'],
    ],
    ['STOP_REQUESTED', ['STOPPED']],
    ['ROLLBACK_REQUESTED', ['STOPPED', 'SUCCESSFUL', 'ROLLBACK_IN_PROGRESS']],
    ['ROLLBACK_IN_PROGRESS', ['ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED']],
    ['STOPPED', []],
    ['SUCCESSFUL', []],
    ['ROLLBACK_SUCCESSFUL', []],
    ['ROLLBACK_FAILED', []],
  ])('that is %s goes to %j and nowhere else', (from, to) => {
    expect(serviceDeploymentStatuses.filter((status) => mayFollow(from, status)).sort()).toEqual(
      [...to].sort(),
    );
    expect(isFinished({ status: from })).toBe(to.length === 0);
    for (const status of serviceDeploymentStatuses)
      if (!to.includes(status))
        expect(() => moved(serviceDeploymentRecord({ status: from }), { to: status }, 1)).toThrow(
          `can't go from ${from} to ${status}`,
        );
  });

  it('notes when it started, when it stopped, and when it ended', () => {
    const started = moved(serviceDeploymentRecord(), { to: 'IN_PROGRESS' }, 10);
    expect(started).toMatchObject({ status: 'IN_PROGRESS', startedAt: 10, updatedAt: 10 });
    expect(started).not.toHaveProperty('finishedAt');
    expect(moved(started, { to: 'SUCCESSFUL' }, 20)).toMatchObject({
      startedAt: 10,
      finishedAt: 20,
      updatedAt: 20,
    });
    const stopping = moved(started, { to: 'STOP_REQUESTED', reason: 'why' }, 20);
    expect(moved(stopping, { to: 'STOPPED' }, 30)).toMatchObject({
      statusReason: 'why',
      stoppedAt: 30,
      finishedAt: 30,
    });
  });
});
