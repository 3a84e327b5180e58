import type {
  ListTagsForResourceCommandInput,
  ListTagsForResourceResponse,
  ListTagsLogGroupCommandInput,
  ListTagsLogGroupResponse,
  TagLogGroupCommandInput,
  TagResourceCommandInput,
  UntagLogGroupCommandInput,
  UntagResourceCommandInput,
} from '@aws-sdk/client-cloudwatch-logs';
import type { Call } from '../../service.ts';
import { logGroupArn, logGroupOfArn } from '../arn.ts';
import { Constraints, groupNameConstraint } from '../constraints.ts';
import { type LogsContext, requireGroup } from '../context.ts';
import { invalidParameter, tooManyTags } from '../errors.ts';
import { logGroupKey, logGroups } from '../records.ts';

type Tags = Readonly<Record<string, string>>;

const maxTags = 50;
const tagKeyPattern = String.raw`([\p{L}\p{Z}\p{N}_.:/=+\-@]+)`;
const tagValuePattern = String.raw`([\p{L}\p{Z}\p{N}_.:/=+\-@]*)`;

/** @throws InvalidParameterException, TooManyTagsException */
export function checkTags(tags: Tags, arn: string): void {
  const constraints = new Constraints();
  for (const [key, value] of Object.entries(tags)) {
    constraints.text('tags', key, { minLength: 1, maxLength: 128, pattern: tagKeyPattern });
    constraints.text('tags', value, { maxLength: 256, pattern: tagValuePattern });
  }
  constraints.throwIfViolated();
  if (Object.keys(tags).some((key) => /^aws:/i.test(key))) {
    throw invalidParameter('aws: prefixed tag key names are not allowed for external use.');
  }
  if (Object.keys(tags).length > maxTags) throw tooManyTags(arn);
}

export async function tagResource(
  context: LogsContext,
  { resourceArn = '', tags = {} }: TagResourceCommandInput,
  call: Call,
): Promise<object> {
  return addTags(context, call, logGroupOfArn(call, resourceArn), tags);
}

export async function untagResource(
  context: LogsContext,
  { resourceArn = '', tagKeys = [] }: UntagResourceCommandInput,
  call: Call,
): Promise<object> {
  return removeTags(context, call, logGroupOfArn(call, resourceArn), tagKeys);
}

export async function listTagsForResource(
  { state }: LogsContext,
  { resourceArn = '' }: ListTagsForResourceCommandInput,
  call: Call,
): Promise<ListTagsForResourceResponse> {
  return { tags: { ...requireGroup(state, call, logGroupOfArn(call, resourceArn)).tags } };
}

export async function tagLogGroup(
  context: LogsContext,
  { logGroupName, tags = {} }: TagLogGroupCommandInput,
  call: Call,
): Promise<object> {
  return addTags(context, call, checkedName(logGroupName), tags);
}

export async function untagLogGroup(
  context: LogsContext,
  { logGroupName, tags = [] }: UntagLogGroupCommandInput,
  call: Call,
): Promise<object> {
  return removeTags(context, call, checkedName(logGroupName), tags);
}

export async function listTagsLogGroup(
  { state }: LogsContext,
  { logGroupName }: ListTagsLogGroupCommandInput,
  call: Call,
): Promise<ListTagsLogGroupResponse> {
  return { tags: { ...requireGroup(state, call, checkedName(logGroupName)).tags } };
}

async function addTags({ state }: LogsContext, call: Call, name: string, added: Tags): Promise<object> {
  const arn = logGroupArn(call, name);
  await state.transact((tx) => {
    const group = requireGroup(tx, call, name);
    checkTags(added, arn);
    const tags = { ...group.tags, ...added };
    if (Object.keys(tags).length > maxTags) throw tooManyTags(arn);
    tx.put(logGroups, logGroupKey(call, name), { ...group, tags });
  });
  return {};
}

async function removeTags(
  { state }: LogsContext,
  call: Call,
  name: string,
  keys: readonly string[],
): Promise<object> {
  await state.transact((tx) => {
    const group = requireGroup(tx, call, name);
    const tags = Object.fromEntries(Object.entries(group.tags).filter(([key]) => !keys.includes(key)));
    tx.put(logGroups, logGroupKey(call, name), { ...group, tags });
  });
  return {};
}

function checkedName(name: string | undefined): string {
  new Constraints()
    .text('logGroupName', name, { isRequired: true, ...groupNameConstraint })
    .throwIfViolated();
  return name ?? '';
}
