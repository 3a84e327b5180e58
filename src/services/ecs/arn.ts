import { invalidParameter } from './errors.ts';

/**
 * ECS's identifiers. Every parameter that names a thing takes its short name or its ARN; these functions are
 * the one place where either becomes a name, and where ARNs are made.
 *
 * Formats: Amazon ECS developer guide, "Amazon Resource Names (ARNs) and IDs" (the long formats of 2018).
 */
export interface Scope {
  readonly accountId: string;
  readonly region: string;
}

/** The scope that a record's key is in. */
export function scopeOfKey(key: string): Scope {
  const [, , accountId = '', region = ''] = key.split('/', 4);
  return { accountId, region };
}

/** The scope that an ARN names. */
export function scopeOfArn(resourceArn: string): Scope {
  const [, , , region = '', accountId = ''] = resourceArn.split(':', 5);
  return { accountId, region };
}

/** A service deployment or a service revision: what is known by its ARN only. */
export interface ServiceHistoryId {
  readonly cluster: string;
  readonly service: string;
  readonly id: string;
}

const arn = (scope: Scope, resource: string): string =>
  `arn:aws:ecs:${scope.region}:${scope.accountId}:${resource}`;

export const clusterArn = (scope: Scope, cluster: string): string => arn(scope, `cluster/${cluster}`);
export const taskArn = (scope: Scope, cluster: string, taskId: string): string =>
  arn(scope, `task/${cluster}/${taskId}`);
export const serviceArn = (scope: Scope, cluster: string, service: string): string =>
  arn(scope, `service/${cluster}/${service}`);
export const serviceDeploymentArn = (scope: Scope, { cluster, service, id }: ServiceHistoryId): string =>
  arn(scope, `service-deployment/${cluster}/${service}/${id}`);
export const serviceRevisionArn = (scope: Scope, { cluster, service, id }: ServiceHistoryId): string =>
  arn(scope, `service-revision/${cluster}/${service}/${id}`);
export const containerInstanceArn = (scope: Scope, cluster: string, id: string): string =>
  arn(scope, `container-instance/${cluster}/${id}`);
export const containerArn = (scope: Scope, cluster: string, taskId: string, containerId: string): string =>
  arn(scope, `container/${cluster}/${taskId}/${containerId}`);
/** A task set's id has a slash: `ecs-svc/<digits>`. */
export const taskSetArn = (scope: Scope, cluster: string, service: string, id: string): string =>
  arn(scope, `task-set/${cluster}/${service}/${id}`);
/** With `*` for every revision of the family. */
export const taskDefinitionArn = (scope: Scope, family: string, revision: number | '*'): string =>
  family.startsWith(daemonPrefix)
    ? arn(scope, `daemon-task-definition/${family.slice(daemonPrefix.length)}:${revision}`)
    : arn(scope, `task-definition/${family}:${revision}`);
/**
 * Daemons' task definitions are kept with the others, in families that no other can have: the dot keeps every name from
 * being one.
 */
const daemonPrefix = 'daemon.';
export const daemonFamily = (family: string): string => `${daemonPrefix}${family}`;
/** The family as users know it; undefined: it is none of a daemon's. */
export const familyOfDaemon = (kept: string): string | undefined =>
  kept.startsWith(daemonPrefix) ? kept.slice(daemonPrefix.length) : undefined;
export const daemonArn = (scope: Scope, cluster: string, name: string): string =>
  arn(scope, `daemon/${cluster}/${name}`);

/** A deployment or a revision of a daemon: what is known by its ARN only. */
export interface DaemonHistoryId {
  readonly cluster: string;
  readonly daemon: string;
  readonly id: string;
}
export const daemonHistoryArn = (
  scope: Scope,
  type: 'daemon-deployment' | 'daemon-revision',
  { cluster, daemon, id }: DaemonHistoryId,
): string => arn(scope, `${type}/${cluster}/${daemon}/${id}`);

/** What follows the type in the ARN of something of a daemon's. @throws InvalidParameterException it is none. */
export function daemonParts(
  identifier: string | undefined,
  type: 'daemon' | 'daemon-deployment' | 'daemon-revision',
): readonly string[] {
  const parts = identifier === undefined ? undefined : partsOfArn(identifier, type);
  if (parts === undefined || parts.length !== (type === 'daemon' ? 2 : 3) || parts.includes(''))
    throw invalidParameter(`Invalid identifier: ${identifier ?? ''}`);
  return parts;
}

/** As `taskDefinitionId`, of a daemon's, with the family as it is kept. */
export function daemonTaskDefinitionId(identifier: string | undefined): ReturnType<typeof taskDefinitionId> {
  if (!identifier) throw invalidParameter('The daemon task definition can not be blank.');
  const name = identifier.startsWith('arn:') ? lastPart(identifier, 'daemon-task-definition', 1) : identifier;
  const { family, revision } = taskDefinitionId(name);
  return { family: daemonFamily(family), revision };
}
export const capacityProviderArn = (scope: Scope, name: string): string =>
  arn(scope, `capacity-provider/${name}`);
export const gatewayArn = (scope: Scope, name: string): string => arn(scope, `gateway/${name}`);
export const gatewayRouteArn = (scope: Scope, gateway: string, id: string): string =>
  arn(scope, `gateway-route/${gateway}/${id}`);
export const attachmentArn = (scope: Scope, attachmentId: string): string =>
  arn(scope, `attachment/${attachmentId}`);

/** The rule for the names of clusters, services, families, containers and volumes. */
export function isName(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,255}$/.test(text);
}

/** A cluster parameter to its name; omitted means `default`. @throws InvalidParameterException on a malformed identifier. */
export function clusterName(identifier: string | undefined): string {
  if (identifier === undefined || identifier === '') return 'default';
  return lastPart(identifier, 'cluster', 1);
}

/** `taskId` or a task ARN (long or short) to the task's id. */
export function taskId(identifier: string): string {
  return lastPart(identifier, 'task', 2);
}

export function serviceName(identifier: string): string {
  return lastPart(identifier, 'service', 2);
}

export function containerInstanceId(identifier: string): string {
  return lastPart(identifier, 'container-instance', 2);
}

/** A task set's id or ARN to its id. @throws InvalidParameterException on a malformed ARN. */
export function taskSetId(identifier: string): string {
  if (!identifier.startsWith('arn:')) return identifier;
  const parts = partsOfArn(identifier, 'task-set');
  if (parts?.length !== 4 || parts.includes('')) throw invalidParameter(`Invalid identifier: ${identifier}`);
  return parts.slice(2).join('/');
}

export function capacityProviderName(identifier: string): string {
  return lastPart(identifier, 'capacity-provider', 1);
}

export function gatewayName(identifier: string): string {
  return lastPart(identifier, 'gateway', 1);
}

/** A gateway route's ARN, taken apart; short forms don't exist. @throws InvalidParameterException on anything else. */
export function gatewayRouteId(identifier: string): { readonly gateway: string; readonly id: string } {
  const parts = identifier.startsWith('arn:') ? partsOfArn(identifier, 'gateway-route') : undefined;
  const [gateway, id] = parts ?? [];
  if (parts?.length !== 2 || !gateway || !id) throw invalidParameter(`Invalid identifier: ${identifier}`);
  return { gateway, id };
}

/**
 * The ARN of a service deployment or a service revision, taken apart; short forms don't exist.
 * @throws InvalidParameterException on anything else.
 */
export function serviceHistoryId(
  identifier: string,
  type: 'service-deployment' | 'service-revision',
): ServiceHistoryId {
  const parts = identifier.startsWith('arn:') ? partsOfArn(identifier, type) : undefined;
  const [cluster, service, id] = parts ?? [];
  if (parts?.length !== 3 || !cluster || !service || !id)
    throw invalidParameter(`Invalid identifier: ${identifier}`);
  return { cluster, service, id };
}

/** The cluster that a long task, service or container-instance ARN names; undefined for short ones. */
export function clusterOfArn(identifier: string): string | undefined {
  if (!identifier.startsWith('arn:')) return undefined;
  const parts = resourceOfArn(identifier).split('/', 3);
  return parts.length > 2 ? parts[1] : undefined;
}

/** True for the ARN of something in another account or region. Short names are always of the caller's own. */
export function isForeign(identifier: string, scope: Scope): boolean {
  if (!identifier.startsWith('arn:')) return false;
  const [, , , region, accountId] = identifier.split(':', 5);
  return region !== scope.region || accountId !== scope.accountId;
}

/** True for the ARN of something in another account, region or cluster. Short names are always of the one at hand. */
export function isElsewhere(identifier: string, scope: Scope, cluster: string): boolean {
  return isForeign(identifier, scope) || (clusterOfArn(identifier) ?? cluster) !== cluster;
}

/**
 * A task definition parameter: `family`, `family:revision` or an ARN of it.
 * `revision` is undefined for a bare family (the latest ACTIVE one is meant).
 * @throws InvalidParameterException on a malformed ARN or a revision that isn't a positive number.
 */
export function taskDefinitionId(identifier: string): {
  readonly family: string;
  readonly revision: number | undefined;
} {
  const name = identifier.startsWith('arn:') ? lastPart(identifier, 'task-definition', 1) : identifier;
  const colon = name.lastIndexOf(':');
  if (colon === -1) return { family: name, revision: undefined };
  const digits = name.slice(colon + 1);
  if (!/^[0-9]{1,9}$/.test(digits) || Number(digits) === 0)
    throw invalidParameter(`Invalid revision number. Number: ${digits}`);
  return { family: name.slice(0, colon), revision: Number(digits) };
}

/** What can be tagged or authorised by its ARN, taken apart. */
export type ResourceId =
  | { readonly type: 'cluster'; readonly cluster: string }
  | { readonly type: 'capacity-provider'; readonly capacityProvider: string }
  | { readonly type: 'gateway'; readonly gateway: string }
  | { readonly type: 'service'; readonly cluster: string; readonly service: string }
  | { readonly type: 'task'; readonly cluster: string; readonly taskId: string }
  | { readonly type: 'container-instance'; readonly cluster: string; readonly containerInstanceId: string }
  | { readonly type: 'daemon'; readonly cluster: string; readonly daemon: string }
  | { readonly type: 'task-definition'; readonly family: string; readonly revision: number };

/**
 * A full ARN in its long format to what it names; undefined when it is none of these or malformed. Short
 * ARNs (`service/NAME`) don't say the cluster, so they name nothing here.
 */
export function resourceId(resourceArn: string): ResourceId | undefined {
  const [prefix, partition, service, , , ...rest] = resourceArn.split(':');
  if (prefix !== 'arn' || partition !== 'aws' || service !== 'ecs') return undefined;
  const [type, ...names] = rest.join(':').split('/');
  const [first, second] = names;
  if (first === undefined || names.includes('')) return undefined;
  if (names.length === 1) {
    if (type === 'cluster') return { type, cluster: first };
    if (type === 'capacity-provider') return { type, capacityProvider: first };
    if (type === 'gateway') return { type, gateway: first };
    const [, family, revision] = /^([^:]+):([1-9][0-9]{0,8})$/.exec(first) ?? [];
    if (family === undefined || revision === undefined) return undefined;
    if (type === 'daemon-task-definition')
      return { type: 'task-definition', family: daemonFamily(family), revision: Number(revision) };
    return type === 'task-definition' ? { type, family, revision: Number(revision) } : undefined;
  }
  if (names.length !== 2 || second === undefined) return undefined;
  if (type === 'service') return { type, cluster: first, service: second };
  if (type === 'daemon') return { type, cluster: first, daemon: second };
  if (type === 'task') return { type, cluster: first, taskId: second };
  if (type === 'container-instance') return { type, cluster: first, containerInstanceId: second };
  return undefined;
}

function lastPart(identifier: string, resourceType: string, partsAfterType: number): string {
  const parts = identifier.startsWith('arn:')
    ? partsOfArn(identifier, resourceType)
    : // `cluster/id` is accepted for the resources that live in a cluster, as AWS does.
      identifier.split('/');
  const last = parts?.at(-1);
  if (parts === undefined || last === undefined || parts.length > partsAfterType || parts.includes(''))
    throw invalidParameter(`Invalid identifier: ${identifier}`);
  return last;
}

/** What follows the type in the ARN of such a resource; undefined for any other. */
function partsOfArn(identifier: string, resourceType: string): readonly string[] | undefined {
  const resource = resourceOfArn(identifier);
  return identifier.startsWith('arn:aws:ecs:') && resource.startsWith(`${resourceType}/`)
    ? resource.slice(resourceType.length + 1).split('/')
    : undefined;
}

/** What stands behind the account: every call names something by its ARN, so nothing else is taken apart. */
function resourceOfArn(identifier: string): string {
  let end = 0;
  for (let colons = 0; colons < 5; colons++) {
    end = identifier.indexOf(':', end) + 1;
    if (end === 0) return '';
  }
  return identifier.slice(end);
}
