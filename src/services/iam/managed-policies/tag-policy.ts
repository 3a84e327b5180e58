import type {
  ListPolicyTagsCommandInput,
  ListPolicyTagsResponse,
  TagPolicyCommandInput,
  UntagPolicyCommandInput,
} from '@aws-sdk/client-iam';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { Constraints } from '../input/constraints.ts';
import { checkPage, pageOf } from '../input/pages.ts';
import { checkTagKeys, checkTags, tagList, withoutTags, withTags } from '../input/tags.ts';
import { changePolicy, checkPolicyArn, findPolicy } from './policy-lookup.ts';

/** @throws {Refusal} NoSuchEntity, InvalidInput, LimitExceeded, AccessDenied (AWS's own), ValidationError. */
export async function tagPolicy(
  { state }: IamContext,
  { PolicyArn: arn = '', Tags }: TagPolicyCommandInput,
  call: Call,
): Promise<object> {
  checkTags(checkPolicyArn(new Constraints(), arn), Tags).throwIfViolated();
  await state.transact((tx) =>
    changePolicy(tx, call, { action: 'TagPolicy', arn }, (before) => ({
      ...before,
      tags: withTags(before.tags, Tags),
    })),
  );
  return {};
}

/** @throws {Refusal} NoSuchEntity, InvalidInput, AccessDenied (AWS's own), ValidationError. */
export async function untagPolicy(
  { state }: IamContext,
  { PolicyArn: arn = '', TagKeys = [] }: UntagPolicyCommandInput,
  call: Call,
): Promise<object> {
  checkTagKeys(checkPolicyArn(new Constraints(), arn), TagKeys).throwIfViolated();
  await state.transact((tx) =>
    changePolicy(tx, call, { action: 'UntagPolicy', arn }, (before) => ({
      ...before,
      tags: withoutTags(before.tags, TagKeys),
    })),
  );
  return {};
}

/** @throws {Refusal} NoSuchEntity, InvalidInput, ValidationError. */
export function listPolicyTags(
  { state }: IamContext,
  input: ListPolicyTagsCommandInput,
  { accountId }: Call,
): ListPolicyTagsResponse {
  const { PolicyArn: arn = '' } = input;
  checkPage(checkPolicyArn(new Constraints(), arn), input).throwIfViolated();
  const { items, ...place } = pageOf(
    tagList(findPolicy(state, accountId, arn).tags),
    ({ Key }) => Key,
    input,
  );
  return { Tags: [...items], ...place };
}
