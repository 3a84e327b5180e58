import type { Reader } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { attributesOf, factsOf, isExternal, machineAttribute } from '../placement/instance.ts';
import { compileQuery } from '../placement/query/index.ts';
import {
  constraintsOf,
  type PlacementConstraintRecord,
  readPlacementConstraints,
} from '../placement-rules.ts';
import {
  type ContainerInstanceRecord,
  containerInstances,
  type ServiceRecord,
  type StoredTaskDefinition,
  taskDefinitions,
} from '../records.ts';
import { taskDefinitionKey } from '../task-definition-lookup.ts';

/** The ACTIVE container instances that a service's tasks may be on, whether or not they have room. */
export function serviceInstances(
  reader: Reader,
  scope: Scope,
  service: ServiceRecord,
): readonly ContainerInstanceRecord[] {
  const within = `${scope.accountId}/${scope.region}/${service.cluster}`;
  const expressions = memberOfExpressions(reader, scope, service).map(compileQuery);
  return reader
    .byIndex(containerInstances, 'registeredByCluster', within)
    .map(({ value }) => value)
    .filter(
      (instance) =>
        instance.status === 'ACTIVE' &&
        isExternal(instance) === (service.launchType === 'EXTERNAL') &&
        (instance.isManaged ?? false) === (service.launchType === 'MANAGED_INSTANCES') &&
        expressions.every((isMember) => isMember(factsOf(instance))),
    );
}

/** The Availability Zones in which a service's tasks can be started, as far as anything but room is concerned. */
export function serviceZones(reader: Reader, scope: Scope, service: ServiceRecord): readonly string[] {
  const zones = new Set<string>();
  for (const instance of serviceInstances(reader, scope, service)) {
    const zone = attributesOf(instance).get('ecs.availability-zone');
    if (instance.agentConnected && zone !== undefined) zones.add(zone);
  }
  return [...zones].sort();
}

/** Of the service and of the task definition that it runs. */
export function memberOfExpressions(
  reader: Reader,
  scope: Scope,
  { taskDefinition, ...service }: ServiceRecord,
): readonly string[] {
  const key = taskDefinition && taskDefinitionKey(scope, taskDefinition.family, taskDefinition.revision);
  const definition = key && reader.get(taskDefinitions, key)?.definition;
  return constraintsOf(placementConstraints(definition, service)).memberOf;
}

/** Of a task definition and of the service that runs it, with what its load balancers come to. */
export function placementConstraints(
  definition: StoredTaskDefinition | undefined,
  { placementConstraints: own, loadBalancers }: Pick<ServiceRecord, 'placementConstraints' | 'loadBalancers'>,
): readonly PlacementConstraintRecord[] {
  const isOnInstances = loadBalancers !== undefined && definition?.networkMode !== 'awsvpc';
  return [
    ...readPlacementConstraints(definition?.placementConstraints),
    ...own,
    ...(isOnInstances ? [besideLoadBalancers] : []),
  ];
}

/** Ports that tasks publish are reached on their machine alone, and load balancers are on the control plane's. */
const besideLoadBalancers: PlacementConstraintRecord = {
  ...{ type: 'memberOf', expression: `attribute:${machineAttribute} !exists` },
};
