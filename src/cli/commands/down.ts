import { existsSync } from 'node:fs';
import { withTimeout } from '../../clock/index.ts';
import { isServerAlive, readServer, type ServerFile, stateLayout } from '../../installation/index.ts';
import { operatorClient } from '../connection.ts';
import type { CommandContext } from '../program.ts';
import { Progress } from '../progress.ts';
import { CommandError } from '../terminal.ts';

export interface DownOptions {
  readonly state: string;
  readonly purge: boolean;
}

const stopMs = 60_000;
/** A server that takes longer to say yes is hung, and is asked by a signal. */
const shutdownAnswerMs = 5_000;

/** Stops the server of a state directory and waits until its process has ended; then, if asked, purges. */
export async function down(options: DownOptions, context: CommandContext): Promise<number> {
  const { composition, terminal, signal } = context;
  const layout = stateLayout(options.state);
  const server = readServer(layout.directory);
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
  if (!existsSync(layout.credentials) && !existsSync(layout.store)) {
    throw new CommandError(
      `${layout.directory} is not a state directory of Catamaran: nothing was removed. Is it the right --state?`,
    );
  }
  const step = progress.begin('removing containers, networks, volumes and state');
  const { containers, networks, volumes } = await composition.purge(layout.directory, signal);
  step.done(`${containers} containers, ${networks} networks, ${volumes} volumes, ${layout.directory}`);
  return 0;
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
