import { type Change, type Entry, OrderedKeys } from '../store/index.ts';
import { type IndexFunction, RecordIndex } from './record-index.ts';
import { type Collection, everyNoun, type RecordChange, type RecordKey, type Stored } from './state.ts';

/**
 * The whole store in memory, by kind of record (service and noun). It changes only by `apply`, one commit at a
 * time, so whoever reads without waiting in between sees a single revision. The records are the store's own
 * frozen entries: nothing is copied.
 */
export class Mirror {
  readonly #kinds = new Map<string, Kind<object>>();
  /** The same by collection: every read asks for one. */
  readonly #byCollection = new WeakMap<object, Kind<object>>();
  /** What is asked for of whole services. */
  readonly #services = new Map<string, WholeService>();
  readonly #onListenerError: (error: unknown) => void;
  #revision = 0;

  constructor(onListenerError: (error: unknown) => void) {
    this.#onListenerError = onListenerError;
  }

  /** The revision that the mirror shows. */
  get revision(): number {
    return this.#revision;
  }

  kind<T extends object>(collection: Collection<T, string>): Kind<T> {
    // The store holds plain JSON; that records of a collection are `T` is what its only writers, the
    // transactions of that collection, have seen to.
    let kind = this.#byCollection.get(collection);
    if (kind === undefined) {
      kind =
        collection.noun === everyNoun
          ? this.#serviceNamed(collection.service)
          : this.#kindNamed(kindName(collection.service, collection.noun));
      this.#byCollection.set(collection, kind);
    }
    return kind as unknown as Kind<T>;
  }

  /** @returns what to tell each kind's listeners, once everything is in place. */
  apply(changes: readonly Change[], revision: number): () => void {
    const notices: (() => void)[] = [];
    for (const change of changes) {
      const name = kindOfKey(change.key);
      if (name === undefined) continue;
      const kind = this.#kindNamed(name);
      const key = change.key as RecordKey;
      const before = kind.get(key);
      if (change.type === 'delete' && before === undefined) continue;
      const after = change.type === 'put' ? storedOf(change.entry) : undefined;
      kind.replace(key, before, after);
      const told = { key, before: before?.value, after: after?.value };
      notices.push(() => kind.tell(told));
      const service = this.#services.get(name.slice(0, name.indexOf('/')));
      if (service !== undefined) notices.push(() => service.tell(told));
    }
    this.#revision = revision;
    return () => {
      for (const notice of notices) notice();
    };
  }

  /** The changes that lead from here to a store that holds `entries` and nothing else. */
  changesTowards(entries: readonly Entry[]): Change[] {
    const changes: Change[] = [];
    const wanted = new Set<string>();
    for (const entry of entries) {
      wanted.add(entry.key);
      const name = kindOfKey(entry.key);
      const here = name === undefined ? undefined : this.#kinds.get(name)?.get(entry.key as RecordKey);
      if (here?.revision !== entry.revision) changes.push({ type: 'put', key: entry.key, entry });
    }
    for (const kind of this.#kinds.values()) {
      for (const { key } of kind.list()) if (!wanted.has(key)) changes.push({ type: 'delete', key });
    }
    return changes;
  }

  #serviceNamed(name: string): WholeService {
    let service = this.#services.get(name);
    if (service === undefined) {
      service = new WholeService(this.#kinds, name, this.#onListenerError);
      this.#services.set(name, service);
    }
    return service;
  }

  #kindNamed(name: string): Kind<object> {
    let kind = this.#kinds.get(name);
    if (kind === undefined) {
      kind = new Kind(this.#onListenerError);
      this.#kinds.set(name, kind);
    }
    return kind;
  }
}

/** The records of one service and noun. */
export class Kind<T extends object> {
  readonly listeners = new Set<(change: RecordChange<T>) => void>();
  readonly #records = new Map<RecordKey, Stored<T>>();
  readonly #keys = new OrderedKeys();
  readonly #onListenerError: (error: unknown) => void;
  /** Made when first asked for. */
  readonly #indexes = new Map<IndexFunction<T>, RecordIndex<T>>();

  constructor(onListenerError: (error: unknown) => void) {
    this.#onListenerError = onListenerError;
  }

  get(key: RecordKey): Stored<T> | undefined {
    return this.#records.get(key);
  }

  *list(prefix = ''): Generator<Stored<T>, void> {
    for (const key of this.#keys.withPrefix(prefix)) {
      const record = this.#records.get(key as RecordKey);
      if (record !== undefined) yield record;
    }
  }

  index(valuesOf: IndexFunction<T>): RecordIndex<T> {
    let index = this.#indexes.get(valuesOf);
    if (index === undefined) {
      index = new RecordIndex(valuesOf, this.list(), (key) => this.#records.get(key));
      this.#indexes.set(valuesOf, index);
    }
    return index;
  }

  replace(key: RecordKey, before: Stored<T> | undefined, after: Stored<T> | undefined): void {
    if (after === undefined) {
      this.#records.delete(key);
      this.#keys.delete(key);
    } else {
      this.#records.set(key, after);
      if (before === undefined) this.#keys.add(key);
    }
    for (const index of this.#indexes.values()) index.replace(before, after);
  }

  tell(change: RecordChange<T>): void {
    for (const listener of this.listeners) {
      try {
        listener(change);
      } catch (error) {
        this.#onListenerError(error);
      }
    }
  }
}

/** The records of all nouns of a service. It keeps none itself. */
class WholeService extends Kind<object> {
  readonly #kinds: ReadonlyMap<string, Kind<object>>;
  readonly #start: string;

  constructor(
    kinds: ReadonlyMap<string, Kind<object>>,
    service: string,
    onListenerError: (error: unknown) => void,
  ) {
    super(onListenerError);
    this.#kinds = kinds;
    this.#start = kindName(service, '');
  }

  override get(key: RecordKey): Stored<object> | undefined {
    const name = kindOfKey(key);
    return name?.startsWith(this.#start) ? this.#kinds.get(name)?.get(key) : undefined;
  }

  override *list(prefix = ''): Generator<Stored<object>, void> {
    for (const [name, kind] of this.#kinds) if (name.startsWith(this.#start)) yield* kind.list(prefix);
  }
}

export function kindName(service: string, noun: string): string {
  return `${service}/${noun}`;
}

/** `/<service>/<account>/<region>/<noun>/...` to service and noun; undefined for keys of another form. */
export function kindOfKey(key: string): string | undefined {
  if (!key.startsWith('/')) return undefined;
  const serviceEnd = key.indexOf('/', 1);
  const accountEnd = key.indexOf('/', serviceEnd + 1);
  const nounStart = key.indexOf('/', accountEnd + 1) + 1;
  if (serviceEnd < 0 || accountEnd < 0 || nounStart === 0) return undefined;
  const nounEnd = key.indexOf('/', nounStart);
  return kindName(key.slice(1, serviceEnd), key.slice(nounStart, nounEnd < 0 ? undefined : nounEnd));
}

function storedOf(entry: Entry): Stored<object> | undefined {
  const { value } = entry;
  // A value that is no record can't have been put by a transaction; nobody could read it as one either.
  if (typeof value !== 'object' || value === null) return undefined;
  return entry as Entry & Stored<object>;
}
