import {
  again,
  done,
  type Outcome,
  type Reconciler,
  type RecordKey,
  type Stored,
  type Transaction,
  watching,
} from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { offersMore } from '../capacity/offers-more.ts';
import { clusterKey } from '../cluster-lookup.ts';
import { transactInTurn } from '../cluster-turns.ts';
import type { EcsContext } from '../context.ts';
import { containerInstances, type TaskRecord, tasks } from '../records.ts';
import { placeAwaiting } from '../task-launch.ts';
import { placeTask, provisioningFailed } from '../task-state.ts';

/** A task that found no instance of its capacity provider in this time has failed to start. */
const timeoutMs = 15 * 60_000;

/**
 * Gives tasks that wait for an instance of their capacity provider one, the oldest first, as soon as there is room.
 * A key of work is the key of a cluster's record.
 */
export function taskProvisioning(ecs: EcsContext): Reconciler {
  return {
    name: 'task-provisioning',
    watches: [
      watching(tasks, ({ key, before, after }) =>
        before === undefined && after?.awaiting !== undefined ? [clusterOf(key, after.cluster)] : [],
      ),
      watching(containerInstances, ({ key, before, after }) => {
        const isNews = after?.capacityProviderName !== undefined && offersMore(before, after);
        if (!isNews) return [];
        const cluster = clusterOf(key, after.cluster);
        return awaiting(ecs.state, scopeOf(key), after.cluster).length > 0 ? [cluster] : [];
      }),
    ],
    reconcile: (key) => reconcileCluster(ecs, key as RecordKey),
  };
}

async function reconcileCluster(ecs: EcsContext, key: RecordKey): Promise<Outcome> {
  const scope = scopeOf(key);
  const cluster = key.split('/').at(-1) ?? '';
  if (awaiting(ecs.state, scope, cluster).length === 0) return done;
  const nextAt = await transactInTurn(ecs, scope, cluster, (tx) => provision(tx, ecs, scope, cluster));
  return nextAt === undefined ? done : again(Math.max(1, nextAt - ecs.clock.now()));
}

/** @returns when the first of those that still wait has waited too long. */
function provision(tx: Transaction, ecs: EcsContext, scope: Scope, cluster: string): number | undefined {
  const now = ecs.clock.now();
  /** What kept a task of this kind from a place keeps the others too. */
  const obstacles = new Map<string, string>();
  let nextAt: number | undefined;
  const waiting = awaiting(tx, scope, cluster).toSorted(
    (one, other) => one.value.createdAt - other.value.createdAt,
  );
  for (const { key, value: task } of waiting) {
    const kind = kindOf(task);
    const place = obstacles.get(kind) ?? placeAwaiting(tx, ecs, scope, task);
    const obstacle = typeof place === 'string' ? place : placeTask(tx, ecs, key, place);
    if (obstacle === undefined) continue;
    obstacles.set(kind, obstacle);
    const deadline = task.createdAt + timeoutMs;
    if (deadline <= now) provisioningFailed(tx, key, obstacle, now);
    else nextAt = Math.min(nextAt ?? deadline, deadline);
  }
  return nextAt;
}

function kindOf({ capacityProviderName, taskDefinition, overrides, group, awaiting }: TaskRecord): string {
  return JSON.stringify([capacityProviderName, taskDefinition, overrides, group, awaiting]);
}

function awaiting(
  reader: Pick<Transaction, 'byIndex'>,
  { accountId, region }: Scope,
  cluster: string,
): readonly Stored<TaskRecord>[] {
  return reader.byIndex(tasks, 'awaitingPlacement', `${accountId}/${region}/${cluster}`);
}

const clusterOf = (key: string, cluster: string): RecordKey => clusterKey(scopeOf(key), cluster);

function scopeOf(key: string): Scope {
  const [, , accountId = '', region = ''] = key.split('/', 4);
  return { accountId, region };
}
