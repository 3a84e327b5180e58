import { readMembership, readServer, stateLayout } from '../../installation/index.ts';
import type { CommandContext } from '../command-context.ts';
import type {
  BalancerChoice,
  EngineDescription,
  FargateIsolation,
  RunningServer,
  VpcPlace,
} from '../composition.ts';
import { connect, operatorClient } from '../connection.ts';
import { sayDetached, startDetached } from '../detached.ts';
import { runSetup, stepsFor } from '../setup/index.ts';
import { checkStateDirectory, stateArgument } from '../state-argument.ts';
import { CommandError, type Output, paint, table, whenAborted } from '../terminal.ts';
import { engineNetworksInstead } from './engine-networks.ts';

export interface UpOptions {
  readonly port: number;
  readonly host: string;
  readonly state: string;
  readonly region?: string;
  readonly fargateIsolation: FargateIsolation;
  readonly vpcs: VpcPlace;
  readonly loadBalancers: BalancerChoice;
  readonly lambdaEndpoint?: URL;
  readonly detach: boolean;
}

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
  const membership = readMembership(directory);
  if (membership !== undefined)
    throw new CommandError(
      `${directory} is of a machine that has joined ${membership.endpoint}: start it with ./catamaran join, or give another --state`,
    );
  if (!options.detach) composition.loadServer();
  await runSetup(stepsFor('up', composition), composition.clock, terminal.stderr, signal);
  return options.detach ? detach(options, context) : serve(options, context);
}

async function serve(options: UpOptions, { composition, terminal, signal }: CommandContext): Promise<number> {
  const running = await composition.startServer({
    stateDirectory: stateLayout(options.state).directory,
    host: options.host,
    port: options.port,
    fargateIsolation: options.fargateIsolation,
    vpcs: options.vpcs,
    loadBalancers: options.loadBalancers,
    ...(options.region === undefined ? {} : { region: options.region }),
    ...(options.lambdaEndpoint && { lambdaEndpoint: options.lambdaEndpoint }),
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
  const args = ['up', '--host', options.host, '--port', String(options.port), '--state', layout.directory];
  if (options.region !== undefined) args.push('--region', options.region);
  args.push('--fargate-isolation', options.fargateIsolation, '--vpcs', options.vpcs);
  args.push('--load-balancers', options.loadBalancers);
  if (options.lambdaEndpoint !== undefined) args.push('--lambda-endpoint', options.lambdaEndpoint.href);
  await startDetached(layout, args, context);
  const { server, credentials } = connect(layout.directory);
  const { engine, network } = await operatorClient(layout.directory, composition.clock).status(signal);
  sayReady(
    terminal.stdout,
    { server, credentials, engine, whyNoVpcs: network.why, loadBalancers: network.loadBalancers },
    options,
  );
  sayDetached(terminal.stdout, server, layout, `./catamaran down${stateArgument(options.state)}`);
  return 0;
}

interface ReadyServer extends Pick<RunningServer, 'server' | 'credentials' | 'whyNoVpcs' | 'loadBalancers'> {
  readonly engine: Pick<EngineDescription, 'name' | 'version'>;
}

function sayReady(
  output: Output,
  { server, credentials, engine, whyNoVpcs, loadBalancers }: ReadyServer,
  options: UpOptions,
): void {
  output.write(paint(output, 'bold', `Catamaran ${server.version} is ready.\n`));
  output.write(
    table([
      ['  endpoint', server.endpoint],
      ['  region', credentials.region],
      ['  account', credentials.accountId],
      ['  engine', `${engine.name} ${engine.version}`],
      ['  balancers', loadBalancers],
      ['  state', stateLayout(options.state).directory],
    ]),
  );
  if (whyNoVpcs !== undefined) output.write(`\n${engineNetworksInstead(whyNoVpcs)}\n`);
  output.write('\nNext, in any shell:\n');
  output.write(`  eval "$(./catamaran env${stateArgument(options.state)})"\n  aws ecs describe-clusters\n\n`);
}
