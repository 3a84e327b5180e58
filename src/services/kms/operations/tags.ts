import type {
  ListResourceTagsCommandInput,
  TagResourceCommandInput,
  UntagResourceCommandInput,
} from '@aws-sdk/client-kms';
import type { Call } from '../../service.ts';
import { maxTags } from '../../tag-list.ts';
import { type KmsContext, requireKey } from '../context.ts';
import { limitExceeded, pendingDeletion } from '../errors.ts';
import { pageOf, readTags } from '../input.ts';
import { permitOnKey } from '../permission.ts';
import type { KeyRecord } from '../records.ts';
import { changed } from './change-key.ts';

/** @throws {Refusal} */
export async function tagResource(
  context: KmsContext,
  { KeyId = '', Tags: given }: TagResourceCommandInput,
  call: Call,
): Promise<object> {
  const added = readTags(given);
  await changed(context, call, { KeyId, action: 'kms:TagResource' }, (record) => {
    const tags = { ...alive(record).tags, ...added };
    if (Object.keys(tags).length > maxTags) throw limitExceeded(`A key can have at most ${maxTags} tags.`);
    return { ...record, tags };
  });
  return {};
}

/** @throws {Refusal} */
export async function untagResource(
  context: KmsContext,
  { KeyId = '', TagKeys: gone = [] }: UntagResourceCommandInput,
  call: Call,
): Promise<object> {
  await changed(context, call, { KeyId, action: 'kms:UntagResource' }, (record) => ({
    ...alive(record),
    tags: Object.fromEntries(Object.entries(record.tags).filter(([key]) => !gone.includes(key))),
  }));
  return {};
}

/** @throws {Refusal} */
export function listResourceTags(context: KmsContext, input: ListResourceTagsCommandInput, call: Call) {
  const record = requireKey(context.state, call, input.KeyId ?? '');
  permitOnKey(context, call, 'kms:ListResourceTags', record);
  const sorted = Object.entries(record.tags).toSorted(([one], [other]) => (one < other ? -1 : 1));
  const { items, more } = pageOf(sorted, ([key]) => key, input, { normal: 50, max: 50 });
  return { Tags: items.map(([TagKey, TagValue]) => ({ TagKey, TagValue })), ...more };
}

function alive(record: KeyRecord): KeyRecord {
  if (record.state === 'PendingDeletion') throw pendingDeletion(record.arn);
  return record;
}
