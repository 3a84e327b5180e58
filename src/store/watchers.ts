import type { Keyspace } from './keyspace.ts';
import type { Watch, WatchObserver } from './store.ts';

/**
 * The running watches. Each remembers the next revision it has to show and is carried forward over the
 * history, so past and live batches are the same thing, and a batch can neither be missed nor come twice.
 */
export class Watchers {
  readonly #keyspace: Keyspace;
  readonly #watchers = new Set<Watcher>();
  #isPublishing = false;

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace;
  }

  /** The batches of the past arrive after the caller has got its watch. @throws {CompactedError} */
  open(prefix: string, fromRevision: number, observer: WatchObserver): Watch {
    this.#keyspace.commitAt(fromRevision);
    const watcher: Watcher = { prefix, observer, nextRevision: fromRevision };
    this.#watchers.add(watcher);
    queueMicrotask(() => this.publish());
    return { [Symbol.dispose]: () => this.#watchers.delete(watcher) };
  }

  /** Shows every watch what it has not seen yet. What observers commit meanwhile is shown in the same call. */
  publish(): void {
    if (this.#isPublishing) return;
    this.#isPublishing = true;
    try {
      let shown: number;
      do {
        shown = this.#keyspace.revision;
        for (const watcher of this.#watchers) this.#advance(watcher, shown);
      } while (this.#keyspace.revision !== shown);
    } finally {
      this.#isPublishing = false;
    }
  }

  /** Ends every watch with `error`. */
  close(error: Error): void {
    for (const watcher of this.#watchers) this.#fail(watcher, error);
  }

  #advance(watcher: Watcher, revision: number): void {
    while (watcher.nextRevision <= revision && this.#watchers.has(watcher)) {
      try {
        const commit = this.#keyspace.commitAt(watcher.nextRevision);
        watcher.nextRevision++;
        if (commit === undefined) continue;
        const { prefix } = watcher;
        const changes =
          prefix === '' ? commit.changes : commit.changes.filter(({ key }) => key.startsWith(prefix));
        if (changes.length > 0) watcher.observer.onBatch({ revision: commit.revision, changes });
      } catch (error) {
        this.#fail(watcher, error instanceof Error ? error : new Error(String(error)));
      }
    }
  }

  /** An observer that throws ends its own watch and disturbs neither the commit nor the other watches. */
  #fail(watcher: Watcher, error: Error): void {
    if (!this.#watchers.delete(watcher)) return;
    try {
      watcher.observer.onError(error);
    } catch (onErrorFailure) {
      queueMicrotask(() => {
        throw onErrorFailure;
      });
    }
  }
}

interface Watcher {
  readonly prefix: string;
  readonly observer: WatchObserver;
  nextRevision: number;
}
