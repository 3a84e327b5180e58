import type { Collection, RecordKey } from '../../reconcile/index.ts';
import { recordKey } from '../../reconcile/index.ts';
import type { Scope } from './arn.ts';

export type Tags = Readonly<Record<string, string>>;

export type KeyAlgorithm =
  | 'RSA_1024'
  | 'RSA_2048'
  | 'RSA_3072'
  | 'RSA_4096'
  | 'EC_prime256v1'
  | 'EC_secp384r1'
  | 'EC_secp521r1';

export interface CertificateRecord {
  readonly id: string;
  readonly arn: string;
  readonly domainName: string;
  /** With the domain name itself. */
  readonly alternativeNames: readonly string[];
  readonly keyAlgorithm: KeyAlgorithm;
  readonly origin:
    | { readonly type: 'IMPORTED'; readonly importedAt: number }
    | { readonly type: 'AMAZON_ISSUED'; readonly validationMethod: string; readonly issuedAt?: number };
  /** Absent: it was requested, and is not issued yet. */
  readonly issued?: IssuedCertificate;
  readonly createdAt: number;
  readonly tags: Tags;
  /** Nobody may refer to it any more: it is about to be deleted, or stays because somebody was faster. */
  readonly isBeingDeleted?: true;
}

/** What can be served. Texts are PEM. */
export interface IssuedCertificate {
  readonly certificate: string;
  /** Those that vouch for it; empty: it vouches for itself. */
  readonly chain: string;
  /** Sealed for `certificate/<id>`; PKCS #8. */
  readonly sealedKey: string;
  readonly notBefore: number;
  readonly notAfter: number;
  /** Upper-case hexadecimal digits. */
  readonly serial: string;
  readonly subject: string;
  readonly issuer: string;
  /** E.g. `SHA256WITHRSA`. */
  readonly signatureAlgorithm: string;
}

const service = 'acm';

/** `certificate/<id>` */
export const certificates: Collection<CertificateRecord, 'scope'> = {
  service,
  noun: 'certificate',
  indexes: { scope: (_certificate, key) => scopeText(scopeOfKey(key)) },
};

/** What a request with a token made. `request-token/<hash>` */
export interface RequestTokenRecord {
  readonly id: string;
  readonly until: number;
}
export const requestTokens: Collection<RequestTokenRecord> = { service, noun: 'request-token', indexes: {} };

/** The installation's own certificate authority: one for all accounts. `authority/current` */
export interface AuthorityRecord {
  /** PEM. */
  readonly certificate: string;
  /** Sealed for `authority`; PKCS #8. */
  readonly sealedKey: string;
}
export const authorities: Collection<AuthorityRecord> = { service, noun: 'authority', indexes: {} };

export const authorityKey: RecordKey = recordKey(authorities, 'installation', 'global', 'current');

export function certificateKey({ accountId, region }: Scope, id: string): RecordKey {
  return recordKey(certificates, accountId, region, id);
}

export const requestTokenKey = ({ accountId, region }: Scope, hash: string): RecordKey =>
  recordKey(requestTokens, accountId, region, hash);

/** The account and region of a record, from its key. */
function scopeOfKey(key: RecordKey): Scope {
  const [, , accountId = '', region = ''] = key.split('/');
  return { accountId, region };
}

export const scopeText = ({ accountId, region }: Scope): string => `${accountId}/${region}`;

/** What the private key of a certificate is sealed for. */
export const keyPurpose = (id: string): string => `certificate/${id}`;
