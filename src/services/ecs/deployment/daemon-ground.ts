import type { Reader, Stored } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { factsOf, isExternal } from '../placement/instance.ts';
import { compileQuery } from '../placement/query/index.ts';
import { constraintsOf, readPlacementConstraints } from '../placement-rules.ts';
import {
  type ContainerInstanceRecord,
  containerInstances,
  type ServiceRecord,
  services,
  type TaskRecord,
  taskDefinitions,
  tasks,
} from '../records.ts';
import { taskDefinitionKey } from '../task-definition-lookup.ts';
import type { DaemonGround, DaemonPlace } from './daemon-planner.ts';

/** How many tasks a service should have: a DAEMON service one for each of its instances. */
export function desiredTasks(reader: Reader, scope: Scope, service: ServiceRecord): number {
  return service.schedulingStrategy === 'DAEMON' && service.status === 'ACTIVE'
    ? daemonPlaces(reader, scope, service).length
    : service.desiredCount;
}

export function daemonGround(reader: Reader, scope: Scope, service: ServiceRecord): DaemonGround {
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
  const within = `${scope.accountId}/${scope.region}/${service.cluster}`;
  const expressions = memberOfExpressions(reader, scope, service).map(compileQuery);
  const isPlace = ({ value: instance }: Stored<ContainerInstanceRecord>): boolean =>
    instance.status === 'ACTIVE' &&
    isExternal(instance) === (service.launchType === 'EXTERNAL') &&
    expressions.every((isMember) => isMember(factsOf(instance)));
  return reader
    .byIndex(containerInstances, 'registeredByCluster', within)
    .filter(isPlace)
    .map(({ value }) => ({ containerInstanceId: value.id, isAgentConnected: value.agentConnected }));
}

/** Of the service and of the task definition that it runs. */
export function memberOfExpressions(
  reader: Reader,
  scope: Scope,
  { taskDefinition, placementConstraints }: ServiceRecord,
): readonly string[] {
  const key = taskDefinitionKey(scope, taskDefinition.family, taskDefinition.revision);
  const ofDefinition = reader.get(taskDefinitions, key)?.definition.placementConstraints;
  return constraintsOf([...readPlacementConstraints(ofDefinition), ...placementConstraints]).memberOf;
}
