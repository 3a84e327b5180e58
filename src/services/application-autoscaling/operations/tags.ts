import type {
  ListTagsForResourceCommandInput,
  ListTagsForResourceResponse,
  TagResourceCommandInput,
  UntagResourceCommandInput,
} from '@aws-sdk/client-application-auto-scaling';
import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { maxTags } from '../../tag-list.ts';
import type { Scope } from '../arn.ts';
import { type AutoScalingContext, findTargetByArn } from '../context.ts';
import { resourceNotFound, tooManyTags } from '../errors.ts';
import { constraints, readTags } from '../input.ts';
import { type ScalableTargetRecord, type Tags, targetKey, targets } from '../records.ts';

export async function tagResource(
  context: AutoScalingContext,
  { ResourceARN = '', Tags: tags }: TagResourceCommandInput,
  call: Call,
): Promise<object> {
  const added = readTags(tags);
  await change(context, call, ResourceARN, (present) => {
    const all = { ...present, ...added };
    if (Object.keys(all).length > maxTags) throw tooManyTags(ResourceARN);
    return all;
  });
  return {};
}

export async function untagResource(
  context: AutoScalingContext,
  { ResourceARN = '', TagKeys = [] }: UntagResourceCommandInput,
  call: Call,
): Promise<object> {
  await change(context, call, ResourceARN, (present) =>
    Object.fromEntries(Object.entries(present).filter(([key]) => !TagKeys.includes(key))),
  );
  return {};
}

export function listTagsForResource(
  { state }: AutoScalingContext,
  { ResourceARN = '' }: ListTagsForResourceCommandInput,
  call: Call,
): ListTagsForResourceResponse {
  return { Tags: { ...requireTagged(state, call, ResourceARN).tags } };
}

async function change(
  { state }: AutoScalingContext,
  call: Call,
  arn: string,
  changed: (tags: Tags) => Tags,
): Promise<void> {
  await state.transact((tx) => {
    const target = requireTagged(tx, call, arn);
    tx.put(targets, targetKey(call, target), { ...target, tags: changed(target.tags) });
  });
}

/** @throws ResourceNotFoundException */
function requireTagged(reader: Reader, scope: Scope, arn: string): ScalableTargetRecord {
  constraints().text('resourceARN', arn, { minLength: 1, maxLength: 1011 }).throwIfViolated();
  const target = findTargetByArn(reader, scope, arn);
  if (target === undefined) throw resourceNotFound(arn);
  return target;
}
