import { resourceNamed } from '../schema/catalogue.ts';
import { controllerRevisions } from './collections.ts';
import type { Work } from './controller.ts';
import type { Kept } from './objects.ts';
import { owned } from './ownership.ts';
import type { ControllerRevision, Revised } from './revisions.ts';
import { isTaken, withoutVersion } from './writer.ts';

const revisionResource = resourceNamed('apps', 'controllerrevisions');

/** The revisions of an owner. */
export const ownedRevisions = (
  work: Work<Kept>,
  matches: (revision: Kept) => boolean,
): Promise<readonly ControllerRevision[]> => owned(work, revisionResource, controllerRevisions, matches);

/**
 * Makes the revision of the template the newest. @returns false: its name is another's, so that the owner has to count a
 * collision.
 */
export async function writeRevision({ writer }: Work<Kept>, { update, write }: Revised): Promise<boolean> {
  if (write === 'nothing') return true;
  if (write === 'renumber') {
    await writer.change<ControllerRevision>(revisionResource, update, ({ metadata, ...present }) => ({
      ...{ ...present, metadata: withoutVersion(metadata), revision: update.revision },
    }));
    return true;
  }
  const { uid: _, creationTimestamp: _2, ...metadata } = update.metadata;
  try {
    await writer.create(revisionResource, metadata.namespace, { ...update, metadata });
    return true;
  } catch (error) {
    if (isTaken(error)) return false;
    throw error;
  }
}

export async function forgetRevisions(
  { writer }: Work<Kept>,
  revisions: readonly ControllerRevision[],
): Promise<void> {
  for (const revision of revisions) await writer.remove(revisionResource, revision);
}
