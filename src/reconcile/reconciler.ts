import type { Collection, RecordChange } from './state.ts';

/**
 * The reconcile contract. A reconciler is level-triggered: it is handed a key and nothing of the event,
 * reads everything afresh, and takes one idempotent step or several towards what is wanted. It may be killed
 * at any instruction and run again at any time.
 */
export interface Reconciler {
  /** Named for its job, e.g. `service-deployment`. Also the name of its lease and its log lines. */
  readonly name: string;
  /** Changes that ask for work. */
  readonly watches: readonly Watched[];
  /** Keys run at the same time at most. Default 16. One key never runs twice at a time. */
  readonly concurrency?: number;
  /**
   * Thrown errors are retried with back-off and logged once, a `RefusedError` without alarm; `TerminalError` is
   * logged and dropped until the key changes again.
   */
  reconcile(key: string, signal: AbortSignal): Promise<Outcome>;
}

export interface Watched {
  // biome-ignore lint/suspicious/noExplicitAny: a list of watches over different record types; `watching` checks each.
  readonly collection: Collection<any, string>;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  readonly keys: (change: RecordChange<any>) => Iterable<string>;
}

/** Pairs a collection with the mapping from its changes to keys of work. */
export function watching<T extends object>(
  collection: Collection<T, string>,
  keys: (change: RecordChange<T>) => Iterable<string>,
): Watched {
  return { collection, keys };
}

export type Outcome = { readonly type: 'done' } | { readonly type: 'again'; readonly afterMs: number };

export const done: Outcome = { type: 'done' };

/** Look again after `afterMs`, or earlier if something changes. */
export function again(afterMs: number): Outcome {
  return { type: 'again', afterMs };
}

/** Retrying cannot help until the key changes. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
}

/**
 * What was wanted may not be, which its users are told where they look: a quota is used up, a webhook says no. It is
 * retried like a failure, but nothing is broken: the log has its words in a line, and no stack.
 */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}
