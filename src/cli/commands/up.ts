import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { basename } from 'node:path';
import {
  defaultStateDirectory,
  readServer,
  type StateLayout,
  stateLayout,
} from '../../installation/index.ts';
import type { EngineDescription, FargateIsolation, RunningServer, VpcPlace } from '../composition.ts';
import { connect, operatorClient } from '../connection.ts';
import type { CommandContext } from '../program.ts';
import { runSetup, stepsFor } from '../setup/index.ts';
import { shellQuote } from '../shell.ts';
import { CommandError, type Output, paint, table } from '../terminal.ts';
import { engineNetworksInstead } from './engine-networks.ts';

export interface UpOptions {
  readonly port: number;
  readonly host: string;
  readonly state: string;
  readonly region?: string;
  readonly fargateIsolation: FargateIsolation;
  readonly vpcs: VpcPlace;
  readonly detach: boolean;
}

const detachedStartMs = 60_000;

/** Starts a server: in this process until it is interrupted, or in one of its own. */
export async function up(options: UpOptions, context: CommandContext): Promise<number> {
  const { composition, terminal, signal } = context;
  const layout = stateLayout(options.state);
  checkStateDirectory(layout);
  const { directory } = layout;
  const other = readServer(directory);
  if (other !== undefined) {
    throw new CommandError(
      `Catamaran ${other.version} already serves ${directory}: process ${other.pid} at ${other.endpoint}. ` +
        'Use that one, stop it with ./catamaran down, or give another --state and --port',
    );
  }
  if (!options.detach) composition.loadServer();
  await runSetup(stepsFor('up', composition), composition.clock, terminal.stderr, signal);
  return options.detach ? detach(options, context) : serve(options, context);
}

/**
 * A directory with something else in it becomes no state directory: `down --purge` would remove that, too.
 * @throws {CommandError}
 */
function checkStateDirectory(layout: StateLayout): void {
  const { directory, credentials, sealingKey, installation, server, store, log } = layout;
  if (!existsSync(directory)) return;
  if (!statSync(directory).isDirectory()) {
    throw new CommandError(`${directory} is a file: a directory is expected as --state`);
  }
  const names = readdirSync(directory);
  // By how they begin: a start that was killed may have left a draft.
  const own = [credentials, sealingKey, installation, server, store, log].map((path) => basename(path));
  if (names.length > 0 && !names.some((name) => own.some((beginning) => name.startsWith(beginning)))) {
    throw new CommandError(
      `${directory} is not a state directory of Catamaran and not empty (${names[0]}): give another --state`,
    );
  }
}

async function serve(options: UpOptions, { composition, terminal, signal }: CommandContext): Promise<number> {
  const running = await composition.startServer({
    stateDirectory: stateLayout(options.state).directory,
    host: options.host,
    port: options.port,
    fargateIsolation: options.fargateIsolation,
    vpcs: options.vpcs,
    ...(options.region === undefined ? {} : { region: options.region }),
    signal,
  });
  try {
    sayReady(terminal.stdout, running, options);
    terminal.stdout.write(
      'Stop it with Ctrl-C; containers keep running and are adopted at the next start.\n',
    );
    await Promise.race([running.stopped, whenAborted(signal)]);
    if (signal.aborted) terminal.stdout.write('Stopping; containers keep running.\n');
  } finally {
    await running.stop();
  }
  await running.stopped;
  return 0;
}

async function detach(options: UpOptions, context: CommandContext): Promise<number> {
  const { composition, terminal, signal } = context;
  const layout = stateLayout(options.state);
  mkdirSync(layout.directory, { recursive: true, mode: 0o700 });
  const log = openSync(layout.log, 'a', 0o600);
  const logOffset = statSync(layout.log).size;
  const [, main = ''] = process.argv;
  const args = ['up', '--host', options.host, '--port', String(options.port), '--state', layout.directory];
  if (options.region !== undefined) args.push('--region', options.region);
  args.push('--fargate-isolation', options.fargateIsolation, '--vpcs', options.vpcs);
  const child = spawn(process.execPath, [...process.execArgv, main, ...args], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  let ending: string | undefined;
  child.on('exit', (code, signalName) => {
    ending = signalName ? `was ended by ${signalName}` : `ended with exit code ${code}`;
  });
  child.on('error', (error) => {
    ending = `could not be started: ${error.message}`;
  });

  const deadline = composition.clock.monotonic() + detachedStartMs;
  while (readServer(layout.directory)?.pid !== child.pid || child.pid === undefined) {
    const lastWords = (): string => tail(layout.log, logOffset) || whySilent(layout.directory);
    if (ending !== undefined) {
      throw new CommandError(
        `Catamaran did not start: it ${ending}. ${layout.log} ends with:\n${lastWords()}`,
      );
    }
    if (composition.clock.monotonic() > deadline) {
      // It may hang anywhere; being killed at any moment is what it is made for.
      child.kill('SIGKILL');
      throw new CommandError(
        `Catamaran was not ready after ${detachedStartMs / 1000} s and was stopped. ${layout.log} ends with:\n${lastWords()}`,
      );
    }
    try {
      await composition.clock.sleep(20, signal);
    } catch (error) {
      child.kill('SIGTERM');
      throw error;
    }
  }
  child.unref();
  const { server, credentials } = connect(layout.directory);
  const { engine, network } = await operatorClient(layout.directory, composition.clock).status(signal);
  sayReady(terminal.stdout, { server, credentials, engine, whyNoVpcs: network.why }, options);
  terminal.stdout.write(
    `It runs in the background as process ${server.pid}; its log is ${layout.log}.\nStop it with: ./catamaran down${stateArgument(options)}\n`,
  );
  return 0;
}

interface ReadyServer extends Pick<RunningServer, 'server' | 'credentials' | 'whyNoVpcs'> {
  readonly engine: Pick<EngineDescription, 'name' | 'version'>;
}

function sayReady(
  output: Output,
  { server, credentials, engine, whyNoVpcs }: ReadyServer,
  options: UpOptions,
): void {
  output.write(paint(output, 'bold', `Catamaran ${server.version} is ready.\n`));
  output.write(
    table([
      ['  endpoint', server.endpoint],
      ['  region', credentials.region],
      ['  account', credentials.accountId],
      ['  engine', `${engine.name} ${engine.version}`],
      ['  state', stateLayout(options.state).directory],
    ]),
  );
  if (whyNoVpcs !== undefined) output.write(`\n${engineNetworksInstead(whyNoVpcs)}\n`);
  output.write('\nNext, in any shell:\n');
  output.write(`  eval "$(./catamaran env${stateArgument(options)})"\n  aws ecs describe-clusters\n\n`);
}

/** ` --state DIR` where the next command needs it to find this installation. */
function stateArgument(options: UpOptions): string {
  const byDefault = stateLayout(defaultStateDirectory(process.env)).directory;
  const { directory } = stateLayout(options.state);
  return directory === byDefault ? '' : ` --state ${shellQuote(directory)}`;
}

function tail(path: string, offset: number): string {
  const lines = readFileSync(path).subarray(offset).toString('utf8').trimEnd().split('\n');
  return lines.slice(-20).join('\n');
}

/** What can't be written can't be read in the log. */
function whySilent(directory: string): string {
  const { bavail } = statfsSync(directory);
  return bavail === 0
    ? `(nothing: the disk that holds ${directory} is full; make room and try again)`
    : '(nothing)';
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
