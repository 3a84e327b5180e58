import type {
  CreateOpenIDConnectProviderCommandInput,
  CreateOpenIDConnectProviderResponse,
} from '@aws-sdk/client-iam';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { entityAlreadyExists, invalidInput, openIdIdpCommunication, quotaExceeded } from '../errors.ts';
import { Constraints } from '../input/constraints.ts';
import { checkTags, tagList, withTags } from '../input/tags.ts';
import { oidcProviderKey, oidcProviders, prefixOf } from '../records.ts';
import { topThumbprint } from '../web-identity/issuer-certificate.ts';
import { checkClientId, checkThumbprints, keptClientIds, keptThumbprints } from './provider-input.ts';
import { parseProviderUrl, providerArn } from './provider-name.ts';

const maxProviders = 100;

/**
 * Without thumbprints the issuer is asked for its certificate, and that of the highest authority it shows is trusted.
 * @throws {Refusal} ValidationError, InvalidInput, EntityAlreadyExists, LimitExceeded, OpenIdIdpCommunicationError.
 */
export async function createProvider(
  { state }: IamContext,
  input: CreateOpenIDConnectProviderCommandInput,
  { accountId, now, signal }: Call,
): Promise<CreateOpenIDConnectProviderResponse> {
  const { Url, ClientIDList = [], ThumbprintList, Tags } = input;
  const constraints = new Constraints().text('url', Url, { isRequired: true, minLength: 1, maxLength: 255 });
  ClientIDList.forEach((id, index) => {
    checkClientId(constraints, `clientIDList.${index + 1}.member`, id);
  });
  checkTags(checkThumbprints(constraints, ThumbprintList), Tags).throwIfViolated();
  const named = parseProviderUrl(Url ?? '');
  if (named === undefined) throw invalidInput(`Invalid Open ID Connect Provider URL: ${Url}`);
  const { url, name } = named;
  const clientIds = keptClientIds(ClientIDList);
  const tags = withTags({}, Tags);
  const thumbprints = ThumbprintList?.length
    ? keptThumbprints(ThumbprintList)
    : [await thumbprintOf(url, signal)];
  const key = oidcProviderKey(accountId, name);
  await state.transact((tx) => {
    if (tx.get(oidcProviders, key) !== undefined) {
      throw entityAlreadyExists(`Provider with url https://${url} already exists.`);
    }
    if ([...tx.list(oidcProviders, prefixOf(oidcProviders, accountId))].length >= maxProviders) {
      throw quotaExceeded('OpenIdConnectProvidersPerAccount', maxProviders);
    }
    tx.put(oidcProviders, key, { url, clientIds, thumbprints, createdAt: now, tags });
  });
  return {
    OpenIDConnectProviderArn: providerArn(accountId, name),
    ...(Object.keys(tags).length > 0 && { Tags: tagList(tags) }),
  };
}

async function thumbprintOf(url: string, signal: AbortSignal): Promise<string> {
  try {
    return await topThumbprint(new URL(`https://${url}`), signal);
  } catch (cause) {
    throw openIdIdpCommunication(`Cannot reach https://${url} for its certificate.`, cause);
  }
}
