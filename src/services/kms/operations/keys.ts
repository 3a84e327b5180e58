import type {
  CancelKeyDeletionCommandInput,
  CreateKeyCommandInput,
  DescribeKeyCommandInput,
  DisableKeyCommandInput,
  EnableKeyCommandInput,
  KeyMetadata,
  ListKeysCommandInput,
  ScheduleKeyDeletionCommandInput,
  UpdateKeyDescriptionCommandInput,
} from '@aws-sdk/client-kms';
import { uuid } from '../../../clock/index.ts';
import type { Call } from '../../service.ts';
import { aliasOf, keyArn } from '../arn.ts';
import { type KmsContext, requireKey } from '../context.ts';
import { invalidState, limitExceeded, pendingDeletion, unsupported } from '../errors.ts';
import { constraints, pageOf, readTags } from '../input.ts';
import { permit, permitOnKey } from '../permission.ts';
import { type KeyRecord, keyKey, keys, materialPurpose, scopeText } from '../records.ts';
import { changed } from './change-key.ts';
import { checkedPolicy, defaultPolicy } from './policies.ts';

/** "AWS KMS keys" (AWS KMS quotas) are more; what is kept here has a bound, too. */
const maxKeys = 10_000;
const dayMs = 24 * 60 * 60 * 1_000;
/** AES-256. */
const materialBytes = 32;

/** @throws {Refusal} */
export async function createKey(
  context: KmsContext,
  input: CreateKeyCommandInput,
  call: Call,
): Promise<{ KeyMetadata: KeyMetadata }> {
  const { Description = '', KeySpec, CustomerMasterKeySpec, KeyUsage, MultiRegion, Origin } = input;
  constraints().text('description', Description, { maxLength: 8192 }).throwIfViolated();
  const tags = readTags(input.Tags);
  permit(context, call, 'kms:CreateKey', '*', { tags });
  const spec = KeySpec ?? CustomerMasterKeySpec ?? 'SYMMETRIC_DEFAULT';
  if (spec !== 'SYMMETRIC_DEFAULT') throw unsupported(`Keys of the spec ${spec} are`);
  if (KeyUsage !== undefined && KeyUsage !== 'ENCRYPT_DECRYPT') throw unsupported(`Keys for ${KeyUsage} are`);
  if (Origin !== undefined && Origin !== 'AWS_KMS') throw unsupported(`Keys of the origin ${Origin} are`);
  if (MultiRegion === true) throw unsupported('Multi-Region keys are');
  const { random, sealer, state } = context;
  const id = uuid(random);
  const arn = keyArn(call, id);
  const policy = checkedPolicy(context, call, input.Policy ?? defaultPolicy(call), {
    ...{ arn, isLockoutAllowed: input.BypassPolicyLockoutSafetyCheck === true },
  });
  const record: KeyRecord = {
    ...{ id, arn, description: Description, state: 'Enabled', createdAt: call.now, policy, tags },
    sealedMaterial: sealer.seal(random.bytes(materialBytes), materialPurpose(id)),
  };
  await state.transact((tx) => {
    if (tx.countByIndex(keys, 'scope', scopeText(call)) >= maxKeys)
      throw limitExceeded(`The account has ${maxKeys} KMS keys.`);
    tx.put(keys, keyKey(call, id), record);
  });
  return { KeyMetadata: keyMetadata(record) };
}

/** @throws NotFoundException, AccessDeniedException */
export function describeKey(context: KmsContext, { KeyId = '' }: DescribeKeyCommandInput, call: Call) {
  const record = requireKey(context.state, call, KeyId);
  permitOnKey(context, call, 'kms:DescribeKey', record, aliasOf(KeyId));
  return { KeyMetadata: keyMetadata(record) };
}

/** @throws AccessDeniedException, InvalidMarkerException */
export function listKeys(context: KmsContext, input: ListKeysCommandInput, call: Call) {
  permit(context, call, 'kms:ListKeys');
  const all = context.state.byIndex(keys, 'scope', scopeText(call)).map(({ value }) => value);
  const sorted = all.toSorted((one, other) => (one.id < other.id ? -1 : 1));
  const { items, more } = pageOf(sorted, ({ id }) => id, input, { normal: 100, max: 1_000 });
  return { Keys: items.map(({ id, arn }) => ({ KeyId: id, KeyArn: arn })), ...more };
}

/** @throws NotFoundException, KMSInvalidStateException, AccessDeniedException */
export const enableKey = (context: KmsContext, { KeyId = '' }: EnableKeyCommandInput, call: Call) =>
  change(context, call, { KeyId, action: 'kms:EnableKey' }, (record) => ({
    ...usable(record),
    state: 'Enabled',
  }));

/** @throws NotFoundException, KMSInvalidStateException, AccessDeniedException */
export const disableKey = (context: KmsContext, { KeyId = '' }: DisableKeyCommandInput, call: Call) =>
  change(context, call, { KeyId, action: 'kms:DisableKey' }, (record) => ({
    ...usable(record),
    state: 'Disabled',
  }));

/** @throws NotFoundException, KMSInvalidStateException, AccessDeniedException */
export async function updateKeyDescription(
  context: KmsContext,
  { KeyId = '', Description = '' }: UpdateKeyDescriptionCommandInput,
  call: Call,
): Promise<object> {
  constraints().text('description', Description, { maxLength: 8192 }).throwIfViolated();
  await change(context, call, { KeyId, action: 'kms:UpdateKeyDescription' }, (record) => ({
    ...usable(record),
    description: Description,
  }));
  return {};
}

/** Nothing can be decrypted by it from now on; when its days are over it is gone. @throws {Refusal} */
export async function scheduleKeyDeletion(
  context: KmsContext,
  { KeyId = '', PendingWindowInDays = 30 }: ScheduleKeyDeletionCommandInput,
  call: Call,
) {
  constraints().number('pendingWindowInDays', PendingWindowInDays, { min: 7, max: 30 }).throwIfViolated();
  const deletionAt = call.now + PendingWindowInDays * dayMs;
  const record = await changed(context, call, { KeyId, action: 'kms:ScheduleKeyDeletion' }, (before) => ({
    ...usable(before),
    ...{ state: 'PendingDeletion', deletionAt },
  }));
  return {
    ...{ KeyId: record.arn, DeletionDate: new Date(deletionAt), KeyState: record.state },
    PendingWindowInDays,
  };
}

/** It is disabled then. @throws {Refusal} */
export async function cancelKeyDeletion(
  context: KmsContext,
  { KeyId = '' }: CancelKeyDeletionCommandInput,
  call: Call,
) {
  const { arn } = await changed(context, call, { KeyId, action: 'kms:CancelKeyDeletion' }, (record) => {
    if (record.state !== 'PendingDeletion') throw invalidState(`${record.arn} is not pending deletion.`);
    const { deletionAt: _, ...kept } = record;
    return { ...kept, state: 'Disabled' };
  });
  return { KeyId: arn };
}

async function change(...asked: Parameters<typeof changed>): Promise<object> {
  await changed(...asked);
  return {};
}

function usable(record: KeyRecord): KeyRecord {
  if (record.state === 'PendingDeletion') throw pendingDeletion(record.arn);
  return record;
}

function keyMetadata({ id, arn, description, state, createdAt, deletionAt }: KeyRecord): KeyMetadata {
  const [, , , , AWSAccountId = ''] = arn.split(':');
  return {
    ...{ AWSAccountId, KeyId: id, Arn: arn, Description: description, KeyState: state },
    ...{ CreationDate: new Date(createdAt), Enabled: state === 'Enabled', KeyManager: 'CUSTOMER' },
    ...{ KeyUsage: 'ENCRYPT_DECRYPT', Origin: 'AWS_KMS', MultiRegion: false },
    ...{ KeySpec: 'SYMMETRIC_DEFAULT', CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT' },
    EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
    ...(deletionAt !== undefined && { DeletionDate: new Date(deletionAt) }),
  };
}
