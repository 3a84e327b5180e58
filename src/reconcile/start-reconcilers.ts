import type { Clock, Random } from '../clock/index.ts';
import type { Log } from '../log.ts';
import type { Store } from '../store/index.ts';
import { ControlLoop, type LoopStats } from './control-loop.ts';
import { Leadership } from './leadership.ts';
import type { Reconciler } from './reconciler.ts';
import type { State } from './state.ts';

export interface ReconcilersOptions {
  readonly state: State;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly reconcilers: readonly Reconciler[];
  /** Several processes share the store: reconcile only while elected. Omitted: this process is the only one. */
  readonly lease?: {
    /** This process's name among them; stable over restarts, never shared by two that live. */
    readonly holder: string;
    /** Default 15 seconds. */
    readonly ttlMs?: number;
  };
}

/** The running reconcilers. */
export interface Reconcilers extends AsyncDisposable {
  stats(): ReconcilersStats;
  /**
   * Resolves when no key is queued or running. Keys that wait for their time, after a failure or because they
   * asked for it, don't count: move the clock for them.
   */
  idle(): Promise<void>;
  /** Aborts the runs' signals and resolves when the last run has ended. Idempotent. */
  stop(): Promise<void>;
}

export interface ReconcilersStats {
  readonly isLeading: boolean;
  readonly queued: number;
  readonly running: number;
  readonly retrying: number;
  readonly sleeping: number;
  readonly failures: number;
  readonly loops: readonly LoopStats[];
}

/** Starts every reconciler: each first sees all the keys that its records map to, then those that change. */
export function startReconcilers(options: ReconcilersOptions): Reconcilers {
  const { state, store, clock, random, log, reconcilers, lease } = options;
  let idleWaiters: (() => void)[] = [];
  const onIdle = (): void => {
    const waiters = idleWaiters;
    idleWaiters = [];
    for (const wake of waiters) wake();
  };
  const loops = reconcilers.map(
    (reconciler) => new ControlLoop(reconciler, { state, clock, random, log, onIdle }),
  );
  const startLoops = (): void => {
    for (const loop of loops) loop.start();
  };
  const stopLoops = async (reason: Error): Promise<void> => {
    await Promise.all(loops.map((loop) => loop.stop(reason)));
  };

  const leadership =
    lease === undefined
      ? undefined
      : new Leadership({
          ...{ store, clock, random, log, holder: lease.holder },
          key: '/leases/reconcilers',
          ttlMs: lease.ttlMs ?? 15_000,
          onElected: startLoops,
          onLost: stopLoops,
        });
  if (leadership === undefined) startLoops();

  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= (async () => {
      await leadership?.stop();
      await stopLoops(new Error('Reconcilers are stopping'));
    })();
    return stopped;
  };

  return {
    stop,
    [Symbol.asyncDispose]: stop,
    idle: async () => {
      await leadership?.tried;
      while (!loops.every((loop) => loop.isIdle)) {
        await new Promise<void>((resolve) => idleWaiters.push(resolve));
      }
    },
    stats: () => {
      const each = loops.map((loop) => loop.stats());
      const sum = (count: (stats: LoopStats) => number): number =>
        each.reduce((total, stats) => total + count(stats), 0);
      return {
        isLeading: leadership === undefined ? stopped === undefined : leadership.isLeading,
        queued: sum((stats) => stats.queued),
        running: sum((stats) => stats.running),
        retrying: sum((stats) => stats.retrying),
        sleeping: sum((stats) => stats.sleeping),
        failures: sum((stats) => stats.failures),
        loops: each,
      };
    },
  };
}
