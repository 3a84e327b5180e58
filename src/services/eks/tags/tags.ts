import type {
  ListTagsForResourceCommandInput,
  ListTagsForResourceResponse,
  TagResourceCommandInput,
  UntagResourceCommandInput,
} from '@aws-sdk/client-eks';
import type { Call } from '../../service.ts';
import type { EksContext } from '../context.ts';
import { readTags } from '../input.ts';
import type { Tags } from '../records.ts';
import { requireTagged } from '../tagged.ts';

/** @throws BadRequestException, NotFoundException */
export async function tagResource(
  context: EksContext,
  { resourceArn = '', tags }: TagResourceCommandInput,
  call: Call,
): Promise<object> {
  const added = readTags(tags);
  await change(context, call, resourceArn, (present) => readTags({ ...present, ...added }));
  return {};
}

/** @throws NotFoundException */
export async function untagResource(
  context: EksContext,
  { resourceArn = '', tagKeys = [] }: UntagResourceCommandInput,
  call: Call,
): Promise<object> {
  await change(context, call, resourceArn, (present) =>
    Object.fromEntries(Object.entries(present).filter(([key]) => !tagKeys.includes(key))),
  );
  return {};
}

/** @throws NotFoundException */
export function listTagsForResource(
  { state }: EksContext,
  { resourceArn = '' }: ListTagsForResourceCommandInput,
  call: Call,
): ListTagsForResourceResponse {
  return { tags: requireTagged(state, call, resourceArn).tags };
}

async function change(
  { state }: EksContext,
  call: Call,
  arn: string,
  changed: (tags: Tags) => Tags,
): Promise<void> {
  await state.transact((tx) => requireTagged(tx, call, arn).change(tx, changed));
}
