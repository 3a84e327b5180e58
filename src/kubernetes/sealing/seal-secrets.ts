import { done, type Reconciler, type RecordKey, type State, watching } from '../../reconcile/index.ts';
import { type ClusterRecord, clusters, scopeOfKey } from '../../services/eks/index.ts';
import type { Json, Store } from '../../store/index.ts';
import type { ClusterPlace } from '../objects/object-records.ts';
import { objectRecords, placeOfObject, recordsPrefix } from '../objects/object-records.ts';
import type { ClusterDataKeys } from './cluster-data-keys.ts';
import { isSealed } from './sealed-object.ts';
import { sealedNoun } from './sealing-store.ts';

const secretRecords = objectRecords(sealedNoun);

interface Sealing {
  readonly state: State;
  /** That seals what is put there. */
  readonly store: Store;
  readonly keys: ClusterDataKeys;
}

/** The Secrets of a cluster that are kept as they are. */
export const unsealedKeys = (state: State, place: ClusterPlace): readonly RecordKey[] =>
  [...state.list(secretRecords, recordsPrefix(sealedNoun, place))]
    .filter(({ value }) => !isSealed(value as unknown as Json))
    .map(({ key }) => key);

/**
 * Seals what was kept before its cluster had a key, by writing it once more as it is. One that somebody else writes meanwhile is sealed by that.
 * @throws {ApiError} the cluster's key of KMS can't be used now.
 */
export async function sealAgain(
  { state, store }: Pick<Sealing, 'state' | 'store'>,
  key: RecordKey,
): Promise<void> {
  const present = await store.get(key);
  const kept = state.get(secretRecords, key);
  if (present === undefined || kept === undefined || isSealed(kept as unknown as Json)) return;
  const { revision, value } = present;
  const outcome = await store.commit([{ key, revision }], [{ type: 'put', key, value }]);
  if (outcome.committed) await state.reached(outcome.revision);
}

/** Seals whatever is not, in clusters that have a key. */
export function secretSealing(sealing: Sealing): Reconciler {
  const { state, keys } = sealing;
  return {
    name: 'kubernetes-secret-sealing',
    watches: [
      watching(secretRecords, ({ key, after }) =>
        after !== undefined && !isSealed(after as unknown as Json) && keys.isSealing(placeOfObject(key))
          ? [key]
          : [],
      ),
      watching<ClusterRecord>(clusters, ({ key, before, after }) =>
        after?.encryption === undefined || before?.encryption !== undefined
          ? []
          : unsealedKeys(state, { ...scopeOfKey(key), id: after.id }),
      ),
    ],
    reconcile: async (key) => {
      await sealAgain(sealing, key as RecordKey);
      return done;
    },
  };
}
