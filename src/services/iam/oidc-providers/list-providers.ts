import type {
  GetOpenIDConnectProviderCommandInput,
  GetOpenIDConnectProviderResponse,
  ListOpenIDConnectProvidersResponse,
} from '@aws-sdk/client-iam';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { tagList } from '../input/tags.ts';
import { oidcProviders, prefixOf } from '../records.ts';
import { findProvider, providerArn } from './provider-name.ts';

/** @throws {Refusal} NoSuchEntity, ValidationError. */
export function getProvider(
  { state }: IamContext,
  { OpenIDConnectProviderArn }: GetOpenIDConnectProviderCommandInput,
  { accountId }: Call,
): GetOpenIDConnectProviderResponse {
  const { url, clientIds, thumbprints, createdAt, tags } = findProvider(
    state,
    accountId,
    OpenIDConnectProviderArn,
  );
  return {
    Url: url,
    ClientIDList: [...clientIds],
    ThumbprintList: [...thumbprints],
    CreateDate: new Date(createdAt),
    Tags: tagList(tags),
  };
}

export function listProviders(
  { state }: IamContext,
  _input: object,
  { accountId }: Call,
): ListOpenIDConnectProvidersResponse {
  const prefix = prefixOf(oidcProviders, accountId);
  return {
    OpenIDConnectProviderList: [...state.list(oidcProviders, prefix)].map(({ key }) => ({
      Arn: providerArn(accountId, decodeURIComponent(key.slice(prefix.length))),
    })),
  };
}
