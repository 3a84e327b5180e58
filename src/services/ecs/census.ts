import type { Reader } from '../../reconcile/index.ts';
import { clusters, containerInstances, fargateHosts, services, tasks } from './records.ts';

/** How many of each thing ECS holds, over all accounts and regions. */
export interface Census {
  readonly clusters: number;
  readonly services: number;
  readonly containerInstances: number;
  /** By `lastStatus`. */
  readonly tasks: Readonly<Record<string, number>>;
}

/** Counts what is there now; INACTIVE clusters, services and instances are only remembered, not there. */
export function census(reader: Reader): Census {
  const tasksByStatus: Record<string, number> = {};
  for (const { value } of reader.list(tasks)) {
    tasksByStatus[value.lastStatus] = (tasksByStatus[value.lastStatus] ?? 0) + 1;
  }
  return {
    clusters: active(reader.list(clusters)),
    services: active(reader.list(services)),
    containerInstances: active(reader.list(containerInstances), ({ cluster }) => cluster !== fargateHosts),
    tasks: tasksByStatus,
  };
}

/** Whether an agent that has registered was never connected yet: its instance takes no tasks before. */
export function isAgentAwaited(reader: Reader): boolean {
  return [...reader.list(containerInstances)].some(
    ({ value }) => value.status === 'ACTIVE' && value.connectedAt === undefined,
  );
}

function active<T extends { readonly status: string }>(
  records: Iterable<{ readonly value: T }>,
  isCounted: (value: T) => boolean = () => true,
): number {
  let count = 0;
  for (const { value } of records) if (value.status !== 'INACTIVE' && isCounted(value)) count += 1;
  return count;
}
