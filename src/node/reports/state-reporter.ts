import type { Clock, Random } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import { BackOff } from '../back-off.ts';
import { Slots } from '../slots.ts';
import type { TaskOwner } from '../tasks/task-owner.ts';
import { nextReport, type TaskReport } from './next-report.ts';

/** Small changes of containers wait this long for others; a task's own status never does. */
const lingerMs = 1_000;
/** The official agent gives a state change up after a day. */
const giveUpAfterMs = 24 * 3_600_000;
const concurrentSubmissions = 32;

export type SubmitTaskReport = (report: TaskReport, signal: AbortSignal) => Promise<void>;

/**
 * Tells the control plane what has become of tasks, one submission per task at a time, in order, until each is
 * acknowledged. Nothing is queued: whatever changes while one is under way is in the next.
 */
export class StateReporter {
  readonly #options: StateReporterOptions;
  readonly #slots = new Slots(concurrentSubmissions);
  readonly #tasks = new Map<string, Reporting>();

  constructor(options: StateReporterOptions) {
    this.#options = options;
  }

  /** Tasks with something not yet acknowledged. */
  get pendingCount(): number {
    return this.#tasks.size;
  }

  /** There may be something to report about this task. */
  poke(owner: TaskOwner): void {
    const report = nextReport(owner.plan, owner.progress);
    const reporting = this.#tasks.get(owner.taskArn);
    if (!report || this.#options.signal.aborted) return;
    if (reporting) {
      if (report.isUrgent) reporting.sendNow();
      return;
    }
    this.#begin(owner, report);
  }

  /** The control plane is back: whatever waits for its next attempt is sent now. */
  retryNow(): void {
    for (const reporting of this.#tasks.values()) reporting.sendNow();
  }

  /** Waits for what is under way, after the signal aborted. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#tasks.values()].map((reporting) => reporting.done));
  }

  #begin(owner: TaskOwner, first: TaskReport): void {
    let wake = Promise.withResolvers<void>();
    const reporting: Reporting = {
      sendNow: () => wake.resolve(),
      done: Promise.resolve(),
    };
    this.#tasks.set(owner.taskArn, reporting);
    const pause = async (delayMs: number): Promise<void> => {
      const abort = () => wake.resolve();
      this.#options.signal.addEventListener('abort', abort, { once: true });
      const timer = this.#options.clock.after(delayMs, () => wake.resolve());
      await wake.promise;
      timer[Symbol.dispose]();
      this.#options.signal.removeEventListener('abort', abort);
      wake = Promise.withResolvers<void>();
    };
    reporting.done = this.#report(owner, first, pause).finally(() => {
      this.#tasks.delete(owner.taskArn);
      this.poke(owner);
    });
  }

  async #report(
    owner: TaskOwner,
    first: TaskReport,
    pause: (delayMs: number) => Promise<void>,
  ): Promise<void> {
    const { clock, random, signal, log, submit } = this.#options;
    const backOff = new BackOff({ leastMs: 250, mostMs: 300_000 }, random);
    if (!first.isUrgent) await pause(lingerMs);
    const sinceMs = clock.monotonic();
    while (!signal.aborted) {
      using _slot = await this.#slots.take();
      // Read afresh: the report under retry carries whatever has happened since.
      const report = nextReport(owner.plan, owner.progress);
      if (!report || signal.aborted) return;
      try {
        await submit(report, signal);
        if (!signal.aborted) owner.acknowledge(report.reported);
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (clock.monotonic() - sinceMs > giveUpAfterMs) {
          log.error('State change was never acknowledged: it is given up', {
            task: report.taskArn,
            status: report.status,
            error,
          });
          owner.acknowledge(report.reported);
          return;
        }
        log.warn('State change could not be submitted: trying again', {
          task: report.taskArn,
          status: report.status,
          error,
        });
      }
      _slot[Symbol.dispose]();
      await pause(backOff.nextDelayMs());
    }
  }
}

interface Reporting {
  sendNow(): void;
  done: Promise<void>;
}

export interface StateReporterOptions {
  readonly submit: SubmitTaskReport;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly signal: AbortSignal;
}
