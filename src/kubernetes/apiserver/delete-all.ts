import type { StoredObject } from '../objects/object-store.ts';
import type { Resource } from '../schema/catalogue.ts';
import type { Requester } from './admission/attributes.ts';
import type { Cluster } from './cluster.ts';
import { deleteObject } from './delete.ts';
import type { DeleteOptions } from './options.ts';
import { ApiError } from './status.ts';

/** How the control plane deletes: what is owned follows. */
const inBackground: DeleteOptions = {
  ...{ isDryRun: false, gracePeriodSeconds: undefined, propagationPolicy: 'Background' },
  ...{ isOrphaningDenied: false, uid: undefined, resourceVersion: undefined },
};

/**
 * Deletes objects of a resource in somebody's name.
 * @returns whether all of them are gone.
 * @throws {ApiError} the first refusal, when all that may go is gone.
 */
export async function deleteAll(
  cluster: Pick<Cluster, 'admission' | 'clock' | 'objects'>,
  resource: Resource,
  items: readonly StoredObject[],
  by: Requester,
): Promise<boolean> {
  let isEmpty = true;
  let refusal: ApiError | undefined;
  for (const { object } of items) {
    const { namespace, name } = object.metadata;
    const isGone = await deleteObject(cluster, { resource, namespace, name }, inBackground, by).then(
      (deleted) => deleted.isGone,
      (error: unknown) => {
        if (!(error instanceof ApiError)) throw error;
        if (error.reason === 'NotFound') return true;
        refusal ??= error;
        return false;
      },
    );
    isEmpty &&= isGone;
  }
  if (refusal !== undefined) throw refusal;
  return isEmpty;
}
