import type { Clock } from '../../clock/index.ts';
import type { Progress, Step } from '../progress.ts';
import { CommandError } from '../terminal.ts';
import { pollMs, runningMs } from './story.ts';

/** A task or a pod, as it is shown. */
export interface Replica {
  /** Tells it from all others. */
  readonly id: string;
  /** E.g. `task 61cf925b`. */
  readonly name: string;
  readonly revision: number;
  readonly state: 'coming' | 'up' | 'going' | 'gone';
  /** In its hull's own words. */
  readonly status: string;
}

export interface WatchOptions {
  readonly clock: Clock;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Whose replicas are to be up; those of others are on their way out. */
  readonly revision: number;
  look(): Promise<readonly Replica[]>;
  /** Whether what was waited for has come. */
  until(replicas: readonly Replica[]): boolean | Promise<boolean>;
  /** What is there instead, for whoever wonders why it didn't come. */
  explain(): Promise<string>;
}

/**
 * Shows each replica with its status, as it changes, until the wanted state is there. One that is not seen any more is gone.
 * @throws {CommandError} it did not come in time; with what was there instead.
 */
export async function watchReplicas(options: WatchOptions): Promise<void> {
  const { clock, progress, signal, revision, look, until, explain } = options;
  const deadline = clock.monotonic() + runningMs;
  const lines = new Map<string, Step>();
  while (true) {
    const replicas = await look();
    for (const replica of replicas) show(replica, revision, lines, progress);
    for (const [id, line] of lines) if (!replicas.some((each) => each.id === id)) line.done('gone');
    if (await until(replicas)) break;
    if (clock.monotonic() > deadline) {
      throw new CommandError(
        `The application did not get there within ${runningMs / 1_000} s.\n${await explain()}`,
      );
    }
    await clock.sleep(pollMs, signal);
  }
  for (const line of lines.values()) line.done();
}

/** So many of a revision are up. */
export const areUp =
  (count: number, revision: number) =>
  (replicas: readonly Replica[]): boolean =>
    replicas.filter((each) => each.state === 'up' && each.revision === revision).length === count;

function show(
  { id, name, revision, state, status }: Replica,
  wanted: number,
  lines: Map<string, Step>,
  progress: Progress,
): void {
  let line = lines.get(id);
  if (line === undefined) {
    // Gone before this display began: an earlier one has shown it.
    if (state === 'gone') return;
    line = progress.begin(`  ${name}, revision ${revision}`);
    lines.set(id, line);
  }
  if (state === 'gone' && revision === wanted) line.failed(status);
  else if (state === 'gone' || (state === 'up' && revision === wanted)) line.done(status);
  else line.update(status);
}
