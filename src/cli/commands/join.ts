import { hostname } from 'node:os';
import { hex } from '../../clock/index.ts';
import {
  type MembershipFile,
  readInstallation,
  readMembership,
  readServer,
  type StateLayout,
  stateLayout,
  writeInstallation,
  writeMembership,
} from '../../installation/index.ts';
import type { CommandContext } from '../command-context.ts';
import type { FargateIsolation } from '../composition.ts';
import { sayDetached, startDetached } from '../detached.ts';
import type { Invitation } from '../machine-api.ts';
import { OperatorClient } from '../operator-api.ts';
import { runSetup, stepsFor } from '../setup/index.ts';
import { checkStateDirectory, stateArgument } from '../state-argument.ts';
import { CommandError, type Output, paint, table, whenAborted } from '../terminal.ts';

export interface JoinOptions {
  readonly state: string;
  readonly cluster: string;
  readonly address?: string;
  readonly fargateIsolation: FargateIsolation;
  readonly detach: boolean;
}

/** Where the invitation is taken from: not from the arguments, which every user of the machine can read. */
const tokenVariable = 'CATAMARAN_JOIN_TOKEN';

/** Makes this computer a machine of an installation elsewhere, once, and starts it: as `up`, here or in the background. */
export async function join(options: JoinOptions, context: CommandContext): Promise<number> {
  const { composition, terminal, signal } = context;
  const layout = stateLayout(options.state);
  checkStateDirectory(layout);
  const other = readServer(layout.directory);
  if (other !== undefined)
    throw new CommandError(
      `Catamaran ${other.version} already runs on ${layout.directory}: process ${other.pid}. Stop it with ./catamaran down first`,
    );
  const membership = readMembership(layout.directory) ?? (await becomeMember(layout, options, context));
  await runSetup(stepsFor('up', composition), composition.clock, terminal.stderr, signal);
  return options.detach
    ? detach(layout, membership, options, context)
    : serve(layout, membership, options, context);
}

/** Exchanges the invitation for a key of the machine's own. */
async function becomeMember(
  layout: StateLayout,
  options: JoinOptions,
  { composition, terminal, signal }: CommandContext,
): Promise<MembershipFile> {
  const known = readInstallation(layout.directory);
  if (known?.publicCidr !== undefined)
    throw new CommandError(
      `${layout.directory} is of an installation of its own: give another --state, or remove that one with ./catamaran down --purge`,
    );
  const { endpoint, ...credentials } = readInvitation(terminal.env[tokenVariable]);
  const { clock, random, version } = composition;
  const address = options.address ?? (await reach(endpoint, composition.ownAddress));
  const installationId = hex(random, 12);
  const answer = await new OperatorClient({ endpoint }, credentials, clock).join(
    { installationId, name: hostname(), address, version },
    signal,
  );
  const { publicCidr, ...rest } = answer;
  const membership = {
    ...{ endpoint, ...rest, cluster: options.cluster },
    ...(options.address !== undefined && { address: options.address }),
  };
  writeInstallation(layout.directory, { id: installationId, publicCidr });
  writeMembership(layout.directory, membership);
  return membership;
}

async function reach(endpoint: string, ownAddress: (endpoint: string) => Promise<string>): Promise<string> {
  try {
    return await ownAddress(endpoint);
  } catch (cause) {
    throw new CommandError(`Cannot reach Catamaran at ${endpoint}`, { cause });
  }
}

function readInvitation(token: string | undefined): Invitation {
  if (token === undefined || token === '')
    throw new CommandError(
      `This computer has no invitation: ./catamaran machine invite, where the control plane runs, prints the command for here (it sets ${tokenVariable})`,
    );
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    const members = ['endpoint', 'region', 'accessKeyId', 'secretAccessKey', 'sessionToken'] as const;
    const found = new Map(Object.entries(value as object));
    if (members.every((member) => typeof found.get(member) === 'string')) return value as Invitation;
  } catch {
    // Said below.
  }
  throw new CommandError(`${tokenVariable} is no invitation: ./catamaran machine invite prints one`);
}

async function serve(
  layout: StateLayout,
  membership: MembershipFile,
  options: JoinOptions,
  { composition, terminal, signal }: CommandContext,
): Promise<number> {
  const running = await composition.startJoined({
    stateDirectory: layout.directory,
    fargateIsolation: options.fargateIsolation,
    signal,
  });
  try {
    sayReady(terminal.stdout, membership, layout);
    terminal.stdout.write(
      'Stop it with Ctrl-C; containers keep running and are adopted at the next start.\n',
    );
    await Promise.race([running.stopped, whenAborted(signal)]);
    if (signal.aborted) terminal.stdout.write('Stopping; containers keep running.\n');
  } finally {
    await running.stop();
  }
  return 0;
}

async function detach(
  layout: StateLayout,
  membership: MembershipFile,
  options: JoinOptions,
  context: CommandContext,
): Promise<number> {
  const { stdout } = context.terminal;
  const args = ['join', '--state', layout.directory, '--fargate-isolation', options.fargateIsolation];
  await startDetached(layout, args, context);
  sayReady(stdout, membership, layout);
  const server = readServer(layout.directory);
  if (server !== undefined)
    sayDetached(stdout, server, layout, `./catamaran down${stateArgument(options.state)}`);
  return 0;
}

function sayReady(output: Output, membership: MembershipFile, layout: StateLayout): void {
  output.write(paint(output, 'bold', `This computer is machine ${membership.machineId}.\n`));
  output.write(
    table([
      ['  control plane', membership.endpoint],
      ['  cluster', membership.cluster],
      ['  state', layout.directory],
    ]),
  );
}
