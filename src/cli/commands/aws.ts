import { spawn } from 'node:child_process';
import { exitCodeOfSignal } from '../child.ts';
import type { CommandContext } from '../command-context.ts';
import { connect } from '../connection.ts';
import { type AwsCli, findAwsCliAgain, forgetAwsCli } from '../setup/index.ts';
import { CommandError } from '../terminal.ts';
import { awsVariables, misleadingVariables } from './env.ts';

/**
 * Runs the AWS CLI that is installed, with the endpoint as an option, which every version understands, and
 * the keys in its environment, where no list of processes shows them. Its exit code becomes ours.
 */
export async function aws(
  args: readonly string[],
  options: { readonly state: string },
  { terminal, signal }: CommandContext,
): Promise<number> {
  const connection = connect(options.state);
  const cli = await findAwsCliAgain(options.state, terminal.env, signal);
  if (cli === undefined) {
    throw new CommandError(
      'There is no AWS CLI that runs on this machine. Install one, on Debian with: apt-get install -y awscli ' +
        '(other systems: https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html)',
    );
  }
  if (cli.isNew && !cli.readsEndpointVariable) noteOldVersion(cli, terminal.stderr.write);

  const env: Record<string, string | undefined> = { ...terminal.env, ...awsVariables(connection) };
  for (const name of misleadingVariables(terminal.env)) delete env[name];
  const namesEndpoint = args.some((arg) => arg === '--endpoint-url' || arg.startsWith('--endpoint-url='));
  const endpoint = namesEndpoint ? [] : ['--endpoint-url', connection.server.endpoint];
  return new Promise((resolve, reject) => {
    const child = spawn(cli.path, [...endpoint, ...args], { env, stdio: 'inherit' });
    // Ctrl-C reaches the whole foreground group; a signal to this process alone is passed on.
    signal.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
    child.on('error', (cause) => {
      forgetAwsCli(options.state);
      reject(new CommandError(`Cannot run ${cli.path}`, { cause }));
    });
    child.on('close', (code, signalName) => {
      // What a shim says when there is nothing behind it any more.
      if (code === 127) forgetAwsCli(options.state);
      resolve(code ?? exitCodeOfSignal(signalName));
    });
  });
}

/** Said once per installation and version: whoever leaves out `./catamaran` before `aws` should know. */
function noteOldVersion({ path, version }: AwsCli, write: (text: string) => void): void {
  write(
    `note: ${path} ${version} ignores AWS_ENDPOINT_URL (2.13 and newer read it): called without ` +
      './catamaran it would talk to the real AWS.\n',
  );
}
