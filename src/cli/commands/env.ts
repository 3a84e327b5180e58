import type { CommandContext } from '../command-context.ts';
import { type Connection, connect } from '../connection.ts';
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
    // Some operations have a host of their own on AWS (Cloud Map's DiscoverInstances: `data-`); here there is one for all.
    AWS_DISABLE_HOST_PREFIX_INJECTION: 'true',
  };
}

/** What would lead them elsewhere, or make them take the keys for another's. */
const misleading = [
  'AWS_PROFILE',
  'AWS_DEFAULT_PROFILE',
  'AWS_SESSION_TOKEN',
  'AWS_SECURITY_TOKEN',
  'AWS_CREDENTIAL_EXPIRATION',
  'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS',
] as const;

/** The names to unset: also those of services' own endpoints (`AWS_ENDPOINT_URL_ECS`), which count for more than the general one. */
export function misleadingVariables(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  // They go into a shell's `unset`: only what is a name.
  const ofServices = Object.keys(env).filter((name) => /^AWS_ENDPOINT_URL_[A-Z0-9_]+$/.test(name));
  return [...misleading, ...ofServices];
}

/** Prints shell commands for `eval`. */
export async function env(options: { readonly state: string }, context: CommandContext): Promise<number> {
  const { terminal, signal } = context;
  const variables = Object.entries(awsVariables(connect(options.state)));
  terminal.stdout.write(
    `${variables.map(([name, value]) => `export ${name}=${shellQuote(value)}`).join('\n')}\n` +
      `unset ${misleadingVariables(terminal.env).join(' ')}\n`,
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
