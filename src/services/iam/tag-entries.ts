import type { Tag } from '@aws-sdk/client-iam';
import type { Call, SupportedOperation } from '../service.ts';
import { entityTagKeys, requestTagKeys, tagKeys } from './conditions.ts';
import type { IamContext } from './context.ts';
import { type EntityType, nameConstraints } from './entity-type.ts';
import { checkPage, type PageInput, pageOf } from './input/pages.ts';
import { checkTagKeys, checkTags, type GivenTag, tagList, withoutTags, withTags } from './input/tags.ts';
import { entityKey, type Tags } from './records.ts';
import { namedResource } from './resources.ts';

interface ListedTags {
  readonly Tags: Tag[];
  readonly IsTruncated: boolean;
  readonly Marker?: string;
}

/**
 * The operations that put tags on an entity, take them off and list them: one for each type of entity, and one in what
 * they do. They refuse with NoSuchEntity, InvalidInput, LimitExceeded and ValidationError.
 */
export function tagEntries<Named extends object, Kept extends { readonly tags: Tags }>(
  { state }: IamContext,
  entity: EntityType<Named, Kept>,
) {
  const { type, noun, nameIn, collection, find } = entity;
  const resources = namedResource(state, type).named(nameIn);
  const change = async (input: Named, { accountId }: Call, tagsAfter: (before: Tags) => Tags) => {
    const name = nameIn(input) ?? '';
    await state.transact((tx) => {
      const before = find(tx, accountId, name);
      const after = { ...before, tags: tagsAfter(before.tags) };
      tx.put<Kept>(collection, entityKey(collection, accountId, name), after);
    });
    return {};
  };
  const tag: SupportedOperation<Named & { readonly Tags?: readonly GivenTag[] | undefined }, object> = {
    action: `iam:Tag${noun}`,
    resources,
    conditions: (input, _call, resource) => ({
      ...entityTagKeys(state, resource),
      ...requestTagKeys(input.Tags),
    }),
    run: (input, call) => {
      checkTags(nameConstraints(entity, input), input.Tags).throwIfViolated();
      return change(input, call, (before) => withTags(before, input.Tags));
    },
  };
  const untag: SupportedOperation<Named & { readonly TagKeys?: readonly string[] | undefined }, object> = {
    action: `iam:Untag${noun}`,
    resources,
    conditions: (input, _call, resource) => ({
      ...entityTagKeys(state, resource),
      ...tagKeys(input.TagKeys),
    }),
    run: (input, call) => {
      checkTagKeys(nameConstraints(entity, input), input.TagKeys).throwIfViolated();
      return change(input, call, (before) => withoutTags(before, input.TagKeys ?? []));
    },
  };
  const list: SupportedOperation<Named & PageInput, ListedTags> = {
    action: `iam:List${noun}Tags`,
    resources,
    conditions: (_input, _call, resource) => entityTagKeys(state, resource),
    run: (input, { accountId }) => {
      checkPage(nameConstraints(entity, input), input).throwIfViolated();
      const { tags } = find(state, accountId, nameIn(input) ?? '');
      const { items, ...place } = pageOf(tagList(tags), ({ Key }) => Key, input);
      return { Tags: [...items], ...place };
    },
  };
  return { tag, untag, list };
}
