import { type Collection, type RecordKey, recordKey } from '../../reconcile/index.ts';
import type { Scope } from './arn.ts';

export type Tags = Readonly<Record<string, string>>;

export type KeyState = 'Disabled' | 'Enabled' | 'PendingDeletion';

export interface KeyRecord {
  readonly id: string;
  readonly arn: string;
  readonly description: string;
  readonly state: KeyState;
  readonly createdAt: number;
  /** While it is `PendingDeletion`. */
  readonly deletionAt?: number;
  /** The key policy as it was written. */
  readonly policy: string;
  readonly tags: Tags;
  /** 256 bits, sealed for `kms-key/<id>`: they never leave this room. */
  readonly sealedMaterial: string;
}

const service = 'kms';

export const keys: Collection<KeyRecord, 'scope'> = {
  service,
  noun: 'key',
  indexes: { scope: (_key, key) => scopeText(scopeOfKey(key)) },
};

export interface AliasRecord {
  /** With `alias/` before it. */
  readonly name: string;
  readonly keyId: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export const aliases: Collection<AliasRecord, 'scope' | 'target'> = {
  service,
  noun: 'alias',
  indexes: {
    scope: (_alias, key) => scopeText(scopeOfKey(key)),
    target: ({ keyId }) => keyId,
  },
};

export const keyKey = ({ accountId, region }: Scope, id: string): RecordKey =>
  recordKey(keys, accountId, region, id);

/** The key may be another account's. */
export const keyOfRecord = ({ arn }: KeyRecord): RecordKey => keyOfArn(arn);

export function keyOfArn(arn: string): RecordKey {
  const [, , , region = '', accountId = '', named = ''] = arn.split(':');
  return keyKey({ accountId, region }, named.replace(/^key\//, ''));
}

export const aliasKey = ({ accountId, region }: Scope, name: string): RecordKey =>
  recordKey(aliases, accountId, region, encodeURIComponent(name));

/** The account and region of a record, from its key. */
function scopeOfKey(key: string): Scope {
  const [, , accountId = '', region = ''] = key.split('/');
  return { accountId, region };
}

export const scopeText = ({ accountId, region }: Scope): string => `${accountId}/${region}`;

/** What a key's material is sealed for. */
export const materialPurpose = (id: string): string => `kms-key/${id}`;
