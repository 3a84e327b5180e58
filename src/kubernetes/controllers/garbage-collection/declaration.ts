import { type Reader, type RecordChange, watching } from '../../../reconcile/index.ts';
import { isDeletingDependents, isOrphaning } from '../../objects/propagation.ts';
import { everything } from '../collections.ts';
import type { Controller } from '../controller.ts';
import type { Kept } from '../objects.ts';
import { Dependents } from './dependents.ts';
import { ownerKeys } from './owners.ts';

/**
 * Deletes what has owners of which none is left, and sees to it that the dependents of an object that is deleted go before it
 * (foreground) or stay without it (orphan), of all kinds of all clusters.
 */
export function garbageCollector(): Controller<Kept> {
  const dependents = new Dependents();
  return {
    account: 'generic-garbage-collector',
    component: 'garbage-collector-controller',
    collection: everything,
    own: (state) => watching(everything, (change) => toLookAt(state, dependents, change)),
    watches: () => [],
    load: async () => {
      const { collect } = await import('./collect.ts');
      return (work) => collect(work, dependents);
    },
  };
}

/** Which objects a change of one is news to. */
function* toLookAt(
  reader: Pick<Reader, 'list'>,
  dependents: Dependents,
  { key, before, after }: RecordChange<Kept>,
): Generator<string> {
  // Control planes keep records of their own beside the objects.
  if ((after ?? before)?.metadata === undefined) return;
  dependents.note(key, before, after);
  if (before?.metadata.ownerReferences !== after?.metadata.ownerReferences) {
    if (after?.metadata.ownerReferences !== undefined) yield key;
    // Whoever waited for it may be waiting no longer.
    if (before !== undefined) yield* ownerKeys(reader, key, before);
  }
  if (after === undefined) {
    yield* dependents.of(before?.metadata.uid);
    return;
  }
  if (isOrphaning(after.metadata) && !(before && isOrphaning(before.metadata))) yield key;
  if (isDeletingDependents(after.metadata) && !(before && isDeletingDependents(before.metadata))) {
    yield key;
    yield* dependents.of(after.metadata.uid);
  }
}
