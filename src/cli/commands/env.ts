import { type Connection, connect } from '../connection.ts';
import type { CommandContext } from '../program.ts';
import { findAwsCli } from '../setup/index.ts';
import { shellQuote } from '../shell.ts';

/** What the AWS CLI and SDKs read from their environment to use a Catamaran (AWS SDKs and tools reference). */
export function awsVariables({ server, credentials }: Connection): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL: server.endpoint,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_REGION: credentials.region,
    AWS_DEFAULT_REGION: credentials.region,
  };
}

/** What would lead them elsewhere. */
export const misleadingVariables = [
  'AWS_PROFILE',
  'AWS_DEFAULT_PROFILE',
  'AWS_SESSION_TOKEN',
  'AWS_SECURITY_TOKEN',
  'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS',
] as const;

/** Prints shell commands for `eval`. */
export async function env(options: { readonly state: string }, context: CommandContext): Promise<number> {
  const { terminal, signal } = context;
  const variables = Object.entries(awsVariables(connect(options.state)));
  terminal.stdout.write(
    `${variables.map(([name, value]) => `export ${name}=${shellQuote(value)}`).join('\n')}\n` +
      `unset ${misleadingVariables.join(' ')}\n`,
  );
  // Asking costs half a second: only where somebody reads the answer.
  if (terminal.stderr.isTty) {
    const cli = await findAwsCli(terminal.env, signal);
    if (cli !== undefined && !cli.readsEndpointVariable) {
      terminal.stderr.write(
        `note: ${cli.path} ${cli.version} ignores AWS_ENDPOINT_URL (2.13 and newer read it) and would talk to the ` +
          'real AWS. Use ./catamaran aws instead of aws, or aws --endpoint-url "$AWS_ENDPOINT_URL".\n',
      );
    }
  }
  return 0;
}
