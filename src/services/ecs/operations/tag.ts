import type {
  ListTagsForResourceCommandInput,
  ListTagsForResourceResponse,
  Tag,
  TagResourceCommandInput,
  TagResourceResponse,
  UntagResourceCommandInput,
  UntagResourceResponse,
} from '@aws-sdk/client-ecs';
import {
  type Collection,
  type Reader,
  type RecordKey,
  recordKey,
  type Transaction,
} from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { isForeign, type ResourceId, resourceId } from '../arn.ts';
import { requireCluster } from '../cluster-lookup.ts';
import type { EcsContext } from '../context.ts';
import { ecsRefusal, invalidParameter, unsupported } from '../errors.ts';
import {
  capacityProviders,
  clusters,
  containerInstances,
  services,
  taskDefinitions,
  tasks,
} from '../records.ts';
import { isReservedTagKey, maxTags, mergeTags, validateTagKey, validateTags } from '../tags.ts';
import { taskDefinitionKey } from '../task-definition-lookup.ts';

/** Adds tags; the same keys get the new values. */
export async function tagResource(
  ecs: EcsContext,
  input: TagResourceCommandInput,
  call: Call,
): Promise<TagResourceResponse> {
  if (!input.tags?.length) throw invalidParameter('Tags can not be empty.');
  const tags = validateTags(input.tags);
  await ecs.state.transact((tx) =>
    changeTags(tx, call, input.resourceArn, (before) => {
      const after = mergeTags(before, tags);
      if (after.filter((tag) => !isReservedTagKey(tag.key ?? '')).length > maxTags)
        throw ecsRefusal('LimitExceededException', `The resource cannot have more than ${maxTags} tags.`);
      return after;
    }),
  );
  return {};
}

/** Takes tags away by key; keys that aren't there are already gone. */
export async function untagResource(
  ecs: EcsContext,
  input: UntagResourceCommandInput,
  call: Call,
): Promise<UntagResourceResponse> {
  const keys = new Set(input.tagKeys ?? []);
  for (const key of keys) validateTagKey(key);
  await ecs.state.transact((tx) =>
    changeTags(tx, call, input.resourceArn, (before) => before.filter((tag) => !keys.has(tag.key ?? ''))),
  );
  return {};
}

export function listTagsForResource(
  ecs: EcsContext,
  input: ListTagsForResourceCommandInput,
  call: Call,
): ListTagsForResourceResponse {
  return visitTagged(ecs.state, call, input.resourceArn, (_collection, _key, record) => ({
    tags: [...record.tags],
  }));
}

function changeTags(
  tx: Transaction,
  call: Call,
  arn: string | undefined,
  change: (tags: readonly Tag[]) => readonly Tag[],
): void {
  visitTagged(tx, call, arn, (collection, key, record) =>
    tx.put(collection, key, { ...record, tags: change(record.tags) }),
  );
}

interface Tagged {
  readonly tags: readonly Tag[];
}

type Visitor<R> = <T extends Tagged>(collection: Collection<T, string>, key: RecordKey, record: T) => R;

/**
 * Finds the record that an ARN names, and hands it to `visit` together with where it lives.
 * @throws InvalidParameterException it is no long ARN of something that has tags.
 * @throws ResourceNotFoundException, ClusterNotFoundException
 */
function visitTagged<R>(reader: Reader, call: Call, arn: string | undefined, visit: Visitor<R>): R {
  const id = resourceId(arn ?? '');
  if (id === undefined && arn?.includes(':task-set/'))
    throw unsupported('Changing or listing the tags of a task set (DescribeTaskSets shows them)');
  if (id === undefined)
    throw invalidParameter(`Invalid resource ARN: ${arn ?? ''}. Use the long format of the ARN.`);
  const notFound = () =>
    ecsRefusal('ResourceNotFoundException', 'The specified resource could not be found.');
  if (isForeign(arn ?? '', call)) throw notFound();
  if ('cluster' in id) requireCluster(reader, call, id.cluster);
  const found = <T extends Tagged & object>(collection: Collection<T, string>): R => {
    const key = keyOf(collection, call, id);
    const record = reader.get(collection, key);
    if (record === undefined) throw notFound();
    return visit(collection, key, record);
  };
  switch (id.type) {
    case 'cluster':
      return found(clusters);
    case 'capacity-provider':
      return found(capacityProviders);
    case 'service':
      return found(services);
    case 'task':
      return found(tasks);
    case 'container-instance':
      return found(containerInstances);
    case 'task-definition':
      return found(taskDefinitions);
  }
}

function keyOf<T extends object>(collection: Collection<T, string>, call: Call, id: ResourceId): RecordKey {
  const key = (...ids: string[]) => recordKey(collection, call.accountId, call.region, ...ids);
  switch (id.type) {
    case 'cluster':
      return key(id.cluster);
    case 'capacity-provider':
      return key(id.capacityProvider);
    case 'service':
      return key(id.cluster, id.service);
    case 'task':
      return key(id.cluster, id.taskId);
    case 'container-instance':
      return key(id.cluster, id.containerInstanceId);
    case 'task-definition':
      return taskDefinitionKey(call, id.family, id.revision);
  }
}
