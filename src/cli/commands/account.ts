import type { CommandContext } from '../command-context.ts';
import { connect, operatorClient } from '../connection.ts';
import { shellQuote } from '../shell.ts';
import { misleadingVariables } from './env.ts';

interface AccountOptions {
  readonly state: string;
  readonly json?: boolean;
}

/** Makes an account and prints its root user's key, which nobody shows again. */
export async function createAccount(
  name: string,
  options: AccountOptions,
  { composition, terminal, signal }: CommandContext,
): Promise<number> {
  const account = await operatorClient(options.state, composition.clock).createAccount({ name }, signal);
  const { accountId, accessKeyId, secretAccessKey } = account;
  if (options.json) {
    terminal.stdout.write(`${JSON.stringify(account)}\n`);
    return 0;
  }
  const { server, credentials } = connect(options.state);
  const variables = {
    AWS_ENDPOINT_URL: server.endpoint,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: credentials.region,
  };
  terminal.stderr.write(
    `Account ${accountId} (${name}). Its root user's key is shown this once; ` +
      `./catamaran login root --account ${name} gives a session without it.\n`,
  );
  for (const [variable, value] of Object.entries(variables)) {
    terminal.stdout.write(`export ${variable}=${shellQuote(value)}\n`);
  }
  terminal.stdout.write(`unset ${misleadingVariables(terminal.env).join(' ')}\n`);
  return 0;
}

export async function listAccounts(
  options: AccountOptions,
  { composition, terminal, signal }: CommandContext,
): Promise<number> {
  const answer = await operatorClient(options.state, composition.clock).listAccounts(signal);
  if (options.json) terminal.stdout.write(`${JSON.stringify(answer)}\n`);
  else {
    for (const { accountId, accountName = "(the installation's first)" } of answer.accounts) {
      terminal.stdout.write(`${accountId}  ${accountName}\n`);
    }
  }
  return 0;
}
