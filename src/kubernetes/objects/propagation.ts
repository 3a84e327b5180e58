import type { ObjectMeta } from './object.ts';

/** What becomes of what an object owns, when it is deleted. */
export type PropagationPolicy = 'Background' | 'Foreground' | 'Orphan';

/** The object waits until those are gone of its dependents that say so. */
export const foregroundDeletion = 'foregroundDeletion';
/** The object waits until its dependents do not name it as their owner any more. */
export const orphan = 'orphan';

const ofPolicy: Readonly<Record<PropagationPolicy, readonly string[]>> = {
  Background: [],
  Foreground: [foregroundDeletion],
  Orphan: [orphan],
};

/**
 * The finalizers of an object that is deleted: those that were there, with the one by which its dependents are seen to.
 * @param asked Undefined: what the object says itself by its finalizers holds, and else what its kind says.
 */
export function finalizersFor(
  before: readonly string[] = [],
  asked: PropagationPolicy | undefined,
  byKind: PropagationPolicy | undefined,
): readonly string[] {
  const isOwn = (finalizer: string): boolean => finalizer === foregroundDeletion || finalizer === orphan;
  if (asked === undefined && before.some(isOwn)) return before;
  return [...before.filter((it) => !isOwn(it)), ...ofPolicy[asked ?? byKind ?? 'Background']];
}

export const hasFinalizer = ({ finalizers = [] }: ObjectMeta, finalizer: string): boolean =>
  finalizers.includes(finalizer);

/** Whether it is on its way out, and waits for its dependents to go first. */
export const isDeletingDependents = (metadata: ObjectMeta): boolean =>
  metadata.deletionTimestamp !== undefined && hasFinalizer(metadata, foregroundDeletion);

/** Whether it is on its way out, and its dependents are to stay. */
export const isOrphaning = (metadata: ObjectMeta): boolean =>
  metadata.deletionTimestamp !== undefined && hasFinalizer(metadata, orphan);
