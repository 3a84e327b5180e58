import type { KMS } from '@aws-sdk/client-kms';
import type { OperationsOf } from '../service.ts';
import type { KmsContext } from './context.ts';
import { createAlias, deleteAlias, listAliases, updateAlias } from './operations/aliases.ts';
import {
  decrypt,
  encrypt,
  generateDataKey,
  generateDataKeyWithoutPlaintext,
  generateRandom,
  reEncrypt,
} from './operations/cryptography.ts';
import {
  cancelKeyDeletion,
  createKey,
  describeKey,
  disableKey,
  enableKey,
  listKeys,
  scheduleKeyDeletion,
  updateKeyDescription,
} from './operations/keys.ts';
import { getKeyPolicy, listKeyPolicies, putKeyPolicy } from './operations/policies.ts';
import { listResourceTags, tagResource, untagResource } from './operations/tags.ts';
import { refusedOperations } from './refused.ts';

/** Each operation decides itself: it must read the key's policy besides the caller's. */
const own = { permission: 'own', resources: () => ['*'] } as const;

/** Every operation of KMS. */
export function kmsOperations(context: KmsContext): OperationsOf<KMS> {
  return {
    ...refusedOperations,
    CancelKeyDeletion: {
      ...own,
      action: 'kms:CancelKeyDeletion',
      run: (input, call) => cancelKeyDeletion(context, input, call),
    },
    CreateAlias: {
      ...own,
      action: 'kms:CreateAlias',
      run: (input, call) => createAlias(context, input, call),
    },
    CreateKey: { ...own, action: 'kms:CreateKey', run: (input, call) => createKey(context, input, call) },
    Decrypt: { ...own, action: 'kms:Decrypt', run: (input, call) => decrypt(context, input, call) },
    DeleteAlias: {
      ...own,
      action: 'kms:DeleteAlias',
      run: (input, call) => deleteAlias(context, input, call),
    },
    DescribeKey: {
      ...own,
      action: 'kms:DescribeKey',
      run: (input, call) => describeKey(context, input, call),
    },
    DisableKey: { ...own, action: 'kms:DisableKey', run: (input, call) => disableKey(context, input, call) },
    EnableKey: { ...own, action: 'kms:EnableKey', run: (input, call) => enableKey(context, input, call) },
    Encrypt: { ...own, action: 'kms:Encrypt', run: (input, call) => encrypt(context, input, call) },
    GenerateDataKey: {
      ...own,
      action: 'kms:GenerateDataKey',
      run: (input, call) => generateDataKey(context, input, call),
    },
    GenerateDataKeyWithoutPlaintext: {
      ...own,
      action: 'kms:GenerateDataKeyWithoutPlaintext',
      run: (input, call) => generateDataKeyWithoutPlaintext(context, input, call),
    },
    GenerateRandom: {
      ...own,
      action: 'kms:GenerateRandom',
      run: (input, call) => generateRandom(context, input, call),
    },
    GetKeyPolicy: {
      ...own,
      action: 'kms:GetKeyPolicy',
      run: (input, call) => getKeyPolicy(context, input, call),
    },
    ListAliases: {
      ...own,
      action: 'kms:ListAliases',
      run: (input, call) => listAliases(context, input, call),
    },
    ListKeyPolicies: {
      ...own,
      action: 'kms:ListKeyPolicies',
      run: (input, call) => listKeyPolicies(context, input, call),
    },
    ListKeys: { ...own, action: 'kms:ListKeys', run: (input, call) => listKeys(context, input, call) },
    ListResourceTags: {
      ...own,
      action: 'kms:ListResourceTags',
      run: (input, call) => listResourceTags(context, input, call),
    },
    PutKeyPolicy: {
      ...own,
      action: 'kms:PutKeyPolicy',
      run: (input, call) => putKeyPolicy(context, input, call),
    },
    ReEncrypt: { ...own, action: 'kms:ReEncrypt', run: (input, call) => reEncrypt(context, input, call) },
    ScheduleKeyDeletion: {
      ...own,
      action: 'kms:ScheduleKeyDeletion',
      run: (input, call) => scheduleKeyDeletion(context, input, call),
    },
    TagResource: {
      ...own,
      action: 'kms:TagResource',
      run: (input, call) => tagResource(context, input, call),
    },
    UntagResource: {
      ...own,
      action: 'kms:UntagResource',
      run: (input, call) => untagResource(context, input, call),
    },
    UpdateAlias: {
      ...own,
      action: 'kms:UpdateAlias',
      run: (input, call) => updateAlias(context, input, call),
    },
    UpdateKeyDescription: {
      ...own,
      action: 'kms:UpdateKeyDescription',
      run: (input, call) => updateKeyDescription(context, input, call),
    },
  };
}
