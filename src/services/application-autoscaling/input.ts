import type { ScalableDimension, ServiceNamespace } from '@aws-sdk/client-application-auto-scaling';
import { Constraints } from '../constraints.ts';
import { ascending, page } from '../pages.ts';
import { checkedTags } from '../tag-list.ts';
import { readResourceId, resourceIdOf, type TargetName } from './arn.ts';
import { invalidNextToken, notATarget, unsupported, validation } from './errors.ts';
import type { Tags } from './records.ts';

/** Of names of policies and scheduled actions (API reference). */
export const nameConstraint = { isRequired: true, minLength: 1, maxLength: 256, pattern: '[ -~]+' };
const identifier = { minLength: 1, maxLength: 1600 };
/** The one dimension that there is here. */
export const dimension: ScalableDimension = 'ecs:service:DesiredCount';

export const constraints = (): Constraints => new Constraints(validation);

/** Those that the API knows; all but `ecs` have nothing here that could be scaled. */
const namespaces: Readonly<Record<ServiceNamespace, true>> = {
  ecs: true,
  elasticmapreduce: true,
  ec2: true,
  appstream: true,
  dynamodb: true,
  rds: true,
  sagemaker: true,
  'custom-resource': true,
  comprehend: true,
  lambda: true,
  cassandra: true,
  kafka: true,
  elasticache: true,
  neptune: true,
  workspaces: true,
};

interface NamesTarget {
  readonly ServiceNamespace: string | undefined;
  readonly ResourceId: string | undefined;
  readonly ScalableDimension?: string | undefined;
}

/**
 * The target that a request names.
 * @param checked What else the request has to keep to; everything is told together.
 * @throws ValidationException
 */
export function readTarget(
  { ServiceNamespace, ResourceId, ScalableDimension }: NamesTarget,
  checked: Constraints = constraints(),
): TargetName {
  checkNamespace(checked, ServiceNamespace)
    .text('resourceId', ResourceId, { isRequired: true, ...identifier })
    .text('scalableDimension', ScalableDimension, { isRequired: true, ...identifier })
    .throwIfViolated();
  if (ServiceNamespace !== 'ecs')
    throw unsupported(`Scalable targets of the namespace ${ServiceNamespace} are`);
  const target = readResourceId(ResourceId);
  if (ScalableDimension !== dimension || target === undefined) throw notATarget();
  return target;
}

interface Filter {
  readonly ServiceNamespace: string | undefined;
  readonly ResourceIds: readonly (string | undefined)[];
  readonly ScalableDimension?: string | undefined;
}

/**
 * Whether something is of a target that a request lists: of every one, or of those that it names. Of other services than
 * ECS there is none.
 * @throws ValidationException
 */
export function readFilter(
  { ServiceNamespace, ResourceIds, ScalableDimension }: Filter,
  checked: Constraints = constraints(),
): (target: TargetName) => boolean {
  const named = ResourceIds.flatMap((id) => id ?? []);
  checkNamespace(checked, ServiceNamespace).text('scalableDimension', ScalableDimension, identifier);
  for (const id of named) checked.text('resourceId', id, identifier);
  checked.throwIfViolated();
  if (ScalableDimension !== undefined && named.length === 0)
    throw validation('A resource ID must be specified together with a scalable dimension');
  const isOfEcs = ServiceNamespace === 'ecs' && (ScalableDimension ?? dimension) === dimension;
  return (target) => isOfEcs && (named.length === 0 || named.includes(resourceIdOf(target)));
}

function checkNamespace(checked: Constraints, namespace: string | undefined): Constraints {
  return checked.text('serviceNamespace', namespace, { isRequired: true, oneOf: Object.keys(namespaces) });
}

interface Paging {
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
}

/** The page that a request asks for; keys are unique, and by default the smallest comes first. */
export function pageOf<T>(
  found: readonly T[],
  keyOf: (item: T) => string,
  { MaxResults, NextToken }: Paging,
  compare: (a: string, b: string) => number = ascending,
): { readonly items: readonly T[]; readonly next: { readonly NextToken?: string } } {
  constraints().number('maxResults', MaxResults, { min: 1, max: 50 }).throwIfViolated();
  const sorted = found.toSorted((a, b) => compare(keyOf(a), keyOf(b)));
  const { items, nextToken } = page(sorted, keyOf, compare, {
    ...{ limit: MaxResults ?? 50, nextToken: NextToken, refuse: invalidNextToken },
  });
  return { items, next: nextToken === undefined ? {} : { NextToken: nextToken } };
}

/** @throws ValidationException */
export function readTags(tags: Readonly<Record<string, string>> = {}): Tags {
  return checkedTags(
    Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    validation,
  );
}
