import type { Clock } from '../clock/index.ts';
import type { Keyspace, Version } from './keyspace.ts';

/** How much history is kept without being asked; the narrower bound counts. */
export interface HistoryBounds {
  /** Revisions. */
  readonly revisions: number;
  readonly ageMs: number;
}

export const defaultHistory: HistoryBounds = { revisions: 10_000, ageMs: 5 * 60_000 };

/** What the journal is to forget with its next batch. */
export interface Forgotten {
  /** Where history starts. */
  readonly compactRevision: number;
  /** Some of the versions that nothing shows any more, to be dropped for good. */
  readonly versions: readonly Version[];
  /** Whether the journal does not know all of this yet. */
  readonly isNews: boolean;
}

/**
 * Keeps history within its bounds. Memory forgets at once and a few hundred revisions at a time; what the
 * journal has to drop queues up here and rides along with the batches that are written anyway.
 */
export class History {
  readonly #clock: Clock;
  readonly #keyspace: Keyspace;
  readonly #bounds: HistoryBounds;
  readonly #onForgotten: () => void;
  /** Which revision was the last at which time: so the age of history is told. */
  readonly #marks: { readonly revision: number; readonly atMs: number }[] = [];
  #timer: Disposable | undefined;
  #versions: Version[];
  #writtenCompactRevision: number;

  /**
   * @param forgotten What the journal still has to drop from earlier.
   * @param onForgotten Called when there is something for the journal to drop and perhaps nobody commits.
   */
  constructor(
    clock: Clock,
    keyspace: Keyspace,
    bounds: HistoryBounds,
    forgotten: readonly Version[],
    onForgotten: () => void,
  ) {
    this.#clock = clock;
    this.#keyspace = keyspace;
    this.#bounds = bounds;
    this.#onForgotten = onForgotten;
    this.#versions = [...forgotten];
    this.#writtenCompactRevision = keyspace.compactRevision;
    this.bound();
  }

  get hasForgotten(): boolean {
    return this.#versions.length > 0 || this.#writtenCompactRevision !== this.#keyspace.compactRevision;
  }

  /** Forgets what is before `revision`. */
  forget(revision: number): void {
    for (const version of this.#keyspace.compact(revision)) this.#versions.push(version);
  }

  /** To be called after commits: forgets what has become too much, and watches the age of the rest. */
  bound(): void {
    const { revision, compactRevision } = this.#keyspace;
    // Some more than the bound are let come together, so that forgetting is rare and cheap.
    if (revision - compactRevision > this.#bounds.revisions * 1.05)
      this.forget(revision - this.#bounds.revisions);
    if (revision > compactRevision) this.#timer ??= this.#startTimer();
  }

  /** The next slice for the journal: little beside `commits` commits, more when there is nothing else to do. */
  takeForgotten(commits: number): Forgotten {
    const { compactRevision } = this.#keyspace;
    const isNews = this.hasForgotten;
    const versions = this.#versions.splice(0, commits === 0 ? 512 : 64 + 2 * commits);
    this.#writtenCompactRevision = compactRevision;
    return { compactRevision, versions, isNews };
  }

  /** The journal could not write it. */
  putBack({ versions }: Forgotten): void {
    this.#versions = [...versions, ...this.#versions];
    this.#writtenCompactRevision = Number.NaN;
  }

  close(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  #startTimer(): Disposable {
    return this.#clock.after(this.#bounds.ageMs / 10, () => {
      this.#timer = undefined;
      this.#forgetOld();
    });
  }

  #forgetOld(): void {
    const nowMs = this.#clock.monotonic();
    const { revision } = this.#keyspace;
    if (this.#marks.at(-1)?.revision !== revision) this.#marks.push({ revision, atMs: nowMs });
    let old = this.#marks[0];
    while (old !== undefined && nowMs - old.atMs >= this.#bounds.ageMs) {
      this.#marks.shift();
      this.forget(old.revision);
      old = this.#marks[0];
    }
    if (this.#marks.length > 0) this.#timer = this.#startTimer();
    if (this.hasForgotten) this.#onForgotten();
  }
}
