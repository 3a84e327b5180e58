import type { Clock } from '../../clock/index.ts';
import type { Progress } from '../progress.ts';
import type { Output } from '../terminal.ts';
import type { Customer } from './customer.ts';

/** How many replicas the application has on each hull, and how many it then gets. */
export const desiredCount = 3;
export const oneMore = desiredCount + 1;
/** Until something runs that was asked for. */
export const runningMs = 120_000;
export const pollMs = 100;

/** What a story is told with. */
export interface StoryParts {
  readonly customer: Customer;
  readonly image: string;
  readonly clock: Clock;
  readonly progress: Progress;
  readonly output: Output;
  /** Does one step of the demo, shows it and remembers its time. */
  readonly step: <R>(name: string, work: () => Promise<R>, describe?: (result: R) => string) => Promise<R>;
  readonly signal: AbortSignal;
}

/** The time that something takes, in milliseconds. */
export async function timed(clock: Clock, work: () => Promise<unknown>): Promise<number> {
  const began = clock.monotonic();
  await work();
  return Math.round(clock.monotonic() - began);
}
