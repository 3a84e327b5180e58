import type { StoredObject } from '../objects/object-store.ts';
import type { Resource } from '../schema/catalogue.ts';
import { controlPlane } from './admission/chain.ts';
import type { Cluster } from './cluster.ts';
import { deleteObject } from './delete.ts';
import { ApiError } from './status.ts';

const background = {
  ...{ isDryRun: false, gracePeriodSeconds: undefined, propagationPolicy: 'Background' },
  ...{ uid: undefined, resourceVersion: undefined },
};

/** Deletes objects of a resource in the control plane's own name. @returns whether all of them are gone. */
export async function deleteAll(
  cluster: Pick<Cluster, 'admission' | 'clock' | 'objects'>,
  resource: Resource,
  items: readonly StoredObject[],
): Promise<boolean> {
  let isEmpty = true;
  for (const { object } of items) {
    const { namespace, name } = object.metadata;
    const isGone = await deleteObject(cluster, { resource, namespace, name }, background, controlPlane).then(
      (deleted) => deleted.isGone,
      (error: unknown) => {
        if (error instanceof ApiError && error.reason === 'NotFound') return true;
        throw error;
      },
    );
    isEmpty &&= isGone;
  }
  return isEmpty;
}
