import type { ObjectMeta } from '../../objects/object.ts';
import {
  foregroundDeletion,
  hasFinalizer,
  isDeletingDependents,
  isOrphaning,
  orphan,
  type PropagationPolicy,
} from '../../objects/propagation.ts';

/** An owner as it is; one of another uid is another object, and counts as absent. */
export type OwnerState =
  | 'absent'
  | 'deleting-dependents'
  | 'present'
  /** Nobody can say whether it is there: its kind is not served. */
  | 'unknown'
  /** What belongs to no namespace has no owner in one, so nobody looks for it. */
  | 'misplaced';

/** What an object owns. */
export interface Dependent {
  readonly key: string;
  readonly metadata: ObjectMeta;
}

/** What is known of an object. */
export interface Situation {
  readonly metadata: ObjectMeta;
  /** One for each owner reference. */
  readonly owners: readonly OwnerState[];
  /** Those that name it as their owner. */
  readonly dependents: readonly Dependent[];
}

/** The next thing to be done about an object. */
export type Step =
  | { readonly type: 'nothing' }
  /** Nobody can say now: look again. */
  | { readonly type: 'wait' }
  | { readonly type: 'remove-finalizer'; readonly finalizer: string }
  /** None of them is to name it any more. */
  | { readonly type: 'orphan'; readonly dependents: readonly Dependent[] }
  /** References of its own that lead nowhere, or to who waits for it to go. */
  | { readonly type: 'cut'; readonly uids: readonly string[] }
  | {
      readonly type: 'delete';
      readonly policy: PropagationPolicy;
      /** Before, nobody waits for it any more: it waits for somebody who waits for it. */
      readonly unblocks: boolean;
    };

const nothing: Step = { type: 'nothing' };

/** By upstream's rules: https://kubernetes.io/docs/concepts/architecture/garbage-collection/ */
export function decide({ metadata, owners, dependents }: Situation): Step {
  if (isOrphaning(metadata)) {
    return dependents.length > 0
      ? { type: 'orphan', dependents }
      : { type: 'remove-finalizer', finalizer: orphan };
  }
  if (isDeletingDependents(metadata)) {
    const isBlocked = dependents.some((it) => isBlocking(it, metadata.uid));
    return isBlocked ? nothing : { type: 'remove-finalizer', finalizer: foregroundDeletion };
  }
  const references = metadata.ownerReferences ?? [];
  if (metadata.deletionTimestamp !== undefined || references.length === 0) return nothing;
  if (owners.includes('misplaced')) return nothing;
  if (owners.includes('unknown')) return { type: 'wait' };
  if (owners.includes('present')) {
    const uids = references.filter((_, index) => owners[index] !== 'present').map(({ uid }) => uid);
    return uids.length > 0 ? { type: 'cut', uids } : nothing;
  }
  if (owners.includes('deleting-dependents') && dependents.length > 0) {
    const unblocks = dependents.some((it) => isDeletingDependents(it.metadata));
    return { type: 'delete', policy: 'Foreground', unblocks };
  }
  return { type: 'delete', policy: policyOf(metadata), unblocks: false };
}

const isBlocking = ({ metadata }: Dependent, owner: string | undefined): boolean =>
  (metadata.ownerReferences ?? []).some(
    ({ uid, blockOwnerDeletion }) => uid === owner && blockOwnerDeletion === true,
  );

/** What it says itself of its dependents. */
function policyOf(metadata: ObjectMeta): PropagationPolicy {
  if (hasFinalizer(metadata, orphan)) return 'Orphan';
  return hasFinalizer(metadata, foregroundDeletion) ? 'Foreground' : 'Background';
}
