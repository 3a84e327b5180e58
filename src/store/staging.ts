import { frozenJson } from './json.ts';
import { type Keyspace, nextEntry } from './keyspace.ts';
import { type Leases, leaseNotFound } from './leases.ts';
import type { Change, Entry, LeaseId, Precondition, Write } from './store.ts';

/** What is to become durable together: everything that a batch of callers asked for. */
export interface Batch {
  readonly commits: readonly StagedCommit[];
  readonly grantedLeases: readonly GrantedLease[];
  readonly endedLeases: readonly LeaseId[];
}

export interface StagedCommit {
  readonly revision: number;
  readonly changes: readonly Change[];
  /** The leases of the keys that were put with one. */
  readonly leases: ReadonlyMap<string, LeaseId>;
}

export interface GrantedLease {
  readonly id: LeaseId;
  readonly ttlMs: number;
}

/** More in one commit is refused; the durable form numbers a commit's changes with 16 bits. */
const maximumWrites = 65_536;

/**
 * Commits that were accepted but are not durable yet, stacked over the present. Each sees those before it, so
 * its preconditions and its revision are judged as if it were alone; if the batch can't be written, it is
 * dropped as a whole and the present was never touched.
 */
export class Staging implements Batch {
  readonly commits: StagedCommit[] = [];
  readonly grantedLeases: GrantedLease[] = [];
  readonly endedLeases: LeaseId[] = [];
  readonly #keyspace: Keyspace;
  readonly #leases: Leases;
  readonly #changes = new Map<string, Change>();
  readonly #leaseOfKey = new Map<string, LeaseId>();
  #revision: number;

  constructor(keyspace: Keyspace, leases: Leases) {
    this.#keyspace = keyspace;
    this.#leases = leases;
    this.#revision = keyspace.revision;
  }

  get isEmpty(): boolean {
    return this.commits.length + this.grantedLeases.length + this.endedLeases.length === 0;
  }

  /** The preconditions that don't hold. */
  conflicts(preconditions: readonly Precondition[]): Precondition[] {
    return preconditions.filter(({ key, revision }) => (this.#entry(key)?.revision ?? 0) !== revision);
  }

  /**
   * Stages the writes as one commit, less deletions of what is absent.
   * @returns the revision that shows them.
   */
  write(writes: readonly Write[]): number {
    const revision = this.#revision + 1;
    const changes: Change[] = [];
    const leases = new Map<string, LeaseId>();
    for (const write of writes) {
      const { key } = write;
      const before = this.#entry(key);
      if (write.type === 'put') {
        this.#assertLease(write.lease);
        changes.push({ type: 'put', key, entry: nextEntry(key, write.value, revision, before) });
        if (write.lease !== undefined) leases.set(key, write.lease);
      } else if (before !== undefined) {
        changes.push({ type: 'delete', key });
      }
    }
    if (changes.length === 0) return this.#revision;
    for (const change of changes) {
      const lease = leases.get(change.key);
      this.#changes.set(change.key, change);
      if (lease === undefined) this.#leaseOfKey.delete(change.key);
      else this.#leaseOfKey.set(change.key, lease);
    }
    this.commits.push({ revision, changes, leases });
    this.#revision = revision;
    return revision;
  }

  grantLease(lease: GrantedLease): void {
    this.grantedLeases.push(lease);
  }

  /** Ends the lease and deletes its keys, in one commit unless they are more than a commit can hold. */
  endLease(id: LeaseId): void {
    const keys = [...this.#leases.keysOf(id)].filter((key) => !this.#changes.has(key));
    for (const [key, lease] of this.#leaseOfKey) if (lease === id) keys.push(key);
    keys.sort();
    for (let start = 0; start < keys.length; start += maximumWrites)
      this.write(keys.slice(start, start + maximumWrites).map((key) => ({ type: 'delete', key })));
    this.endedLeases.push(id);
  }

  #entry(key: string): Entry | undefined {
    const change = this.#changes.get(key);
    if (change === undefined) return this.#keyspace.get(key);
    return change.type === 'put' ? change.entry : undefined;
  }

  #assertLease(id: LeaseId | undefined): void {
    if (id === undefined) return;
    if (!this.#leases.has(id) || this.endedLeases.includes(id)) throw leaseNotFound(id);
  }
}

/**
 * The writes with their values copied and frozen, so that what the caller does to them later does not matter.
 * @throws {TypeError} a key is not printable ASCII or is written twice, or a value is not JSON.
 * @throws {RangeError} too many writes.
 */
export function checkedWrites(writes: readonly Write[]): readonly Write[] {
  if (writes.length > maximumWrites)
    throw new RangeError(`Cannot commit ${writes.length} writes at once: the most is ${maximumWrites}`);
  const keys = new Set<string>();
  return writes.map((write) => {
    const { key } = write;
    if (!printableAscii.test(key))
      throw new TypeError(`Cannot write key ${JSON.stringify(key)}: keys are printable ASCII`);
    if (keys.has(key)) throw new TypeError(`Cannot write key ${key} twice in one commit`);
    keys.add(key);
    if (write.type === 'delete') return write;
    try {
      return { ...write, value: frozenJson(write.value) };
    } catch (error) {
      throw new TypeError(`Cannot write key ${key}: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      });
    }
  });
}

const printableAscii = /^[\x20-\x7e]+$/;
