import { Refusal } from '../../protocols/index.ts';
import type { Reader, Transaction } from '../../reconcile/index.ts';
import type { Call } from '../service.ts';
import { aliasOf } from './arn.ts';
import type { EncryptionContext } from './cipher.ts';
import { type KmsContext, requireKey } from './context.ts';
import { decryptBy, encryptBy } from './key-use.ts';
import { permitOnKey } from './permission.ts';
import { type KeyRecord, keyOfArn, keys } from './records.ts';

/** What a service that encrypts its users' data asks of a user's key. */
export interface AskedDataKey {
  /** The key's ARN, or an alias. */
  readonly keyId: string;
  /** As `kms:ViaService` names it, without the region: `eks`. */
  readonly service: string;
  readonly about: EncryptionContext;
}

/** A data key as the service keeps it: it needs the key of KMS to be opened. */
export interface KeptDataKey {
  readonly keyArn: string;
  /** Encrypted; base64. */
  readonly dataKey: string;
}

export type GrantedDataKey =
  | ({ readonly type: 'granted' } & KeptDataKey)
  /** There is no such key. */
  | { readonly type: 'missing' }
  | { readonly type: 'unusable'; readonly keyArn: string; readonly why: string }
  /** The caller may not do this with it. */
  | { readonly type: 'denied'; readonly action: (typeof grantingActions)[number] };

/** Whoever lets a service use a key has to be allowed to look at it, and to grant its use. */
const grantingActions = ['kms:DescribeKey', 'kms:CreateGrant'] as const;
/** AES-256. */
const dataKeyBytes = 32;

/**
 * A new data key under a user's key, for a service to which the caller grants the key's use. Nothing else asks for the grant later: it
 * holds for as long as the service keeps the data key.
 */
export function grantDataKey(
  context: KmsContext,
  reader: Reader | Transaction,
  call: Call,
  { keyId, service, about }: AskedDataKey,
): GrantedDataKey {
  const key = unlessRefused(() => requireKey(reader, call, keyId));
  if (key === undefined) return { type: 'missing' };
  const said = { ...aliasOf(keyId), viaService: `${service}.${call.region}.amazonaws.com` };
  for (const action of grantingActions) {
    const permitted = unlessRefused(() => {
      permitOnKey(context, call, action, key, said);
      return true;
    });
    if (permitted === undefined) return { type: 'denied', action };
  }
  const { arn: keyArn } = key;
  const why = whyUnusable(key, keyArn);
  if (why !== undefined) return { type: 'unusable', keyArn, why };
  const dataKey = encryptBy(context, key, context.random.bytes(dataKeyBytes), about).toString('base64');
  return { type: 'granted', keyArn, dataKey };
}

/** Why nothing can be encrypted or decrypted by a key now, in KMS's words; undefined: it can. */
export function whyKeyUnusable(reader: Reader, keyArn: string): string | undefined {
  return whyUnusable(reader.get(keys, keyOfArn(keyArn)), keyArn);
}

/** `Missing`: it has been deleted. */
export const keyStateOf = (reader: Reader, keyArn: string): KeyRecord['state'] | 'Missing' =>
  reader.get(keys, keyOfArn(keyArn))?.state ?? 'Missing';

/** @throws {Refusal} the key can't be used now. @throws {Error} it was not encrypted so. */
export function openDataKey(
  context: Pick<KmsContext, 'sealer' | 'state'>,
  { keyArn, dataKey }: KeptDataKey,
  about: EncryptionContext,
): Buffer {
  const [, , , region = '', accountId = ''] = keyArn.split(':');
  const key = requireKey(context.state, { accountId, region }, keyArn);
  const opened = decryptBy(context, key, Buffer.from(dataKey, 'base64'), about);
  if (opened === undefined) throw new Error(`A data key is not what was encrypted by ${keyArn}`);
  return opened;
}

function whyUnusable(key: KeyRecord | undefined, keyArn: string): string | undefined {
  switch (key?.state) {
    case 'Enabled':
      return undefined;
    case 'Disabled':
      return `DisabledException: ${keyArn} is disabled.`;
    case 'PendingDeletion':
      return `KMSInvalidStateException: ${keyArn} is pending deletion.`;
    default:
      return `NotFoundException: Key '${keyArn}' does not exist`;
  }
}

function unlessRefused<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
