import { again, done, type Reconciler, type RecordKey, watching } from '../../reconcile/index.ts';
import type { KubernetesContext } from '../context.ts';
import { definitionsOf } from '../custom-resources/cluster-catalogue.ts';
import { definitionRecords, definitions, hasCondition } from '../custom-resources/definition.ts';
import { judged } from '../custom-resources/definition-status.ts';
import type { KubernetesObject } from '../objects/object.ts';
import { placeOfObject } from '../objects/object-records.ts';
import { ObjectStore } from '../objects/object-store.ts';
import type { ControlPlanes } from './cluster-control-plane.ts';

/** Objects that wait for their finalizers are looked at again so often. */
const lookAgainMs = 1_000;

/**
 * Says which names each CustomResourceDefinition goes by and establishes it, which is when its kind is served; takes along
 * the objects of one that is deleted.
 */
export function customResourceDefinitions(context: KubernetesContext, running: ControlPlanes): Reconciler {
  const { state, store, clock } = context;
  return {
    name: 'kubernetes-custom-resource-definitions',
    // What one gives up another may have waited for.
    watches: [watching(definitionRecords, ({ key }) => [key, ...othersOf(context, key)])],
    reconcile: async (workKey) => {
      const key = workKey as RecordKey;
      const found = state.get(definitionRecords, key);
      if (found === undefined) return done;
      const place = placeOfObject(key);
      const { name } = found.metadata;
      if (found.metadata.deletionTimestamp !== undefined) {
        const cluster = running.clusterOf(place);
        if (cluster === undefined) return again(lookAgainMs);
        const { removeInstances } = await import('../custom-resources/remove-instances.ts');
        const isGone = await removeInstances(cluster, name);
        return isGone ? done : again(lookAgainMs);
      }
      const objects = new ObjectStore(store, place);
      const present = await objects.get(definitions, undefined, name);
      if (present === undefined || present.object.metadata.deletionTimestamp !== undefined) return done;
      const others = definitionsOf(state, place).filter((it) => it.metadata.name !== name);
      const object = judged(present.object, others, clock.now());
      // Where somebody else is faster, what he wrote asks for this again.
      if (object !== present.object) await objects.update(present, object);
      return done;
    },
  };
}

function isWaiting(definition: KubernetesObject): boolean {
  return definition.metadata.deletionTimestamp === undefined && !hasCondition(definition, 'NamesAccepted');
}

/** The keys of the other definitions of a cluster whose names are not all accepted. */
function othersOf({ state }: KubernetesContext, key: string): readonly string[] {
  const prefix = key.slice(0, key.lastIndexOf('/') + 1);
  return [...state.list(definitionRecords, prefix)]
    .filter((it) => it.key !== key && isWaiting(it.value))
    .map((it) => it.key);
}
