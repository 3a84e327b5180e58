import type { Reader, Stored } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { containerInstances, type ServiceRecord, services, type TaskRecord, tasks } from '../records.ts';
import type { DaemonGround, DaemonPlace, DaemonSnapshot } from './daemon-planner.ts';
import type { ServiceSnapshot } from './plan.ts';
import { serviceInstances } from './service-instances.ts';

/** How many tasks a service should have: a DAEMON service one for each of its instances. */
export function desiredTasks(reader: Reader, scope: Scope, service: ServiceRecord): number {
  return service.schedulingStrategy === 'DAEMON' && service.status === 'ACTIVE'
    ? daemonPlaces(reader, scope, service).length
    : service.desiredCount;
}

/** What is seen of a DAEMON service, with where it is to run. */
export function daemonSnapshot(reader: Reader, scope: Scope, snapshot: ServiceSnapshot): DaemonSnapshot {
  const daemon = daemonGround(reader, scope, snapshot.service);
  return { ...snapshot, daemon, desired: daemon.places.length };
}

function daemonGround(reader: Reader, scope: Scope, service: ServiceRecord): DaemonGround {
  const within = `${scope.accountId}/${scope.region}/${service.cluster}`;
  const daemons = new Set(reader.byIndex(services, 'daemons', within).map(({ value }) => value.name));
  const lingeringOn = new Set<string>();
  for (const { value: instance } of reader.byIndex(containerInstances, 'registeredByCluster', within)) {
    if (instance.status !== 'DRAINING') continue;
    const there = reader.byIndex(tasks, 'unstoppedByInstance', `${within}/${instance.id}`);
    const isOfDaemon = ({ value: { service } }: Stored<TaskRecord>) =>
      service !== undefined && daemons.has(service.name);
    if (!there.every(isOfDaemon)) lingeringOn.add(instance.id);
  }
  return { places: daemonPlaces(reader, scope, service), lingeringOn };
}

function daemonPlaces(reader: Reader, scope: Scope, service: ServiceRecord): readonly DaemonPlace[] {
  return serviceInstances(reader, scope, service).map(({ id, agentConnected }) => ({
    containerInstanceId: id,
    isAgentConnected: agentConnected,
  }));
}
