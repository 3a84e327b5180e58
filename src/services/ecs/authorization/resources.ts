import type { Attribute } from '@aws-sdk/client-ecs';
import type { Reader } from '../../../reconcile/index.ts';
import {
  capacityProviderArn,
  capacityProviderName,
  clusterArn,
  clusterName,
  clusterOfArn,
  containerInstanceArn,
  containerInstanceId,
  gatewayArn,
  gatewayName,
  type Scope,
  scopeOfArn,
  serviceArn,
  serviceHistoryId,
  serviceName,
  taskArn,
  taskDefinitionArn,
  taskDefinitionId,
  taskId,
  taskSetArn,
  taskSetId,
} from '../arn.ts';
import { latestActiveRevision } from '../task-definition-lookup.ts';

/**
 * The ARNs that a request is authorised on, made from its parameters: a short name becomes the ARN it stands
 * for, an ARN stays what it is. Whether the thing exists is the operation's question.
 * @throws InvalidParameterException the parameter is malformed.
 */
export const anyResource = (): readonly string[] => ['*'];

export function clusterResource(
  { cluster }: { cluster?: string | undefined },
  scope: Scope,
): readonly string[] {
  return clusterResources([cluster], scope);
}

/** None given means the cluster `default`. */
export function clusterResources(
  identifiers: readonly (string | undefined)[] = [],
  scope: Scope,
): readonly string[] {
  const some = identifiers.length > 0 ? identifiers : [undefined];
  return some.map((identifier) => orArn(identifier, clusterArn(scope, clusterName(identifier))));
}

export function capacityProviderResources(
  identifiers: readonly (string | undefined)[] = [],
  scope: Scope,
): readonly string[] {
  return orAny(
    identifiers.map((identifier = '*') =>
      orArn(identifier, capacityProviderArn(scope, capacityProviderName(identifier))),
    ),
  );
}

export const gatewayResources = (identifier: string | undefined, scope: Scope): readonly string[] =>
  identifier ? [orArn(identifier, gatewayArn(scope, gatewayName(identifier)))] : anyResource();

/** A gateway and a cluster: both are named, or the operation refuses. */
export const gatewayAndCluster = (
  { gateway, cluster }: { readonly gateway: string | undefined; readonly cluster: string | undefined },
  scope: Scope,
): readonly string[] => [...gatewayResources(gateway, scope), ...clusterResource({ cluster }, scope)];

export function serviceResources(
  cluster: string | undefined,
  identifiers: readonly (string | undefined)[] | undefined,
  scope: Scope,
): readonly string[] {
  return inCluster(cluster, identifiers, (name, identifier) =>
    serviceArn(scope, name, serviceName(identifier)),
  );
}

export function taskResources(
  cluster: string | undefined,
  identifiers: readonly (string | undefined)[] | undefined,
  scope: Scope,
): readonly string[] {
  return inCluster(cluster, identifiers, (name, identifier) => taskArn(scope, name, taskId(identifier)));
}

/**
 * None named means any of the service. The operations look for a task set in the service that the request names,
 * whatever service its ARN has: so does this.
 */
export function taskSetResources(
  { cluster, service }: { readonly cluster: string | undefined; readonly service: string | undefined },
  identifiers: readonly (string | undefined)[] | undefined,
  scope: Scope,
): readonly string[] {
  const some = identifiers?.length ? identifiers : ['*'];
  return some.map((identifier = '*') =>
    taskSetArn(scope, clusterName(cluster), serviceName(service || '*'), taskSetId(identifier)),
  );
}

/** Of service deployments or revisions: their service as well as themselves. */
export function serviceHistoryResources(
  type: 'service-deployment' | 'service-revision',
  arns: readonly (string | undefined)[] | undefined,
): readonly string[] {
  return orAny(
    (arns ?? []).flatMap((arn = '') => {
      const { cluster, service } = serviceHistoryId(arn, type);
      return [serviceArn(scopeOfArn(arn), cluster, service), arn];
    }),
  );
}

/** The tasks of a container instance, or of none in particular, which `ecs:cluster` can limit. */
export function listedTasksResource(
  { cluster, containerInstance }: { cluster?: string | undefined; containerInstance?: string | undefined },
  scope: Scope,
): readonly string[] {
  return containerInstance ? containerInstanceResources(cluster, [containerInstance], scope) : ['*'];
}

export function containerInstanceResources(
  cluster: string | undefined,
  identifiers: readonly (string | undefined)[] | undefined,
  scope: Scope,
): readonly string[] {
  return inCluster(cluster, identifiers, (name, identifier) =>
    containerInstanceArn(scope, name, containerInstanceId(identifier)),
  );
}

/** The container instances that attributes are of. */
export function targetResources(
  input: { cluster?: string | undefined; attributes: readonly Attribute[] | undefined },
  scope: Scope,
): readonly string[] {
  const targets = (input.attributes ?? []).map((attribute) => attribute.targetId);
  return containerInstanceResources(input.cluster, targets, scope);
}

export function taggedResource({ resourceArn }: { resourceArn: string | undefined }): readonly string[] {
  return [resourceArn ?? '*'];
}

/** Every revision of the family that is to be registered. */
export function familyResource({ family }: { family: string | undefined }, scope: Scope): readonly string[] {
  return [taskDefinitionArn(scope, family ?? '', '*')];
}

export function taskDefinitionResources(
  { taskDefinitions }: { taskDefinitions: readonly string[] | undefined },
  scope: Scope,
): readonly string[] {
  return orAny((taskDefinitions ?? []).map((identifier) => revisionArn(identifier, scope)));
}

/** The revision that is to be launched: a bare family is its latest ACTIVE one. */
export function launchedResource(
  reader: Reader,
  { taskDefinition = '' }: { taskDefinition: string | undefined },
  scope: Scope,
): readonly string[] {
  const { family, revision } = taskDefinitionId(taskDefinition);
  const latest = revision ?? latestActiveRevision(reader, scope, family)?.revision;
  return [
    revision === undefined
      ? taskDefinitionArn(scope, family, latest ?? '*')
      : revisionArn(taskDefinition, scope),
  ];
}

/** An ARN is written anew, for `web:01` is `web:1` and policies compare text. */
function revisionArn(identifier: string, scope: Scope): string {
  const { family, revision } = taskDefinitionId(identifier);
  const of = identifier.startsWith('arn:') ? scopeOfArn(identifier) : scope;
  return taskDefinitionArn(of, family, revision ?? '*');
}

/** A long ARN says its cluster itself; anything else is in the one that the request names. */
function inCluster(
  cluster: string | undefined,
  identifiers: readonly (string | undefined)[] | undefined,
  arnIn: (cluster: string, identifier: string) => string,
): readonly string[] {
  return orAny(
    (identifiers ?? []).map((identifier = '*') => {
      const arn = arnIn(clusterName(cluster), identifier);
      return clusterOfArn(identifier) === undefined ? arn : identifier;
    }),
  );
}

const orArn = (identifier: string | undefined, arn: string): string =>
  identifier?.startsWith('arn:') ? identifier : arn;

/** A request that names nothing is about anything; the operation refuses it where that makes no sense. */
const orAny = (arns: readonly string[]): readonly string[] => (arns.length > 0 ? arns : ['*']);
