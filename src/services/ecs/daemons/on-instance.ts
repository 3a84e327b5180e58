import type { Reader, Stored, Transaction } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import type { EcsContext } from '../context.ts';
import type { DaemonsThere } from '../managed-instances/capacity-ground.ts';
import { type TaskDemand, taskDemand } from '../placement/demand.ts';
import {
  type ContainerInstanceRecord,
  type DaemonRecord,
  type DaemonRevisionRecord,
  daemons,
  type ManagedInstanceRecord,
  type TaskDefinitionRecord,
  type TaskRecord,
  taskDefinitions,
  tasks,
} from '../records.ts';
import { taskDefinitionKey } from '../task-definition-lookup.ts';
import { launchTasks } from '../task-launch.ts';
import { requestTaskStop } from '../task-state.ts';
import { revisionOf } from './lookup.ts';

/** A daemon that the instances of a provider are to have. */
export interface WantedDaemon {
  readonly daemon: DaemonRecord;
  readonly revision: DaemonRevisionRecord;
  readonly definition: TaskDefinitionRecord;
}

const noOverrides = { containerOverrides: [] } as const;

/** By their names, so that all instances start them in one order. */
export function wantedDaemons(reader: Reader, scope: Scope, provider: string): readonly WantedDaemon[] {
  return reader
    .byIndex(daemons, 'byProvider', `${scope.accountId}/${scope.region}/${provider}`)
    .flatMap(({ value: daemon }) => {
      const revision = revisionOf(reader, scope, daemon, daemon.revisionId);
      const { family = '', revision: number = 0 } = revision?.taskDefinition ?? {};
      const definition = reader.get(taskDefinitions, taskDefinitionKey(scope, family, number));
      const isWanted = daemon.status === 'ACTIVE' && revision !== undefined && definition !== undefined;
      return isWanted ? [{ daemon, revision, definition }] : [];
    })
    .toSorted((one, other) => (one.daemon.name < other.daemon.name ? -1 : 1));
}

/** What its task takes of an instance. */
export const daemonDemand = ({ revision, definition }: WantedDaemon): TaskDemand =>
  taskDemand(definition.definition, noOverrides, {
    launchType: 'MANAGED_INSTANCES',
    enableExecuteCommand: revision.enableExecuteCommand,
  });

export const groupOfDaemon = (name: string): string => `daemon:${name}`;

/** The tasks of daemons on an instance that are not STOPPED. */
function daemonTasksOn(
  tx: Transaction,
  { accountId, region }: Scope,
  { cluster, id }: ContainerInstanceRecord,
): readonly Stored<TaskRecord>[] {
  return tx
    .byIndex(tasks, 'unstoppedByInstance', `${accountId}/${region}/${cluster}/${id}`)
    .filter(({ value }) => value.daemon !== undefined);
}

/** Starts a daemon's task there, before the instance takes any other. @returns why that can't be; undefined: it is done. */
export function startDaemonOn(
  tx: Transaction,
  ecs: EcsContext,
  scope: Scope,
  { id, cluster }: ContainerInstanceRecord,
  { daemon, revision, definition }: WantedDaemon,
  capacityProviderName: string,
): string | undefined {
  const { failures } = launchTasks(tx, ecs, {
    ...{ scope, cluster, definition, count: 1, group: groupOfDaemon(daemon.name) },
    ...{ startedBy: daemon.deploymentId, daemon: { name: daemon.name, revisionId: revision.id } },
    ...{ overrides: noOverrides, placementStrategy: [], placementConstraints: [] },
    tags: revision.propagateTags === 'DAEMON' ? daemon.tags : [],
    enableECSManagedTags: revision.enableECSManagedTags,
    enableExecuteCommand: revision.enableExecuteCommand,
    ...{ launchType: 'MANAGED_INSTANCES', capacityProviderName, instanceIds: [id], now: ecs.clock.now() },
  });
  return failures[0]?.reason;
}

/** It is where it is to be, as far as anybody knows. */
const isAlive = ({ lastStatus, desiredStatus, healthStatus }: TaskRecord): boolean =>
  lastStatus !== 'STOPPED' && desiredStatus === 'RUNNING' && healthStatus !== 'UNHEALTHY';

/** The instance is to end, and daemons are the last that do. */
export function stopDaemonsOn(
  tx: Transaction,
  scope: Scope,
  container: ContainerInstanceRecord,
  now: number,
): void {
  for (const { key } of daemonTasksOn(tx, scope, container))
    requestTaskStop(tx, key, {
      ...{ stopCode: 'ServiceSchedulerInitiated', reason: 'The container instance is terminated.', now },
    });
}

/** How an instance stands with what it was given at first, and with what instances are to have now. */
export function daemonsThere(
  tx: Transaction,
  scope: Scope,
  { daemons: started }: Pick<ManagedInstanceRecord, 'daemons'>,
  container: ContainerInstanceRecord | undefined,
  wanted: readonly WantedDaemon[],
): DaemonsThere {
  const live = container === undefined ? [] : daemonTasksOn(tx, scope, container).map(({ value }) => value);
  const isStarted = ({ daemon, revision }: WantedDaemon): boolean => started?.[daemon.name] === revision.id;
  const critical = wanted.filter((each) => each.revision.isCritical && isStarted(each));
  const taskOf = ({ daemon, revision }: WantedDaemon): TaskRecord | undefined =>
    live.find((task) => task.daemon?.name === daemon.name && task.daemon.revisionId === revision.id);
  const wantedNames = wanted.map(({ daemon }) => daemon.name);
  const isForgotten = Object.keys(started ?? {}).some((name) => !wantedNames.includes(name));
  return {
    taskCount: live.length,
    areStarted: started !== undefined,
    areReady: critical.every((each) => taskOf(each)?.lastStatus === 'RUNNING'),
    haveFailed: critical.some((each) => {
      const task = taskOf(each);
      return task === undefined || !isAlive(task);
    }),
    areOutdated: started !== undefined && (isForgotten || !wanted.every(isStarted)),
  };
}
