import type { Store } from '../../store/index.ts';
import { nodePortsPrefix } from '../apiserver/node-ports.ts';
import type { KubernetesContext } from '../context.ts';
import { definitionsOf } from '../custom-resources/cluster-catalogue.ts';
import { definitions, storedResourceOf } from '../custom-resources/definition.ts';
import { localVolumes } from '../local-volumes/records.ts';
import { type ClusterPlace, objectsPrefix, recordsPrefix } from '../objects/object-records.ts';
import { builtInCatalogue, type Resource, resourceNamed } from '../schema/catalogue.ts';

const pieceLength = 500;

/**
 * Everything that a cluster kept, finalizers or not: there is nobody left to ask. Namespaces go first, so that nothing more
 * is made in them.
 */
export async function removeObjects(
  { store, state }: Pick<KubernetesContext, 'state' | 'store'>,
  place: ClusterPlace,
): Promise<void> {
  const custom = definitionsOf(state, place).flatMap((definition) => storedResourceOf(definition) ?? []);
  const builtIn = builtInCatalogue.resources.filter((it) => it !== definitions);
  // Without its definition nobody would find what is left of a custom kind.
  await removeEach(store, place, [resourceNamed('', 'namespaces'), ...builtIn, ...custom]);
  await removeEach(store, place, [definitions]);
  await removeBelow(store, nodePortsPrefix(place));
  // Their machines take the data away.
  await removeBelow(store, recordsPrefix(localVolumes.noun, place));
}

async function removeEach(store: Store, place: ClusterPlace, resources: readonly Resource[]): Promise<void> {
  for (const resource of resources) await removeBelow(store, objectsPrefix(resource, place));
}

async function removeBelow(store: Store, prefix: string): Promise<void> {
  for (;;) {
    const { entries, more } = await store.read(prefix, { limit: pieceLength });
    if (entries.length > 0)
      await store.commit(
        [],
        entries.map(({ key }) => ({ type: 'delete', key })),
      );
    if (!more) return;
  }
}
