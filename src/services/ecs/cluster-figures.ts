import type { Reader } from '../../reconcile/index.ts';
import { type Scope, scopeOfKey } from './arn.ts';
import { desiredTasks } from './deployment/daemon-ground.ts';
import {
  clusters,
  containerInstances,
  phaseOf,
  scopeOf,
  services,
  type TaskStatus,
  tasks,
} from './records.ts';

/** How many of each thing a cluster holds. */
export interface ClusterFigures {
  readonly scope: Scope;
  readonly cluster: string;
  /** By `lastStatus`, each of them; STOPPED ones as long as they are remembered. */
  readonly tasks: Readonly<Record<TaskStatus, number>>;
  readonly services: readonly ServiceFigures[];
  /** By `status`; those that are INACTIVE are only remembered, and those that are REGISTERING take nothing yet. */
  readonly containerInstances: Readonly<Record<'ACTIVE' | 'DRAINING', number>>;
}

/** As DescribeServices counts. */
interface ServiceFigures {
  readonly service: string;
  readonly desired: number;
  readonly running: number;
  readonly pending: number;
}

/** Of every cluster, ACTIVE services and what DRAINING ones still have; tasks are read once for all of them. */
export function clusterFigures(reader: Reader): readonly ClusterFigures[] {
  const { byCluster, byService } = countTasks(reader);
  return [...reader.list(clusters)].flatMap(({ key, value: { name: cluster, status } }) => {
    if (status === 'INACTIVE') return [];
    const scope = scopeOfKey(key);
    const within = `${scopeOf(key)}/${cluster}`;
    const ofServices = reader.byIndex(services, 'byCluster', within).flatMap(({ value: service }) => {
      if (service.status === 'INACTIVE') return [];
      const { running = 0, pending = 0 } = byService.get(`${within}/${service.name}`) ?? {};
      return { service: service.name, desired: desiredTasks(reader, scope, service), running, pending };
    });
    const instances = { ACTIVE: 0, DRAINING: 0 };
    for (const { value } of reader.byIndex(containerInstances, 'registeredByCluster', within)) {
      if (value.status === 'ACTIVE' || value.status === 'DRAINING') instances[value.status] += 1;
    }
    return {
      ...{ scope, cluster, services: ofServices, containerInstances: instances },
      tasks: byCluster.get(within) ?? noTasks(),
    };
  });
}

function countTasks(reader: Reader) {
  const byCluster = new Map<string, Record<TaskStatus, number>>();
  const byService = new Map<string, { running: number; pending: number }>();
  for (const { key, value: task } of reader.list(tasks)) {
    const within = `${scopeOf(key)}/${task.cluster}`;
    const counts = byCluster.get(within) ?? noTasks();
    byCluster.set(within, counts);
    counts[task.lastStatus] += 1;
    const phase = phaseOf(task.lastStatus);
    if (phase === undefined || task.service === undefined) continue;
    const name = `${within}/${task.service.name}`;
    const ofService = byService.get(name) ?? { running: 0, pending: 0 };
    byService.set(name, ofService);
    ofService[phase] += 1;
  }
  return { byCluster, byService };
}

function noTasks(): Record<TaskStatus, number> {
  return {
    ...{ PROVISIONING: 0, PENDING: 0, ACTIVATING: 0, RUNNING: 0 },
    ...{ DEACTIVATING: 0, STOPPING: 0, DEPROVISIONING: 0, STOPPED: 0 },
  };
}
