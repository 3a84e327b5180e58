import type { Random } from '../../clock/index.ts';
import type { Entry, Json, Store, WatchBatch, Write } from '../../store/index.ts';
import { placeOfObject } from '../objects/object-records.ts';
import type { ClusterDataKeys } from './cluster-data-keys.ts';
import { isSealed, openObject, sealObject } from './sealed-object.ts';

/** What of a cluster is sealed, by its place in keys: see `objectRecords`. */
export const sealedNoun = 'secrets';

/** Whether an object of that key is one of those that clusters can have sealed. */
const isSealable = (key: string): boolean =>
  // The short look spares nearly every key the long one.
  key.includes('/secrets/') && /^\/kubernetes\/[^/]+\/[^/]+\/secrets\/[^/]+\/./.test(key);

/**
 * A store in which the Secrets of clusters with a key of KMS are sealed, and open for whoever reads them here. All else goes through as it is.
 * What is the same entry is the same object each time it is read.
 */
export function sealingStore(store: Store, keys: ClusterDataKeys, random: Random): Store {
  const opened = new WeakMap<object, { readonly by: Uint8Array; readonly value: Json }>();
  const openEntry = (entry: Entry): Entry => {
    const { key, value } = entry;
    if (!isSealable(key) || !isSealed(value)) return entry;
    const dataKey = keys.toOpen(placeOfObject(key), registryKey(key));
    let open = opened.get(value);
    // What was open to an API server that has ended is not open to the next one.
    if (open?.by !== dataKey) {
      open = { by: dataKey, value: openObject(dataKey, key, value) };
      opened.set(value, open);
    }
    return { ...entry, value: open.value };
  };
  const sealWrite = (write: Write): Write => {
    if (write.type !== 'put' || !isSealable(write.key)) return write;
    const dataKey = keys.toSeal(placeOfObject(write.key));
    if (dataKey === undefined) return write;
    const value = sealObject(dataKey, write.key, write.value, random) as unknown as Json;
    return { ...write, value };
  };
  const openBatch = ({ revision, changes }: WatchBatch): WatchBatch => ({
    revision,
    changes: changes.map((change) =>
      change.type === 'put' ? { ...change, entry: openEntry(change.entry) } : change,
    ),
  });
  return {
    read: async (prefix, options) => {
      const found = await store.read(prefix, options);
      return mayHoldSealed(prefix) ? { ...found, entries: found.entries.map(openEntry) } : found;
    },
    get: async (key) => {
      const entry = await store.get(key);
      return entry === undefined ? undefined : openEntry(entry);
    },
    commit: async (preconditions, writes) => store.commit(preconditions, writes.map(sealWrite)),
    watch: (prefix, fromRevision, observer) =>
      store.watch(
        prefix,
        fromRevision,
        mayHoldSealed(prefix)
          ? {
              onBatch: (batch) => observer.onBatch(openBatch(batch)),
              onError: (error) => observer.onError(error),
            }
          : observer,
      ),
    revision: () => store.revision(),
    grantLease: (ttlMs) => store.grantLease(ttlMs),
    keepAlive: (lease) => store.keepAlive(lease),
    revokeLease: (lease) => store.revokeLease(lease),
    compact: (revision) => store.compact(revision),
    close: () => store.close(),
    [Symbol.asyncDispose]: () => store.close(),
  };
}

/** Of what begins so; a whole key is the beginning of itself. */
function mayHoldSealed(prefix: string): boolean {
  const [, , , , noun] = prefix.split('/');
  return noun === undefined || sealedNoun.startsWith(noun);
}

/** As upstream names it in its store: `/registry/secrets/<namespace>/<name>`. */
const registryKey = (key: string): string =>
  ['', 'registry', sealedNoun, ...key.split('/').slice(6).map(decodeURIComponent)].join('/');
