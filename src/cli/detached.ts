import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { readServer, type ServerFile, type StateLayout } from '../installation/index.ts';
import type { CommandContext } from './command-context.ts';
import { CommandError, type Output } from './terminal.ts';

const detachedStartMs = 60_000;

/**
 * Runs this program once more with other arguments, in the background, its log in the state directory; resolves when it
 * serves that. @throws {CommandError} with the end of its log: it did not come up.
 */
export async function startDetached(
  layout: StateLayout,
  args: readonly string[],
  { composition, signal }: CommandContext,
): Promise<void> {
  mkdirSync(layout.directory, { recursive: true, mode: 0o700 });
  const log = openSync(layout.log, 'a', 0o600);
  const logOffset = statSync(layout.log).size;
  const [, main = ''] = process.argv;
  // An invitation has been exchanged by now: nobody needs to find it there.
  const { CATAMARAN_JOIN_TOKEN: _exchanged, ...env } = process.env;
  const child = spawn(process.execPath, [...process.execArgv, main, ...args], {
    detached: true,
    env,
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
}

export function sayDetached(output: Output, server: ServerFile, layout: StateLayout, stop: string): void {
  output.write(
    `It runs in the background as process ${server.pid}; its log is ${layout.log}.\nStop it with: ${stop}\n`,
  );
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
