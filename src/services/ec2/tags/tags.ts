import type {
  CreateTagsCommandInput,
  DeleteTagsCommandInput,
  DescribeTagsCommandInput,
  DescribeTagsResult,
} from '@aws-sdk/client-ec2';
import type { Transaction } from '../../../reconcile/index.ts';
import { ascending } from '../../pages.ts';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import { ec2Refusal, invalidParameterValue, missingParameter, shown } from '../errors.ts';
import { kindOfId, notFound } from '../ids.ts';
import { type FilterTable, readFilters } from '../input/filters.ts';
import { pageOf } from '../input/pages.ts';
import { checkNotReserved, checkTagCount, readTags } from '../input/tags.ts';
import { type ResourceType, taggableKinds } from '../kinds.ts';
import type { Scope, Tags } from '../records.ts';

const maxResources = 1_000;

/** Of all the resources or of none. @throws the kind's `.NotFound`, InvalidID, InvalidParameterValue, TagLimitExceeded */
export async function createTags(
  { state }: Ec2Context,
  { Resources, Tags }: CreateTagsCommandInput,
  call: Call,
): Promise<object> {
  if (Tags === undefined || Tags.length === 0) throw missingParameter('Tag');
  const added = readTags(Tags);
  await state.transact((tx) =>
    changeTags(tx, call, Resources, (tags) => checkTagCount({ ...tags, ...added })),
  );
  return {};
}

/** A tag without a value goes whatever its value is; without tags all go but those of AWS's services. */
export async function deleteTags(
  { state }: Ec2Context,
  { Resources, Tags: asked = [] }: DeleteTagsCommandInput,
  call: Call,
): Promise<object> {
  for (const { Key } of asked) {
    if (Key === undefined) throw missingParameter('Tag.1.Key');
    checkNotReserved(Key);
  }
  const isDeleted = (key: string, value: string): boolean =>
    asked.length === 0
      ? !key.startsWith('aws:')
      : asked.some(({ Key, Value = value }) => Key === key && Value === value);
  await state.transact((tx) =>
    changeTags(tx, call, Resources, (tags) =>
      Object.fromEntries(Object.entries(tags).filter(([key, value]) => !isDeleted(key, value))),
    ),
  );
  return {};
}

function changeTags(
  tx: Transaction,
  scope: Scope,
  ids: readonly string[] = [],
  change: (tags: Tags) => Tags,
): void {
  if (ids.length === 0) throw missingParameter('ResourceId');
  if (ids.length > maxResources)
    throw invalidParameterValue(`Tags of at most ${maxResources} resources can be changed in one call.`);
  for (const id of new Set(ids)) {
    const kind = kindOfId(id);
    if (kind === undefined) throw ec2Refusal('InvalidID', `The ID '${shown(id)}' is not valid`);
    const tags = kind.tagsOf(tx, scope, id);
    if (tags === undefined) throw notFound(kind, id);
    kind.putTags(tx, scope, id, change(tags));
  }
}

interface FoundTag {
  readonly Key: string;
  readonly ResourceId: string;
  readonly ResourceType: ResourceType;
  readonly Value: string;
}

const filters: FilterTable<FoundTag> = {
  key: ({ Key }) => Key,
  'resource-id': ({ ResourceId }) => ResourceId,
  'resource-type': ({ ResourceType }) => ResourceType,
  value: ({ Value }) => Value,
};

export function describeTags(
  { state }: Ec2Context,
  input: DescribeTagsCommandInput,
  call: Call,
): DescribeTagsResult {
  const isWanted = readFilters(input.Filters, filters, ({ Key, Value }) => ({ [Key]: Value }));
  const found: FoundTag[] = [];
  for (const kind of taggableKinds) {
    for (const { id, tags } of kind.list(state, call)) {
      for (const [Key, Value] of Object.entries(tags)) {
        const tag = { Key, ResourceId: id, ResourceType: kind.type, Value };
        if (isWanted(tag)) found.push(tag);
      }
    }
  }
  const orderOf = ({ ResourceId, Key }: FoundTag) => `${ResourceId} ${Key}`;
  const { items, nextToken } = pageOf(
    found.sort((one, other) => ascending(orderOf(one), orderOf(other))),
    orderOf,
    input,
  );
  return { Tags: [...items], ...(nextToken !== undefined && { NextToken: nextToken }) };
}
