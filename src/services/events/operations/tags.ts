import type {
  ListTagsForResourceCommandInput,
  ListTagsForResourceResponse,
  TagResourceCommandInput,
  UntagResourceCommandInput,
} from '@aws-sdk/client-eventbridge';
import type { Call } from '../../service.ts';
import { checkedTags, maxTags } from '../../tag-list.ts';
import { ruleOfArn, type Scope } from '../arn.ts';
import { type EventsContext, requireRule } from '../context.ts';
import { unsupported, validationError } from '../errors.ts';
import { ruleKey, rules } from '../records.ts';

export async function tagResource(
  { state }: EventsContext,
  { ResourceARN, Tags = [] }: TagResourceCommandInput,
  call: Call,
): Promise<object> {
  const name = taggedRule(call, ResourceARN);
  const added = checkedTags(Tags, validationError);
  await state.transact((tx) => {
    const rule = requireRule(tx, call, name);
    const tags = { ...rule.tags, ...added };
    if (Object.keys(tags).length > maxTags) throw validationError(`A rule can have at most ${maxTags} tags.`);
    tx.put(rules, ruleKey(call, name), { ...rule, tags });
  });
  return {};
}

export async function untagResource(
  { state }: EventsContext,
  { ResourceARN, TagKeys = [] }: UntagResourceCommandInput,
  call: Call,
): Promise<object> {
  const name = taggedRule(call, ResourceARN);
  await state.transact((tx) => {
    const rule = requireRule(tx, call, name);
    const tags = Object.fromEntries(Object.entries(rule.tags).filter(([key]) => !TagKeys.includes(key)));
    tx.put(rules, ruleKey(call, name), { ...rule, tags });
  });
  return {};
}

export async function listTagsForResource(
  { state }: EventsContext,
  { ResourceARN }: ListTagsForResourceCommandInput,
  call: Call,
): Promise<ListTagsForResourceResponse> {
  const { tags } = requireRule(state, call, taggedRule(call, ResourceARN));
  return { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
}

function taggedRule(scope: Scope, arn: string | undefined): string {
  const rule = ruleOfArn(scope, arn ?? '');
  if (rule === undefined) throw unsupported(`Tagging ${arn} (rules of this account and region can be) is`);
  return rule;
}
