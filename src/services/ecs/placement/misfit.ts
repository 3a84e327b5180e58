import type { ContainerInstanceRecord } from '../records.ts';
import type { TaskDemand } from './demand.ts';
import { hasGpus } from './gpus.ts';
import { attributesOf, factsOf, registeredResources, tasksOfGroup } from './instance.ts';
import { compileQuery, type Predicate } from './query/index.ts';

/** Why an instance can't take a task, in AWS's words (`failures[].reason`). */
export interface Misfit {
  readonly reason: string;
  readonly detail?: string;
}

/** An instance can't have more reserved ports than this, those of the machine itself included. */
const maxReservedPorts = 100;

/**
 * Undefined when the task fits what the instance has and is; else the first thing in the way, in the order of
 * the Amazon ECS developer guide ("How Amazon ECS places tasks on container instances").
 */
export function misfit(instance: ContainerInstanceRecord, demand: TaskDemand): Misfit | undefined {
  if (!instance.agentConnected) return { reason: 'AGENT' };
  const registered = registeredResources(instance);
  if (demand.cpu > registered.cpu - instance.used.cpu) return { reason: 'RESOURCE:CPU' };
  if (demand.memoryMiB > registered.memoryMiB - instance.used.memoryMiB) return { reason: 'RESOURCE:MEMORY' };
  if (demand.gpus !== undefined && !hasGpus(instance, demand.gpus)) return { reason: 'RESOURCE:GPU' };
  if (!portsAreFree(instance, demand)) return { reason: 'RESOURCE:PORTS' };
  return lackOfZone(instance, demand) ?? lackOfAttribute(instance, demand);
}

function portsAreFree(instance: ContainerInstanceRecord, { tcpPorts, udpPorts }: TaskDemand): boolean {
  const asked = tcpPorts.length + udpPorts.length;
  if (asked === 0) return true;
  const { used } = instance;
  const registered = registeredResources(instance);
  return (
    tcpPorts.every((port) => !registered.tcpPorts.has(port) && !used.tcpPorts.includes(port)) &&
    udpPorts.every((port) => !registered.udpPorts.has(port) && !used.udpPorts.includes(port)) &&
    registered.tcpPorts.size +
      registered.udpPorts.size +
      used.tcpPorts.length +
      used.udpPorts.length +
      asked <=
      maxReservedPorts
  );
}

/** "The Availability Zone attribute of your container instance isn't a part of the Availability Zones for the subnets." */
function lackOfZone(instance: ContainerInstanceRecord, { zones }: TaskDemand): Misfit | undefined {
  const zone = attributesOf(instance).get('ecs.availability-zone');
  if (zones === undefined || zone === undefined || zones.includes(zone)) return undefined;
  return { reason: 'LOCATION', detail: `It is in ${zone}, the subnets are in ${zones.join(', ')}.` };
}

function lackOfAttribute(
  instance: ContainerInstanceRecord,
  { requiredAttributes, architecture }: TaskDemand,
): Misfit | undefined {
  const attributes = attributesOf(instance);
  for (const { name, value } of requiredAttributes) {
    const has = attributes.has(name) && (value === undefined || attributes.get(name) === value);
    if (!has) return { reason: 'ATTRIBUTE', detail: value === undefined ? name : `${name}=${value}` };
  }
  const own = attributes.get('ecs.cpu-architecture');
  if (architecture !== undefined && own !== undefined && architecture !== own)
    return { reason: 'ATTRIBUTE', detail: `ecs.cpu-architecture=${architecture}` };
  return undefined;
}

/** The placement constraints of one launch: those of the task definition and of the request together. */
export interface PlacementConstraints {
  /** Expressions of the cluster query language, checked before: each must hold. */
  readonly memberOf: readonly string[];
  /** No two tasks of the group on one instance. */
  readonly isDistinctInstance: boolean;
}

/** The constraints as a function: the first that an instance doesn't satisfy. */
export function compileConstraints(
  { memberOf, isDistinctInstance }: PlacementConstraints,
  group: string,
): (instance: ContainerInstanceRecord) => Misfit | undefined {
  const members = memberOf.map((expression) => ({ expression, holds: compileQuery(expression) }));
  return (instance) => {
    const unsatisfied = members.length === 0 ? undefined : firstUnsatisfied(instance, members);
    if (unsatisfied !== undefined)
      return { reason: 'MemberOf placement constraint unsatisfied', detail: unsatisfied };
    if (isDistinctInstance && tasksOfGroup(instance, group) > 0)
      return { reason: 'DistinctInstance placement constraint unsatisfied' };
    return undefined;
  };
}

function firstUnsatisfied(
  instance: ContainerInstanceRecord,
  members: readonly { readonly expression: string; readonly holds: Predicate }[],
): string | undefined {
  const facts = factsOf(instance);
  return members.find(({ holds }) => !holds(facts))?.expression;
}
