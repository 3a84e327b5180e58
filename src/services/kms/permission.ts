import { requestTagKeys, resourceTagKeys } from '../authorization-row.ts';
import type { Call, ConditionKeys } from '../service.ts';
import type { EncryptionContext } from './cipher.ts';
import type { KmsContext } from './context.ts';
import { accessDenied } from './errors.ts';
import type { KeyRecord, Tags } from './records.ts';

/** What a request says that policies can have conditions about. */
export interface Said {
  readonly encryptionContext?: EncryptionContext;
  readonly alias?: string;
  readonly tags?: Tags;
  /** The service that asks on the caller's behalf: `eks.eu-west-1.amazonaws.com`. */
  readonly viaService?: string;
}

/**
 * Refuses what the key's policy and the caller's own do not allow together: the key's has to allow it, by naming who calls, or the
 * account, which leaves it to the policies of IAM ("Key policies in AWS KMS", AWS KMS developer guide).
 * @throws AccessDeniedException
 */
export function permitOnKey(
  { whyNotPermitted }: Pick<KmsContext, 'whyNotPermitted'>,
  call: Call,
  action: string,
  key: KeyRecord,
  said: Said = {},
): void {
  const conditions = (): ConditionKeys => ({ ...resourceTagKeys(key.tags), ...ofKey, ...conditionsOf(said) });
  const why = whyNotPermitted({ call, action, resource: key.arn, conditions, policy: key.policy });
  if (why !== undefined) throw accessDenied(why);
}

/** What is on no key, or on an alias: that has no policy. @throws AccessDeniedException */
export function permit(
  { whyNotPermitted }: Pick<KmsContext, 'whyNotPermitted'>,
  call: Call,
  action: string,
  resource = '*',
  said: Said = {},
): void {
  const why = whyNotPermitted({ call, action, resource, conditions: () => conditionsOf(said) });
  if (why !== undefined) throw accessDenied(why);
}

const ofKey: ConditionKeys = {
  ...{ 'kms:KeySpec': 'SYMMETRIC_DEFAULT', 'kms:KeyUsage': 'ENCRYPT_DECRYPT', 'kms:KeyOrigin': 'AWS_KMS' },
  'kms:MultiRegion': 'false',
};

const conditionsOf = ({ encryptionContext = {}, alias, tags, viaService }: Said): ConditionKeys => ({
  ...Object.fromEntries(
    Object.entries(encryptionContext).map(([name, value]) => [`kms:EncryptionContext:${name}`, value]),
  ),
  ...(Object.keys(encryptionContext).length > 0 && {
    'kms:EncryptionContextKeys': Object.keys(encryptionContext),
  }),
  ...(alias !== undefined && { 'kms:RequestAlias': alias }),
  ...(tags !== undefined && requestTagKeys(tags)),
  ...(viaService !== undefined && { 'kms:ViaService': viaService }),
});
