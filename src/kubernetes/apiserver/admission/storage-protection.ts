import { resourceNamed } from '../../schema/catalogue.ts';
import type { Plugin } from './attributes.ts';

const finalizers = new Map([
  [resourceNamed('', 'persistentvolumeclaims'), 'kubernetes.io/pvc-protection'],
  [resourceNamed('', 'persistentvolumes'), 'kubernetes.io/pv-protection'],
]);

/** Claims and volumes that are deleted stay as long as somebody uses them: controllers take the finalizers away. */
export const storageObjectInUseProtection: Plugin = {
  name: 'StorageObjectInUseProtection',
  handles: ({ resource, operation, subresource }) =>
    operation === 'CREATE' && subresource === undefined && finalizers.has(resource),
  mutate: ({ resource, draft }) => {
    const finalizer = finalizers.get(resource);
    if (draft === undefined || finalizer === undefined) return undefined;
    const { finalizers: present = [] } = draft.metadata as { finalizers?: readonly string[] };
    if (!present.includes(finalizer)) draft.metadata.finalizers = [...present, finalizer];
    return undefined;
  },
};
