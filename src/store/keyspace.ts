import type { Json } from './json.ts';
import { OrderedKeys } from './ordered-keys.ts';
import { type Change, CompactedError, type Entry, type ReadOptions, type ReadResult } from './store.ts';

/** One commit as history keeps it: what it did, and what it replaced. */
export interface Commit {
  readonly revision: number;
  readonly changes: readonly Change[];
  /** For each change, what the key held before. */
  readonly replaced: readonly (PlacedEntry | undefined)[];
}

/** An entry, and its place among the changes of the commit that wrote it. */
export interface PlacedEntry {
  readonly entry: Entry;
  readonly place: number;
}

/** One value that a key once had, or its deletion, by commit and place in it: what compaction forgets. */
export interface Version {
  readonly revision: number;
  readonly place: number;
}

/**
 * All keys with their current values, and the way back: the list of recent commits, each of which can be
 * undone. A read of the past takes the present and undoes what came later within its prefix; a watch walks the
 * list forwards. Values are kept once, however many revisions show them.
 */
export class Keyspace {
  readonly #entries = new Map<string, PlacedEntry>();
  readonly #keys: OrderedKeys;
  /** Commits from `#compactRevision` on, without gaps. */
  readonly #history: Commit[] = [];
  #revision: number;
  #compactRevision: number;

  /** @param entries The state just before `compactRevision`, from which on history is about to be applied. */
  constructor(entries: Iterable<PlacedEntry> = [], compactRevision = 0) {
    for (const placed of entries) this.#entries.set(placed.entry.key, placed);
    this.#keys = new OrderedKeys(this.#entries.keys());
    this.#revision = Math.max(0, compactRevision - 1);
    this.#compactRevision = compactRevision;
  }

  get revision(): number {
    return this.#revision;
  }

  /** The oldest revision that can be read, and watched from. */
  get compactRevision(): number {
    return this.#compactRevision;
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key)?.entry;
  }

  read(prefix: string, { limit, after, revision = this.#revision }: ReadOptions = {}): ReadResult {
    if (limit !== undefined && !(Number.isSafeInteger(limit) && limit > 0))
      throw new RangeError(`Cannot read ${limit} entries: the limit must be a positive integer`);
    if (!(revision <= this.#revision))
      throw new RangeError(`Cannot read revision ${revision}: the last is ${this.#revision}`);
    if (revision < this.#compactRevision) throw new CompactedError(this.#compactRevision);
    const then = this.#undone(revision, prefix);
    const entries: Entry[] = [];
    for (const entry of this.#entriesOf(then, prefix, after)) {
      if (entries.length === limit) {
        const left = this.#countOf(then, prefix, entries.at(-1)?.key ?? '');
        return { entries, revision, more: true, left };
      }
      entries.push(entry);
    }
    return { entries, revision, more: false, left: 0 };
  }

  /** The commit of that revision. @throws {CompactedError} */
  commitAt(revision: number): Commit | undefined {
    if (revision < this.#compactRevision) throw new CompactedError(this.#compactRevision);
    const first = this.#history[0];
    return first === undefined ? undefined : this.#history[revision - first.revision];
  }

  /** Makes the commit the present. Its revision is one higher than the last. */
  apply(revision: number, changes: readonly Change[]): void {
    const replaced: (PlacedEntry | undefined)[] = [];
    let place = 0;
    for (const change of changes) {
      const { key } = change;
      const before = this.#entries.get(key);
      replaced.push(before);
      if (change.type === 'put') {
        this.#entries.set(key, { entry: change.entry, place });
        if (before === undefined) this.#keys.add(key);
      } else {
        this.#entries.delete(key);
        this.#keys.delete(key);
      }
      place++;
    }
    this.#history.push({ revision, changes, replaced });
    this.#revision = revision;
  }

  /**
   * Forgets what only reads before `revision` would show.
   * @returns the versions of keys that nothing shows any more.
   */
  compact(revision: number): Version[] {
    const forgotten: Version[] = [];
    if (revision <= this.#compactRevision) return forgotten;
    for (const commit of this.#history) {
      if (commit.revision > revision) break;
      // The commit at the old boundary had its replaced values forgotten when the boundary was drawn there.
      if (commit.revision > this.#compactRevision) {
        for (const before of commit.replaced)
          if (before !== undefined) forgotten.push({ revision: before.entry.revision, place: before.place });
      }
      // A deletion at the boundary itself is still shown to a watch from there.
      if (commit.revision < revision) {
        for (const [place, change] of commit.changes.entries())
          if (change.type === 'delete') forgotten.push({ revision: commit.revision, place });
      }
    }
    const first = this.#history[0];
    if (first !== undefined) this.#history.splice(0, Math.max(0, revision - first.revision));
    this.#compactRevision = revision;
    return forgotten;
  }

  /** How many there are behind a key, without going through them. @param then What is otherwise than now. */
  #countOf(then: ReadonlyMap<string, Entry | undefined>, prefix: string, after: string): number {
    let count = this.#keys.countWithPrefix(prefix, after);
    for (const [key, entry] of then)
      if (key > after) count += (entry === undefined ? 0 : 1) - (this.#entries.has(key) ? 1 : 0);
    return count;
  }

  *#entriesOf(
    then: ReadonlyMap<string, Entry | undefined>,
    prefix: string,
    after: string | undefined,
  ): Generator<Entry, void> {
    const gone = [...then.keys()]
      .filter((key) => !this.#entries.has(key) && (after === undefined || key > after))
      .sort((left, right) => (left < right ? -1 : 1));
    let goneAt = 0;
    for (const key of this.#keys.withPrefix(prefix, after)) {
      for (let early = gone[goneAt]; early !== undefined && early < key; early = gone[++goneAt]) {
        const entry = then.get(early);
        if (entry !== undefined) yield entry;
      }
      const entry = then.has(key) ? then.get(key) : this.get(key);
      if (entry !== undefined) yield entry;
    }
    for (; goneAt < gone.length; goneAt++) {
      const entry = then.get(gone[goneAt] ?? '');
      if (entry !== undefined) yield entry;
    }
  }

  /** For every key under `prefix` that changed after `revision`: what it held at `revision`. */
  #undone(revision: number, prefix: string): Map<string, Entry | undefined> {
    const then = new Map<string, Entry | undefined>();
    for (let at = this.#history.length - 1; at >= 0; at--) {
      const commit = this.#history[at];
      if (commit === undefined || commit.revision <= revision) break;
      commit.changes.forEach(({ key }, place) => {
        if (key.startsWith(prefix)) then.set(key, commit.replaced[place]?.entry);
      });
    }
    return then;
  }
}

/** An entry that replaces `before`. */
export function nextEntry(key: string, value: Json, revision: number, before: Entry | undefined): Entry {
  return { key, value, revision, createRevision: before?.createRevision ?? revision };
}
