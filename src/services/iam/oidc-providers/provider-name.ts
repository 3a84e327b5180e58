import type { Reader } from '../../../reconcile/index.ts';
import { noSuchEntity, validationError } from '../errors.ts';
import { type OidcProviderRecord, oidcProviderKey, oidcProviders } from '../records.ts';

export interface ProviderName {
  /** `OidcProviderRecord.url`. */
  readonly url: string;
  /** As ARNs have it: without port. */
  readonly name: string;
}

/**
 * @param text `https://host/path`, as tokens name their issuer.
 * @returns Undefined: no such URL.
 */
export function parseProviderUrl(text: string): ProviderName | undefined {
  const parsed = URL.parse(text);
  if (parsed?.protocol !== 'https:' || parsed.username !== '' || parsed.password !== '') return undefined;
  const path = parsed.pathname.replace(/\/$/, '');
  return { url: parsed.host + path, name: parsed.hostname + path };
}

export const providerArn = (accountId: string, name: string): string =>
  `arn:aws:iam::${accountId}:oidc-provider/${name}`;

/** What an ARN names. @throws {Refusal} ValidationError: it is no provider's ARN. */
export function nameIn(arn = ''): { readonly accountId: string; readonly name: string } {
  const parts = /^arn:aws:iam::(?<accountId>\d{12}):oidc-provider\/(?<name>.+)$/.exec(arn)?.groups;
  if (parts === undefined) throw validationError(`Invalid ARN: ${arn}`);
  return { accountId: parts.accountId ?? '', name: parts.name ?? '' };
}

/** @throws {Refusal} NoSuchEntity, for providers of other accounts, too; ValidationError. */
export function findProvider(reader: Reader, accountId: string, arn: string | undefined): OidcProviderRecord {
  const named = nameIn(arn);
  const provider =
    named.accountId === accountId
      ? reader.get(oidcProviders, oidcProviderKey(accountId, named.name))
      : undefined;
  if (provider === undefined) throw noSuchEntity(`OpenIDConnect Provider not found for arn ${arn}`);
  return provider;
}
