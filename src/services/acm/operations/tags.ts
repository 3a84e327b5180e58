import type {
  AddTagsToCertificateCommandInput,
  ListTagsForCertificateCommandInput,
  ListTagsForCertificateResponse,
  RemoveTagsFromCertificateCommandInput,
} from '@aws-sdk/client-acm';
import type { Call } from '../../service.ts';
import { maxTags } from '../../tag-list.ts';
import { type AcmContext, requireCertificate } from '../context.ts';
import { tooManyTags } from '../errors.ts';
import { readTags } from '../input.ts';
import { certificateKey, certificates, type Tags } from '../records.ts';

export async function addTagsToCertificate(
  context: AcmContext,
  { CertificateArn = '', Tags: given }: AddTagsToCertificateCommandInput,
  call: Call,
): Promise<object> {
  const added = readTags(given);
  await change(context, call, CertificateArn, (present) => {
    const all = { ...present, ...added };
    if (Object.keys(all).length > maxTags) throw tooManyTags();
    return all;
  });
  return {};
}

/** A tag with a value goes only if that is its value. */
export async function removeTagsFromCertificate(
  context: AcmContext,
  { CertificateArn = '', Tags: given = [] }: RemoveTagsFromCertificateCommandInput,
  call: Call,
): Promise<object> {
  const isNamed = (key: string, value: string): boolean =>
    given.some(({ Key, Value }) => Key === key && (Value === undefined || Value === value));
  await change(context, call, CertificateArn, (present) =>
    Object.fromEntries(Object.entries(present).filter(([key, value]) => !isNamed(key, value))),
  );
  return {};
}

export function listTagsForCertificate(
  { state }: AcmContext,
  { CertificateArn = '' }: ListTagsForCertificateCommandInput,
  call: Call,
): ListTagsForCertificateResponse {
  const { tags } = requireCertificate(state, call, CertificateArn);
  return { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
}

async function change(
  { state }: AcmContext,
  call: Call,
  arn: string,
  changed: (tags: Tags) => Tags,
): Promise<void> {
  await state.transact((tx) => {
    const record = requireCertificate(tx, call, arn);
    const tags = changed(record.tags);
    tx.put(certificates, certificateKey(call, record.id), { ...record, tags });
  });
}
