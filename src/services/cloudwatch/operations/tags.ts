import type {
  ListTagsForResourceCommandInput,
  ListTagsForResourceOutput,
  Tag,
  TagResourceCommandInput,
  UntagResourceCommandInput,
} from '@aws-sdk/client-cloudwatch';
import { Constraints } from '../../constraints.ts';
import type { Call } from '../../service.ts';
import { alarmOfArn } from '../arn.ts';
import { type CloudWatchContext, requireAlarm } from '../context.ts';
import { invalidValue, validationError } from '../errors.ts';
import { alarmKey, alarms } from '../records.ts';

type Tags = Readonly<Record<string, string>>;

const maxTags = 50;

/** @throws ValidationException, InvalidParameterValueException */
export function checkedTags(tags: readonly Tag[]): Tags {
  const constraints = new Constraints(validationError).list('tags', tags, { max: maxTags });
  for (const [index, { Key, Value }] of tags.entries()) {
    constraints
      .text(`tags.${index + 1}.member.key`, Key, { isRequired: true, minLength: 1, maxLength: 128 })
      .text(`tags.${index + 1}.member.value`, Value, { isRequired: true, maxLength: 256 });
  }
  constraints.throwIfViolated();
  if (tags.some(({ Key = '' }) => /^aws:/i.test(Key)))
    throw invalidValue('aws: prefixed tag key names are not allowed for external use.');
  return Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]));
}

export async function tagResource(
  { state }: CloudWatchContext,
  { ResourceARN = '', Tags = [] }: TagResourceCommandInput,
  call: Call,
): Promise<object> {
  const name = alarmOfArn(call, ResourceARN);
  const added = checkedTags(Tags);
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
