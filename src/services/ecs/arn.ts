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

const arn = (scope: Scope, resource: string): string => `arn:aws:ecs:${scope.region}:${scope.accountId}:${resource}`;

export const clusterArn = (scope: Scope, cluster: string): string => arn(scope, `cluster/${cluster}`);
export const taskArn = (scope: Scope, cluster: string, taskId: string): string => arn(scope, `task/${cluster}/${taskId}`);
export const serviceArn = (scope: Scope, cluster: string, service: string): string =>
  arn(scope, `service/${cluster}/${service}`);
export const containerInstanceArn = (scope: Scope, cluster: string, id: string): string =>
  arn(scope, `container-instance/${cluster}/${id}`);
export const containerArn = (scope: Scope, cluster: string, taskId: string, containerId: string): string =>
  arn(scope, `container/${cluster}/${taskId}/${containerId}`);
export const taskDefinitionArn = (scope: Scope, family: string, revision: number): string =>
  arn(scope, `task-definition/${family}:${revision}`);
export const serviceDeploymentArn = (scope: Scope, cluster: string, service: string, id: string): string =>
  arn(scope, `service-deployment/${cluster}/${service}/${id}`);
export const serviceRevisionArn = (scope: Scope, cluster: string, service: string, id: string): string =>
  arn(scope, `service-revision/${cluster}/${service}/${id}`);
export const attachmentArn = (scope: Scope, attachmentId: string): string => arn(scope, `attachment/${attachmentId}`);

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

/** The cluster that a long task, service or container-instance ARN names; undefined for short ones. */
export function clusterOfArn(identifier: string): string | undefined {
  if (!identifier.startsWith('arn:')) return undefined;
  const parts = identifier.split(':').slice(5).join(':').split('/');
  return parts.length > 2 ? parts[1] : undefined;
}

/**
 * A task definition parameter: `family`, `family:revision` or an ARN of it.
 * `revision` is undefined for a bare family (the latest ACTIVE one is meant).
 */
export function taskDefinitionId(identifier: string): { readonly family: string; readonly revision: number | undefined } {
  const name = identifier.startsWith('arn:') ? lastPart(identifier, 'task-definition', 1) : identifier;
  const colon = name.lastIndexOf(':');
  if (colon === -1) return { family: name, revision: undefined };
  const digits = name.slice(colon + 1);
  if (!/^[0-9]{1,9}$/.test(digits) || Number(digits) === 0) throw invalidParameter(`Invalid revision number. Number: ${digits}`);
  return { family: name.slice(0, colon), revision: Number(digits) };
}

function lastPart(identifier: string, resourceType: string, partsAfterType: number): string {
  if (!identifier.startsWith('arn:')) {
    if (identifier.includes('/')) {
      // `cluster/id` is accepted for the resources that live in a cluster, as AWS does.
      const parts = identifier.split('/');
      if (parts.length > partsAfterType || parts.includes('')) throw invalidParameter(`Invalid identifier: ${identifier}`);
      return parts[parts.length - 1] ?? '';
    }
    return identifier;
  }
  const [, partition, service, , , ...rest] = identifier.split(':');
  const parts = rest.join(':').split('/');
  const isWellFormed =
    partition === 'aws' && service === 'ecs' && parts[0] === resourceType && parts.length <= partsAfterType + 1 && parts.length > 1;
  if (!isWellFormed || parts.includes('')) throw invalidParameter(`Invalid identifier: ${identifier}`);
  return parts[parts.length - 1] ?? '';
}
