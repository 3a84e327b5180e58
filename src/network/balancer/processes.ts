import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { type Clock, withTimeout } from '../../clock/index.ts';
import { BalancerError } from './balancer.ts';

/** The command line of a process; undefined when there is none of that id. */
export function commandLineOf(pid: number): readonly string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}

/** Ids of all processes. */
export function processIds(): number[] {
  return readdirSync('/proc').flatMap((entry) => (/^\d+$/.test(entry) ? [Number(entry)] : []));
}

/** One that has ended meanwhile is left alone. */
export function signalPid(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

const startTimeoutMs = 20_000;
const lookEveryMs = 15;

/**
 * Waits until a process that was just begun answers.
 * @param options.what For the message, e.g. `HAProxy`.
 * @param options.ask Rejects until it does.
 * @param options.lastWords What it said, when it ended instead.
 * @returns its process id.
 * @throws {BalancerError} It ended before. What `ask` throws: it does not answer in time, and was ended.
 */
export async function begun({
  child,
  what,
  ask,
  lastWords,
  clock,
}: {
  readonly child: ChildProcess;
  readonly what: string;
  readonly ask: () => Promise<unknown>;
  readonly lastWords: () => string;
  readonly clock: Clock;
}): Promise<number> {
  let ended: string | undefined;
  child.on('error', ({ message }) => {
    ended = message;
  });
  child.on('exit', (code, signal) => {
    ended = `it ended with ${signal ?? `status ${code}`}`;
  });
  using deadline = withTimeout(clock, startTimeoutMs);
  while (true) {
    if (ended !== undefined || child.pid === undefined)
      throw new BalancerError(`${what} does not begin: ${ended}: ${lastWords()}`);
    try {
      await ask();
      return child.pid;
    } catch (error) {
      if (deadline.signal.aborted) {
        child.kill('SIGKILL');
        throw error;
      }
    }
    await clock.sleep(lookEveryMs);
  }
}
