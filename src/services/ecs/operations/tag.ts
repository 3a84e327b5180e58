import type {
  ListTagsForResourceCommandInput,
  ListTagsForResourceResponse,
  Tag,
  TagResourceCommandInput,
  TagResourceResponse,
  UntagResourceCommandInput,
  UntagResourceResponse,
} from '@aws-sdk/client-ecs';
import type { Reader, Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { isForeign, resourceId } from '../arn.ts';
import { requireCluster } from '../cluster-lookup.ts';
import type { EcsContext } from '../context.ts';
import { ecsRefusal, invalidParameter, unsupported } from '../errors.ts';
import { type TaggedVisitor, visitTagged } from '../tagged.ts';
import { isReservedTagKey, maxTags, mergeTags, validateTagKey, validateTags } from '../tags.ts';

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
  return visitNamed(ecs.state, call, input.resourceArn, (_collection, _key, record) => ({
    tags: [...record.tags],
  }));
}

function changeTags(
  tx: Transaction,
  call: Call,
  arn: string | undefined,
  change: (tags: readonly Tag[]) => readonly Tag[],
): void {
  visitNamed(tx, call, arn, (collection, key, record) =>
    tx.put(collection, key, { ...record, tags: change(record.tags) }),
  );
}

/**
 * Finds the record that an ARN names, and hands it to `visit` together with where it lives.
 * @throws InvalidParameterException it is no long ARN of something that has tags.
 * @throws ResourceNotFoundException, ClusterNotFoundException
 */
function visitNamed<R>(reader: Reader, call: Call, arn: string | undefined, visit: TaggedVisitor<R>): R {
  const id = resourceId(arn ?? '');
  if (id === undefined && arn?.includes(':task-set/'))
    throw unsupported('Changing or listing the tags of a task set (DescribeTaskSets shows them)');
  if (id === undefined)
    throw invalidParameter(`Invalid resource ARN: ${arn ?? ''}. Use the long format of the ARN.`);
  const notFound = () =>
    ecsRefusal('ResourceNotFoundException', 'The specified resource could not be found.');
  if (isForeign(arn ?? '', call)) throw notFound();
  if ('cluster' in id) requireCluster(reader, call, id.cluster);
  const visited = visitTagged(reader, call, id, (...found) => ({ result: visit(...found) }));
  if (visited === undefined) throw notFound();
  return visited.result;
}
