import type {
  CreateAccountAliasCommandInput,
  DeleteAccountAliasCommandInput,
  ListAccountAliasesCommandInput,
  ListAccountAliasesResponse,
} from '@aws-sdk/client-iam';
import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { entityAlreadyExists, noSuchEntity } from '../errors.ts';
import { Constraints } from '../input/constraints.ts';
import { checkPage, pageOf } from '../input/pages.ts';
import { accountAliases, accountAliasKey } from '../records.ts';

/**
 * Unique in the installation. An account has one: the next takes its place.
 * @throws {Refusal} EntityAlreadyExists, ValidationError.
 */
export async function createAccountAlias(
  { state, firstAccountId }: IamContext,
  { AccountAlias: alias = '' }: CreateAccountAliasCommandInput,
  { accountId }: Call,
): Promise<object> {
  checkAlias(alias);
  const key = accountAliasKey(firstAccountId, alias);
  await state.transact((tx) => {
    if (tx.get(accountAliases, key) !== undefined) {
      throw entityAlreadyExists(`The account alias ${alias} already exists.`);
    }
    for (const { value } of tx.byIndex(accountAliases, 'account', accountId)) {
      tx.delete(accountAliases, accountAliasKey(firstAccountId, value.alias));
    }
    tx.put(accountAliases, key, { alias, accountId });
  });
  return {};
}

/** @throws {Refusal} NoSuchEntity, ValidationError. */
export async function deleteAccountAlias(
  { state, firstAccountId }: IamContext,
  { AccountAlias: alias = '' }: DeleteAccountAliasCommandInput,
  { accountId }: Call,
): Promise<object> {
  checkAlias(alias);
  const key = accountAliasKey(firstAccountId, alias);
  await state.transact((tx) => {
    if (tx.get(accountAliases, key)?.accountId !== accountId) {
      throw noSuchEntity(`The Account Alias ${alias} cannot be found.`);
    }
    tx.delete(accountAliases, key);
  });
  return {};
}

/** @throws {Refusal} InvalidInput (the marker), ValidationError. */
export function listAccountAliases(
  { state }: IamContext,
  input: ListAccountAliasesCommandInput,
  { accountId }: Call,
): ListAccountAliasesResponse {
  checkPage(new Constraints(), input).throwIfViolated();
  const { items, ...place } = pageOf(aliasesOf(state, accountId), (alias) => alias, input);
  return { AccountAliases: [...items], ...place };
}

function aliasesOf(reader: Reader, accountId: string): readonly string[] {
  return reader.byIndex(accountAliases, 'account', accountId).map(({ value }) => value.alias);
}

function checkAlias(alias: string): void {
  new Constraints()
    .text('accountAlias', alias, {
      pattern: '[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]',
      minLength: 3,
      maxLength: 63,
    })
    .throwIfViolated();
}
