import { given } from './given.ts';
import type { TaskContainerRecord } from './records.ts';

/** So much of what agents give as a reason is kept. */
export const maxReasonLength = 1024;

/** What an agent says of its part in a container that takes ECS Exec's sessions. It may come and go. */
export interface ManagedAgentReport {
  readonly container: string;
  readonly status: 'PENDING' | 'RUNNING' | 'STOPPED';
  readonly reason?: string;
}

/** With its container its agent has ended, whoever says so. */
export function withManagedAgent(
  container: TaskContainerRecord,
  news: ManagedAgentReport | undefined,
  now: number,
): TaskContainerRecord {
  const before = container.executeCommandAgent;
  if (before === undefined) return container;
  const lastStatus = container.lastStatus === 'STOPPED' ? 'STOPPED' : (news?.status ?? before.lastStatus);
  const hasStarted = lastStatus === 'RUNNING' && before.lastStatus !== 'RUNNING';
  const { reason: _reason, ...rest } = before;
  const reason = news === undefined ? before.reason : news.reason?.slice(0, maxReasonLength);
  return {
    ...container,
    executeCommandAgent: {
      ...rest,
      lastStatus,
      ...given('lastStartedAt', hasStarted ? now : before.lastStartedAt),
      ...given('reason', reason),
    },
  };
}
