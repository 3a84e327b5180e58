import fc from 'fast-check';
import { expect } from 'vitest';
import { VirtualClock } from '../clock/index.ts';
import { keysOf, put, remove, type Watching, watching } from './conformance-words.ts';
import type { Json } from './json.ts';
import {
  CompactedError,
  type Entry,
  type Precondition,
  type Store,
  type WatchBatch,
  type Write,
} from './store.ts';

/** Opens an empty store of the driver under test; the suite closes it. */
export type OpenStore = (clock: VirtualClock) => Promise<Store>;

/** The contract in its plainest form: every revision's whole state, and every commit's batch. */
interface Model {
  readonly states: ReadonlyMap<string, Entry>[];
  readonly batches: WatchBatch[];
  compactRevision: number;
}

interface Real {
  readonly store: Store;
  readonly watches: { readonly prefix: string; readonly fromRevision: number; readonly seen: Watching }[];
}

/** Runs random commands against the driver and the model, and compares after each; watches at the end. */
export async function checkAgainstModel(open: OpenStore): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.commands(commands, { maxCommands: 60 }), async (script) => {
      const store = await open(new VirtualClock(0));
      const real: Real = { store, watches: [] };
      const model: Model = { states: [new Map()], batches: [], compactRevision: 0 };
      try {
        await fc.asyncModelRun(() => ({ model, real }), script);
        await store.commit([], []);
        for (const { prefix, fromRevision, seen } of real.watches) {
          expect(seen.errors).toEqual([]);
          expect(seen.batches).toEqual(batchesFrom(model, prefix, fromRevision));
        }
      } finally {
        await store.close();
      }
    }),
    { numRuns: 30 },
  );
}

type Command = fc.AsyncCommand<Model, Real>;

/** What a commit is made of, before it is known which revisions the keys have. */
interface Plan {
  readonly writes: readonly Write[];
  /** Keys to guard, and by how much to miss their revision. */
  readonly guards: readonly (readonly [key: string, offBy: number])[];
}

class CommitAtOnce implements Command {
  readonly #plans: readonly Plan[];
  constructor(plans: readonly Plan[]) {
    this.#plans = plans;
  }
  check(): boolean {
    return true;
  }
  async run(model: Model, { store }: Real): Promise<void> {
    // All preconditions speak of the state before; so those sent later may lose against those sent earlier.
    const before = present(model);
    const commits = this.#plans.map(({ writes, guards }) => ({
      writes,
      preconditions: guards.map(([key, offBy]) => ({
        key,
        revision: (before.get(key)?.revision ?? 0) + offBy,
      })),
    }));
    const outcomes = await Promise.all(
      commits.map(({ preconditions, writes }) => store.commit(preconditions, writes)),
    );
    const expected = commits.map(({ preconditions, writes }) => applyTo(model, preconditions, writes));
    expect(outcomes).toEqual(expected);
    expect(await store.revision()).toBe(model.states.length - 1);
  }
  toString(): string {
    return `commit ${JSON.stringify(this.#plans)}`;
  }
}

class Read implements Command {
  readonly #prefix: string;
  readonly #limit: number;
  readonly #after: string;
  readonly #age: number;
  constructor(prefix: string, limit: number, after: string, age: number) {
    this.#prefix = prefix;
    this.#limit = limit;
    this.#after = after;
    this.#age = age;
  }
  check(): boolean {
    return true;
  }
  async run(model: Model, { store }: Real): Promise<void> {
    const revision = Math.max(0, model.states.length - 1 - this.#age);
    const reading = store.read(this.#prefix, { limit: this.#limit, after: this.#after, revision });
    if (revision < model.compactRevision) {
      await expect(reading).rejects.toThrow(CompactedError);
      return;
    }
    const fitting = [...(model.states[revision] ?? new Map<string, Entry>()).values()]
      .filter(({ key }) => key.startsWith(this.#prefix) && key > this.#after)
      .sort((left, right) => (left.key < right.key ? -1 : 1));
    const { entries, more, left } = await reading;
    expect(keysOf(entries)).toEqual(keysOf(fitting.slice(0, this.#limit)));
    expect(entries).toEqual(fitting.slice(0, this.#limit));
    expect(more).toBe(fitting.length > this.#limit);
    expect(left).toBe(Math.max(0, fitting.length - this.#limit));
  }
  toString(): string {
    return `read ${this.#prefix} limit ${this.#limit} after ${this.#after} ${this.#age} revisions ago`;
  }
}

class OpenWatch implements Command {
  readonly #prefix: string;
  readonly #age: number;
  constructor(prefix: string, age: number) {
    this.#prefix = prefix;
    this.#age = age;
  }
  check(): boolean {
    return true;
  }
  async run(model: Model, { store, watches }: Real): Promise<void> {
    const fromRevision = Math.max(1, model.states.length - this.#age);
    const seen = watching(store, this.#prefix, fromRevision);
    if (fromRevision < model.compactRevision) {
      await Promise.resolve();
      expect(seen.errors).toEqual([expect.any(CompactedError)]);
    } else {
      watches.push({ prefix: this.#prefix, fromRevision, seen });
    }
  }
  toString(): string {
    return `watch ${this.#prefix} from ${this.#age} revisions ago`;
  }
}

class Compact implements Command {
  readonly #age: number;
  constructor(age: number) {
    this.#age = age;
  }
  check(): boolean {
    return true;
  }
  async run(model: Model, { store }: Real): Promise<void> {
    const revision = Math.max(0, model.states.length - 1 - this.#age);
    await store.compact(revision);
    model.compactRevision = Math.max(model.compactRevision, revision);
  }
  toString(): string {
    return `compact ${this.#age} revisions ago`;
  }
}

function present(model: Model): ReadonlyMap<string, Entry> {
  return model.states.at(-1) ?? new Map();
}

function applyTo(model: Model, preconditions: readonly Precondition[], writes: readonly Write[]): unknown {
  const state = new Map(present(model));
  const conflicts = preconditions.filter(({ key, revision }) => (state.get(key)?.revision ?? 0) !== revision);
  if (conflicts.length > 0) return { committed: false, conflicts };
  const revision = model.states.length;
  const changes: WatchBatch['changes'][number][] = [];
  for (const write of writes) {
    const { key } = write;
    const before = state.get(key);
    if (write.type === 'put') {
      const entry = { key, value: write.value, revision, createRevision: before?.createRevision ?? revision };
      state.set(key, entry);
      changes.push({ type: 'put', key, entry });
    } else if (before !== undefined) {
      state.delete(key);
      changes.push({ type: 'delete', key });
    }
  }
  if (changes.length === 0) return { committed: true, revision: revision - 1 };
  model.states.push(state);
  model.batches.push({ revision, changes });
  return { committed: true, revision };
}

function batchesFrom({ batches }: Model, prefix: string, fromRevision: number): WatchBatch[] {
  return batches
    .filter(({ revision }) => revision >= fromRevision)
    .map(({ revision, changes }) => ({
      revision,
      changes: changes.filter(({ key }) => key.startsWith(prefix)),
    }))
    .filter(({ changes }) => changes.length > 0);
}

const someKey = fc.constantFrom('/a', '/a/1', '/a/2', '/a/10', '/b', '/b/1', '/c~', '/c');
const somePrefix = fc.constantFrom('', '/', '/a', '/a/', '/b', '/c', '/a/1', '/zz');
const someAge = fc.nat({ max: 12 });
const someValue: fc.Arbitrary<Json> = fc.oneof(
  fc.integer(),
  fc.record({ name: fc.string(), list: fc.array(fc.boolean(), { maxLength: 3 }) }),
);
const someWrite: fc.Arbitrary<Write> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(someKey, someValue).map(([key, value]) => put(key, value)) },
  { weight: 1, arbitrary: someKey.map(remove) },
);
const somePlan: fc.Arbitrary<Plan> = fc.record({
  writes: fc.uniqueArray(someWrite, { selector: ({ key }) => key, maxLength: 4 }),
  guards: fc.array(fc.tuple(someKey, fc.constantFrom(0, 0, 0, 0, 1, -1)), { maxLength: 2 }),
});
const commands: fc.Arbitrary<Command>[] = [
  fc.array(somePlan, { minLength: 1, maxLength: 4 }).map((plans) => new CommitAtOnce(plans)),
  fc.array(somePlan, { minLength: 1, maxLength: 1 }).map((plans) => new CommitAtOnce(plans)),
  fc
    .tuple(somePrefix, fc.integer({ min: 1, max: 5 }), fc.oneof(someKey, fc.constant('')), someAge)
    .map(([prefix, limit, after, age]) => new Read(prefix, limit, after, age)),
  fc.tuple(somePrefix, someAge).map(([prefix, age]) => new OpenWatch(prefix, age)),
  someAge.map((age) => new Compact(age)),
];
