import type { Collection } from '../../reconcile/index.ts';
import type { Resource } from '../schema/catalogue.ts';
import { claims } from './claims.ts';
import { type ByOwner, siblingsOf } from './collections.ts';
import type { Work } from './controller.ts';
import { controllerReference, type Kept } from './objects.ts';
import { isLostRace, withoutVersion } from './writer.ts';

/**
 * The objects that are an owner's. Those that match and have no controller become his, and those of his that match no
 * longer are let go, before he decides anything by them.
 */
export async function owned<C extends Kept>(
  { key, object: owner, reader, writer }: Work<Kept>,
  resource: Resource,
  collection: Collection<C, ByOwner>,
  matches: (object: C) => boolean,
): Promise<readonly C[]> {
  const values = (index: ByOwner, value: string) =>
    reader.byIndex(collection, index, value).map((record) => record.value);
  const found = claims(
    owner,
    matches,
    values('owner', owner.metadata.uid),
    values('orphan', siblingsOf(key, collection)),
  );
  const reference = controllerReference(owner);
  for (const object of found.release) {
    await changeOwners(writer, resource, object, (present) =>
      present.filter(({ uid }) => uid !== owner.metadata.uid),
    );
  }
  const adopted: C[] = [];
  for (const object of found.adopt) {
    const isDone = await changeOwners(writer, resource, object, (present) =>
      present.some(({ controller }) => controller === true) ? present : [...present, reference],
    );
    if (isDone) adopted.push({ ...object, metadata: { ...object.metadata, ownerReferences: [reference] } });
  }
  return [...found.owned, ...adopted];
}

type References = NonNullable<Kept['metadata']['ownerReferences']>;

/** @returns whether it was done; not where the object is gone or another's by now. */
async function changeOwners(
  writer: Work<Kept>['writer'],
  resource: Resource,
  object: Kept,
  change: (present: References) => References,
): Promise<boolean> {
  try {
    await writer.change<Kept>(resource, object, ({ metadata, ...present }) => {
      const { ownerReferences = [], ...others } = withoutVersion(metadata);
      const owners = change(ownerReferences);
      return {
        ...present,
        metadata: { ...others, ...(owners.length > 0 && { ownerReferences: owners }) },
      };
    });
    return true;
  } catch (error) {
    if (isLostRace(error)) return false;
    throw error;
  }
}
