import { isDeepStrictEqual } from 'node:util';
import type { CommitResult, Entry, Precondition, Store, Write } from '../../src/store/index.ts';
import type { StagedCommit } from '../../src/store/staging.ts';
import { fail } from './broken-rule.ts';
import type { SimProcess } from './sim-process.ts';

/**
 * The store's history is linear: each commit stands at one revision, its preconditions held just before it, it
 * changed what it was asked to change and nothing else, and it stands between the moments at which it was asked for
 * and answered. What was refused was refused for a reason, and reads show one revision. It is judged by what became
 * durable, version by version.
 */
export class StoreHistory {
  /** The revisions at which each key was written, and what stood there then; undefined for deleted. */
  readonly #versions = new Map<string, { readonly revision: number; readonly entry: Entry | undefined }[]>();
  readonly #commits: StagedCommit[] = [];
  #acknowledged = 0;

  /** The last durable revision. */
  get revision(): number {
    return this.#commits.at(-1)?.revision ?? 0;
  }

  /** The last revision that anybody was told of. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  add(commit: StagedCommit): void {
    const { revision, changes } = commit;
    for (const change of changes) {
      const versions = this.#versions.get(change.key) ?? [];
      const before = versions.at(-1)?.entry;
      const entry = change.type === 'put' ? change.entry : undefined;
      if (
        entry &&
        (entry.revision !== revision || entry.createRevision !== (before?.createRevision ?? revision))
      )
        fail('history is linear', `${change.key} says ${JSON.stringify(entry)} at revision ${revision}`);
      versions.push({ revision, entry });
      this.#versions.set(change.key, versions);
    }
    this.#commits.push(commit);
  }

  /** @param askedAt The last revision that anybody knew of when it was asked for. */
  checkCommit(
    askedAt: number,
    preconditions: readonly Precondition[],
    writes: readonly Write[],
    result: CommitResult,
  ): void {
    if (!result.committed) {
      const isReal = result.conflicts.every(({ key, revision }) => this.#wasOther(key, revision, askedAt));
      if (!isReal || result.conflicts.length === 0)
        fail('history is linear', `refused without a reason: ${JSON.stringify(result.conflicts)}`);
      return;
    }
    const { revision } = result;
    const hasEffect = writes.some(
      ({ key, type }) => type === 'put' || this.#at(key, revision - 1) !== undefined,
    );
    if (!hasEffect) return;
    if (revision <= askedAt) fail('history is linear', `revision ${revision} was asked for after ${askedAt}`);
    for (const { key, revision: expected } of preconditions) {
      const there = this.#at(key, revision - 1)?.revision ?? 0;
      if (there !== expected)
        fail('history is linear', `revision ${revision}: ${key} was at ${there}, not at ${expected}`);
    }
    const commit = this.#commits[revision - 1];
    const done = new Map(
      commit?.changes.map((change) => [change.key, change.type === 'put' ? change.entry.value : undefined]),
    );
    for (const write of writes) {
      const value = write.type === 'put' ? write.value : undefined;
      if (!isDeepStrictEqual(done.get(write.key), value))
        fail('history is linear', `revision ${revision} did not write ${write.key} as it was asked to`);
      done.delete(write.key);
    }
    if (done.size > 0)
      fail('history is linear', `revision ${revision} also wrote ${[...done.keys()].join(', ')}`);
    this.#acknowledged = Math.max(this.#acknowledged, revision);
  }

  checkRead(prefix: string, entries: readonly Entry[], revision: number): void {
    if (revision < this.#acknowledged)
      fail('reads show what is durable', `revision ${revision} was shown after ${this.#acknowledged}`);
    for (const entry of entries)
      if (!entry.key.startsWith(prefix) || this.#at(entry.key, revision) !== entry)
        fail('reads show what is durable', `${entry.key} at revision ${revision}`);
  }

  #at(key: string, revision: number): Entry | undefined {
    return this.#versions.get(key)?.findLast((version) => version.revision <= revision)?.entry;
  }

  /** At some revision since then the key was not at `expected`. */
  #wasOther(key: string, expected: number, since: number): boolean {
    const versions = this.#versions.get(key) ?? [];
    const then = versions.findLast(({ revision }) => revision <= since);
    if ((then?.entry?.revision ?? 0) !== expected) return true;
    return versions.some(({ revision, entry }) => revision > since && (entry?.revision ?? 0) !== expected);
  }
}

/** The store, with every answer that this process gets from it held against the history. */
export function recorded(
  store: Store,
  history: StoreHistory,
  process: SimProcess,
  onBroken: (error: unknown) => void,
): Store {
  const check = (work: () => void): void => {
    try {
      if (!process.isDead) work();
    } catch (error) {
      onBroken(error);
    }
  };
  return new Proxy(store, {
    get: (target, property) => {
      if (property === 'commit')
        return async (preconditions: readonly Precondition[], writes: readonly Write[]) => {
          const askedAt = history.acknowledged;
          const result = await target.commit(preconditions, writes);
          check(() => history.checkCommit(askedAt, preconditions, writes, result));
          return result;
        };
      if (property === 'read')
        return async (...input: Parameters<Store['read']>) => {
          const result = await target.read(...input);
          check(() => history.checkRead(input[0], result.entries, result.revision));
          return result;
        };
      const member: unknown = Reflect.get(target, property);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
