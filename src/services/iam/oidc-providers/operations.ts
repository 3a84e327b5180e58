import type { IAM } from '@aws-sdk/client-iam';
import type { Call, ConditionKeys, OperationsOf, SupportedOperation } from '../../service.ts';
import { alsoTags, requestTagKeys, resourceTagKeys, tagKeys } from '../conditions.ts';
import type { IamContext } from '../context.ts';
import { invalidInput } from '../errors.ts';
import { Constraints } from '../input/constraints.ts';
import { checkPage, pageOf } from '../input/pages.ts';
import { checkTagKeys, checkTags, tagList, withoutTags, withTags } from '../input/tags.ts';
import { type OidcProviderRecord, oidcProviderKey, oidcProviders } from '../records.ts';
import { createProvider } from './create-provider.ts';
import { getProvider, listProviders } from './list-providers.ts';
import { checkClientId, checkThumbprints, keptClientIds, keptThumbprints } from './provider-input.ts';
import { findProvider, nameIn, parseProviderUrl, providerArn } from './provider-name.ts';

type ProviderOperation =
  | 'AddClientIDToOpenIDConnectProvider'
  | 'CreateOpenIDConnectProvider'
  | 'DeleteOpenIDConnectProvider'
  | 'GetOpenIDConnectProvider'
  | 'ListOpenIDConnectProviderTags'
  | 'ListOpenIDConnectProviders'
  | 'RemoveClientIDFromOpenIDConnectProvider'
  | 'TagOpenIDConnectProvider'
  | 'UntagOpenIDConnectProvider'
  | 'UpdateOpenIDConnectProviderThumbprint';

interface Named {
  readonly OpenIDConnectProviderArn?: string | undefined;
}

/** The operations on OpenID Connect providers. They refuse with NoSuchEntity, InvalidInput, LimitExceeded, ValidationError. */
export function oidcProviderOperations(iam: IamContext): Pick<OperationsOf<IAM>, ProviderOperation> {
  const { state } = iam;
  const made = ({ Url = '' }: { readonly Url?: string | undefined }, call: Call) => [
    providerArn(call.accountId, parseProviderUrl(Url)?.name ?? '*'),
  ];

  /** Of an operation on a provider that is there. */
  const on = <Input extends Named, Output>(
    action: string,
    run: (input: Input, call: Call) => Output | Promise<Output>,
    conditions: (input: Input) => ConditionKeys = () => ({}),
  ): SupportedOperation<Input, Output> => ({
    action,
    resources: ({ OpenIDConnectProviderArn = '*' }) => [OpenIDConnectProviderArn],
    conditions: (input, { accountId }) => ({
      ...resourceTagKeys(tagsOf(accountId, input.OpenIDConnectProviderArn)),
      ...conditions(input),
    }),
    run,
  });
  const tagsOf = (accountId: string, arn = '') => {
    const name = /:oidc-provider\/(.+)$/.exec(arn)?.[1];
    return name === undefined ? {} : state.get(oidcProviders, oidcProviderKey(accountId, name))?.tags;
  };

  const change = async (
    { OpenIDConnectProviderArn }: Named,
    { accountId }: Call,
    after: (before: OidcProviderRecord) => Partial<OidcProviderRecord>,
  ): Promise<object> => {
    const { name } = nameIn(OpenIDConnectProviderArn);
    await state.transact((tx) => {
      const before = findProvider(tx, accountId, OpenIDConnectProviderArn);
      tx.put(oidcProviders, oidcProviderKey(accountId, name), { ...before, ...after(before) });
    });
    return {};
  };

  return {
    CreateOpenIDConnectProvider: {
      action: 'iam:CreateOpenIDConnectProvider',
      resources: made,
      conditions: (input) => requestTagKeys(input.Tags),
      alsoAsks: (input, call) => alsoTags('iam:TagOpenIDConnectProvider', made(input, call), input.Tags),
      run: (input, call) => createProvider(iam, input, call),
    },
    GetOpenIDConnectProvider: on('iam:GetOpenIDConnectProvider', (input, call) =>
      getProvider(iam, input, call),
    ),
    ListOpenIDConnectProviders: {
      action: 'iam:ListOpenIDConnectProviders',
      resources: () => ['*'],
      run: (input, call) => listProviders(iam, input, call),
    },
    DeleteOpenIDConnectProvider: on('iam:DeleteOpenIDConnectProvider', async (input, { accountId }) => {
      const { name } = nameIn(input.OpenIDConnectProviderArn);
      await state.transact((tx) => {
        findProvider(tx, accountId, input.OpenIDConnectProviderArn);
        tx.delete(oidcProviders, oidcProviderKey(accountId, name));
      });
      return {};
    }),
    UpdateOpenIDConnectProviderThumbprint: on('iam:UpdateOpenIDConnectProviderThumbprint', (input, call) => {
      checkThumbprints(new Constraints(), input.ThumbprintList).throwIfViolated();
      const thumbprints = keptThumbprints(input.ThumbprintList ?? []);
      if (thumbprints.length === 0) throw invalidInput('Thumbprint list must contain at least one entry.');
      return change(input, call, () => ({ thumbprints }));
    }),
    AddClientIDToOpenIDConnectProvider: on('iam:AddClientIDToOpenIDConnectProvider', (input, call) => {
      checkClientId(new Constraints(), 'clientID', input.ClientID).throwIfViolated();
      return change(input, call, ({ clientIds }) => ({
        clientIds: keptClientIds([...clientIds, input.ClientID ?? '']),
      }));
    }),
    RemoveClientIDFromOpenIDConnectProvider: on(
      'iam:RemoveClientIDFromOpenIDConnectProvider',
      (input, call) => {
        checkClientId(new Constraints(), 'clientID', input.ClientID).throwIfViolated();
        return change(input, call, ({ clientIds }) => ({
          clientIds: clientIds.filter((id) => id !== input.ClientID),
        }));
      },
    ),
    TagOpenIDConnectProvider: on(
      'iam:TagOpenIDConnectProvider',
      (input, call) => {
        checkTags(new Constraints(), input.Tags).throwIfViolated();
        return change(input, call, ({ tags }) => ({ tags: withTags(tags, input.Tags) }));
      },
      (input) => requestTagKeys(input.Tags),
    ),
    UntagOpenIDConnectProvider: on(
      'iam:UntagOpenIDConnectProvider',
      (input, call) => {
        checkTagKeys(new Constraints(), input.TagKeys).throwIfViolated();
        return change(input, call, ({ tags }) => ({ tags: withoutTags(tags, input.TagKeys ?? []) }));
      },
      (input) => tagKeys(input.TagKeys),
    ),
    ListOpenIDConnectProviderTags: on('iam:ListOpenIDConnectProviderTags', (input, { accountId }) => {
      checkPage(new Constraints(), input).throwIfViolated();
      const { tags } = findProvider(state, accountId, input.OpenIDConnectProviderArn);
      const { items, ...place } = pageOf(tagList(tags), ({ Key }) => Key, input);
      return { Tags: [...items], ...place };
    }),
  };
}
