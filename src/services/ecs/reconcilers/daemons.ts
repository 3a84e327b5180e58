import {
  again,
  done,
  type Outcome,
  type Reconciler,
  type RecordKey,
  type Transaction,
  watching,
} from '../../../reconcile/index.ts';
import { type Scope, scopeOfKey } from '../arn.ts';
import type { EcsContext } from '../context.ts';
import { failuresOf, failureThreshold } from '../daemons/failures.ts';
import { deploymentOf, isUnderWay, revisionOf } from '../daemons/lookup.ts';
import {
  containerInstances,
  type DaemonDeploymentRecord,
  type DaemonRecord,
  daemonDeploymentKey,
  daemonDeployments,
  daemonKey,
  daemons,
  managedInstances,
  providerText,
  tasks,
} from '../records.ts';

/** How often alarms are looked at. */
const alarmsMs = 5_000;
/** Of a daemon, the newest. */
const deploymentsKept = 20;

/**
 * Follows the deployments of daemons, which `managed-instances` carries out by replacing instances: until all have what they
 * are to have, and for the bake time. One that fails, by its tasks or by alarms, goes back to what was there before. A key
 * of work is a daemon's.
 */
export function daemonDeploymentsOf(ecs: EcsContext): Reconciler {
  const ofProvider = (key: string, provider: string | undefined): readonly string[] =>
    provider === undefined
      ? []
      : ecs.state
          .byIndex(daemons, 'byProvider', providerText(scopeOfKey(key), provider))
          .map((stored) => stored.key);
  return {
    name: 'daemon-deployments',
    watches: [
      watching(daemons, ({ key, after }) => (after === undefined ? [] : [key])),
      watching(managedInstances, ({ key, before, after }) =>
        ofProvider(key, (after ?? before)?.capacityProvider),
      ),
      watching(containerInstances, ({ key, after }) =>
        after?.isManaged ? ofProvider(key, after.capacityProviderName) : [],
      ),
      watching(tasks, ({ key, after }) =>
        after?.daemon === undefined ? [] : [daemonKey(scopeOfKey(key), after.cluster, after.daemon.name)],
      ),
    ],
    reconcile: async (key): Promise<Outcome> => {
      const nextAt = await ecs.state.transact((tx) => follow(tx, ecs, key as RecordKey));
      return nextAt === undefined ? done : again(Math.max(100, nextAt - ecs.clock.now()));
    },
  };
}

/** @returns when to look again, without a change. */
function follow(tx: Transaction, ecs: EcsContext, key: RecordKey): number | undefined {
  const scope = scopeOfKey(key);
  const daemon = tx.get(daemons, key);
  const deployment = daemon && deploymentOf(tx, scope, daemon);
  if (daemon === undefined || deployment === undefined || !isUnderWay(deployment)) return undefined;
  const now = ecs.clock.now();
  const put = (after: DaemonDeploymentRecord): void =>
    tx.put(daemonDeployments, daemonDeploymentKey(scope, daemon.cluster, daemon.name, after.id), after);
  const alarming = alarmsOf(tx, ecs, scope, deployment);
  const failureCount = failuresOf(tx, scope, deployment, daemon.revisionId);
  const seen = { ...deployment, failureCount: Math.max(deployment.failureCount, failureCount) };
  const obstacle = obstacleOf(deployment, failureCount, alarming);
  if (obstacle !== undefined && deployment.targetRevisionId !== undefined) {
    put(failed(tx, scope, daemon, { ...seen, triggeredAlarmNames: alarming }, obstacle, now));
    return undefined;
  }
  if (!isSettled(tx, scope, daemon)) {
    const { settledAt: _, ...rest } = seen;
    if (deployment.settledAt !== undefined || seen.failureCount !== deployment.failureCount) put(rest);
    return deployment.configuration.alarmNames.length > 0 ? now + alarmsMs : undefined;
  }
  const { settledAt = now } = deployment;
  const bakedAt = settledAt + deployment.configuration.bakeTimeInMinutes * 60_000;
  if (daemon.status === 'ACTIVE' && bakedAt > now) {
    if (deployment.settledAt === undefined) put({ ...seen, settledAt });
    return deployment.configuration.alarmNames.length > 0 ? Math.min(bakedAt, now + alarmsMs) : bakedAt;
  }
  const isBack = deployment.status === 'ROLLBACK_IN_PROGRESS';
  put({ ...seen, settledAt, status: isBack ? 'ROLLBACK_SUCCESSFUL' : 'SUCCESSFUL', finishedAt: now });
  if (daemon.status !== 'ACTIVE') tx.delete(daemons, key);
  forgetOldest(tx, scope, daemon);
  return undefined;
}

function alarmsOf(
  tx: Transaction,
  ecs: EcsContext,
  scope: Scope,
  { configuration }: DaemonDeploymentRecord,
): readonly string[] {
  const readings = ecs.alarmReadings(tx, scope, configuration.alarmNames);
  return configuration.alarmNames.filter((name) => readings.get(name)?.state === 'ALARM');
}

function obstacleOf(
  { status }: DaemonDeploymentRecord,
  failureCount: number,
  alarming: readonly string[],
): string | undefined {
  if (failureCount >= failureThreshold) return 'Daemon deployment circuit breaker: tasks failed to start.';
  // Alarms speak of what is new, not of what was there before.
  return alarming.length > 0 && status === 'IN_PROGRESS'
    ? `Daemon deployment alarms: ${alarming.join(', ')} in ALARM.`
    : undefined;
}

/** Back to what was there before, where anything was. */
function failed(
  tx: Transaction,
  scope: Scope,
  daemon: DaemonRecord,
  deployment: DaemonDeploymentRecord,
  reason: string,
  now: number,
): DaemonDeploymentRecord {
  const { status, sourceRevisionId } = deployment;
  const source = revisionOf(tx, scope, daemon, sourceRevisionId);
  if (status === 'ROLLBACK_IN_PROGRESS')
    return { ...deployment, status: 'ROLLBACK_FAILED', statusReason: reason, finishedAt: now };
  if (source === undefined)
    return { ...deployment, status: 'STOPPED', statusReason: reason, stoppedAt: now, finishedAt: now };
  const { id: revisionId, capacityProviders } = source;
  tx.put(daemons, daemonKey(scope, daemon.cluster, daemon.name), {
    ...{ ...daemon, revisionId, capacityProviders, updatedAt: now },
  });
  const rollback = { reason, startedAt: now };
  return { ...deployment, status: 'ROLLBACK_IN_PROGRESS', statusReason: reason, rollback };
}

/** All instances of the daemon's providers that take tasks have it as they are to, and none has it that is not to. */
function isSettled(tx: Transaction, scope: Scope, daemon: DaemonRecord): boolean {
  const wantedId = daemon.status === 'ACTIVE' ? daemon.revisionId : undefined;
  return daemon.capacityProviders.every((provider) =>
    tx
      .byIndex(managedInstances, 'byProvider', providerText(scope, provider))
      .every(({ value: { daemons: started, isEnding, instanceId } }) => {
        const within = `${scope.accountId}/${scope.region}/${instanceId}`;
        const container = tx.byIndex(containerInstances, 'byManagedInstance', within)[0]?.value;
        if (isEnding || container === undefined || container.status === 'INACTIVE') return true;
        return container.status !== 'REGISTERING' && started?.[daemon.name] === wantedId;
      }),
  );
}

function forgetOldest(tx: Transaction, scope: Scope, { cluster, name }: DaemonRecord): void {
  const all = tx
    .byIndex(daemonDeployments, 'byDaemon', `${scope.accountId}/${scope.region}/${cluster}/${name}`)
    .toSorted((one, other) => other.value.createdAt - one.value.createdAt);
  for (const { key } of all.slice(deploymentsKept)) tx.delete(daemonDeployments, key);
}
