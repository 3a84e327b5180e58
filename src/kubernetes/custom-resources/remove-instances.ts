import { controlPlane } from '../apiserver/admission/chain.ts';
import type { Cluster } from '../apiserver/cluster.ts';
import { deleteAll } from '../apiserver/delete-all.ts';
import type { KubernetesObject } from '../objects/object.ts';
import type { ObjectStore, StoredObject } from '../objects/object-store.ts';
import { cleanupFinalizer, definitions, hasCondition, storedResourceOf } from './definition.ts';
import { withConditions } from './definition-status.ts';

/**
 * Deletes the objects of a definition that is being deleted, and lets it go when none is left.
 * @returns whether it is gone, or waits for others' finalizers alone.
 */
export async function removeInstances(
  cluster: Pick<Cluster, 'admission' | 'clock' | 'objects'>,
  name: string,
): Promise<boolean> {
  const { objects, clock } = cluster;
  const present = await objects.get(definitions, undefined, name);
  if (present === undefined || !present.object.metadata.finalizers?.includes(cleanupFinalizer)) return true;
  const resource = hasCondition(present.object, 'Established') ? storedResourceOf(present.object) : undefined;
  if (resource === undefined)
    return letGo(objects, present, clock.now(), 'NeverEstablished', 'resource was never established');
  const { items } = await objects.list(resource, undefined);
  if (items.length === 0)
    return letGo(objects, present, clock.now(), 'InstanceDeletionCompleted', 'removed all instances');
  const marked = withConditions(
    present.object,
    [
      {
        ...{ type: 'Terminating', status: 'True', reason: 'InstanceDeletionInProgress' },
        message: 'CustomResource deletion is in progress',
      },
    ],
    clock.now(),
  );
  if (marked !== present.object) await objects.update(present, marked);
  await deleteAll(cluster, resource, items, controlPlane);
  return false;
}

async function letGo(
  objects: ObjectStore,
  present: StoredObject,
  now: number,
  reason: string,
  message: string,
): Promise<boolean> {
  const told = withConditions(
    present.object,
    [{ type: 'Terminating', status: 'False', reason, message }],
    now,
  );
  const finalizers = (told.metadata.finalizers ?? []).filter((it) => it !== cleanupFinalizer);
  const object: KubernetesObject = { ...told, metadata: { ...told.metadata, finalizers } };
  const done =
    finalizers.length === 0 ? await objects.delete(present) : await objects.update(present, object);
  return done !== undefined;
}
