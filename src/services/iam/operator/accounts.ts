import { Refusal } from '../../../protocols/index.ts';
import type { IamContext } from '../context.ts';
import { accessKeyPurpose } from '../credentials/credential-lookup.ts';
import { newAccountId, newKeyPair } from '../ids.ts';
import { type AccountRecord, accessKeyKey, accessKeys, accountKey, accounts } from '../records.ts';
import { wholeSecond } from '../whole-seconds.ts';

/** An account of this installation. */
export interface Account {
  readonly accountId: string;
  /** The first one, which came with the installation, has none. */
  readonly accountName?: string;
}

/** An account with its root user's key, which is shown this once. */
export interface NewAccount extends Account {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const namePattern = /^[A-Za-z][\w-]{0,49}$/;

/** @throws {Refusal} the name is malformed or taken. */
export async function createAccount(
  { state, clock, random, sealer, firstAccountId }: IamContext,
  accountName: string,
): Promise<NewAccount> {
  if (!namePattern.test(accountName)) {
    throw refuse(
      `Invalid account name ${JSON.stringify(accountName)}: a letter, then letters, digits, - and _, at most 50 of them`,
    );
  }
  const id = newAccountId(random);
  const now = wholeSecond(clock.now());
  const { accessKeyId: keyId, secretAccessKey: secret } = newKeyPair(random, 'AKIA', id);
  await state.transact((tx) => {
    const key = accountKey(firstAccountId, accountName);
    const taken = tx.get(accounts, key);
    if (taken !== undefined) {
      throw refuse(`There is an account ${accountName} already: ${taken.accountId}`);
    }
    tx.put(accounts, key, { accountId: id, accountName, createdAt: now });
    tx.put(accessKeys, accessKeyKey(id, keyId), {
      accessKeyId: keyId,
      status: 'Active',
      createdAt: now,
      sealedSecret: sealer.seal(secret, accessKeyPurpose(keyId)),
    });
  });
  return { accountId: id, accountName, accessKeyId: keyId, secretAccessKey: secret };
}

/** The first one first, the others by name. */
export function listAccounts({ state, firstAccountId }: IamContext): readonly Account[] {
  const others = [...state.list(accounts)].map(({ value }) => shown(value));
  return [{ accountId: firstAccountId }, ...others];
}

/** Whether an account is one of this installation's; the one that asks is. */
export function ownAccounts(context: IamContext, asking: string): (accountId: string) => boolean {
  return (account) =>
    account === asking || listAccounts(context).some(({ accountId }) => accountId === account);
}

/**
 * @param account Its name or id; undefined: the first one.
 * @throws {Refusal} there is none.
 */
export function findAccount(context: IamContext, account: string | undefined): string {
  const { firstAccountId } = context;
  if (account === undefined || account === firstAccountId) return firstAccountId;
  const found = listAccounts(context).find(
    ({ accountId, accountName }) => accountId === account || accountName === account,
  );
  if (found === undefined) {
    throw refuse(`There is no account ${account}: ./catamaran account list shows them`);
  }
  return found.accountId;
}

const shown = ({ accountId, accountName }: AccountRecord): Account => ({ accountId, accountName });

const refuse = (message: string): Refusal => new Refusal('InvalidRequest', message, { status: 400 });
