import { Refusal } from '../../protocols/index.ts';
import { ContentionError, type State, type Transaction } from '../../reconcile/index.ts';
import type { Scope } from './arn.ts';
import type { EcsContext } from './context.ts';

/** In one commit at most. */
const maxTogether = 64;
/** More than this many waiting for one cluster, and the next is told to come back later. */
const maxWaiting = 2_000;

interface Turn {
  readonly run: (tx: Transaction) => unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** The lines of each installation, by cluster; a line with nobody in it is taken away. */
const linesOf = new WeakMap<State, Map<string, Turn[]>>();

/**
 * `state.transact` for what launches and ends a cluster's tasks. They all write the same few instance records, so
 * that alone each would wait for the commit of the one before it; here those that came while a commit was under
 * way go together into the next, one after the other, each seeing what those before it wrote. An error thrown by
 * `run` is its caller's only.
 * @throws ThrottlingException too many are waiting.
 */
export function transactInTurn<R>(
  { state }: EcsContext,
  scope: Scope,
  cluster: string,
  run: (tx: Transaction) => R,
): Promise<R> {
  const lines = linesOf.get(state) ?? new Map<string, Turn[]>();
  linesOf.set(state, lines);
  const name = `${scope.accountId}/${scope.region}/${cluster}`;
  const line = lines.get(name);
  if (line !== undefined && line.length >= maxWaiting)
    return Promise.reject(new Refusal('ThrottlingException', 'Rate exceeded', { status: 400 }));

  return new Promise<R>((resolve, reject) => {
    // `result` is what this very `run` has returned.
    const turn: Turn = { run, resolve: (result) => resolve(result as R), reject };
    if (line !== undefined) line.push(turn);
    else {
      const fresh = [turn];
      lines.set(name, fresh);
      void takeTurns(state, fresh, () => lines.delete(name));
    }
  });
}

async function takeTurns(state: State, line: Turn[], onEmpty: () => void): Promise<void> {
  while (line.length > 0) {
    const turns = line.splice(0, maxTogether);
    try {
      await takeTogether(state, turns);
    } catch (error) {
      if (error instanceof HalfDoneError || error instanceof ContentionError) await takeSingly(state, turns);
      else for (const turn of turns) turn.reject(error);
    }
  }
  onEmpty();
}

async function takeTogether(state: State, turns: readonly Turn[]): Promise<void> {
  const settlements = await state.transact((tx) =>
    turns.map(({ run, resolve, reject }) => {
      const watched = new WatchedTransaction(tx);
      try {
        const result = run(watched);
        return () => resolve(result);
      } catch (error) {
        // What it has written can't be taken back from the others' transaction.
        if (watched.hasWritten)
          throw new HalfDoneError('A run has thrown after it had written', { cause: error });
        return () => reject(error);
      }
    }),
  );
  for (const settle of settlements) settle();
}

async function takeSingly(state: State, turns: readonly Turn[]): Promise<void> {
  for (const { run, resolve, reject } of turns) await state.transact(run).then(resolve, reject);
}

class HalfDoneError extends Error {
  override readonly name = 'HalfDoneError';
}

class WatchedTransaction implements Transaction {
  readonly get: Transaction['get'];
  readonly list: Transaction['list'];
  readonly byIndex: Transaction['byIndex'];
  readonly countByIndex: Transaction['countByIndex'];
  readonly latestByIndex: Transaction['latestByIndex'];
  readonly written: Transaction['written'];
  readonly put: Transaction['put'];
  readonly delete: Transaction['delete'];
  hasWritten = false;

  constructor(tx: Transaction) {
    this.get = (collection, key) => tx.get(collection, key);
    this.list = (collection, prefix) => tx.list(collection, prefix);
    this.byIndex = (collection, index, value) => tx.byIndex(collection, index, value);
    this.countByIndex = (collection, index, value) => tx.countByIndex(collection, index, value);
    this.latestByIndex = (collection, index, value) => tx.latestByIndex(collection, index, value);
    this.written = (collection) => tx.written(collection);
    this.put = (collection, key, value) => {
      this.hasWritten = true;
      tx.put(collection, key, value);
    };
    this.delete = (collection, key) => {
      this.hasWritten = true;
      tx.delete(collection, key);
    };
  }
}
