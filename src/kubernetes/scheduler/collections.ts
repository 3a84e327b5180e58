import type { Collection } from '../../reconcile/index.ts';
import type { Kept } from '../controllers/objects.ts';
import type { Claim, CsiNode, PersistentVolume, StorageClass } from './volume-objects.ts';

const plain = <T extends Kept>(noun: string): Collection<T> => ({
  ...{ service: 'kubernetes', noun, indexes: {} },
});

export const namespaces: Collection<Kept> = plain('namespaces');
export const claims: Collection<Claim> = plain('persistentvolumeclaims');
export const volumes: Collection<PersistentVolume> = plain('persistentvolumes');
export const storageClasses: Collection<StorageClass> = plain('storageclasses.storage.k8s.io');
export const csiNodes: Collection<CsiNode> = plain('csinodes.storage.k8s.io');
