import type { Clock } from '../../clock/index.ts';
import { type ChildResult, runChild } from '../child.ts';
import { CommandError } from '../terminal.ts';

/** How long another package manager's run is waited for. */
const lockTimeoutMs = 5 * 60_000;

export interface AptOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** What apt is doing, line by line. */
  readonly onLine: (line: string) => void;
}

/**
 * Installs Debian packages without recommended ones and without asking. The package lists are fetched only
 * when the ones that are there are missing or too old to find the files.
 * @throws {CommandError} with apt's last words.
 */
export async function installPackages(packages: readonly string[], options: AptOptions): Promise<void> {
  const install = ['install', '-y', '--no-install-recommends', ...packages];
  const first = await aptGet(install, options);
  if (first.exitCode === 0) return;
  const update = await aptGet(['update'], options);
  if (update.exitCode !== 0) throw aptError('apt-get update', update);
  const second = await aptGet(install, options);
  if (second.exitCode !== 0) throw aptError(`apt-get install ${packages.join(' ')}`, second);
}

/** Runs apt-get; while another process holds its locks, waits. */
async function aptGet(args: readonly string[], options: AptOptions): Promise<ChildResult> {
  const deadline = options.clock.monotonic() + lockTimeoutMs;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' };
  // Apt waits for dpkg's lock by itself, not for that of the package lists.
  const lockOption = `DPkg::Lock::Timeout=${lockTimeoutMs / 1000}`;
  while (true) {
    const result = await runChild('apt-get', ['-q', '-o', lockOption, ...args], {
      env,
      signal: options.signal,
      onLine: options.onLine,
    });
    const isLocked = result.exitCode !== 0 && /Could not get lock|Unable to lock/.test(result.output);
    if (!isLocked || options.clock.monotonic() > deadline) return result;
    options.onLine('waiting for another package manager to end');
    await options.clock.sleep(2_000, options.signal);
  }
}

function aptError(what: string, result: ChildResult): CommandError {
  const lastWords = result.output.trimEnd().split('\n').slice(-15).join('\n  ');
  return new CommandError(
    `${what} failed with exit code ${result.exitCode}. Its last words:\n  ${lastWords}`,
  );
}
