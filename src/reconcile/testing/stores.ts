import { seededRandom } from '../../clock/index.ts';
import type { Store, WatchObserver } from '../../store/index.ts';

/** The store, with commits that wait to be let go. */
export function slowCommits(inner: Store): { readonly store: Store; release(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const slow = delegate(inner);
  slow.commit = async (preconditions, writes) => {
    await promise;
    return inner.commit(preconditions, writes);
  };
  return { store: slow, release: resolve };
}

/** The store, with commits that arrive late and out of order. */
export function dawdling(inner: Store, seed: number): Store {
  const random = seededRandom(seed);
  const dawdler = delegate(inner);
  dawdler.commit = async (preconditions, writes) => {
    for (let turns = random.integer(10); turns > 0; turns--) await Promise.resolve();
    return inner.commit(preconditions, writes);
  };
  return dawdler;
}

/** The store, with a watch that can be cut (it shows nothing any more) and made to fail. */
export function fragileWatch(inner: Store): { readonly store: Store; cut(): void; fail(error: Error): void } {
  let current: { readonly watch: Disposable; readonly observer: WatchObserver } | undefined;
  const fragile = delegate(inner);
  fragile.watch = (prefix, fromRevision, observer) => {
    const watch = inner.watch(prefix, fromRevision, observer);
    current = { watch, observer };
    return watch;
  };
  return {
    store: fragile,
    cut: () => current?.watch[Symbol.dispose](),
    fail: (error) => {
      const failed = current;
      current = undefined;
      failed?.watch[Symbol.dispose]();
      failed?.observer.onError(error);
    },
  };
}

/** The store itself, any of whose methods a test may replace. */
export function delegate(inner: Store): Store {
  return {
    read: (...args) => inner.read(...args),
    get: (...args) => inner.get(...args),
    commit: (...args) => inner.commit(...args),
    watch: (...args) => inner.watch(...args),
    revision: () => inner.revision(),
    grantLease: (...args) => inner.grantLease(...args),
    keepAlive: (...args) => inner.keepAlive(...args),
    revokeLease: (...args) => inner.revokeLease(...args),
    compact: (...args) => inner.compact(...args),
    close: () => inner.close(),
    [Symbol.asyncDispose]: () => inner.close(),
  };
}

/** The store, unreachable while `isCutOff`. */
export function cutting(inner: Store, isCutOff: () => boolean): Store {
  const reach = async <R>(call: () => Promise<R>): Promise<R> => {
    if (isCutOff()) throw new Error('unreachable');
    return call();
  };
  return {
    ...delegate(inner),
    read: (...args) => reach(() => inner.read(...args)),
    get: (...args) => reach(() => inner.get(...args)),
    commit: (...args) => reach(() => inner.commit(...args)),
    revision: () => reach(() => inner.revision()),
    grantLease: (...args) => reach(() => inner.grantLease(...args)),
    keepAlive: (...args) => reach(() => inner.keepAlive(...args)),
    revokeLease: (...args) => reach(() => inner.revokeLease(...args)),
  };
}
