import type {
  ListTagsForResourceCommandInput,
  ListTagsForResourceOutput,
  TagResourceCommandInput,
  UntagResourceCommandInput,
} from '@aws-sdk/client-cloudwatch';
import type { Call } from '../../service.ts';
import { checkedTags, maxTags } from '../../tag-list.ts';
import { alarmOfArn } from '../arn.ts';
import { type CloudWatchContext, requireAlarm } from '../context.ts';
import { invalidValue, validationError } from '../errors.ts';
import { alarmKey, alarms } from '../records.ts';

export async function tagResource(
  { state }: CloudWatchContext,
  { ResourceARN = '', Tags = [] }: TagResourceCommandInput,
  call: Call,
): Promise<object> {
  const name = alarmOfArn(call, ResourceARN);
  const added = checkedTags(Tags, validationError);
  await state.transact((tx) => {
    const alarm = requireAlarm(tx, call, name);
    const tags = { ...alarm.tags, ...added };
    if (Object.keys(tags).length > maxTags) throw invalidValue(`An alarm can have at most ${maxTags} tags.`);
    tx.put(alarms, alarmKey(call, name), { ...alarm, tags });
  });
  return {};
}

export async function untagResource(
  { state }: CloudWatchContext,
  { ResourceARN = '', TagKeys = [] }: UntagResourceCommandInput,
  call: Call,
): Promise<object> {
  const name = alarmOfArn(call, ResourceARN);
  await state.transact((tx) => {
    const alarm = requireAlarm(tx, call, name);
    const tags = Object.fromEntries(Object.entries(alarm.tags).filter(([key]) => !TagKeys.includes(key)));
    tx.put(alarms, alarmKey(call, name), { ...alarm, tags });
  });
  return {};
}

export async function listTagsForResource(
  { state }: CloudWatchContext,
  { ResourceARN = '' }: ListTagsForResourceCommandInput,
  call: Call,
): Promise<ListTagsForResourceOutput> {
  const { tags } = requireAlarm(state, call, alarmOfArn(call, ResourceARN));
  return { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
}
