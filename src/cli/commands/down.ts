import { existsSync } from 'node:fs';
import { withTimeout } from '../../clock/index.ts';
import {
  isServerAlive,
  type MembershipFile,
  readMembership,
  readServer,
  type ServerFile,
  stateLayout,
} from '../../installation/index.ts';
import type { CommandContext } from '../command-context.ts';
import { operatorClient } from '../connection.ts';
import { OperatorClient } from '../operator-api.ts';
import { Progress } from '../progress.ts';
import { CommandError } from '../terminal.ts';

export interface DownOptions {
  readonly state: string;
  readonly purge: boolean;
}

const stopMs = 60_000;
/** A server that takes longer to say yes is hung, and is asked by a signal. */
const shutdownAnswerMs = 5_000;
/** It ends what runs on the machine, and goes on with that though nobody waits. */
const leaveAnswerMs = 60_000;

/** Stops the server of a state directory and waits until its process has ended; then, if asked, purges. */
export async function down(options: DownOptions, context: CommandContext): Promise<number> {
  return end(options, context, tellOrGoOn);
}

/** `goodbye` takes a machine's leave of its control plane, before anything is removed. @returns how that went. */
async function end(
  options: DownOptions,
  context: CommandContext,
  goodbye: (membership: MembershipFile, context: CommandContext) => Promise<string>,
): Promise<number> {
  const { composition, terminal, signal } = context;
  const layout = stateLayout(options.state);
  const server = readServer(layout.directory);
  const membership = readMembership(layout.directory);
  using progress = new Progress(terminal.stdout, composition.clock);

  if (server === undefined) {
    progress.print(`Catamaran is not running on ${layout.directory}.`);
  } else {
    const step = progress.begin(`stopping process ${server.pid}`);
    await stop(server, layout.directory, context);
    step.done(options.purge ? '' : 'containers keep running');
  }
  if (!options.purge) return 0;

  if (!existsSync(layout.directory)) {
    progress.print(`There is nothing to remove: ${layout.directory} does not exist.`);
    return 0;
  }
  if (!existsSync(layout.credentials) && !existsSync(layout.store) && membership === undefined) {
    throw new CommandError(
      `${layout.directory} is not a state directory of Catamaran: nothing was removed. Is it the right --state?`,
    );
  }
  if (membership !== undefined) {
    const step = progress.begin(`telling ${membership.endpoint}`);
    step.done(await goodbye(membership, context));
  }
  const step = progress.begin('removing containers, networks, volumes and state');
  const { containers, networks, volumes } = await composition.purge(layout.directory, signal);
  step.done(`${containers} containers, ${networks} networks, ${volumes} volumes, ${layout.directory}`);
  return 0;
}

/** Ends the membership of this machine, then all that it made here. */
export async function leave({ state }: { readonly state: string }, context: CommandContext): Promise<number> {
  const { directory } = stateLayout(state);
  if (readMembership(directory) === undefined)
    throw new CommandError(`${directory} is of no machine that has joined an installation`);
  return end({ state, purge: true }, context, tell);
}

/** @throws {CommandError} the control plane can't be told. */
async function tell(
  { endpoint, machineId, ...credentials }: MembershipFile,
  { composition: { clock }, signal }: CommandContext,
): Promise<string> {
  using deadline = withTimeout(clock, leaveAnswerMs, signal);
  try {
    await new OperatorClient({ endpoint }, credentials, clock).removeMachine(machineId, deadline.signal);
  } catch (cause) {
    signal.throwIfAborted();
    throw new CommandError(
      `The control plane at ${endpoint} can't be told, so nothing was removed. ./catamaran down --purge removes ` +
        `everything here, and ./catamaran machine remove ${machineId} the machine there`,
      { cause },
    );
  }
  return `${machineId} has left`;
}

/** Whoever removes a machine's state wants it gone, whether or not the control plane is there to hear of it. */
async function tellOrGoOn(membership: MembershipFile, context: CommandContext): Promise<string> {
  try {
    return await tell(membership, context);
  } catch {
    context.signal.throwIfAborted();
    return `it can't be told: ./catamaran machine remove ${membership.machineId} removes the machine there`;
  }
}

async function stop(server: ServerFile, directory: string, context: CommandContext): Promise<void> {
  const { clock } = context.composition;
  try {
    using deadline = withTimeout(clock, shutdownAnswerMs, context.signal);
    await operatorClient(directory, clock).shutdown(deadline.signal);
  } catch (error) {
    if (context.signal.aborted) throw error;
    // It does not answer (any more): ask the process itself.
    if (isServerAlive(server)) process.kill(server.pid, 'SIGTERM');
  }
  const deadline = clock.monotonic() + stopMs;
  while (isServerAlive(server)) {
    if (clock.monotonic() > deadline) {
      throw new CommandError(
        `Process ${server.pid} has not ended after ${stopMs / 1000} s. Look at it, or end it with: kill -9 ${server.pid}`,
      );
    }
    await clock.sleep(20, context.signal);
  }
}
