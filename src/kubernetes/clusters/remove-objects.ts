import type { Store } from '../../store/index.ts';
import { type ClusterPlace, objectsPrefix } from '../objects/object-store.ts';
import { resourceNamed, resources } from '../schema/catalogue.ts';

const pieceLength = 500;

/**
 * Everything that a cluster kept, finalizers or not: there is nobody left to ask. Namespaces go first, so that nothing more
 * is made in them.
 */
export async function removeObjects(store: Store, place: ClusterPlace): Promise<void> {
  for (const resource of [resourceNamed('', 'namespaces'), ...resources]) {
    for (;;) {
      const { entries, more } = await store.read(objectsPrefix(resource, place), { limit: pieceLength });
      if (entries.length > 0)
        await store.commit(
          [],
          entries.map(({ key }) => ({ type: 'delete', key })),
        );
      if (!more) break;
    }
  }
}
