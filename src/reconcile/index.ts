/**
 * Records over the store, and the loops that act on them. The one idea: nobody passes work along; operations
 * and agents write records, `State` shows them to everybody in the process, and reconcilers look at what is
 * there and take the next step, as often as it takes. Operations read and write through `State`, only ever by
 * `transact`; a reconciler is declared by what it watches and is run by `startReconcilers`.
 */
export type { LoopStats } from './control-loop.ts';
export { kindName, kindOfKey } from './mirror.ts';
export type { OpenState, StateOptions } from './open-state.ts';
export { openState } from './open-state.ts';
export type { Outcome, Reconciler, Watched } from './reconciler.ts';
export { again, done, RefusedError, TerminalError, watching } from './reconciler.ts';
export type { Reconcilers, ReconcilersOptions, ReconcilersStats } from './start-reconcilers.ts';
export { startReconcilers } from './start-reconcilers.ts';
export type {
  Collection,
  JsonRecord,
  Reader,
  RecordChange,
  RecordKey,
  State,
  Stored,
  Transaction,
} from './state.ts';
export { ContentionError, everyNoun, recordKey } from './state.ts';
