import { homedir } from 'node:os';
import { join } from 'node:path';
import type { CommandContext } from '../command-context.ts';
import { connect, operatorClient } from '../connection.ts';
import { writeProfileSection } from '../profile-file.ts';
import { CommandError } from '../terminal.ts';

export interface LoginOptions {
  readonly state: string;
  readonly account?: string;
  readonly profile?: string;
  /** Seconds. */
  readonly duration?: number;
}

/**
 * Writes a profile for the AWS CLI and SDKs with temporary credentials of a user, a role or an account's root
 * (AWS SDKs and tools reference, "Shared config and credentials files").
 * @throws {CommandError} a heading of these files can't have the profile's name.
 */
export async function login(
  principal: string,
  options: LoginOptions,
  { composition, terminal, signal }: CommandContext,
): Promise<number> {
  if (options.profile !== undefined) checkProfile(options.profile);
  const { server, credentials } = connect(options.state);
  const { account, duration } = options;
  const session = await operatorClient(options.state, composition.clock).signIn(
    {
      principal,
      ...(account !== undefined && { account }),
      ...(duration !== undefined && { durationSeconds: duration }),
    },
    signal,
  );
  const profile = options.profile ?? `catamaran-${nameIn(session.arn)}`;
  const files = profileFiles(terminal.env);
  writeProfileSection(files.config, `profile ${profile}`, {
    region: credentials.region,
    endpoint_url: server.endpoint,
  });
  writeProfileSection(files.credentials, profile, {
    aws_access_key_id: session.accessKeyId,
    aws_secret_access_key: session.secretAccessKey,
    aws_session_token: session.sessionToken,
  });
  terminal.stdout.write(
    `${session.arn} until ${new Date(session.expiresAt).toISOString()}, as profile ${profile}:\n` +
      `  aws --profile ${profile} sts get-caller-identity\n`,
  );
  return 0;
}

/** A heading that the AWS CLI can't read would keep it from reading any of the file. */
function checkProfile(name: string): void {
  if (!/^[\w+=,.@-]+$/.test(name)) {
    throw new CommandError(
      `Invalid --profile ${JSON.stringify(name)}: letters, digits and +=,.@-_ are expected`,
    );
  }
}

/** The last part of an ARN's resource: the user's, the role's, or `root`. */
function nameIn(arn: string): string {
  return arn.slice(Math.max(arn.lastIndexOf('/'), arn.lastIndexOf(':')) + 1);
}

function profileFiles(env: Readonly<Record<string, string | undefined>>) {
  const folder = join(env.HOME || homedir(), '.aws');
  return {
    config: env.AWS_CONFIG_FILE || join(folder, 'config'),
    credentials: env.AWS_SHARED_CREDENTIALS_FILE || join(folder, 'credentials'),
  };
}
